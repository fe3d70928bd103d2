package io.fluss.flink.source;

import io.fluss.flink.source.split.TableBucket;

import org.apache.flink.api.connector.source.SourceEvent;

/** A reader needs a snapshot no more, whatever checkpoint the job is restored from. Reader to enumerator. */
public final class SnapshotFinishedEvent implements SourceEvent {
    private static final long serialVersionUID = 1L;

    private final TableBucket bucket;
    private final String snapshotId;

    public SnapshotFinishedEvent(TableBucket bucket, String snapshotId) {
        this.bucket = bucket;
        this.snapshotId = snapshotId;
    }

    public TableBucket bucket() {
        return bucket;
    }

    public String snapshotId() {
        return snapshotId;
    }

    @Override
    public String toString() {
        return "snapshot " + snapshotId + " of " + bucket + " is read";
    }
}
