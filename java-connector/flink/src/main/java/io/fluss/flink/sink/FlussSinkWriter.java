package io.fluss.flink.sink;

import io.fluss.client.TableWriter;
import io.fluss.flink.sink.serializer.FlussSerializationSchema;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;

/** Writes rows that are seen as soon as they are durable: a batch is handed over when it is full or old. */
final class FlussSinkWriter<IN> extends RowBatchWriter<IN> {
    /** A job without checkpoints deletes a row whose -U nothing follows when it has waited between once and twice so long. */
    private static final long RETRACTION_PATIENCE_MS = 10_000;

    private final TableWriter writer;
    private final ProcessingTimeService timers;

    /** When the oldest row of the batch came; meaningless while it is empty. */
    private long oldestMs;

    private boolean timerRunning;
    private boolean retractionTimerRunning;
    private boolean closed;

    FlussSinkWriter(
            SinkTable table,
            FlussSerializationSchema<IN> schema,
            ProcessingTimeService timers,
            SinkWriterMetricGroup metrics) {
        this(table, table.newWriter(table.table::newWriter), schema, timers, metrics);
    }

    private FlussSinkWriter(
            SinkTable table,
            TableWriter writer,
            FlussSerializationSchema<IN> schema,
            ProcessingTimeService timers,
            SinkWriterMetricGroup metrics) {
        super(table, writer, schema, metrics);
        this.writer = writer;
        this.timers = timers;
    }

    @Override
    void batchBegun() {
        oldestMs = timers.getCurrentProcessingTime();
        startTimer();
    }

    @Override
    void retractionBegun() {
        if (!retractionTimerRunning) {
            retractionTimerRunning = true;
            timers.registerTimer(timers.getCurrentProcessingTime() + RETRACTION_PATIENCE_MS, this::onRetractionTimer);
        }
    }

    private void onRetractionTimer(long now) {
        retractionTimerRunning = false;
        if (!closed && deleteOldRetracted()) {
            retractionBegun();
        }
    }

    /** Returns when every row is durable and visible. */
    @Override
    public void flush(boolean endOfInput) {
        handOverAll();
        writer.flush();
    }

    @Override
    public void close() {
        closed = true;
        super.close();
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
        if (closed || isEmpty()) {
            return;
        }
        if (now >= oldestMs + options.batchTimeoutMs()) {
            handOver();
        } else {
            startTimer();
        }
    }
}
