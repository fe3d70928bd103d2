package io.fluss.flink.source.reader;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.client.ColumnBatch;
import io.fluss.client.SelectedRows;
import io.fluss.flink.row.MetadataColumn;
import io.fluss.flink.source.split.FlussSplitState;
import io.fluss.flink.source.split.LogSplit;
import io.fluss.flink.source.split.SnapshotPosition;
import io.fluss.flink.source.split.SnapshotSplit;
import io.fluss.flink.source.split.TableBucket;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.Test;

/** Which rows of a batch are emitted, and where the split is after each part of them. */
class BatchCursorTest {
    private static final MetadataColumn[] NONE = {};

    private final OpenBatches open = new OpenBatches();
    private final Rows rows = new Rows();
    private final FlussSplitState log = new FlussSplitState(new LogSplit(new TableBucket(0, 0), 100, Long.MAX_VALUE));

    @Test
    void allRowsOfARange() {
        BatchCursor cursor = log(SelectedRows.batch(10, 3, 8, 100, (int[]) null));
        assertThat(emit(cursor, log, 2)).containsExactly(3, 4);
        assertThat(next(log)).isEqualTo(105);
        assertThat(emit(cursor, log, 9)).containsExactly(5, 6, 7);
        assertThat(next(log)).isEqualTo(108);
        assertThat(cursor.nextRecordFromSplit()).isNull();
    }

    @Test
    void onlySelectedRows() {
        BatchCursor cursor = log(SelectedRows.batch(10, 1, 9, 100, 2, 3, 7));
        assertThat(emit(cursor, log, 1)).containsExactly(2);
        assertThat(next(log)).as("a reader that goes on here emits row 3 next").isEqualTo(103);
        assertThat(emit(cursor, log, 1)).containsExactly(3);
        assertThat(next(log)).isEqualTo(107);
        assertThat(emit(cursor, log, 1)).containsExactly(7);
        assertThat(next(log)).as("past the rows that were not selected").isEqualTo(109);
        assertThat(cursor.nextRecordFromSplit()).isNull();
    }

    @Test
    void aBatchWithoutASelectedRowTakesTheSplitOn() {
        BatchCursor cursor = log(SelectedRows.batch(10, 0, 10, 100, new int[0]));
        assertThat(emit(cursor, log, 5)).isEmpty();
        assertThat(next(log)).isEqualTo(110);
        assertThat(cursor.nextRecordFromSplit()).isNull();
    }

    @Test
    void aSnapshotGoesOnBehindTheRowsThatWereEmitted() {
        FlussSplitState state = new FlussSplitState(new SnapshotSplit(new TableBucket(0, 0), "s", SnapshotPosition.START));
        byte[] before = {9};
        BatchCursor cursor =
                BatchCursor.snapshot("0", open, SelectedRows.batch(10, 0, 10, 100, 1, 4, 6, 8), NONE, 5, before);
        assertThat(emit(cursor, state, 1)).containsExactly(6);
        SnapshotPosition position = ((SnapshotSplit) state.toSplit()).position();
        assertThat(position.position()).isEqualTo(before);
        assertThat(position.rowsEmitted()).isEqualTo(8);
        assertThat(emit(cursor, state, 9)).containsExactly(8);
        assertThat(((SnapshotSplit) state.toSplit()).position().rowsEmitted()).isEqualTo(10);
    }

    private BatchCursor log(ColumnBatch batch) {
        return BatchCursor.log("0", open, batch, NONE, false);
    }

    private static long next(FlussSplitState state) {
        return ((LogSplit) state.toSplit()).startingOffset();
    }

    private List<Integer> emit(BatchCursor cursor, FlussSplitState state, int most) {
        assertThat(cursor.nextRecordFromSplit()).isSameAs(cursor);
        rows.values.clear();
        assertThat(cursor.emit(rows, state, most)).isEqualTo(rows.values.size());
        return rows.values;
    }

    private static final class Rows implements SourceOutput<RowData> {
        private final List<Integer> values = new ArrayList<>();

        @Override
        public void collect(RowData row) {
            values.add(row.getInt(0));
        }

        @Override
        public void collect(RowData row, long timestamp) {
            assertThat(timestamp).isEqualTo(77);
            collect(row);
        }

        @Override
        public void emitWatermark(Watermark watermark) {}

        @Override
        public void markIdle() {}

        @Override
        public void markActive() {}
    }
}
