package io.fluss.flink.source.reader;

import io.fluss.flink.source.split.FlussSplitState;
import io.fluss.flink.source.split.HybridSnapshotLogSplit;

import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.metrics.Counter;
import org.apache.flink.table.data.RowData;

import java.util.function.Consumer;

/** Emits rows of a batch on the task's thread. */
final class RowEmitter implements RecordEmitter<BatchCursor, RowData, FlussSplitState> {
    /**
     * Rows emitted at a time. The way through Flink's mailbox is paid once for so many; checkpoints, timers and
     * back-pressure wait for as many at most.
     */
    private static final int ROWS_AT_A_TIME = 32;

    private final Counter numRecordsIn;
    private Consumer<HybridSnapshotLogSplit> onSnapshotFinished = split -> {};

    RowEmitter(Counter numRecordsIn) {
        this.numRecordsIn = numRecordsIn;
    }

    void onSnapshotFinished(Consumer<HybridSnapshotLogSplit> listener) {
        onSnapshotFinished = listener;
    }

    @Override
    public void emitRecord(BatchCursor batch, SourceOutput<RowData> output, FlussSplitState state) {
        if (batch.takeEndOfSnapshot()) {
            state.snapshotFinished();
            onSnapshotFinished.accept((HybridSnapshotLogSplit) state.initial());
            // The base class has counted this call as a record.
            numRecordsIn.dec();
            return;
        }
        int rows = batch.emit(output, state, ROWS_AT_A_TIME);
        numRecordsIn.inc(rows - 1L);
    }
}
