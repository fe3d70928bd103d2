package io.fluss.flink.sink;

import io.fluss.client.TransactionalWriter;
import java.util.Collection;
import java.util.Collections;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.table.data.RowData;

/** Stages rows; those between two checkpoints are a transaction. */
final class FlussTransactionalSinkWriter extends RowBatchWriter
        implements CommittingSinkWriter<RowData, FlussCommittable> {
    private final TransactionalWriter writer;

    /** Whether rows came since the last transaction was prepared. */
    private boolean begun;

    FlussTransactionalSinkWriter(SinkTable table, SinkWriterMetricGroup metrics) {
        this(table, table.newWriter(table.table::newTransactionalWriter), metrics);
    }

    private FlussTransactionalSinkWriter(SinkTable table, TransactionalWriter writer, SinkWriterMetricGroup metrics) {
        super(table, writer, metrics);
        this.writer = writer;
    }

    @Override
    public void write(RowData row, Context context) {
        begun = true;
        super.write(row, context);
    }

    @Override
    public void flush(boolean endOfInput) {
        handOver();
    }

    /** Returns when all that came is durable. */
    @Override
    public Collection<FlussCommittable> prepareCommit() {
        if (!begun) {
            return Collections.emptyList();
        }
        FlussCommittable prepared = new FlussCommittable(writer.prepare());
        begun = false;
        return Collections.singletonList(prepared);
    }
}
