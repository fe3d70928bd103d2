package io.fluss.flink.source.reader;

import io.fluss.client.ClosedException;
import io.fluss.client.ColumnBatch;
import io.fluss.client.Connection;
import io.fluss.client.FlussException;
import io.fluss.client.LogScanner;
import io.fluss.client.NotFoundException;
import io.fluss.client.OffsetSpec;
import io.fluss.client.PartitionInfo;
import io.fluss.client.Table;
import io.fluss.flink.row.PlannedTable;
import io.fluss.flink.source.ScanSpec;
import io.fluss.flink.source.split.FlussSplit;
import io.fluss.flink.source.split.HybridSnapshotLogSplit;
import io.fluss.flink.source.split.LogSplit;
import io.fluss.flink.source.split.SnapshotPosition;
import io.fluss.flink.source.split.SnapshotSplit;
import io.fluss.flink.source.split.TableBucket;

import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsChange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Fetches batches: the snapshots one after the other, then the logs of all buckets together. Used by one thread; {@link
 * #wakeUp()} by any.
 */
final class FlussSplitReader implements SplitReader<BatchCursor, FlussSplit> {
    /** A poll that waits in vain ends after this; whoever has something to say to it wakes it. */
    private static final long POLL_TIMEOUT_MS = 10_000;

    /** Of so many buckets at most a metric asks the store for their ends: each is opened for it. */
    private static final int MAX_ASKED = 1000;
    private static final long UNKNOWN = -1;

    private static final Logger LOG = LoggerFactory.getLogger(FlussSplitReader.class);

    private final ScanSpec spec;
    private final OpenBatches openBatches;
    private final ReaderMetrics metrics;
    private final Deque<FlussSplit> snapshots = new ArrayDeque<>();
    /** What is to be told of splits before there are more rows. */
    private final Deque<BatchCursor> news = new ArrayDeque<>();
    /** Metrics read it from another thread. */
    private final Map<TableBucket, LogProgress> logs = new ConcurrentHashMap<>();
    private final Set<TableBucket> paused = new HashSet<>();
    private Connection connection;
    private Table table;
    private SnapshotReader snapshot;
    private volatile LogScanner scanner;
    private long rowsGiven;
    /** Some of {@link #logs} may not be subscribed. */
    private boolean newLogs;
    /** When to tell how far splits are whose rows the filter takes away. */
    private long nextProgress;

    FlussSplitReader(ScanSpec spec, OpenBatches openBatches, ReaderMetrics metrics) {
        this.spec = spec;
        this.openBatches = openBatches;
        this.metrics = metrics;
    }

    @Override
    public void handleSplitsChanges(SplitsChange<FlussSplit> change) {
        if (!(change instanceof SplitsAddition)) {
            throw new UnsupportedOperationException("change of splits " + change + " is not known to the reader");
        }
        for (FlussSplit split : change.splits()) {
            if (split instanceof LogSplit) {
                LogSplit log = (LogSplit) split;
                if (log.startingOffset() >= log.stoppingOffset()) {
                    news.add(BatchCursor.endOfSplit(log.splitId()));
                } else {
                    read(log.bucket(), log.startingOffset(), log.stoppingOffset());
                }
            } else if (split instanceof HybridSnapshotLogSplit && ((HybridSnapshotLogSplit) split).isSnapshotFinished()) {
                read(split.bucket(), ((HybridSnapshotLogSplit) split).logOffset(), LogSplit.UNBOUNDED);
            } else {
                snapshots.add(split);
            }
        }
    }

    @Override
    public RecordsWithSplitIds<BatchCursor> fetch() throws IOException {
        try {
            if (!news.isEmpty()) {
                return news.poll();
            }
            if (rowsGiven >= spec.limit()) {
                endAll();
                return BatchCursor.nothing();
            }
            BatchCursor fetched = fetchRows();
            fetched.countIn(metrics);
            rowsGiven += fetched.rows();
            return fetched;
        } catch (NotFoundException e) {
            if (e.code() != FlussException.PARTITION_NOT_FOUND) {
                throw e;
            }
            endDropped(e);
            return BatchCursor.nothing();
        }
    }

    private BatchCursor fetchRows() {
        if (snapshot == null) {
            openNextSnapshot();
        }
        if (snapshot != null && !paused.contains(snapshot.split().bucket())) {
            return fetchSnapshot();
        }
        return fetchLog();
    }

    private void openNextSnapshot() {
        for (Iterator<FlussSplit> it = snapshots.iterator(); it.hasNext(); ) {
            FlussSplit split = it.next();
            if (!paused.contains(split.bucket())) {
                boolean bounded = split instanceof SnapshotSplit;
                String id = bounded
                        ? ((SnapshotSplit) split).snapshotId()
                        : ((HybridSnapshotLogSplit) split).snapshotId();
                SnapshotPosition position = bounded
                        ? ((SnapshotSplit) split).position()
                        : ((HybridSnapshotLogSplit) split).position();
                snapshot = new SnapshotReader(table(), split, id, position, spec, openBatches);
                it.remove();
                return;
            }
        }
    }

    private BatchCursor fetchSnapshot() {
        BatchCursor batch = snapshot.next();
        if (batch != null) {
            return batch;
        }
        FlussSplit split = snapshot.split();
        snapshot.close();
        snapshot = null;
        if (split instanceof SnapshotSplit) {
            return BatchCursor.endOfSplit(split.splitId());
        }
        read(split.bucket(), ((HybridSnapshotLogSplit) split).logOffset(), LogSplit.UNBOUNDED);
        return BatchCursor.endOfSnapshot(split.splitId());
    }

    private BatchCursor fetchLog() {
        if (newLogs) {
            subscribeNew();
            newLogs = false;
        }
        ColumnBatch batch = scanner().poll(POLL_TIMEOUT_MS);
        boolean mayBeInVain = spec.filter() != null || !spec.aggregates().isEmpty();
        if (mayBeInVain && (batch == null || System.nanoTime() >= nextProgress)) {
            noteProgress(batch);
        }
        if (batch == null) {
            return news.isEmpty() ? BatchCursor.nothing() : news.poll();
        }
        TableBucket bucket = new TableBucket(batch.partition(), batch.bucket());
        LogProgress log = logs.get(bucket);
        if (log == null) {
            batch.close();
            throw new IllegalStateException(
                    "table " + spec.path() + ": the store gave rows of " + bucket + ", which this reader does not read");
        }
        log.nextOffset = batch.baseOffset() + batch.endRow();
        boolean ends = log.nextOffset >= log.stoppingOffset;
        if (ends) {
            unsubscribe(bucket);
            logs.remove(bucket);
        }
        return BatchCursor.log(FlussSplit.idOf(bucket), openBatches, batch, spec.logRows(batch), ends);
    }

    /** Rows that the filter takes away, or aggregates take up, do not come here, but splits go on past them, and end behind them. */
    private void noteProgress(ColumnBatch batch) {
        nextProgress = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(POLL_TIMEOUT_MS);
        for (Iterator<Map.Entry<TableBucket, LogProgress>> it = logs.entrySet().iterator(); it.hasNext(); ) {
            Map.Entry<TableBucket, LogProgress> entry = it.next();
            TableBucket bucket = entry.getKey();
            LogProgress log = entry.getValue();
            boolean ofBatch =
                    batch != null && batch.partition() == bucket.partitionId() && batch.bucket() == bucket.bucket();
            if (ofBatch || !log.subscribed) {
                continue;
            }
            long readTo = scanner().position(bucket.partitionId(), bucket.bucket());
            if (readTo > log.nextOffset) {
                log.nextOffset = readTo;
                boolean ends = readTo >= log.stoppingOffset;
                news.add(BatchCursor.progress(FlussSplit.idOf(bucket), readTo, ends));
                if (ends) {
                    unsubscribe(bucket);
                    it.remove();
                }
            }
        }
    }

    /** The rows that were asked for are there. */
    private void endAll() {
        if (snapshot != null) {
            snapshots.add(snapshot.split());
            snapshot.close();
            snapshot = null;
        }
        snapshots.forEach(split -> news.add(BatchCursor.endOfSplit(split.splitId())));
        snapshots.clear();
        for (TableBucket bucket : logs.keySet()) {
            news.add(BatchCursor.endOfSplit(FlussSplit.idOf(bucket)));
            unsubscribe(bucket);
        }
        logs.clear();
    }

    /** Ends the splits of partitions that are there no more: there is nothing to read of them. */
    private void endDropped(NotFoundException cause) {
        Set<Integer> present = new HashSet<>();
        for (PartitionInfo partition : connection.admin().listPartitions(spec.path())) {
            present.add(partition.partitionId());
        }
        int before = news.size();
        if (snapshot != null && !present.contains(snapshot.split().bucket().partitionId())) {
            news.add(BatchCursor.endOfSplit(snapshot.split().splitId()));
            snapshot.close();
            snapshot = null;
        }
        for (Iterator<FlussSplit> it = snapshots.iterator(); it.hasNext(); ) {
            FlussSplit split = it.next();
            if (!present.contains(split.bucket().partitionId())) {
                news.add(BatchCursor.endOfSplit(split.splitId()));
                it.remove();
            }
        }
        for (Iterator<TableBucket> it = logs.keySet().iterator(); it.hasNext(); ) {
            TableBucket bucket = it.next();
            if (!present.contains(bucket.partitionId())) {
                news.add(BatchCursor.endOfSplit(FlussSplit.idOf(bucket)));
                unsubscribe(bucket);
                it.remove();
            }
        }
        if (news.size() == before) {
            throw cause;
        }
        LOG.info("Table {}: {} splits end with their partitions, which were dropped", spec.path(), news.size() - before);
    }

    private void read(TableBucket bucket, long from, long to) {
        logs.put(bucket, new LogProgress(from, to));
        newLogs = true;
    }

    private void subscribeNew() {
        for (Map.Entry<TableBucket, LogProgress> entry : logs.entrySet()) {
            TableBucket bucket = entry.getKey();
            LogProgress log = entry.getValue();
            if (!log.subscribed && !paused.contains(bucket)) {
                scanner().subscribe(bucket.partitionId(), bucket.bucket(), log.nextOffset, log.stoppingOffset);
                log.subscribed = true;
            }
        }
    }

    private void unsubscribe(TableBucket bucket) {
        if (logs.get(bucket).subscribed) {
            scanner().unsubscribe(bucket.partitionId(), bucket.bucket());
            logs.get(bucket).subscribed = false;
        }
    }

    @Override
    public void pauseOrResumeSplits(Collection<FlussSplit> toPause, Collection<FlussSplit> toResume) {
        for (FlussSplit split : toPause) {
            if (paused.add(split.bucket()) && logs.containsKey(split.bucket())) {
                LogProgress log = logs.get(split.bucket());
                if (log.subscribed) {
                    log.nextOffset = scanner().position(split.bucket().partitionId(), split.bucket().bucket());
                }
                unsubscribe(split.bucket());
            }
        }
        toResume.forEach(split -> paused.remove(split.bucket()));
        newLogs = true;
    }

    @Override
    public void wakeUp() {
        LogScanner current = scanner;
        if (current != null) {
            try {
                current.wakeUp();
            } catch (ClosedException e) {
                // Closed in between by its own thread: it does not sleep.
                return;
            }
        }
    }

    /** Rows of logs that are there and not fetched yet, or filtered; asks the store. -1: not known. By any thread. */
    private long pendingRecords(Connection open) {
        if (logs.size() > MAX_ASKED) {
            return UNKNOWN;
        }
        try {
            Map<Integer, long[]> ends = new HashMap<>();
            long pending = 0;
            for (Map.Entry<TableBucket, LogProgress> log : logs.entrySet()) {
                TableBucket bucket = log.getKey();
                long[] end = ends.computeIfAbsent(
                        bucket.partitionId(), partition -> open.admin().listOffsets(spec.path(), partition, OffsetSpec.LATEST));
                long to = Math.min(end[bucket.bucket()], log.getValue().stoppingOffset);
                pending += Math.max(0, to - log.getValue().nextOffset);
            }
            return pending;
        } catch (FlussException e) {
            // Closed in between, or a partition is gone.
            return UNKNOWN;
        }
    }

    private Table table() {
        if (table == null) {
            connection = Connection.open(spec.connectionOptions());
            Connection opened = connection;
            metrics.connected(opened, () -> pendingRecords(opened));
            table = PlannedTable.open(connection, spec.path(), spec.tableId(), spec.rowType());
        }
        return table;
    }

    private LogScanner scanner() {
        if (scanner == null) {
            scanner = table().newLogScanner(spec.projection(), spec.filter(), spec.aggregates());
        }
        return scanner;
    }

    @Override
    public void close() {
        if (snapshot != null) {
            snapshot.close();
        }
        if (scanner != null) {
            scanner.close();
        }
        if (table != null) {
            table.close();
        }
        if (connection != null) {
            connection.close();
        }
    }

    /** How far the log of a bucket was fetched. */
    private static final class LogProgress {
        private volatile long nextOffset;
        private boolean subscribed;
        private final long stoppingOffset;

        LogProgress(long nextOffset, long stoppingOffset) {
            this.nextOffset = nextOffset;
            this.stoppingOffset = stoppingOffset;
        }
    }
}
