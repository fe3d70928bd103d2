package io.fluss.flink.sink;

import io.fluss.client.FlussException;
import io.fluss.client.RowWriter;
import io.fluss.client.WriteBatch;
import io.fluss.flink.metrics.NativeMemory;
import io.fluss.flink.row.RowDataWriter;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.RowKind;

/** Gathers rows into a batch and hands it over when it is full; runs in the task's mailbox thread alone. */
abstract class RowBatchWriter implements SinkWriter<RowData> {
    private final SinkTable table;
    private final RowWriter writer;
    private final RowDataWriter rows;
    private final boolean appendOnly;
    private final Counter recordsSend;
    private final Counter bytesSend;

    /** Rows that are not yet handed over. */
    final WriteBatch batch;

    final FlussSinkOptions options;

    RowBatchWriter(SinkTable table, RowWriter writer, SinkWriterMetricGroup metrics) {
        SinkSpec spec = table.spec;
        this.table = table;
        this.writer = writer;
        this.batch = writer.batch();
        this.rows = new RowDataWriter(
                spec.path().toString(), spec.rowType(), spec.primaryKey(), spec.targetColumns(), batch);
        this.appendOnly = !spec.isPrimaryKeyTable();
        this.options = spec.options();
        // Flink's numRecordsOut and numBytesOut of a sink are the same counters.
        this.recordsSend = metrics.getNumRecordsSendCounter();
        this.bytesSend = metrics.getNumBytesSendCounter();
        // A sink is not told Flink's configuration.
        new NativeMemory(metrics).connected(table.connection, null);
    }

    /** The batch has its first row. */
    void batchBegun() {}

    @Override
    public void write(RowData row, Context context) {
        RowKind kind = row.getRowKind();
        switch (kind) {
            case INSERT:
            case UPDATE_AFTER:
                if (appendOnly && kind != RowKind.INSERT && !options.ignoreDelete()) {
                    throw unsupported(kind);
                }
                rows.upsert(row);
                break;
            case UPDATE_BEFORE:
                // The row that follows, or a delete, says all that a table with a key needs.
                if (appendOnly && !options.ignoreDelete()) {
                    throw unsupported(kind);
                }
                return;
            default:
                if (options.ignoreDelete()) {
                    return;
                }
                if (appendOnly) {
                    throw unsupported(kind);
                }
                rows.delete(row);
        }
        if (batch.sizeInBytes() >= options.batchBytes()) {
            handOver();
        } else if (batch.rows() == 1) {
            batchBegun();
        }
    }

    final void handOver() {
        if (batch.isEmpty()) {
            return;
        }
        int count = batch.rows();
        long bytes = batch.sizeInBytes();
        writer.write(batch);
        batch.clear();
        recordsSend.inc(count);
        bytesSend.inc(bytes);
    }

    @Override
    public void close() {
        // Children first; what cannot be closed must not keep the others open.
        try {
            writer.close();
        } finally {
            table.close();
        }
    }

    private FlussException unsupported(RowKind kind) {
        return FlussException.of(
                FlussException.INVALID_ARGUMENT,
                false,
                "table " + table.spec.path() + " is a log table and takes +I rows only, but a " + kind.shortString()
                        + " row came; use a primary-key table, or 'sink.ignore-delete' = 'true' to drop deletes and"
                        + " append updated rows");
    }
}
