package io.fluss.client;

/** The pinned state of one bucket of a primary-key table. */
public final class SnapshotInfo {
    private final String snapshotId;
    private final long logOffset;

    public SnapshotInfo(String snapshotId, long logOffset) {
        this.snapshotId = snapshotId;
        this.logOffset = logOffset;
    }

    public String snapshotId() {
        return snapshotId;
    }

    /** The log goes on exactly here: the snapshot holds the effect of every smaller offset and of no other. */
    public long logOffset() {
        return logOffset;
    }
}
