package io.fluss.flink.source.reader;

import io.fluss.client.ColumnBatch;
import io.fluss.flink.row.ColumnBatchRows;
import io.fluss.flink.source.split.FlussSplitState;

import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;

import java.util.Collections;
import java.util.Set;

/**
 * One fetch: the rows of one batch of one split, or news of a split without rows. It is its own only "record", given again
 * and again until its rows are out, so that nothing is allocated for a row.
 */
final class BatchCursor implements RecordsWithSplitIds<BatchCursor> {
    /** Nothing came. */
    static BatchCursor nothing() {
        return new BatchCursor(null, null, null, null, 0, null, false, false);
    }

    /** A batch of the log. */
    static BatchCursor log(String splitId, OpenBatches open, ColumnBatch batch, ColumnBatchRows rows, boolean splitEnds) {
        return new BatchCursor(splitId, open, batch, rows, batch.firstRow(), null, false, splitEnds);
    }

    /**
     * A batch of a snapshot.
     *
     * @param skip rows of it that were emitted before
     * @param before the scanner's position before it
     */
    static BatchCursor snapshot(
            String splitId, OpenBatches open, ColumnBatch batch, ColumnBatchRows rows, int skip, byte[] before) {
        return new BatchCursor(splitId, open, batch, rows, batch.firstRow() + skip, before, false, false);
    }

    /** The snapshot is read; the log follows. */
    static BatchCursor endOfSnapshot(String splitId) {
        return new BatchCursor(splitId, null, null, null, 0, null, true, false);
    }

    /** The log of a split was read up to {@code offset}, but no row of it is to be emitted. */
    static BatchCursor progress(String splitId, long offset, boolean splitEnds) {
        BatchCursor cursor = new BatchCursor(splitId, null, null, null, 0, null, false, splitEnds);
        cursor.emitted = false;
        cursor.readTo = offset;
        return cursor;
    }

    /** There is nothing to read of the split. */
    static BatchCursor endOfSplit(String splitId) {
        return new BatchCursor(splitId, null, null, null, 0, null, false, true);
    }

    private final String splitId;
    private final OpenBatches open;
    private final ColumnBatch batch;
    private final ColumnBatchRows rows;
    private final byte[] before;
    /** Whether {@link #next} and {@link #end} count selected rows, not rows. */
    private final boolean selected;

    private final int end;
    private final Set<String> finished;
    private boolean splitGiven;
    private boolean endOfSnapshot;
    /** A batch without a selected row is emitted too: the split is further then. */
    private boolean emitted;
    /** Of {@link #progress}. */
    private long readTo;

    private int next;

    private BatchCursor(
            String splitId,
            OpenBatches open,
            ColumnBatch batch,
            ColumnBatchRows rows,
            int next,
            byte[] before,
            boolean endOfSnapshot,
            boolean splitEnds) {
        this.splitId = splitId;
        this.open = open;
        this.batch = batch;
        this.rows = rows;
        this.selected = batch != null && batch.hasSelection();
        this.end = batch == null ? 0 : selected ? batch.selectedCount() : batch.endRow();
        this.next = selected ? firstSelected(next) : next;
        this.emitted = batch == null;
        this.before = before;
        this.endOfSnapshot = endOfSnapshot;
        this.finished = splitEnds ? Collections.singleton(splitId) : Collections.emptySet();
        if (batch != null) {
            open.opened(this);
        }
    }

    @Override
    public String nextSplit() {
        if (splitGiven) {
            return null;
        }
        splitGiven = true;
        return splitId;
    }

    @Override
    public BatchCursor nextRecordFromSplit() {
        return !emitted || endOfSnapshot ? this : null;
    }

    @Override
    public Set<String> finishedSplits() {
        return finished;
    }

    @Override
    public void recycle() {
        if (batch != null) {
            open.closed(this);
            close();
        }
    }

    void close() {
        batch.close();
    }

    /** Says what was fetched. */
    void countIn(ReaderMetrics metrics) {
        if (batch != null) {
            metrics.fetched(batch, before == null);
        }
    }

    /** How many are still to be emitted. */
    int rows() {
        return end - next;
    }

    /** Whether this says that a snapshot is read; says so once. */
    boolean takeEndOfSnapshot() {
        boolean value = endOfSnapshot;
        endOfSnapshot = false;
        return value;
    }

    /**
     * Emits rows and notes how far the split is.
     *
     * @param most looks at so many at most
     * @return how many were emitted
     */
    int emit(RowCollector<?> output, FlussSplitState state, int most) throws Exception {
        if (batch == null) {
            emitted = true;
            state.nextOffset(readTo);
            return 0;
        }
        int first = next;
        int stop = Math.min(end, first + most);
        emitted = stop == end;
        // Where the split is afterwards.
        int after = emitted ? batch.endRow() : selected ? batch.selectedRow(stop) : stop;
        int given = stop - first;
        if (before == null) {
            long timestamp = batch.commitTimestamp();
            for (int i = first; i < stop; i++) {
                int row = row(i);
                if (rows.isRow(row)) {
                    output.collect(rows.row(row), batch.baseOffset() + row, timestamp);
                } else {
                    given--;
                }
            }
            state.nextOffset(batch.baseOffset() + after);
        } else {
            for (int i = first; i < stop; i++) {
                output.collect(rows.row(row(i)));
            }
            state.snapshotPosition(before, after - batch.firstRow());
        }
        next = stop;
        return given;
    }

    private int row(int index) {
        return selected ? batch.selectedRow(index) : index;
    }

    /** The first selected row that is not before {@code row}. */
    private int firstSelected(int row) {
        int index = 0;
        while (index < end && batch.selectedRow(index) < row) {
            index++;
        }
        return index;
    }
}
