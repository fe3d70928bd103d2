package io.fluss.flink.sink;

import io.fluss.flink.sink.serializer.FlussSerializationSchema;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.transformations.WithBoundedness;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes rows to one table, each exactly once: the rows between two checkpoints are a transaction a subtask, durable before the
 * checkpoint completes and seen after it. What a failed attempt has staged and no checkpoint knows is forgotten when its writer closes, or expires
 * ({@code transaction.timeout}).
 */
final class FlussTransactionalSink<IN> extends FlussSink<IN> implements SupportsCommitter<FlussCommittable> {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(FlussTransactionalSink.class);

    FlussTransactionalSink(SinkSpec spec, FlussSerializationSchema<IN> schema, boolean bounded) {
        super(spec, schema, bounded);
    }

    @Override
    public DataStream<IN> addPreWriteTopology(DataStream<IN> elements) {
        if (!elements.getExecutionEnvironment().getCheckpointConfig().isCheckpointingEnabled() && neverEnds(elements)) {
            LOG.warn(
                    "The job that writes table {} exactly once makes no checkpoints, with which rows are committed, and never ends: they are"
                            + " seen when it is stopped with a savepoint, or never. Enable checkpointing, or"
                            + " setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)",
                    spec.path());
        }
        return super.addPreWriteTopology(elements);
    }

    private static boolean neverEnds(DataStream<?> elements) {
        return elements.getTransformation().getTransitivePredecessors().stream()
                .anyMatch(input -> input instanceof WithBoundedness
                        && ((WithBoundedness) input).getBoundedness() == Boundedness.CONTINUOUS_UNBOUNDED);
    }

    @Override
    public CommittingSinkWriter<IN, FlussCommittable> createWriter(WriterInitContext context) {
        return new FlussTransactionalSinkWriter<>(SinkTable.open(spec), schema, context.metricGroup(), false);
    }

    @Override
    public Committer<FlussCommittable> createCommitter(CommitterInitContext context) {
        return new FlussCommitter<>(spec, (admin, committable) -> admin.commitTransaction(committable.bytes()));
    }

    @Override
    public SimpleVersionedSerializer<FlussCommittable> getCommittableSerializer() {
        return FlussCommittableSerializer.INSTANCE;
    }
}
