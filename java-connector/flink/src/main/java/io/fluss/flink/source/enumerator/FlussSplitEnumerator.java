package io.fluss.flink.source.enumerator;

import io.fluss.client.Admin;
import io.fluss.client.Connection;
import io.fluss.client.FlussException;
import io.fluss.client.InvalidArgumentException;
import io.fluss.client.NotFoundException;
import io.fluss.client.PartitionInfo;
import io.fluss.client.TableInfo;
import io.fluss.flink.row.PlannedTable;
import io.fluss.flink.row.SchemaCheck;
import io.fluss.flink.row.UnrecoverableException;
import io.fluss.flink.source.ScanSpec;
import io.fluss.flink.source.SnapshotFinishedEvent;
import io.fluss.flink.source.split.FlussSplit;
import io.fluss.flink.source.split.HybridSnapshotLogSplit;
import io.fluss.flink.source.split.TableBucket;

import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.source.DynamicFilteringData;
import org.apache.flink.table.connector.source.DynamicFilteringEvent;
import org.apache.flink.util.FlinkRuntimeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes the splits once, when the job first starts, and those of partitions that are found later; every bucket has its reader. The
 * store is asked on the context's worker thread; everything else runs on the coordinator's thread.
 */
public final class FlussSplitEnumerator implements SplitEnumerator<FlussSplit, FlussEnumeratorState> {
    private static final Logger LOG = LoggerFactory.getLogger(FlussSplitEnumerator.class);

    private final ScanSpec spec;
    private final SplitEnumeratorContext<FlussSplit> context;
    private final FlussEnumeratorState restored;
    private final SplitPlanner planner;
    private final TreeMap<TableBucket, FlussSplit> unassigned = new TreeMap<>();
    /** Snapshots by the bucket that has released them: one snapshot is that of many buckets. */
    private final Set<Map.Entry<TableBucket, String>> released = new HashSet<>();
    /** Those of {@link #released} of which the store is not known to have heard. */
    private final Set<Map.Entry<TableBucket, String>> releasing = ConcurrentHashMap.newKeySet();
    /** Partitions whose splits are in {@link #unassigned} or with readers; replaced, never changed. */
    private volatile Set<Integer> partitions = Collections.emptySet();
    /** Values of the partitions, for the dynamic filter alone. */
    private final Map<Integer, List<String>> partitionValues = new ConcurrentHashMap<>();
    /** What the other side of a join was found to hold; null: it is not known, or there is none. */
    private DynamicFilteringData joined;
    private final Object connectionLock = new Object();
    private Connection connection;
    private boolean closed;
    /** The splits exist: from now on they are in checkpoints and never made again. */
    private boolean planned;
    /** The splits may be given out: they exist and the table is the one they were made for. */
    private volatile boolean ready;
    private boolean inCheckpoint;

    /** @param restored null: a new job */
    public FlussSplitEnumerator(
            ScanSpec spec, SplitEnumeratorContext<FlussSplit> context, FlussEnumeratorState restored) {
        this.spec = spec;
        this.context = context;
        this.restored = restored;
        this.planner = new SplitPlanner(spec);
        if (restored != null) {
            planned = restored.isPlanned();
            inCheckpoint = true;
            partitions = restored.partitions();
            restored.unassigned().forEach(split -> unassigned.put(split.bucket(), split));
        }
    }

    @Override
    public void start() {
        boolean plan = !planned;
        context.callAsync(() -> plan(plan), this::planned);
        long interval = spec.partitionDiscovery().toMillis();
        if (spec.isPartitioned() && !spec.isBounded() && interval > 0) {
            context.callAsync(this::discover, this::discovered, interval, interval);
        }
    }

    private Plan plan(boolean plan) {
        Connection store = connection();
        TableInfo table = store.admin().getTable(spec.path());
        long expected = tableId();
        if (table.tableId() != expected) {
            throw restored == null
                    ? PlannedTable.madeAgain(spec.path(), expected, table.tableId())
                    : PlannedTable.restoredFromAnother(spec.path(), table.tableId(), expected);
        }
        SchemaCheck.sameColumns(table, spec.rowType());
        if (spec.isPartitioned()) {
            return plan || !spec.isBounded() ? planPartitions(store.admin(), !plan) : Plan.NOTHING;
        }
        return plan ? new Plan(planner.plan(store.admin()), Collections.emptySet()) : Plan.NOTHING;
    }

