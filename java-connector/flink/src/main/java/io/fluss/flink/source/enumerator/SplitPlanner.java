package io.fluss.flink.source.enumerator;

import io.fluss.client.Admin;
import io.fluss.client.NotFoundException;
import io.fluss.client.PartitionInfo;
import io.fluss.client.SnapshotInfo;
import io.fluss.client.TableInfo;
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
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Resolves where every bucket of a table begins and ends. Runs on the enumerator's worker thread. */
final class SplitPlanner {
    private static final int NO_PARTITION = 206;

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
    List<FlussSplit> plan(Admin admin, TableInfo table) {
        requireStartInThePast();
        List<FlussSplit> splits = new ArrayList<>();
        add(admin, table.bucketCount(), 0, "", spec.start(), splits);
        return splits;
    }

    /**
     * The same of partitions.
     *
     * @param fromTheirStart they were made after the scan began: all of them is read
     */
    List<FlussSplit> plan(Admin admin, TableInfo table, List<PartitionInfo> partitions, boolean fromTheirStart) {
        requireStartInThePast();
        List<FlussSplit> splits = new ArrayList<>();
        for (PartitionInfo partition : partitions) {
            List<FlussSplit> those = new ArrayList<>();
            try {
                OffsetChoice start = fromTheirStart ? OffsetChoice.EARLIEST : spec.start();
                add(admin, table.bucketCount(), partition.partitionId(), partition.name(), start, those);
                splits.addAll(those);
            } catch (NotFoundException e) {
                // Dropped after it was listed, with its snapshots.
                if (!isDropped(e)) {
                    throw e;
                }
            }
        }
        return splits;
    }

    private void add(
            Admin admin, int buckets, int partition, String name, OffsetChoice from, List<FlussSplit> splits) {
        if (spec.readsSnapshots()) {
            // All of them before any is read: a job that reads and writes the same table reads the state before its writes.
            for (int bucket = 0; bucket < buckets; bucket++) {
                splits.add(snapshot(admin, new TableBucket(partition, bucket)));
            }
            return;
        }
        // The end first, so that no start lies behind it but of a bucket with nothing to read.
        long[] stop = spec.isBounded() ? spec.stop().of(admin, spec.path(), partition, name) : null;
        long[] latest = spec.isBounded() ? OffsetChoice.LATEST.of(admin, spec.path(), partition, name) : null;
        long[] start = from.of(admin, spec.path(), partition, name);
        for (int bucket = 0; bucket < start.length; bucket++) {
            TableBucket place = new TableBucket(partition, bucket);
            if (start[bucket] == OffsetChoice.NOT_NAMED) {
                continue;
            }
            if (stop == null) {
                splits.add(new LogSplit(place, start[bucket], LogSplit.UNBOUNDED));
            } else if (start[bucket] < Math.min(stop[bucket], latest[bucket])) {
                // Not beyond what is there: rows that never come would be waited for.
                splits.add(new LogSplit(place, start[bucket], Math.min(stop[bucket], latest[bucket])));
            }
        }
    }

    /** Whether a call failed because its partition was dropped. */
    static boolean isDropped(Throwable failure) {
        return failure instanceof NotFoundException && ((NotFoundException) failure).code() == NO_PARTITION;
    }

    /** A split that begins with a new snapshot of a bucket. */
    FlussSplit snapshot(Admin admin, TableBucket bucket) {
        SnapshotInfo snapshot =
                admin.createSnapshot(spec.path(), bucket.partitionId(), bucket.bucket(), spec.snapshotLease());
        snapshots.put(bucket, snapshot.snapshotId());
        return spec.isBounded()
                ? new SnapshotSplit(bucket, snapshot.snapshotId(), SnapshotPosition.START)
                : new HybridSnapshotLogSplit(
                        bucket, snapshot.snapshotId(), SnapshotPosition.START, false, snapshot.logOffset());
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
