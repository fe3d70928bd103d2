package io.fluss.flink.source.enumerator;

import io.fluss.client.Admin;
import io.fluss.client.BucketOffset;
import io.fluss.client.FlussException;
import io.fluss.client.NotFoundException;
import io.fluss.client.PartitionInfo;
import io.fluss.client.SnapshotInfo;
import io.fluss.flink.source.OffsetChoice;
import io.fluss.flink.source.ScanSpec;
import io.fluss.flink.source.split.FlussSplit;
import io.fluss.flink.source.split.HybridSnapshotLogSplit;
import io.fluss.flink.source.split.LogSplit;
import io.fluss.flink.source.split.SnapshotPosition;
import io.fluss.flink.source.split.SnapshotSplit;
import io.fluss.flink.source.split.TableBucket;

import org.apache.flink.table.api.ValidationException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Resolves where every bucket of a table begins and ends. Runs on the enumerator's worker thread. */
final class SplitPlanner {
    private final ScanSpec spec;
    /** Snapshots that exist because of this job run, by bucket; also read by the coordinator's thread. */
    private final Map<TableBucket, String> snapshots = new ConcurrentHashMap<>();

    SplitPlanner(ScanSpec spec) {
        this.spec = spec;
    }

    /** Snapshots that were created and not released. */
    Map<TableBucket, String> snapshots() {
        return snapshots;
    }

    /** One split a bucket of a table without partitions; none for a bucket of which there is nothing to read. */
    List<FlussSplit> plan(Admin admin) {
        int[] buckets = bucketsThatMatch(admin);
        // All buckets before any is read: a job that reads and writes the same table reads the state before its writes.
        if (!spec.readsSnapshots()) {
            return logs(admin, 0, "", buckets, spec.start());
        }
        return snapshots(admin, new int[0], buckets, earlier(admin, 0, ""));
    }

    /** The buckets that a batch has to read; null: all. */
    private int[] bucketsThatMatch(Admin admin) {
        boolean narrow = spec.isBounded() && spec.filter() != null;
        return narrow ? admin.matchingBuckets(spec.path(), spec.filter()) : null;
    }

    /**
     * The same of partitions.
     *
     * @param fromTheirStart they were made after the scan began: all of them is read
     */
    List<FlussSplit> plan(Admin admin, List<PartitionInfo> partitions, boolean fromTheirStart) {
        if (partitions.isEmpty()) {
            return new ArrayList<>();
        }
        try {
            int[] buckets = bucketsThatMatch(admin);
            if (spec.readsSnapshots()) {
                int[] ids = partitions.stream().mapToInt(PartitionInfo::partitionId).toArray();
                Map<TableBucket, Long> earlier = new HashMap<>();
                partitions.forEach(p -> earlier.putAll(earlier(admin, p.partitionId(), p.name())));
                return snapshots(admin, ids, buckets, earlier);
            }
            OffsetChoice start = fromTheirStart ? OffsetChoice.EARLIEST : spec.start();
            List<FlussSplit> splits = new ArrayList<>();
            for (PartitionInfo partition : partitions) {
                splits.addAll(logs(admin, partition.partitionId(), partition.name(), buckets, start));
            }
            return splits;
        } catch (NotFoundException e) {
            if (!isDropped(e)) {
                throw e;
            }
            // One was dropped after it was listed.
            List<FlussSplit> splits = new ArrayList<>();
            if (partitions.size() > 1) {
                partitions.forEach(p -> splits.addAll(plan(admin, Collections.singletonList(p), fromTheirStart)));
            }
            return splits;
        }
    }

    private List<FlussSplit> logs(Admin admin, int partition, String name, int[] buckets, OffsetChoice from) {
        requireStartInThePast();
        List<FlussSplit> splits = new ArrayList<>();
        // The end first, so that no start lies behind it but of a bucket with nothing to read.
        long[] stop = spec.isBounded() ? stop(admin, partition, name) : null;
        long[] start = from.of(admin, spec.path(), partition, name);
        for (int bucket = 0; bucket < start.length; bucket++) {
            TableBucket place = new TableBucket(partition, bucket);
            if (start[bucket] == OffsetChoice.NOT_NAMED || (buckets != null && Arrays.binarySearch(buckets, bucket) < 0)) {
                continue;
            }
            if (stop == null) {
                splits.add(new LogSplit(spec.tableId(), place, start[bucket], LogSplit.UNBOUNDED));
            } else if (start[bucket] < stop[bucket]) {
                splits.add(new LogSplit(spec.tableId(), place, start[bucket], stop[bucket]));
            }
        }
        return splits;
    }

