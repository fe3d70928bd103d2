package io.fluss.flink.source;

import io.fluss.client.Admin;
import io.fluss.client.OffsetSpec;
import io.fluss.client.TablePath;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;

/** Where in the log of every bucket a scan begins or ends. */
public final class OffsetChoice implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The first offset that is still there. */
    public static final OffsetChoice EARLIEST = new OffsetChoice(Kind.EARLIEST, 0, new HashMap<>());

    /** The end when the job starts. */
    public static final OffsetChoice LATEST = new OffsetChoice(Kind.LATEST, 0, new HashMap<>());

    private enum Kind {
        EARLIEST,
        LATEST,
        TIMESTAMP,
        AS_OF,
        /** Of buckets that are named. */
        OFFSETS
    }

    private final Kind kind;
    private final long timestamp;
    private final HashMap<String, Long> offsets;

    private OffsetChoice(Kind kind, long timestamp, HashMap<String, Long> offsets) {
        this.kind = kind;
        this.timestamp = timestamp;
        this.offsets = offsets;
    }

    /** The first row committed at or after a time, milliseconds since the epoch; the end if there is none. */
    public static OffsetChoice timestamp(long timestamp) {
        return new OffsetChoice(Kind.TIMESTAMP, timestamp, new HashMap<>());
    }

    /** Behind the last row committed at or before a time, milliseconds since the epoch. */
    public static OffsetChoice asOf(long timestamp) {
        return new OffsetChoice(Kind.AS_OF, timestamp, new HashMap<>());
    }

    /** @param offsets by {@link #bucketName}; a scan has no rows of buckets that are not named */
    public static OffsetChoice offsets(Map<String, Long> offsets) {
        return new OffsetChoice(Kind.OFFSETS, 0, new HashMap<>(offsets));
    }

    /** @param partition name of it; empty: the table has none */
    public static String bucketName(String partition, int bucket) {
        return partition.isEmpty() ? String.valueOf(bucket) : partition + "/" + bucket;
    }

    /** Whether it is {@link #LATEST}, also after it has travelled with a job. */
    public boolean isLatest() {
        return kind == Kind.LATEST;
    }

    /** The time of {@link #timestamp}, else null. */
    public Long timestamp() {
        return kind == Kind.TIMESTAMP ? timestamp : null;
    }

    /** The buckets of {@link #offsets}, else null. */
    public Map<String, Long> offsets() {
        return kind == Kind.OFFSETS ? offsets : null;
    }

    /** One offset a bucket. @param partition id and name; 0 and empty: the table has none */
    public long[] of(Admin admin, TablePath path, int partition, String partitionName) {
        switch (kind) {
            case EARLIEST:
                return admin.listOffsets(path, partition, OffsetSpec.EARLIEST);
            case LATEST:
                return admin.listOffsets(path, partition, OffsetSpec.LATEST);
            case TIMESTAMP:
                return admin.listOffsets(path, partition, OffsetSpec.timestamp(timestamp));
            case AS_OF:
                return admin.listOffsets(path, partition, OffsetSpec.asOf(timestamp));
            default:
                long[] named = admin.listOffsets(path, partition, OffsetSpec.EARLIEST);
                for (int bucket = 0; bucket < named.length; bucket++) {
                    Long offset = offsets.get(bucketName(partitionName, bucket));
                    named[bucket] = offset == null ? NOT_NAMED : offset;
                }
                return named;
        }
    }

    /** An offset of {@link #of}: this bucket is not read. */
    public static final long NOT_NAMED = -1;
}