    /** Splits of the partitions that have none. */
    private Plan planPartitions(Admin admin, boolean later) {
        List<PartitionInfo> added = new ArrayList<>();
        Set<Integer> present = new TreeSet<>();
        Set<Integer> known = partitions;
        for (PartitionInfo partition : admin.listPartitions(spec.path())) {
            if (spec.partitionFilter().mayMatch(partition.values())) {
                present.add(partition.partitionId());
                if (spec.dynamicFilter() != null) {
                    partitionValues.put(partition.partitionId(), partition.values());
                }
                if (!known.contains(partition.partitionId())) {
                    added.add(partition);
                }
            }
        }
        return new Plan(planner.plan(admin, added, later), present);
    }

    private Plan discover() {
        if (!ready) {
            return Plan.NOTHING;
        }
        Admin admin = connection().admin();
        TableInfo table = admin.getTable(spec.path());
        if (table.tableId() != tableId()) {
            throw new FlinkRuntimeException("the table was dropped and created again");
        }
        return planPartitions(admin, true);
    }

    private void discovered(Plan plan, Throwable failure) {
        if (failure == null) {
            planned(plan, null);
        } else {
            LOG.warn("Table {}: its partitions could not be listed; tried again later", spec.path(), failure);
        }
    }

    private void planned(Plan plan, Throwable failure) {
        if (failure != null) {
            String message = "The splits of table " + spec.path() + " could not be made: " + failure.getMessage();
            boolean hopeless = failure instanceof ValidationException
                    || failure instanceof UnrecoverableException
                    || failure instanceof InvalidArgumentException
                    || failure instanceof NotFoundException
                    || failure instanceof FlussException
                            && ((FlussException) failure).code() == FlussException.LOG_TRUNCATED;
            throw hopeless
                    ? new UnrecoverableException(message, failure)
                    : new FlinkRuntimeException(message, failure);
        }
        for (FlussSplit split : plan.splits) {
            // Two discoveries may have found the same partition: the second began before the first was noted here.
            if (!partitions.contains(split.bucket().partitionId())) {
                unassigned.put(split.bucket(), split);
            }
        }
        if (plan != Plan.NOTHING) {
            // Readers find out for themselves that a partition was dropped.
            unassigned.keySet().removeIf(b -> b.partitionId() != 0 && !plan.partitions.contains(b.partitionId()));
            partitions = plan.partitions;
        }
        leaveOutWhatDoesNotJoin();
        planned = true;
        if (ready && plan.splits.isEmpty()) {
            // Nothing is said without need: a reader that has just finished cannot hear it, and Flink lets the job fail for that.
            return;
        }
        ready = true;
        LOG.info("Table {}: {} splits to assign", spec.path(), unassigned.size());
        assign(context.registeredReaders().keySet());
    }

    /** The readers come after the other side of the join was read: by then it is known what is needed. */
    private void leaveOutWhatDoesNotJoin() {
        if (joined == null || spec.dynamicFilter() == null) {
            return;
        }
        int before = unassigned.size();
        unassigned.keySet().removeIf(bucket -> {
            List<String> values = partitionValues.get(bucket.partitionId());
            return values != null && !spec.dynamicFilter().mayMatch(joined, values);
        });
        LOG.info("Table {}: {} of {} splits are left by dynamic filtering", spec.path(), unassigned.size(), before);
    }

    @Override
    public void addReader(int subtask) {
        if (ready) {
            assign(Collections.singleton(subtask));
        }
    }

    /** Gives every one of the readers all that is its own. */
    private void assign(Set<Integer> readers) {
        Map<Integer, List<FlussSplit>> assignment = new TreeMap<>();
        for (FlussSplit split : new ArrayList<>(unassigned.values())) {
            int owner = split.bucket().owner(context.currentParallelism());
            if (readers.contains(owner) && context.registeredReaders().containsKey(owner)) {
                assignment.computeIfAbsent(owner, o -> new ArrayList<>()).add(split);
                unassigned.remove(split.bucket());
            }
        }
        if (!assignment.isEmpty()) {
            context.assignSplits(new SplitsAssignment<>(assignment));
        }
        // A bounded reader ends by that; an unbounded one without a split knows that it is idle.
        new ArrayList<>(readers).forEach(context::signalNoMoreSplits);
    }

    @Override
    public void addSplitsBack(List<FlussSplit> splits, int subtask) {
        for (FlussSplit split : splits) {
            if (needsNewSnapshot(split)) {
                // No checkpoint has the end of this snapshot, and it is gone: the bucket is read again, as at first start.
                context.callAsync(() -> planner.snapshot(connection().admin(), split.bucket()), this::plannedAgain);
            } else {
                unassigned.put(split.bucket(), split);
            }
        }
        if (ready && context.registeredReaders().containsKey(subtask)) {
            assign(Collections.singleton(subtask));
        }
    }