    /** Not beyond what is there: rows that never come would be waited for. */
    private long[] stop(Admin admin, int partition, String name) {
        long[] stop = spec.stop().of(admin, spec.path(), partition, name);
        if (!spec.stop().isLatest()) {
            long[] latest = OffsetChoice.LATEST.of(admin, spec.path(), partition, name);
            Arrays.setAll(stop, bucket -> Math.min(stop[bucket], latest[bucket]));
        }
        return stop;
    }

    /** Whether a call failed because its partition was dropped. */
    static boolean isDropped(Throwable failure) {
        return failure instanceof NotFoundException
                && ((NotFoundException) failure).code() == FlussException.PARTITION_NOT_FOUND;
    }

    /** The split of one bucket that begins with a new snapshot. */
    List<FlussSplit> snapshot(Admin admin, TableBucket bucket) {
        int[] partitions = bucket.partitionId() == 0 ? new int[0] : new int[] {bucket.partitionId()};
        return snapshots(admin, partitions, new int[] {bucket.bucket()}, Collections.emptyMap());
    }

    /** Where the log was when the rows are read that a snapshot now no longer has; empty: as they are now. */
    private Map<TableBucket, Long> earlier(Admin admin, int partition, String name) {
        Map<TableBucket, Long> earlier = new HashMap<>();
        if (!spec.isBounded() || spec.stop().isLatest()) {
            return earlier;
        }
        long[] stop = stop(admin, partition, name);
        long[] earliest = OffsetChoice.EARLIEST.of(admin, spec.path(), partition, name);
        for (int bucket = 0; bucket < stop.length; bucket++) {
            TableBucket place = new TableBucket(partition, bucket);
            if (stop[bucket] != OffsetChoice.NOT_NAMED && stop[bucket] < earliest[bucket]) {
                throw new ValidationException(
                        "Table " + spec.path() + " cannot be read as it was at offset " + stop[bucket] + " of " + place
                                + ": the log below " + earliest[bucket]
                                + ", the earliest offset, is gone ('table.log.ttl').");
            }
            earlier.put(place, stop[bucket]);
        }
        return earlier;
    }

    /**
     * Splits that begin with a new snapshot, one for all of them.
     *
     * @param partitions none: all
     * @param buckets null: all
     * @param earlier of {@link #earlier}, of all of them
     */
    private List<FlussSplit> snapshots(Admin admin, int[] partitions, int[] buckets, Map<TableBucket, Long> earlier) {
        List<FlussSplit> splits = new ArrayList<>();
        if (buckets != null && buckets.length == 0) {
            return splits;
        }
        boolean oneBucket = buckets != null && buckets.length == 1 && (!spec.isPartitioned() || partitions.length == 1);
        if (oneBucket && spec.isBatch() && spec.isBounded() && earlier.isEmpty()) {
            // It is read at one point in time anyway, and never from the middle.
            TableBucket bucket = new TableBucket(spec.isPartitioned() ? partitions[0] : 0, buckets[0]);
            splits.add(new SnapshotSplit(
                    spec.tableId(), bucket, SnapshotSplit.NOW, SnapshotPosition.START, SnapshotSplit.NOT_EARLIER));
            return splits;
        }
        int[] chosen = buckets == null ? new int[0] : buckets;
        SnapshotInfo snapshot = admin.createSnapshot(spec.path(), partitions, chosen, spec.snapshotLease());
        for (BucketOffset offset : snapshot.offsets()) {
            TableBucket bucket = new TableBucket(offset.partitionId(), offset.bucket());
            snapshots.put(bucket, snapshot.snapshotId());
            long asOf = earlier.getOrDefault(bucket, SnapshotSplit.NOT_EARLIER);
            if (!earlier.isEmpty() && asOf == OffsetChoice.NOT_NAMED) {
                continue;
            }
            splits.add(spec.isBounded()
                    ? new SnapshotSplit(spec.tableId(), bucket, snapshot.snapshotId(), SnapshotPosition.START, asOf)
                    : new HybridSnapshotLogSplit(
                            spec.tableId(), bucket, snapshot.snapshotId(), SnapshotPosition.START, false, offset.offset()));
        }
        return splits;
    }

    private void requireStartInThePast() {
        Long timestamp = spec.start().timestamp();
        long now = System.currentTimeMillis();
        if (timestamp != null && timestamp > now) {
            throw new ValidationException(
                    "Table " + spec.path() + ": the fetch timestamp " + timestamp
                            + " is larger than the current timestamp " + now + "; mend 'scan.startup.timestamp'.");
        }
    }
}
