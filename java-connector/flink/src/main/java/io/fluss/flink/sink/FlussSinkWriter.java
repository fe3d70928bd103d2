package io.fluss.flink.sink;

import io.fluss.client.Connection;
import io.fluss.client.FlussException;
import io.fluss.client.Table;
import io.fluss.client.TablePath;
import io.fluss.client.TableWriter;
import io.fluss.client.WriteBatch;
import io.fluss.client.WriterOptions;
import io.fluss.flink.metrics.NativeMemory;
import io.fluss.flink.row.RowDataWriter;
import io.fluss.flink.row.SchemaCheck;
import java.util.Map;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.RowKind;

/** Gathers rows into a batch and hands it over when it is full or old; runs in the task's mailbox thread alone. */
final class FlussSinkWriter implements SinkWriter<RowData> {
    private final Connection connection;
    private final Table table;
    private final TableWriter writer;
    private final WriteBatch batch;
    private final RowDataWriter rows;
    private final boolean appendOnly;
    private final FlussSinkOptions options;
    private final ProcessingTimeService timers;
    private final Counter recordsOut;
    private final Counter bytesOut;
    private final Counter recordsSend;
    private final Counter bytesSend;

    /** When the oldest row of the batch came; meaningless while it is empty. */
    private long oldestMs;

    private boolean timerRunning;
    private boolean closed;

    private FlussSinkWriter(
            Connection connection,
            Table table,
            RowType rowType,
            int[] primaryKeyIndexes,
            FlussSinkOptions options,
            ProcessingTimeService timers,
            SinkWriterMetricGroup metrics) {
        this.connection = connection;
        this.table = table;
        this.writer = table.newWriter(WriterOptions.defaults().createsPartitions(options.createsPartitions()));
        this.batch = writer.batch();
        this.rows = new RowDataWriter(table.info().path().toString(), rowType, primaryKeyIndexes, batch);
        this.appendOnly = primaryKeyIndexes.length == 0;
        this.options = options;
        this.timers = timers;
        this.recordsOut = metrics.getIOMetricGroup().getNumRecordsOutCounter();
        this.bytesOut = metrics.getIOMetricGroup().getNumBytesOutCounter();
        this.recordsSend = metrics.getNumRecordsSendCounter();
        this.bytesSend = metrics.getNumBytesSendCounter();
        // A sink is not told Flink's configuration.
        new NativeMemory(metrics).connected(connection, null);
    }

    static FlussSinkWriter open(
            Map<String, String> connectionOptions,
            TablePath path,
            RowType rowType,
            int[] primaryKeyIndexes,
            FlussSinkOptions options,
            ProcessingTimeService timers,
            SinkWriterMetricGroup metrics) {
        Connection connection = Connection.open(connectionOptions);
        try {
            Table table = connection.table(path);
            SchemaCheck.sameColumns(table.info(), rowType);
            return new FlussSinkWriter(connection, table, rowType, primaryKeyIndexes, options, timers, metrics);
        } catch (Throwable t) {
            connection.close();
            throw t;
        }
    }

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
            oldestMs = timers.getCurrentProcessingTime();
            startTimer();
        }
    }

    /** Returns when every row is durable and visible. */
    @Override
    public void flush(boolean endOfInput) {
        handOver();
        writer.flush();
    }

    @Override
    public void close() {
        closed = true;
        // Children first; a connection that cannot be closed must not hide that, but all are tried.
        try {
            writer.close();
            table.close();
        } finally {
            connection.close();
        }
    }

    private void handOver() {
        if (batch.isEmpty()) {
            return;
        }
        int count = batch.rows();
        long bytes = batch.sizeInBytes();
        writer.write(batch);
        batch.clear();
        recordsOut.inc(count);
        recordsSend.inc(count);
        bytesOut.inc(bytes);
        bytesSend.inc(bytes);
    }

    /** One timer at a time: rows of later batches wait for the running one, which then goes on to their own time. */
    private void startTimer() {
        if (!timerRunning) {
            timerRunning = true;
            timers.registerTimer(oldestMs + options.batchTimeoutMs(), this::onTimer);
        }
    }

    private void onTimer(long now) {
        timerRunning = false;
        if (closed || batch.isEmpty()) {
            return;
        }
        if (now >= oldestMs + options.batchTimeoutMs()) {
            handOver();
        } else {
            startTimer();
        }
    }

    private FlussException unsupported(RowKind kind) {
        return FlussException.of(
                FlussException.INVALID_ARGUMENT,
                false,
                "table " + table.info().path() + " is a log table and takes +I rows only, but a " + kind.shortString()
                        + " row came; use a primary-key table, or 'sink.ignore-delete' = 'true' to drop deletes and"
                        + " append updated rows");
    }
}
