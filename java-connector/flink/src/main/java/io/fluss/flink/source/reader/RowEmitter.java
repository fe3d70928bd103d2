package io.fluss.flink.source.reader;

import io.fluss.flink.source.split.FlussSplitState;
import io.fluss.flink.source.split.HybridSnapshotLogSplit;

import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.metrics.Counter;

import java.util.function.Consumer;

/** Emits rows of a batch on the task's thread. */
final class RowEmitter<T> implements RecordEmitter<BatchCursor, T, FlussSplitState> {
    /**
     * Rows emitted at a time. The way through Flink's mailbox is paid once for so many; checkpoints, timers and
     * back-pressure wait for as many at most.
     */
    private static final int ROWS_AT_A_TIME = 32;

    private final RowCollector<T> rows;
    private final Counter numRecordsIn;
    private Consumer<HybridSnapshotLogSplit> onSnapshotFinished = split -> {};

    RowEmitter(RowCollector<T> rows, Counter numRecordsIn) {
        this.rows = rows;
        this.numRecordsIn = numRecordsIn;
    }

    void onSnapshotFinished(Consumer<HybridSnapshotLogSplit> listener) {
        onSnapshotFinished = listener;
    }

    @Override
    public void emitRecord(BatchCursor batch, SourceOutput<T> output, FlussSplitState state) throws Exception {
        if (batch.takeEndOfSnapshot()) {
            state.snapshotFinished();
            onSnapshotFinished.accept((HybridSnapshotLogSplit) state.initial());
            // The base class has counted this call as a record.
            numRecordsIn.dec();
            return;
        }
        int emitted = batch.emit(rows.to(output), state, ROWS_AT_A_TIME);
        numRecordsIn.inc(emitted - 1L);
    }
}
