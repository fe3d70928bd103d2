package io.fluss.flink.source.reader;

import io.fluss.client.ClosedException;
import io.fluss.client.ColumnBatch;
import io.fluss.client.Connection;
import io.fluss.client.LogScanner;
import io.fluss.client.Table;
import io.fluss.flink.row.SchemaCheck;
import io.fluss.flink.source.ScanSpec;
import io.fluss.flink.source.split.FlussSplit;
import io.fluss.flink.source.split.HybridSnapshotLogSplit;
import io.fluss.flink.source.split.LogSplit;
import io.fluss.flink.source.split.SnapshotPosition;
import io.fluss.flink.source.split.SnapshotSplit;

import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsChange;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Fetches batches: the snapshots one after the other, then the logs of all buckets together. Used by one thread; {@link
 * #wakeUp()} by any.
 */
final class FlussSplitReader implements SplitReader<BatchCursor, FlussSplit> {
    /** A poll that waits in vain ends after this; whoever has something to say to it wakes it. */
    private static final long POLL_TIMEOUT_MS = 10_000;

    private final ScanSpec spec;
    private final OpenBatches openBatches;
    private final Consumer<Connection> onConnect;
    private final Deque<FlussSplit> snapshots = new ArrayDeque<>();
    private final Deque<String> emptySplits = new ArrayDeque<>();
    private final Map<Integer, LogProgress> logs = new HashMap<>();
    private final Set<Integer> paused = new HashSet<>();
    private Connection connection;
    private Table table;
    private SnapshotReader snapshot;
    private volatile LogScanner scanner;

    FlussSplitReader(ScanSpec spec, OpenBatches openBatches, Consumer<Connection> onConnect) {
        this.spec = spec;
        this.openBatches = openBatches;
        this.onConnect = onConnect;
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
                    emptySplits.add(log.splitId());
                } else {
                    subscribe(log.bucket(), log.startingOffset(), log.stoppingOffset());
                }
            } else if (split instanceof HybridSnapshotLogSplit && ((HybridSnapshotLogSplit) split).isSnapshotFinished()) {
                subscribe(split.bucket(), ((HybridSnapshotLogSplit) split).logOffset(), LogSplit.UNBOUNDED);
            } else {
                snapshots.add(split);
            }
        }
    }

    @Override
    public RecordsWithSplitIds<BatchCursor> fetch() throws IOException {
        if (!emptySplits.isEmpty()) {
            return BatchCursor.endOfSplit(emptySplits.poll());
        }
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
                it.remove();
                boolean bounded = split instanceof SnapshotSplit;
                String id = bounded
                        ? ((SnapshotSplit) split).snapshotId()
                        : ((HybridSnapshotLogSplit) split).snapshotId();
                SnapshotPosition position = bounded
                        ? ((SnapshotSplit) split).position()
                        : ((HybridSnapshotLogSplit) split).position();
                snapshot = new SnapshotReader(
                        table(), split, id, position, spec.projection(), spec.metadata(), openBatches);
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
            return BatchCursor.endOfSnapshot(split.splitId(), true);
        }
        subscribe(split.bucket(), ((HybridSnapshotLogSplit) split).logOffset(), LogSplit.UNBOUNDED);
        return BatchCursor.endOfSnapshot(split.splitId(), false);
    }

    private BatchCursor fetchLog() {
        ColumnBatch batch = scanner().poll(POLL_TIMEOUT_MS);
        if (batch == null) {
            return BatchCursor.nothing();
        }
        LogProgress log = logs.get(batch.bucket());
        if (log == null) {
            batch.close();
            throw new IllegalStateException(
                    "table " + spec.path() + ": the store gave rows of bucket " + batch.bucket()
                            + ", which this reader does not read");
        }
        log.nextOffset = batch.baseOffset() + batch.endRow();
        boolean ends = log.nextOffset >= log.stoppingOffset;
        if (ends) {
            scanner().unsubscribe(batch.bucket());
            logs.remove(batch.bucket());
        }
        return BatchCursor.log(FlussSplit.idOf(batch.bucket()), openBatches, batch, spec.metadata(), ends);
    }

    private void subscribe(int bucket, long from, long to) {
        logs.put(bucket, new LogProgress(from, to));
        if (!paused.contains(bucket)) {
            scanner().subscribe(bucket, from, to);
        }
    }

    @Override
    public void pauseOrResumeSplits(Collection<FlussSplit> toPause, Collection<FlussSplit> toResume) {
        for (FlussSplit split : toPause) {
            if (paused.add(split.bucket()) && logs.containsKey(split.bucket())) {
                scanner().unsubscribe(split.bucket());
            }
        }
        for (FlussSplit split : toResume) {
            LogProgress log = logs.get(split.bucket());
            if (paused.remove(split.bucket()) && log != null) {
                scanner().subscribe(split.bucket(), log.nextOffset, log.stoppingOffset);
            }
        }
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

    private Table table() {
        if (table == null) {
            connection = Connection.open(spec.connectionOptions());
            onConnect.accept(connection);
            table = connection.table(spec.path());
            SchemaCheck.sameColumns(table.info(), spec.rowType());
        }
        return table;
    }

    private LogScanner scanner() {
        if (scanner == null) {
            scanner = table().newLogScanner(spec.projection());
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
        private long nextOffset;
        private final long stoppingOffset;

        LogProgress(long nextOffset, long stoppingOffset) {
            this.nextOffset = nextOffset;
            this.stoppingOffset = stoppingOffset;
        }
    }
}
