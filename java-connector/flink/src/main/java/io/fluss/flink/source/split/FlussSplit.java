package io.fluss.flink.source.split;

import org.apache.flink.api.connector.source.SourceSplit;

import java.util.Objects;

/**
 * A part of a table that one reader reads: a bucket. Its id stays the same while the split changes from snapshot to log, so
 * that state and watermarks stay with the bucket.
 */
public abstract class FlussSplit implements SourceSplit {
    private final TableBucket bucket;

    FlussSplit(TableBucket bucket) {
        this.bucket = Objects.requireNonNull(bucket, "bucket");
    }

    public final TableBucket bucket() {
        return bucket;
    }

    @Override
    public final String splitId() {
        return idOf(bucket);
    }

    /** The id of a bucket's split. */
    public static String idOf(TableBucket bucket) {
        String id = "bucket-" + bucket.bucket();
        return bucket.partitionId() == 0 ? id : "partition-" + bucket.partitionId() + "-" + id;
    }
}
