package io.fluss.flink.source.split;

import org.apache.flink.api.connector.source.SourceSplit;

import java.util.Objects;

/**
 * A part of a table that one reader reads: a bucket. Its id stays the same while the split changes from snapshot to log, so
 * that state and watermarks stay with the bucket.
 */
public abstract class FlussSplit implements SourceSplit {
    /** {@link #tableId()} of a split from a checkpoint that does not have it. */
    public static final long UNKNOWN_TABLE = -1;

    private final long tableId;
    private final TableBucket bucket;

    FlussSplit(long tableId, TableBucket bucket) {
        this.tableId = tableId;
        this.bucket = Objects.requireNonNull(bucket, "bucket");
    }

    /** Of the table that the split was made for: offsets and snapshots mean nothing in another that has its name. */
    public final long tableId() {
        return tableId;
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
