package io.fluss.flink.sink;

import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;

/**
 * Writes rows to one table, each exactly once: the rows between two checkpoints are a transaction a subtask, durable before the
 * checkpoint completes and seen after it. What a failed attempt has staged and no checkpoint knows is forgotten when its writer closes, or expires
 * ({@code transaction.timeout}).
 */
final class FlussTransactionalSink extends BucketSink implements SupportsCommitter<FlussCommittable> {
    private static final long serialVersionUID = 1L;

    FlussTransactionalSink(SinkSpec spec, boolean bounded) {
        super(spec, bounded);
    }

    @Override
    public CommittingSinkWriter<RowData, FlussCommittable> createWriter(WriterInitContext context) {
        return new FlussTransactionalSinkWriter(SinkTable.open(spec), context.metricGroup(), false);
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
