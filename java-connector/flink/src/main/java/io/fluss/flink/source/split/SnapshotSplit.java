package io.fluss.flink.source.split;

import java.util.Objects;

/** A snapshot of a bucket of a primary-key table, and nothing after it: a batch read. */
public final class SnapshotSplit extends FlussSplit {
    /** In place of a snapshot's id: the rows as they are when they are read, which is all at once and from the first. */
    public static final String NOW = "";

    /** {@link #asOfOffset()} of a split that is read as the snapshot is. */
    public static final long NOT_EARLIER = -1;

    private final String snapshotId;
    private final SnapshotPosition position;
    private final long asOfOffset;

    public SnapshotSplit(long tableId, TableBucket bucket, String snapshotId, SnapshotPosition position, long asOfOffset) {
        super(tableId, bucket);
        this.snapshotId = Objects.requireNonNull(snapshotId, "snapshotId");
        this.position = Objects.requireNonNull(position, "position");
        this.asOfOffset = asOfOffset;
    }

    public String snapshotId() {
        return snapshotId;
    }

    public SnapshotPosition position() {
        return position;
    }

    /** The rows are read as they were after the changes of the log below it; {@link #NOT_EARLIER}: as the snapshot has them. */
    public long asOfOffset() {
        return asOfOffset;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof SnapshotSplit)) {
            return false;
        }
        SnapshotSplit that = (SnapshotSplit) other;
        return tableId() == that.tableId()
                && bucket().equals(that.bucket())
                && snapshotId.equals(that.snapshotId)
                && position.equals(that.position)
                && asOfOffset == that.asOfOffset;
    }

    @Override
    public int hashCode() {
        return Objects.hash(tableId(), bucket(), snapshotId, position, asOfOffset);
    }

    @Override
    public String toString() {
        return (snapshotId.equals(NOW) ? "rows of " + bucket() : "snapshot " + snapshotId + " of " + bucket() + ", " + position)
                + (asOfOffset == NOT_EARLIER ? "" : ", as of offset " + asOfOffset);
    }
}
