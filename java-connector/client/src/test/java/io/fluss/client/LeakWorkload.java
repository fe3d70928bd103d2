package io.fluss.client;

import io.fluss.jni.Native;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * What the process of the leak test does: writes batches to a log table and to a primary-key table, reads each of them, looks rows
 * up, scans a snapshot now and then, and opens everything anew again and again. After every 1,000 batches it says {@code
 * memory batches resident held readers writers}: resident kB of the process, and native bytes in batches that Java holds, of
 * readers and of writers.
 */
final class LeakWorkload {
    static final int BATCHES = 40_000;
    static final int BATCHES_A_REPORT = 1_000;

    private static final int BATCHES_A_ROUND = 100;
    private static final int BATCHES_A_FLUSH = 10;
    private static final int ROWS_A_BATCH = 20;
    private static final int KEYS = 1_000;
    private static final int[] COLUMNS = {0, 1};

    private final Path directory;
    private long nextLog;
    private long nextChange;
    private long nextId;

    private LeakWorkload(Path directory) {
        this.directory = directory;
    }

    /** @param args directory */
    public static void main(String[] args) throws Exception {
        LeakWorkload workload = new LeakWorkload(Paths.get(args[0]));
        for (int batches = 0; batches < BATCHES; batches += BATCHES_A_REPORT) {
            workload.connect(batches + BATCHES_A_REPORT);
        }
    }

    /** One connection: the last of it closes the engine, so the whole store is opened anew each time. */
    private void connect(int batchesAfter) throws Exception {
        Map<String, String> options = TestStore.options(directory);
        options.put("memory.size", "16mb");
        options.put("kv.rocksdb.writebuffer.size", "1mb");
        Map<String, Long> metrics;
        try (TestStore store = new TestStore(options)) {
            store.events().close();
            store.users(1).close();
            for (int round = 0; round < BATCHES_A_REPORT / BATCHES_A_ROUND; round++) {
                round(store.connection);
            }
            snapshot(store.connection);
            metrics = store.connection.metrics();
        }
        // Of a closed store: what an open one caches depends on how many files RocksDB has just then.
        report(batchesAfter, metrics);
    }

    private void round(Connection connection) throws Exception {
        try (Table events = connection.table(TestStore.EVENTS);
                Table users = connection.table(TestStore.USERS);
                TableWriter toEvents = events.newWriter();
                TableWriter toUsers = users.newWriter();
                LogScanner ofEvents = events.newLogScanner(COLUMNS);
                LogScanner ofUsers = users.newLogScanner(COLUMNS);
                Lookuper lookuper = users.newLookuper(COLUMNS);
                AsyncLookuper<Long> async = lookuper.async(answer -> row -> answer.column(0).getLong(row), AsyncLookupOptions.defaults().fullBatch(8).maxInFlight(2))) {
            ofEvents.subscribe(0, nextLog, Long.MAX_VALUE);
            ofUsers.subscribe(0, nextChange, Long.MAX_VALUE);
            for (int i = 0; i < BATCHES_A_ROUND; i += 2 * BATCHES_A_FLUSH) {
                write(toEvents);
                nextLog = read(ofEvents, nextLog);
                write(toUsers);
                nextChange = read(ofUsers, nextChange);
                lookup(lookuper);
                lookup(async);
            }
        }
    }

    private void write(TableWriter writer) {
        WriteBatch batch = writer.batch();
        for (int i = 0; i < BATCHES_A_FLUSH; i++) {
            for (int row = 0; row < ROWS_A_BATCH; row++) {
                TestStore.put(batch, nextId % KEYS, "name-" + nextId++);
            }
            writer.write(batch);
            batch.clear();
        }
        writer.flush();
    }

    private static long read(LogScanner scanner, long from) {
        long next = from;
        for (int i = 0; i < BATCHES_A_FLUSH; i++) {
            try (ColumnBatch batch = scanner.poll(10_000)) {
                for (int row = batch.firstRow(); row < batch.endRow(); row++) {
                    TestStore.name(batch, row);
                }
                next = batch.baseOffset() + batch.endRow();
            }
        }
        return next;
    }

    private static void lookup(Lookuper lookuper) {
        WriteBatch keys = lookuper.newKeys();
        for (long id = 0; id < KEYS; id += 17) {
            keys.column(0).setLong(keys.beginRow(), id);
            keys.endRow();
        }
        try (ColumnBatch answer = lookuper.lookup(keys)) {
            TestStore.name(answer, 0);
        }
    }

    private static void lookup(AsyncLookuper<Long> async) throws Exception {
        List<CompletableFuture<Long>> answers = new ArrayList<>();
        for (long id = 0; id < 40; id++) {
            long key = id;
            answers.add(async.lookup(row -> async.keys().column(0).setLong(row, key)));
        }
        for (CompletableFuture<Long> answer : answers) {
            answer.get();
        }
    }

    private static void snapshot(Connection connection) {
        SnapshotInfo snapshot = connection.admin().createSnapshot(TestStore.USERS, Duration.ofHours(1));
        try (Table users = connection.table(TestStore.USERS);
                SnapshotScanner scanner = users.newSnapshotScanner(0, snapshot.snapshotId(), COLUMNS, null)) {
            for (ColumnBatch batch = scanner.poll(); batch != null; batch = scanner.poll()) {
                TestStore.name(batch, 0);
                batch.close();
            }
        }
        connection.admin().releaseSnapshot(TestStore.USERS, 0, snapshot.snapshotId());
    }

    private static void report(int batches, Map<String, Long> metrics) throws IOException, InterruptedException {
        // Direct buffers of batches to be written are freed by the collector and its cleaner.
        System.gc();
        Thread.sleep(50);
        System.out.println("memory " + batches + " " + anonymousKb() + " " + Native.batchBytes() + " " + metrics.get("memory.readers") + " "
                + metrics.get("memory.writers"));
    }

    /** What the process holds itself, without the files that it has mapped. */
    private static long anonymousKb() throws IOException {
        for (String line : Files.readAllLines(Paths.get("/proc/self/status"))) {
            if (line.startsWith("RssAnon:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new IOException("/proc/self/status says no RssAnon");
    }
}
