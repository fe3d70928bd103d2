package io.fluss.flink.sink;

import io.fluss.client.FlussException;
import io.fluss.client.RowWriter;
import io.fluss.client.WriteBatch;
import io.fluss.flink.metrics.NativeMetrics;
import io.fluss.flink.row.OperationType;
import io.fluss.flink.row.RowDataWriter;
import io.fluss.flink.row.RowWithOp;
import io.fluss.flink.sink.serializer.FlussSerializationSchema;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.RowKind;

/** Gathers rows into a batch and hands it over when it is full; runs in the task's mailbox thread alone. */
abstract class RowBatchWriter<IN> implements SinkWriter<IN> {
    /** More than these -U do not wait: what they take on the heap is bounded. */
    private static final int MAX_RETRACTIONS = 10_000;

    private final SinkTable table;
    private final RowWriter writer;
    private final RowSerializer<IN> serializer;
    private final RowDataWriter rows;
    private final boolean appendOnly;
    private final Counter recordsSend;
    private final Counter bytesSend;
    private final Counter sendErrors;
    /** Of the last batch, until the store had taken it. */
    private volatile long sendTimeMs;

    /** Rows that are not yet handed over. */
    private final WriteBatch batch;

    private final Retractions retractions;

    final FlussSinkOptions options;

    RowBatchWriter(
            SinkTable table,
            RowWriter writer,
            FlussSerializationSchema<IN> schema,
            SinkWriterMetricGroup metrics) {
        SinkSpec spec = table.spec;
        this.table = table;
        this.writer = writer;
        this.serializer = new RowSerializer<>(schema, spec.rowType());
        this.batch = writer.batch();
        this.rows = new RowDataWriter(
                spec.path().toString(), spec.rowType(), spec.primaryKey(), spec.targetColumns(), batch);
        this.retractions = new Retractions(spec.rowType(), spec.primaryKey());
        this.appendOnly = !spec.isPrimaryKeyTable();
        this.options = spec.options();
        // Flink's numRecordsOut and numBytesOut of a sink are the same counters.
        this.recordsSend = metrics.getNumRecordsSendCounter();
        this.bytesSend = metrics.getNumBytesSendCounter();
        this.sendErrors = metrics.getNumRecordsSendErrorsCounter();
        metrics.setCurrentSendTimeGauge(() -> sendTimeMs);
        // A sink is not told Flink's configuration.
        new NativeMetrics(metrics).connected(table.connection, null);
    }

    /** The batch has its first row. */
    void batchBegun() {}

    /** A -U waits for what follows, others do not yet. */
    void retractionBegun() {}

    @Override
    public void write(IN element, Context context) {
        RowWithOp serialized = serializer.serialize(element);
        if (serialized.getOperationType() != OperationType.IGNORE) {
            write(serialized.getRow(), RowSerializer.kind(serialized));
        }
    }

    private void write(RowData row, RowKind kind) {
        if (!retractions.isEmpty() && retractions.take(row) && kind != RowKind.UPDATE_AFTER) {
            delete(row);
        }
        if (appendOnly && kind != RowKind.INSERT && !options.ignoreDelete()) {
            throw unsupported(kind);
        }
        switch (kind) {
            case INSERT:
            case UPDATE_AFTER:
                rows.upsert(row);
                rowAdded();
                break;
            default:
                if (options.ignoreDelete()) {
                    return;
                }
                if (kind == RowKind.DELETE) {
                    delete(row);
                    return;
                }
                if (retractions.size() == MAX_RETRACTIONS) {
                    deleteAll(retractions.takeAll());
                }
                retractions.add(row);
                if (retractions.size() == 1) {
                    retractionBegun();
                }
        }
    }

    private void delete(RowData row) {
        rows.delete(row);
        rowAdded();
    }

    private void deleteAll(List<RowData> keys) {
        keys.forEach(this::delete);
    }

    private void rowAdded() {
        if (batch.sizeInBytes() >= options.batchBytes()) {
            handOver();
        } else if (batch.rows() == 1) {
            batchBegun();
        }
    }

    final boolean isEmpty() {
        return batch.isEmpty();
    }

    /** Deletes the rows whose -U nothing has followed since the call before. @return whether others wait */
    final boolean deleteOldRetracted() {
        deleteAll(retractions.takeOld());
        return !retractions.isEmpty();
    }

    /** Hands over all that came. Both halves of an update come between the same two checkpoints. */
    final void handOverAll() {
        deleteAll(retractions.takeAll());
        handOver();
    }

    final void handOver() {
        if (batch.isEmpty()) {
            return;
        }
        int count = batch.rows();
        long bytes = batch.sizeInBytes();
        long begun = System.nanoTime();
        try {
            writer.write(batch);
        } catch (RuntimeException e) {
            sendErrors.inc(count);
            throw e;
        }
        sendTimeMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
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
