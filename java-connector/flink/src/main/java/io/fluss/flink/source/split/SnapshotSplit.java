package io.fluss.flink.source.split;

import java.util.Objects;

/** A snapshot of a bucket of a primary-key table, and nothing after it: a batch read. */
public final class SnapshotSplit extends FlussSplit {
    /** In place of a snapshot's id: the rows as they are when they are read, which is all at once and from the first. */
    public static final String NOW = "";

    private final String snapshotId;
    private final SnapshotPosition position;

    public SnapshotSplit(TableBucket bucket, String snapshotId, SnapshotPosition position) {
        super(bucket);
        this.snapshotId = Objects.requireNonNull(snapshotId, "snapshotId");
        this.position = Objects.requireNonNull(position, "position");
    }

    public String snapshotId() {
        return snapshotId;
    }

    public SnapshotPosition position() {
        return position;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof SnapshotSplit)) {
            return false;
        }
        SnapshotSplit that = (SnapshotSplit) other;
        return bucket().equals(that.bucket()) && snapshotId.equals(that.snapshotId) && position.equals(that.position);
    }

    @Override
    public int hashCode() {
        return Objects.hash(bucket(), snapshotId, position);
    }

    @Override
    public String toString() {
        return snapshotId.equals(NOW) ? "rows of " + bucket() : "snapshot " + snapshotId + " of " + bucket() + ", " + position;
    }
}
