package io.fluss.client;

/** An offset in the log of a bucket. */
public final class BucketOffset {
    private final int partitionId;
    private final int bucket;
    private final long offset;

    public BucketOffset(int partitionId, int bucket, long offset) {
        this.partitionId = partitionId;
        this.bucket = bucket;
        this.offset = offset;
    }

    /** 0: the table has no partitions. */
    public int partitionId() {
        return partitionId;
    }

    public int bucket() {
        return bucket;
    }

    public long offset() {
        return offset;
    }
}
