package io.fluss.flink.source.split;

import java.util.Objects;

/** A snapshot of a bucket, then its log from exactly the snapshot's offset, without end. */
public final class HybridSnapshotLogSplit extends FlussSplit {
    private final String snapshotId;
    private final SnapshotPosition position;
    private final boolean snapshotFinished;
    private final long logOffset;

    /**
     * @param position where to go on in the snapshot; without meaning when it is finished
     * @param snapshotFinished the snapshot is read but perhaps not yet released
     * @param logOffset the next offset of the log to read: until the snapshot is finished, the snapshot's own
     */
    public HybridSnapshotLogSplit(
            long tableId,
            TableBucket bucket,
            String snapshotId,
            SnapshotPosition position,
            boolean snapshotFinished,
            long logOffset) {
        super(tableId, bucket);
        this.snapshotId = Objects.requireNonNull(snapshotId, "snapshotId");
        this.position = Objects.requireNonNull(position, "position");
        this.snapshotFinished = snapshotFinished;
        this.logOffset = logOffset;
    }

    public String snapshotId() {
        return snapshotId;
    }

    public SnapshotPosition position() {
        return position;
    }

    public boolean isSnapshotFinished() {
        return snapshotFinished;
    }

    public long logOffset() {
        return logOffset;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof HybridSnapshotLogSplit)) {
            return false;
        }
        HybridSnapshotLogSplit that = (HybridSnapshotLogSplit) other;
        return tableId() == that.tableId()
                && bucket().equals(that.bucket())
                && snapshotId.equals(that.snapshotId)
                && position.equals(that.position)
                && snapshotFinished == that.snapshotFinished
                && logOffset == that.logOffset;
    }

    @Override
    public int hashCode() {
        return Objects.hash(tableId(), bucket(), snapshotId, position, snapshotFinished, logOffset);
    }

    @Override
    public String toString() {
        return bucket() + ", snapshot " + snapshotId
                + (snapshotFinished ? " finished" : ", " + position) + ", log from offset " + logOffset;
    }
}
