package io.fluss.flink.source.enumerator;

import io.fluss.client.Admin;
import io.fluss.client.BucketOffset;
import io.fluss.client.OffsetSpec;
import io.fluss.client.SnapshotInfo;
import io.fluss.client.TableInfo;
import io.fluss.flink.source.ScanSpec;
import io.fluss.flink.source.split.FlussSplit;
import io.fluss.flink.source.split.HybridSnapshotLogSplit;
import io.fluss.flink.source.split.LogSplit;
import io.fluss.flink.source.split.SnapshotPosition;
import io.fluss.flink.source.split.SnapshotSplit;

import org.apache.flink.table.api.ValidationException;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Resolves where every bucket of a table begins and ends. Runs on the enumerator's worker thread. */
final class SplitPlanner {
    private final ScanSpec spec;
    /** Snapshots that exist because of this job run, by bucket; also read by the coordinator's thread. */
    private final Map<Integer, String> snapshots = new ConcurrentHashMap<>();

    SplitPlanner(ScanSpec spec) {
        this.spec = spec;
    }

    /** Snapshots that were created and not released. */
    Map<Integer, String> snapshots() {
        return snapshots;
    }

    /** One split a bucket; none for a bucket of which there is nothing to read. */
    List<FlussSplit> plan(Admin admin, TableInfo table) {
        if (spec.readsSnapshots()) {
            // All of them before any is read: a job that reads and writes the same table reads the state before its writes.
            return snapshots(admin);
        }
        List<FlussSplit> splits = new ArrayList<>();
        // The end first, so that no start lies behind it but of a bucket with nothing to read.
        long[] stop = spec.isBounded() ? admin.listOffsets(spec.path(), OffsetSpec.LATEST) : null;
        long[] start = admin.listOffsets(spec.path(), startOffset());
        for (int bucket = 0; bucket < start.length; bucket++) {
            if (stop == null) {
                splits.add(new LogSplit(bucket, start[bucket], LogSplit.UNBOUNDED));
            } else if (start[bucket] < stop[bucket]) {
                splits.add(new LogSplit(bucket, start[bucket], stop[bucket]));
            }
        }
        return splits;
    }

    /**
     * Splits that begin with a new snapshot, which is one for all of them.
     *
     * @param buckets none: all of them
     */
    List<FlussSplit> snapshots(Admin admin, int... buckets) {
        SnapshotInfo snapshot = admin.createSnapshot(spec.path(), new int[0], buckets, spec.snapshotLease());
        List<FlussSplit> splits = new ArrayList<>();
        for (BucketOffset start : snapshot.offsets()) {
            snapshots.put(start.bucket(), snapshot.snapshotId());
            splits.add(
                    spec.isBounded()
                            ? new SnapshotSplit(start.bucket(), snapshot.snapshotId(), SnapshotPosition.START)
                            : new HybridSnapshotLogSplit(
                                    start.bucket(), snapshot.snapshotId(), SnapshotPosition.START, false, start.offset()));
        }
        return splits;
    }

    private OffsetSpec startOffset() {
        switch (spec.startupMode()) {
            case FULL:
            case EARLIEST:
                return OffsetSpec.EARLIEST;
            case LATEST:
                return OffsetSpec.LATEST;
            case TIMESTAMP:
                long now = System.currentTimeMillis();
                if (spec.startupTimestamp() > now) {
                    throw new ValidationException(
                            "Table " + spec.path() + ": the fetch timestamp " + spec.startupTimestamp()
                                    + " is larger than the current timestamp " + now
                                    + "; mend 'scan.startup.timestamp'.");
                }
                return OffsetSpec.timestamp(spec.startupTimestamp());
            default:
                throw new IllegalStateException("startup mode " + spec.startupMode());
        }
    }
}
