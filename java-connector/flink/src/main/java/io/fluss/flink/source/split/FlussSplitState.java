package io.fluss.flink.source.split;

/** What changes of a split while it is read. Owned by the task's thread. */
public final class FlussSplitState {
    private final FlussSplit split;
    private byte[] position;
    private long rowsEmitted;
    private boolean snapshotFinished;
    private long nextOffset;

    public FlussSplitState(FlussSplit split) {
        this.split = split;
        if (split instanceof LogSplit) {
            nextOffset = ((LogSplit) split).startingOffset();
        } else if (split instanceof SnapshotSplit) {
            at(((SnapshotSplit) split).position());
        } else {
            HybridSnapshotLogSplit hybrid = (HybridSnapshotLogSplit) split;
            at(hybrid.position());
            snapshotFinished = hybrid.isSnapshotFinished();
            nextOffset = hybrid.logOffset();
        }
    }

    private void at(SnapshotPosition start) {
        position = start.position();
        rowsEmitted = start.rowsEmitted();
    }

    /** The split as it was given to the reader. */
    public FlussSplit initial() {
        return split;
    }

    /** Rows up to this offset, exclusive, were emitted. */
    public void nextOffset(long offset) {
        nextOffset = offset;
    }

    /** {@code rows} rows behind {@code before} were emitted. */
    public void snapshotPosition(byte[] before, long rows) {
        position = before;
        rowsEmitted = rows;
    }

    public void snapshotFinished() {
        snapshotFinished = true;
        position = SnapshotPosition.START.position();
        rowsEmitted = 0;
    }

    /** The split from which a restored reader goes on. */
    public FlussSplit toSplit() {
        if (split instanceof LogSplit) {
            return new LogSplit(split.tableId(), split.bucket(), nextOffset, ((LogSplit) split).stoppingOffset());
        }
        SnapshotPosition here = new SnapshotPosition(position, rowsEmitted);
        if (split instanceof SnapshotSplit) {
            SnapshotSplit snapshot = (SnapshotSplit) split;
            return new SnapshotSplit(split.tableId(), split.bucket(), snapshot.snapshotId(), here, snapshot.asOfOffset());
        }
        String snapshotId = ((HybridSnapshotLogSplit) split).snapshotId();
        return new HybridSnapshotLogSplit(split.tableId(), split.bucket(), snapshotId, here, snapshotFinished, nextOffset);
    }
}
