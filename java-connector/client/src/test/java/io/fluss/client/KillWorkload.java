package io.fluss.client;

import java.nio.charset.StandardCharsets;
import java.nio.file.Paths;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/**
 * What the process that gets killed does: writes batch after batch, which both sides can compute from round and batch number,
 * and says {@code ack n} when batch n is flushed.
 */
final class KillWorkload {
    static final TablePath STATE = TablePath.of("test", "state");
    static final TablePath JOURNAL = TablePath.of("test", "journal");
    static final int KEYS = 500;
    static final int BUCKETS = 3;
    /** Batches that are written before one flush acknowledges them. */
    static final int BATCHES_A_FLUSH = 3;

    private static final int ROWS_A_BATCH = 40;
    private static final long DELETED = -1;

    private KillWorkload() {}

    static void createTables(TestStore store) {
        store.create(
                STATE,
                TableDescriptor.builder()
                        .column("id", DataType.of(DataType.Kind.BIGINT).notNull())
                        .column("version", DataType.of(DataType.Kind.BIGINT))
                        .column("payload", DataType.string())
                        .primaryKey("id")
                        .bucketCount(BUCKETS)
                        .build());
        store.create(
                JOURNAL,
                TableDescriptor.builder()
                        .column("round", DataType.of(DataType.Kind.BIGINT))
                        .column("number", DataType.of(DataType.Kind.BIGINT))
                        .bucketCount(1)
                        .build());
    }

    /** Key to version, or {@link #DELETED}: what batch {@code number} of a round does, the last change of a key winning. */
    static Map<Long, Long> changes(int round, long number) {
        Random random = new Random(round * 1_000_003L + number);
        Map<Long, Long> changes = new LinkedHashMap<>();
        for (int i = 0; i < ROWS_A_BATCH; i++) {
            long key = random.nextInt(KEYS);
            boolean delete = random.nextInt(10) == 0;
            changes.remove(key);
            changes.put(key, delete ? DELETED : version(round, number));
        }
        return changes;
    }

    static boolean isDelete(long version) {
        return version == DELETED;
    }

    static String payload(long key, long version) {
        return "payload of " + key + " at " + version;
    }

    private static long version(int round, long number) {
        return round * 1_000_000L + number;
    }

    /** @param args directory, round */
    public static void main(String[] args) {
        int round = Integer.parseInt(args[1]);
        try (TestStore store = new TestStore(Paths.get(args[0]))) {
            createTables(store);
            TableWriter state = store.connection.table(STATE).newWriter();
            TableWriter journal = store.connection.table(JOURNAL).newWriter();
            for (long number = 0; ; number++) {
                writeState(state, round, number);
                writeJournal(journal, round, number);
                if ((number + 1) % BATCHES_A_FLUSH == 0) {
                    state.flush();
                    journal.flush();
                    System.out.println("ack " + number);
                    System.out.flush();
                }
            }
        }
    }

    private static void writeState(TableWriter writer, int round, long number) {
        WriteBatch batch = writer.batch();
        batch.clear();
        for (Map.Entry<Long, Long> change : changes(round, number).entrySet()) {
            int row = batch.beginRow();
            batch.column(0).setLong(row, change.getKey());
            if (isDelete(change.getValue())) {
                batch.column(1).setNull(row);
                batch.column(2).setNull(row);
                batch.endRow(WriteBatch.DELETE);
            } else {
                batch.column(1).setLong(row, change.getValue());
                String payload = payload(change.getKey(), change.getValue());
                batch.column(2).setBytes(row, payload.getBytes(StandardCharsets.UTF_8));
                batch.endRow(WriteBatch.UPSERT);
            }
        }
        writer.write(batch);
    }

    private static void writeJournal(TableWriter writer, int round, long number) {
        WriteBatch batch = writer.batch();
        batch.clear();
        int row = batch.beginRow();
        batch.column(0).setLong(row, round);
        batch.column(1).setLong(row, number);
        batch.endRow();
        writer.write(batch);
    }
}
