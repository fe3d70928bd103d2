package io.fluss.flink.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.client.Connection;
import io.fluss.flink.testing.Sql;
import io.fluss.jni.Native;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs with lookup joins of every kind, started and cancelled: nothing of them is left in the process. */
@Timeout(900)
class LookupJobsITCase {
    private static final int JOBS = 100;
    private static final int AT_ONCE = 5;

    private static final List<String> KINDS = Arrays.asList(
            "names /*+ OPTIONS('lookup.async' = 'true') */ FOR SYSTEM_TIME AS OF a.p AS n ON a.id = n.id",
            "names /*+ OPTIONS('lookup.async' = 'false') */ FOR SYSTEM_TIME AS OF a.p AS n ON a.id = n.id",
            "names /*+ OPTIONS('lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '100') */ FOR SYSTEM_TIME AS OF a.p AS n ON a.id = n.id",
            "names /*+ OPTIONS('lookup.cache' = 'FULL') */ FOR SYSTEM_TIME AS OF a.p AS n ON a.id = n.id",
            "notes /*+ OPTIONS('client.lookup.batch-timeout' = '1 ms') */ FOR SYSTEM_TIME AS OF a.p AS n ON a.id = n.id");

    @TempDir
    Path directory;

    private Sql streaming;

    @BeforeEach
    void fill() {
        Sql sql = Sql.batch().on(directory.resolve("data"));
        sql.run("CREATE TABLE names (id BIGINT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '2')");
        sql.run("CREATE TABLE notes (id BIGINT, number INT, name STRING, PRIMARY KEY (id, number) NOT ENFORCED)"
                + " WITH ('bucket.key' = 'id', 'bucket.num' = '2')");
        sql.run("INSERT INTO names VALUES (1, 'a'), (2, 'b'), (3, 'c')");
        sql.run("INSERT INTO notes VALUES (1, 1, 'a'), (1, 2, 'a'), (2, 1, 'b')");
        streaming = Sql.streaming("parallelism.default", "1").on(directory.resolve("data"));
        // It never ends: the jobs are in the middle of lookups when they are cancelled.
        streaming.run("CREATE TEMPORARY TABLE asks (id BIGINT, p AS PROCTIME())"
                + " WITH ('connector' = 'datagen', 'rows-per-second' = '500', 'fields.id.min' = '1', 'fields.id.max' = '4')");
    }

    /** Each job is cancelled when it has joined rows. */
    private void run(int jobs) throws Exception {
        for (int first = 0; first < jobs; first += AT_ONCE) {
            List<TableResult> results = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) {
                results.add(streaming.start("SELECT a.id, n.name FROM asks AS a LEFT JOIN " + KINDS.get(i % KINDS.size())));
            }
            for (TableResult result : results) {
                try (CloseableIterator<Row> rows = result.collect()) {
                    for (int i = 0; i < 10; i++) {
                        assertThat(rows.hasNext()).isTrue();
                        rows.next();
                    }
                }
            }
            for (TableResult result : results) {
                // Closing the rows has cancelled it.
                Sql.until("the job has ended", () -> result.getJobClient().get().getJobStatus().get().isGloballyTerminalState());
            }
        }
    }

    /** What of ours the process holds, by name. */
    private static Map<String, Long> held(Connection connection) {
        Map<String, Long> held = new TreeMap<>();
        Map<String, Long> metrics = connection.metrics();
        for (String name : new String[] {"memory.readers", "memory.writers", "memory.copies", "handles"}) {
            held.put(name, metrics.get(name));
        }
        held.put("batches", Native.batchBytes());
        Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("fluss"))
                .forEach(thread -> held.merge("thread " + thread.getName(), 1L, Long::sum));
        return held;
    }

    private static long openFiles() {
        return new File("/proc/self/fd").list().length;
    }

    @Test
    void aHundredJobsThatAreCancelledLeaveNothing() throws Exception {
        try (Connection connection = Connection.open(Map.of("data.dir", directory.resolve("data").toString()))) {
            Map<String, Long> before = held(connection);
            // Flink opens what it keeps.
            run(2 * AT_ONCE);
            long files = openFiles();
            run(JOBS);
            Sql.until("what the jobs held is given back: " + before, () -> held(connection).equals(before));
            assertThat(openFiles()).as("open files after " + JOBS + " jobs").isLessThan(files + JOBS / 2);
            assertThat(before).containsEntry("batches", 0L).containsEntry("memory.copies", 0L);
        }
    }
}
