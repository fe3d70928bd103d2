package io.fluss.flink.source.split;

import java.io.Serializable;
import java.util.Objects;

/** A bucket of a table, or of a partition of it. */
public final class TableBucket implements Comparable<TableBucket>, Serializable {
    private static final long serialVersionUID = 1L;

    private final int partitionId;
    private final int bucket;

    /** @param partitionId 0: the table has no partitions */
    public TableBucket(int partitionId, int bucket) {
        this.partitionId = partitionId;
        this.bucket = bucket;
    }

    /** 0: the table has no partitions. */
    public int partitionId() {
        return partitionId;
    }

    /** From 0, in its partition. */
    public int bucket() {
        return bucket;
    }

    /** Which of so many readers reads it: always the same, and the buckets of a partition by different ones. */
    public int owner(int parallelism) {
        int start = (partitionId * 31 & Integer.MAX_VALUE) % parallelism;
        return (start + bucket) % parallelism;
    }

    @Override
    public int compareTo(TableBucket that) {
        int byPartition = Integer.compare(partitionId, that.partitionId);
        return byPartition != 0 ? byPartition : Integer.compare(bucket, that.bucket);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TableBucket
                && partitionId == ((TableBucket) other).partitionId
                && bucket == ((TableBucket) other).bucket;
    }

    @Override
    public int hashCode() {
        return Objects.hash(partitionId, bucket);
    }

    @Override
    public String toString() {
        return partitionId == 0 ? "bucket " + bucket : "bucket " + bucket + " of partition " + partitionId;
    }
}
