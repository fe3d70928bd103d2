package io.fluss.flink.source.split;

import org.apache.flink.api.connector.source.SourceSplit;

/**
 * A part of a table that one reader reads: a bucket. Its id stays the same while the split changes from snapshot to log, so
 * that state and watermarks stay with the bucket.
 */
public abstract class FlussSplit implements SourceSplit {
    private final int bucket;

    FlussSplit(int bucket) {
        this.bucket = bucket;
    }

    /** Number of the bucket, from 0. */
    public final int bucket() {
        return bucket;
    }

    @Override
    public final String splitId() {
        return idOf(bucket);
    }

    /** The id of a bucket's split. */
    public static String idOf(int bucket) {
        return "bucket-" + bucket;
    }
}
