package io.fluss.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code kill -9} of a writing process, again and again on one directory. After each: every acknowledged row is there, what is
 * there was written, and the changelog leads to the same rows as lookups. It proves process death, not power loss.
 */
class KillTest {
    private static final int KILLS = Integer.getInteger("fluss.test.kills", 20);

    @TempDir
    Path directory;

    /** Key to version as of the last look; absent: no row. */
    private final Map<Long, Long> model = new HashMap<>();

    private final List<Long> journalLengths = new ArrayList<>();

    @Test
    @Timeout(600)
    void everyAcknowledgedRowSurvives() throws Exception {
        Random random = new Random(20);
        long acknowledged = 0;
        for (int round = 0; round < KILLS; round++) {
            long last = runAndKill(round, 20 + random.nextInt(400));
            acknowledged += last + 1;
            try (TestStore store = new TestStore(directory)) {
                checkState(store.connection.table(KillWorkload.STATE), round, last);
                checkJournal(store.connection.table(KillWorkload.JOURNAL), round, last);
            }
        }
        assertThat(acknowledged).as("batches acknowledged in all rounds").isGreaterThan(KILLS * 3L);
    }

    /** @return the last batch that was acknowledged */
    private long runAndKill(int round, int millis) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx256m");
        String natives = System.getProperty("fluss.native.path");
        if (natives != null) {
            command.add("-Dfluss.native.path=" + natives);
        }
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(KillWorkload.class.getName());
        command.add(directory.toString());
        command.add(Integer.toString(round));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        long last = -1;
        StringBuilder other = new StringBuilder();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            Thread killer = null;
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (!line.startsWith("ack ")) {
                    other.append(line).append('\n');
                    continue;
                }
                last = Long.parseLong(line.substring(4));
                if (killer == null) {
                    killer = new Thread(() -> kill(process, millis), "killer");
                    killer.start();
                }
            }
        } finally {
            process.destroyForcibly();
        }
        process.waitFor(30, TimeUnit.SECONDS);
        assertThat(last).as("round " + round + " acknowledged nothing; it said: " + other).isNotNegative();
        assertThat(process.exitValue()).as("killed by signal 9; it said: " + other).isEqualTo(128 + 9);
        return last;
    }

    private static void kill(Process process, int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        // By its handle: Process.destroyForcibly would also close the stream that is being read.
        process.toHandle().destroyForcibly();
    }

    private void checkState(Table table, int round, long acknowledged) {
        for (long number = 0; number <= acknowledged; number++) {
            apply(model, KillWorkload.changes(round, number));
        }
        // What was written after the last acknowledgement may be there or not, key by key in the order it was written.
        Map<Long, Set<Long>> allowed = new HashMap<>();
        for (long key = 0; key < KillWorkload.KEYS; key++) {
            Set<Long> versions = new HashSet<>();
            versions.add(model.get(key));
            allowed.put(key, versions);
        }
        for (long number = acknowledged + 1; number <= acknowledged + 2 * KillWorkload.BATCHES_A_FLUSH; number++) {
            KillWorkload.changes(round, number)
                    .forEach((key, version) -> allowed.get(key).add(KillWorkload.isDelete(version) ? null : version));
        }
        Map<Long, Long> found = lookupAll(table);
        for (long key = 0; key < KillWorkload.KEYS; key++) {
            assertThat(allowed.get(key)).as("round " + round + ", key " + key).contains(found.get(key));
        }
        assertThat(replay(table)).as("the changelog of round " + round).isEqualTo(found);
        model.clear();
        model.putAll(found);
    }

    private static void apply(Map<Long, Long> rows, Map<Long, Long> changes) {
        changes.forEach((key, version) -> {
            if (KillWorkload.isDelete(version)) {
                rows.remove(key);
            } else {
                rows.put(key, version);
            }
        });
    }

    private static Map<Long, Long> lookupAll(Table table) {
        Map<Long, Long> rows = new HashMap<>();
        try (Lookuper lookuper = table.newLookuper(new int[] {0, 1, 2})) {
            WriteBatch keys = lookuper.newKeys();
            for (long key = 0; key < KillWorkload.KEYS; key++) {
                keys.column(0).setLong(keys.beginRow(), key);
                keys.endRow();
            }
            try (ColumnBatch answer = lookuper.lookup(keys)) {
                for (int key = 0; key < KillWorkload.KEYS; key++) {
                    if (answer.isFound(key)) {
                        rows.put((long) key, checkedVersion(answer, key, key));
                    }
                }
            }
        }
        return rows;
    }

    private static long checkedVersion(ColumnBatch batch, int row, long key) {
        long version = batch.column(1).getLong(row);
        assertThat(batch.column(0).getLong(row)).isEqualTo(key);
        assertThat(new String(batch.column(2).getBytes(row), StandardCharsets.UTF_8))
                .isEqualTo(KillWorkload.payload(key, version));
        return version;
    }

    /** Applies the whole changelog; every -U and -D must fit the row before it. */
    private static Map<Long, Long> replay(Table table) {
        Map<Long, Long> rows = new HashMap<>();
        for (int bucket = 0; bucket < KillWorkload.BUCKETS; bucket++) {
            readBucket(table, bucket, (batch, row) -> {
                long key = batch.column(0).getLong(row);
                long version = checkedVersion(batch, row, key);
                switch (batch.changeType(row)) {
                    case ColumnBatch.INSERT:
                        assertThat(rows.put(key, version)).isNull();
                        break;
                    case ColumnBatch.UPDATE_AFTER:
                        assertThat(rows.put(key, version)).isNull();
                        break;
                    case ColumnBatch.UPDATE_BEFORE:
                    case ColumnBatch.DELETE:
                        assertThat(rows.remove(key)).isEqualTo(version);
                        break;
                    default:
                        throw new AssertionError("change type " + batch.changeType(row));
                }
            });
        }
        return rows;
    }

    /** Each round's numbers are 0, 1, 2 … without gap or repetition, at least up to the acknowledged one. */
    private void checkJournal(Table table, int round, long acknowledged) {
        List<Long> lengths = new ArrayList<>();
        readBucket(table, 0, (batch, row) -> {
            int of = (int) batch.column(0).getLong(row);
            while (lengths.size() <= of) {
                lengths.add(0L);
            }
            assertThat(batch.column(1).getLong(row)).as("number in round " + of).isEqualTo(lengths.get(of));
            lengths.set(of, lengths.get(of) + 1);
        });
        assertThat(lengths.get(round)).as("journal of round " + round).isGreaterThan(acknowledged);
        assertThat(lengths.subList(0, round)).as("rounds before").isEqualTo(journalLengths);
        journalLengths.add(lengths.get(round));
    }

    private interface RowCheck {
        void check(ColumnBatch batch, int row);
    }

    private static void readBucket(Table table, int bucket, RowCheck check) {
        int[] all = table.info().descriptor().columns().size() == 3 ? new int[] {0, 1, 2} : new int[] {0, 1};
        long start;
        long stop;
        try (LogScanner scanner = table.newLogScanner(all)) {
            Admin admin = table.connection().admin();
            start = admin.listOffsets(table.info().path(), OffsetSpec.EARLIEST)[bucket];
            stop = admin.listOffsets(table.info().path(), OffsetSpec.LATEST)[bucket];
            scanner.subscribe(bucket, start, stop);
            for (long next = start; next < stop; ) {
                try (ColumnBatch batch = scanner.poll(30_000)) {
                    assertThat(batch).as("a batch of bucket " + bucket + " at offset " + next).isNotNull();
                    assertThat(batch.baseOffset() + batch.firstRow()).isEqualTo(next);
                    for (int row = batch.firstRow(); row < batch.endRow(); row++) {
                        check.check(batch, row);
                    }
                    next = batch.baseOffset() + batch.endRow();
                }
            }
        }
    }
}
