package io.fluss.client;

import java.util.List;

/** The pinned state of a primary-key table, or of some of its buckets. */
public final class SnapshotInfo {
    private final String snapshotId;
    private final List<BucketOffset> offsets;

    public SnapshotInfo(String snapshotId, List<BucketOffset> offsets) {
        this.snapshotId = snapshotId;
        this.offsets = List.copyOf(offsets);
    }

    /** Empty: there is no bucket, since the table has no partition. */
    public String snapshotId() {
        return snapshotId;
    }

    /**
     * Of each bucket, by partition name and bucket number: its log goes on exactly here. The snapshot holds the effect of every
     * smaller offset and of no other.
     */
    public List<BucketOffset> offsets() {
        return offsets;
    }
}
