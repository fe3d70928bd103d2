package io.fluss.flink.sink;

import io.fluss.flink.adapter.SinkAdapter;
import io.fluss.flink.lineage.TableLineage;
import io.fluss.flink.sink.serializer.FlussSerializationSchema;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.streaming.api.connector.sink2.SupportsPreWriteTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.lineage.LineageVertex;
import org.apache.flink.streaming.api.lineage.LineageVertexProvider;

/** A sink of one table, whose rows come to its subtasks as {@link Distribution} says. */
public abstract class FlussSink<IN> implements SinkAdapter<IN>, SupportsPreWriteTopology<IN>, LineageVertexProvider {
    private static final long serialVersionUID = 1L;

    final SinkSpec spec;
    final FlussSerializationSchema<IN> schema;
    private final boolean bounded;

    /** @param bounded a batch job */
    FlussSink(SinkSpec spec, FlussSerializationSchema<IN> schema, boolean bounded) {
        this.spec = spec;
        this.schema = schema;
        this.bounded = bounded;
    }

    /** Of a DataStream job. */
    public static <T> FlussSinkBuilder<T> builder() {
        return new FlussSinkBuilder<>();
    }

    /** What the Flink UI may call it: the table, and the columns that are written. For {@code stream.sinkTo(sink).name(sink.name())}. */
    public String name() {
        List<String> columns = spec.rowType().getFieldNames();
        int[] written = spec.targetColumns();
        return "Fluss table " + spec.path() + " "
                + (written.length == 0 ? columns : Arrays.stream(written).mapToObj(columns::get).collect(Collectors.toList()));
    }

    @Override
    public LineageVertex getLineageVertex() {
        return TableLineage.sink(spec.connectionOptions(), spec.path(), spec.rowType());
    }

    @Override
    public DataStream<IN> addPreWriteTopology(DataStream<IN> elements) {
        return Distribution.distribute(elements, spec, schema, bounded);
    }
}