    private void plannedAgain(List<FlussSplit> splits, Throwable failure) {
        if (SplitPlanner.isDropped(failure)) {
            return;
        }
        if (failure != null) {
            planned(null, failure);
        }
        splits.forEach(split -> unassigned.put(split.bucket(), split));
        assign(context.registeredReaders().keySet());
    }

    private boolean needsNewSnapshot(FlussSplit split) {
        if (!(split instanceof HybridSnapshotLogSplit)) {
            return false;
        }
        HybridSnapshotLogSplit hybrid = (HybridSnapshotLogSplit) split;
        return !hybrid.isSnapshotFinished() && released.contains(Map.entry(hybrid.bucket(), hybrid.snapshotId()));
    }

    @Override
    public void handleSplitRequest(int subtask, String host) {
        // Splits are pushed.
    }

    @Override
    public void handleSourceEvent(int subtask, SourceEvent event) {
        if (event instanceof DynamicFilteringEvent) {
            joined = ((DynamicFilteringEvent) event).getData();
            leaveOutWhatDoesNotJoin();
            return;
        }
        if (!(event instanceof SnapshotFinishedEvent)) {
            throw new IllegalStateException("event " + event + " is not known to the source of table " + spec.path());
        }
        SnapshotFinishedEvent finished = (SnapshotFinishedEvent) event;
        Map.Entry<TableBucket, String> snapshot = Map.entry(finished.bucket(), finished.snapshotId());
        if (!released.add(snapshot)) {
            return;
        }
        releasing.add(snapshot);
        context.callAsync(
                () -> {
                    release(finished.bucket(), finished.snapshotId());
                    planner.snapshots().remove(finished.bucket(), finished.snapshotId());
                    return finished;
                },
                (done, failure) -> {
                    if (failure == null) {
                        releasing.remove(snapshot);
                    } else {
                        LOG.warn(
                                "Table {}: {} but could not be released; it goes when its lease ends",
                                spec.path(), finished, failure);
                    }
                });
    }

    @Override
    public FlussEnumeratorState snapshotState(long checkpointId) {
        inCheckpoint = true;
        return new FlussEnumeratorState(tableId(), planned, partitions, new ArrayList<>(unassigned.values()));
    }

    /** Of the table that the splits are of. */
    private long tableId() {
        return restored == null ? spec.tableId() : restored.tableId();
    }

    private Connection connection() {
        synchronized (connectionLock) {
            if (closed) {
                throw new IllegalStateException("the source of table " + spec.path() + " is closed");
            }
            if (connection == null) {
                connection = Connection.open(spec.connectionOptions());
            }
            return connection;
        }
    }

    @Override
    public void close() {
        synchronized (connectionLock) {
            closed = true;
            if (connection == null) {
                return;
            }
            // A streaming job's snapshots outlive it when a checkpoint may need them; their lease ends them else.
            boolean forGood = spec.isBatch() || !inCheckpoint;
            Set<Map.Entry<TableBucket, String>> left = new HashSet<>(releasing);
            if (forGood) {
                left.addAll(planner.snapshots().entrySet());
            }
            left.forEach(snapshot -> releaseAtEnd(snapshot.getKey(), snapshot.getValue()));
            connection.close();
            connection = null;
        }
    }

    private void release(TableBucket bucket, String snapshotId) {
        connection().admin().releaseSnapshot(spec.path(), bucket.partitionId(), bucket.bucket(), snapshotId);
    }

    private void releaseAtEnd(TableBucket bucket, String snapshotId) {
        try {
            connection.admin().releaseSnapshot(spec.path(), bucket.partitionId(), bucket.bucket(), snapshotId);
        } catch (RuntimeException e) {
            LOG.warn("Table {}: snapshot {} could not be released; it goes when its lease ends", spec.path(), snapshotId, e);
        }
    }

    /** New splits, and the partitions that there are. */
    private static final class Plan {
        private static final Plan NOTHING = new Plan(Collections.emptyList(), Collections.emptySet());

        private final List<FlussSplit> splits;
        private final Set<Integer> partitions;

        Plan(List<FlussSplit> splits, Set<Integer> partitions) {
            this.splits = splits;
            this.partitions = partitions;
        }
    }
}
