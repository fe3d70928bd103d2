package io.fluss.flink.source;

import io.fluss.flink.lineage.TableLineage;
import io.fluss.flink.source.deserializer.FlussDeserializationSchema;
import io.fluss.flink.source.deserializer.RowDataDeserializationSchema;
import io.fluss.flink.source.enumerator.FlussEnumeratorState;
import io.fluss.flink.source.enumerator.FlussEnumeratorStateSerializer;
import io.fluss.flink.source.enumerator.FlussSplitEnumerator;
import io.fluss.flink.source.reader.FlussSourceReader;
import io.fluss.flink.source.split.FlussSplit;
import io.fluss.flink.source.split.FlussSplitSerializer;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.streaming.api.lineage.LineageVertex;
import org.apache.flink.streaming.api.lineage.LineageVertexProvider;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.UserCodeClassLoader;

/** Reads a table: one split a bucket; rows of a bucket in their order, those of different buckets in none. */
public final class FlussSource<OUT>
        implements Source<OUT, FlussSplit, FlussEnumeratorState>, ResultTypeQueryable<OUT>, LineageVertexProvider {
    private static final long serialVersionUID = 1L;

    private final ScanSpec spec;
    private final RowType rowSchema;
    private final FlussDeserializationSchema<OUT> schema;

    FlussSource(ScanSpec spec, RowType rowSchema, FlussDeserializationSchema<OUT> schema) {
        this.spec = spec;
        this.rowSchema = rowSchema;
        this.schema = schema;
    }

    /** Of a DataStream job. */
    public static <T> FlussSourceBuilder<T> builder() {
        return new FlussSourceBuilder<>();
    }

    /** Of SQL, whose planner says itself what columns the rows have; {@link #getProducedType} says those of the table. */
    public static FlussSource<RowData> ofRows(ScanSpec spec) {
        return new FlussSource<>(spec, spec.rowType(), new RowDataDeserializationSchema());
    }

    /** What the Flink UI may call it: the table, and the columns that are read. For {@code env.fromSource(source, …, source.name())}. */
    public String name() {
        return "Fluss table " + spec.path() + " " + rowSchema.getFieldNames();
    }

    @Override
    public LineageVertex getLineageVertex() {
        return TableLineage.source(spec.connectionOptions(), spec.path(), rowSchema, getBoundedness());
    }

    public boolean isBounded() {
        return spec.isBounded();
    }

    @Override
    public TypeInformation<OUT> getProducedType() {
        return schema.getProducedType(rowSchema);
    }

    @Override
    public Boundedness getBoundedness() {
        return spec.isBounded() ? Boundedness.BOUNDED : Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SplitEnumerator<FlussSplit, FlussEnumeratorState> createEnumerator(
            SplitEnumeratorContext<FlussSplit> context) {
        return new FlussSplitEnumerator(spec, context, null);
    }

    @Override
    public SplitEnumerator<FlussSplit, FlussEnumeratorState> restoreEnumerator(
            SplitEnumeratorContext<FlussSplit> context, FlussEnumeratorState state) {
        return new FlussSplitEnumerator(spec, context, state);
    }

    @Override
    public SourceReader<OUT, FlussSplit> createReader(SourceReaderContext context) throws Exception {
        schema.open(new SchemaContext(context, rowSchema));
        return FlussSourceReader.create(spec, schema, context);
    }

    @Override
    public SimpleVersionedSerializer<FlussSplit> getSplitSerializer() {
        return FlussSplitSerializer.INSTANCE;
    }

    @Override
    public SimpleVersionedSerializer<FlussEnumeratorState> getEnumeratorCheckpointSerializer() {
        return FlussEnumeratorStateSerializer.INSTANCE;
    }

    /** What a schema is told. */
    private static final class SchemaContext implements FlussDeserializationSchema.InitializationContext {
        private final SourceReaderContext context;
        private final RowType rowSchema;

        SchemaContext(SourceReaderContext context, RowType rowSchema) {
            this.context = context;
            this.rowSchema = rowSchema;
        }

        @Override
        public MetricGroup getMetricGroup() {
            return context.metricGroup();
        }

        @Override
        public UserCodeClassLoader getUserCodeClassLoader() {
            return context.getUserCodeClassLoader();
        }

        @Override
        public RowType getRowSchema() {
            return rowSchema;
        }
    }
}
