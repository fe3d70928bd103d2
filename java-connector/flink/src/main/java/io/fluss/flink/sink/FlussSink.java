package io.fluss.flink.sink;

import io.fluss.flink.adapter.SinkAdapter;
import io.fluss.flink.sink.serializer.FlussSerializationSchema;
import org.apache.flink.streaming.api.connector.sink2.SupportsPreWriteTopology;
import org.apache.flink.streaming.api.datastream.DataStream;

/** A sink of one table, whose rows come to its subtasks as {@link Distribution} says. */
public abstract class FlussSink<IN> implements SinkAdapter<IN>, SupportsPreWriteTopology<IN> {
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

    @Override
    public DataStream<IN> addPreWriteTopology(DataStream<IN> elements) {
        return Distribution.distribute(elements, spec, schema, bounded);
    }
}
