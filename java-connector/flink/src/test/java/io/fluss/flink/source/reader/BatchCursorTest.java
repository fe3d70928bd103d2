package io.fluss.flink.source.reader;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.client.ColumnBatch;
import io.fluss.client.SelectedRows;
import io.fluss.flink.row.BinlogColumn;
import io.fluss.flink.row.ColumnBatchRows;
import io.fluss.flink.row.MetadataColumn;
import io.fluss.flink.row.RowForm;
import io.fluss.flink.source.deserializer.RowDataDeserializationSchema;
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
    private final OpenBatches open = new OpenBatches();
    private final Rows rows = new Rows();
    private final FlussSplitState log = new FlussSplitState(new LogSplit(1, new TableBucket(0, 0), 100, Long.MAX_VALUE));

    @Test
    void allRowsOfARange() throws Exception {
        BatchCursor cursor = log(SelectedRows.batch(10, 3, 8, 100, (int[]) null));
        assertThat(emit(cursor, log, 2)).containsExactly(3, 4);
        assertThat(next(log)).isEqualTo(105);
        assertThat(emit(cursor, log, 9)).containsExactly(5, 6, 7);
        assertThat(next(log)).isEqualTo(108);
        assertThat(cursor.nextRecordFromSplit()).isNull();
    }

    @Test
    void onlySelectedRows() throws Exception {
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
    void aBatchWithoutASelectedRowTakesTheSplitOn() throws Exception {
        BatchCursor cursor = log(SelectedRows.batch(10, 0, 10, 100, new int[0]));
        assertThat(emit(cursor, log, 5)).isEmpty();
        assertThat(next(log)).isEqualTo(110);
        assertThat(cursor.nextRecordFromSplit()).isNull();
    }

    @Test
    void aSnapshotGoesOnBehindTheRowsThatWereEmitted() throws Exception {
        FlussSplitState state = new FlussSplitState(
                new SnapshotSplit(1, new TableBucket(0, 0), "s", SnapshotPosition.START, SnapshotSplit.NOT_EARLIER));
        byte[] before = {9};
        ColumnBatch batch = SelectedRows.batch(10, 0, 10, 100, 1, 4, 6, 8);
        BatchCursor cursor =
                BatchCursor.snapshot("0", open, batch, ColumnBatchRows.of(batch), 5, before);
        assertThat(emit(cursor, state, 1)).containsExactly(6);
        SnapshotPosition position = ((SnapshotSplit) state.toSplit()).position();
        assertThat(position.position()).isEqualTo(before);
        assertThat(position.rowsEmitted()).isEqualTo(8);
        assertThat(emit(cursor, state, 9)).containsExactly(8);
        assertThat(((SnapshotSplit) state.toSplit()).position().rowsEmitted()).isEqualTo(10);
    }

    @Test
    void anUpdateOfABinlogIsEmittedWhereItsFirstHalfIs() throws Exception {
        byte[] types = {
            ColumnBatch.INSERT,
            ColumnBatch.UPDATE_BEFORE,
            ColumnBatch.UPDATE_AFTER,
            ColumnBatch.DELETE,
            ColumnBatch.UPDATE_BEFORE,
            ColumnBatch.UPDATE_AFTER
        };
        List<String> all = new ArrayList<>();
        BatchCursor cursor = binlog(SelectedRows.changes(100, 0, 6, types));
        emitBinlog(cursor, log, 9, all);
        assertThat(all).containsExactly("null>0", "1>2", "3>null", "4>5");
        assertThat(next(log)).isEqualTo(106);

        // Wherever a checkpoint comes, who goes on from it emits what is missing and nothing twice.
        for (int emitted = 1; emitted < 6; emitted++) {
            List<String> both = new ArrayList<>();
            FlussSplitState state = new FlussSplitState(new LogSplit(1, new TableBucket(0, 0), 100, Long.MAX_VALUE));
            emitBinlog(binlog(SelectedRows.changes(100, 0, 6, types)), state, emitted, both);
            int from = (int) (next(state) - 100);
            emitBinlog(binlog(SelectedRows.changes(100, from, 6, types)), state, 9, both);
            assertThat(both).as("a checkpoint after %s rows", emitted).isEqualTo(all);
        }
        List<String> cut = new ArrayList<>();
        emitBinlog(binlog(SelectedRows.changes(100, 0, 2, types)), log, 9, cut);
        assertThat(cut).as("an update whose second half lies behind the end of the read").containsExactly("null>0", "1>2");
    }

    private BatchCursor binlog(ColumnBatch batch) {
        ColumnBatchRows batchRows =
                ColumnBatchRows.of(batch, RowForm.BINLOG_ROW, BinlogColumn.values(), new MetadataColumn[0]);
        return BatchCursor.log("0", open, batch, batchRows, false);
    }

    private static void emitBinlog(BatchCursor cursor, FlussSplitState state, int most, List<String> emitted)
            throws Exception {
        int before = emitted.size();
        Rows halves = new Rows() {
            @Override
            public void collect(RowData row) {
                emitted.add(half(row, 0) + ">" + half(row, 1));
            }
        };
        int count = cursor.emit(collector().to(halves), state, most);
        assertThat(count).isEqualTo(emitted.size() - before);
    }

    private static RowCollector<RowData> collector() {
        return new RowCollector<>(new RowDataDeserializationSchema(), false);
    }

    private static Integer half(RowData row, int index) {
        return row.isNullAt(index) ? null : row.getRow(index, 1).getInt(0);
    }

    private BatchCursor log(ColumnBatch batch) {
        return BatchCursor.log("0", open, batch, ColumnBatchRows.of(batch), false);
    }

    private static long next(FlussSplitState state) {
        return ((LogSplit) state.toSplit()).startingOffset();
    }

    private List<Integer> emit(BatchCursor cursor, FlussSplitState state, int most) throws Exception {
        assertThat(cursor.nextRecordFromSplit()).isSameAs(cursor);
        rows.values.clear();
        assertThat(cursor.emit(collector().to(rows), state, most)).isEqualTo(rows.values.size());
        return rows.values;
    }

    private static class Rows implements SourceOutput<RowData> {
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
