package io.fluss.flink.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.client.Connection;
import io.fluss.client.TablePath;
import io.fluss.flink.testing.Sql;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.table.functions.ScalarFunction;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** INSERT OVERWRITE by several subtasks, jobs of it that fail, and who reads the changelog meanwhile. */
@Timeout(300)
class OverwriteITCase {
    private static final int ROWS = 10_000;

    /** Passes its argument on; throws, or waits for ever, at one that is set. */
    public static final class Trap extends ScalarFunction {
        private static final long serialVersionUID = 1L;
        private static volatile int throwsAt;
        private static volatile int waitsAt;
        private static volatile CountDownLatch waiting = new CountDownLatch(1);

        public Integer eval(Integer value) throws InterruptedException {
            if (value == throwsAt) {
                throw new IllegalStateException("thrown by the test");
            }
            if (value == waitsAt) {
                waiting.countDown();
                Thread.sleep(Long.MAX_VALUE);
            }
            return value;
        }

        @Override
        public boolean isDeterministic() {
            return false;
        }
    }

    @TempDir
    Path directory;

    private Sql batch;

    @BeforeEach
    void open() {
        Trap.throwsAt = -1;
        Trap.waitsAt = -1;
        Trap.waiting = new CountDownLatch(1);
        batch = Sql.batch().on(directory);
        batch.env().createTemporarySystemFunction("trap", Trap.class);
        batch.run("CREATE TEMPORARY TABLE gen (id INT) WITH ('connector' = 'datagen', 'number-of-rows' = '%d',"
                + " 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '%d')", ROWS, ROWS);
        batch.run("CREATE TABLE src (id INT) WITH ('bucket.num' = '3', 'bucket.key' = 'id')");
        batch.run("CREATE TABLE logs (id INT, v STRING) WITH ('bucket.num' = '3')");
        batch.run("CREATE TABLE kept (id INT PRIMARY KEY NOT ENFORCED, v STRING) WITH ('bucket.num' = '3')");
        batch.run("CREATE TABLE parts (id INT, p STRING, PRIMARY KEY (id, p) NOT ENFORCED) PARTITIONED BY (p)"
                + " WITH ('bucket.num' = '2')");
        batch.run("INSERT INTO src SELECT * FROM gen");
        batch.run("INSERT INTO logs SELECT id, 'old' FROM src");
        batch.run("INSERT INTO kept SELECT id, 'old' FROM src WHERE id <= 100");
        batch.run("INSERT INTO parts SELECT id, CONCAT('p', CAST(MOD(id, 3) AS STRING)) FROM src WHERE id <= 99");
    }

    private List<String> summary(String table) {
        return batch.rows("SELECT COUNT(*), COUNT(DISTINCT id), MIN(id), MAX(id), MIN(v), MAX(v) FROM " + table);
    }

    private List<String> partitions() {
        return batch.rows("SELECT p, COUNT(*), MIN(id), MAX(id) FROM parts GROUP BY p");
    }

    @Test
    void allSubtasksReplaceTheRowsTogether() {
        batch.run("INSERT OVERWRITE logs SELECT trap(id), 'new' FROM src WHERE id > 5000");
        assertThat(summary("logs")).containsExactly("+I[5000, 5000, 5001, 10000, new, new]");
        // The sink has more subtasks than rows, and than buckets.
        batch.run("INSERT OVERWRITE logs /*+ OPTIONS('sink.parallelism' = '4') */ SELECT id, 'few' FROM src WHERE id < 3");
        assertThat(summary("logs")).containsExactly("+I[2, 2, 1, 2, few, few]");
        for (String mode : new String[] {"AUTO", "NONE"}) {
            batch.run("INSERT OVERWRITE kept /*+ OPTIONS('sink.distribution-mode' = '%s') */"
                    + " SELECT trap(id), '%s' FROM src WHERE id > 50", mode, mode);
            assertThat(summary("kept"))
                    .containsExactly("+I[" + (ROWS - 50) + ", " + (ROWS - 50) + ", 51, 10000, " + mode + ", " + mode + "]");
        }
        batch.run("INSERT OVERWRITE parts SELECT id, CONCAT('p', CAST(MOD(id, 2) + 2 AS STRING)) FROM src WHERE id > 9000");
        assertThat(partitions())
                .containsExactly("+I[p0, 33, 3, 99]", "+I[p1, 33, 1, 97]", "+I[p2, 500, 9002, 10000]", "+I[p3, 500, 9001, 9999]");
    }

    @Test
    void aJobThatFailsOrIsCancelledChangesNothing() throws Exception {
        for (String table : new String[] {"logs", "kept"}) {
            List<String> before = summary(table);
            Trap.throwsAt = 9_000;
            assertThatThrownBy(() -> batch.run("INSERT OVERWRITE %s SELECT trap(id), 'new' FROM src", table))
                    .hasStackTraceContaining("thrown by the test");
            assertThat(summary(table)).isEqualTo(before);
            Trap.throwsAt = -1;
            Trap.waitsAt = 9_500;
            Trap.waiting = new CountDownLatch(1);
            JobClient job = batch.job("INSERT OVERWRITE " + table + " SELECT trap(id), 'new' FROM src");
            assertThat(Trap.waiting.await(60, TimeUnit.SECONDS)).isTrue();
            job.cancel().get();
            assertThatThrownBy(() -> job.getJobExecutionResult().get()).hasStackTraceContaining("cancelled");
            assertThat(summary(table)).isEqualTo(before);
            Trap.waitsAt = -1;
            // And the next one does what it should.
            batch.run("INSERT OVERWRITE %s SELECT trap(id), 'new' FROM src WHERE id <= 10", table);
            assertThat(summary(table)).containsExactly("+I[10, 10, 1, 10, new, new]");
        }
    }

    /** As when a job comes back that was stopped between prepare and commit, or after it. */
    @Test
    void theCommitIsDoneOnceByWhatAllWritersHavePrepared() throws Exception {
        TablePath path = new TablePath("fluss", "kept");
        try (Connection connection = Connection.open(Map.of("data.dir", directory.toString()))) {
            OverwriteCommittable committable;
            try (io.fluss.client.Table table = connection.table(path);
                    io.fluss.client.TransactionalWriter writer =
                            table.newTransactionalWriter(io.fluss.client.WriterOptions.defaults().overwrites(true))) {
                byte[] nothing = writer.prepare();
                committable = OverwriteCommittableSerializer.INSTANCE.deserialize(
                        0,
                        OverwriteCommittableSerializer.INSTANCE.serialize(
                                new OverwriteCommittable(List.of(nothing, nothing), Map.of())));
            }
            assertThat(summary("kept")).containsExactly("+I[100, 100, 1, 100, old, old]");
            connection.admin().commitOverwrite(committable.prepared(), committable.partition());
            assertThat(batch.rows("SELECT COUNT(*) FROM kept")).containsExactly("+I[0]");
            batch.run("INSERT INTO kept VALUES (7, 'after')");
            connection.admin().commitOverwrite(committable.prepared(), committable.partition());
            assertThat(batch.rows("SELECT * FROM kept")).containsExactly("+I[7, after]");
        }
    }

    @Test
    void theChangelogSaysWhatBecameOfEachRow() throws Exception {
        batch.run("CREATE TABLE small (id INT PRIMARY KEY NOT ENFORCED, v STRING) WITH ('bucket.num' = '1')");
        batch.run("INSERT INTO small VALUES (1, 'a'), (2, 'b')");
        Sql streaming = Sql.streaming().on(directory);
        try (CloseableIterator<Row> rows = streaming.start("SELECT * FROM small").collect()) {
            assertThat(List.of(rows.next().toString(), rows.next().toString()))
                    .containsExactlyInAnyOrder("+I[1, a]", "+I[2, b]");
            batch.run("INSERT OVERWRITE small VALUES (2, 'c'), (3, 'd')");
            List<String> changes = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                changes.add(rows.next().toString());
            }
            // Two subtasks may have written the new rows.
            assertThat(changes).containsSequence("-U[2, b]", "+U[2, c]").contains("+I[3, d]").endsWith("-D[1, a]");
            batch.run("TRUNCATE TABLE small");
            assertThat(List.of(rows.next().toString(), rows.next().toString())).containsExactly("-D[2, c]", "-D[3, d]");
        }
        // Who follows a log goes on with the new rows.
        batch.run("CREATE TABLE events (id INT) WITH ('bucket.num' = '1')");
        batch.run("INSERT INTO events VALUES 1, 2");
        try (CloseableIterator<Row> rows = streaming.start("SELECT * FROM events").collect()) {
            assertThat(List.of(rows.next().toString(), rows.next().toString()))
                    .containsExactlyInAnyOrder("+I[1]", "+I[2]");
            batch.run("INSERT OVERWRITE events VALUES 3");
            batch.run("INSERT INTO events VALUES 4");
            assertThat(List.of(rows.next().toString(), rows.next().toString())).containsExactly("+I[3]", "+I[4]");
        }
    }

    @Test
    void refusals() {
        Sql streaming = Sql.streaming().on(directory);
        assertThatThrownBy(() -> streaming.start("INSERT OVERWRITE logs SELECT id, 'x' FROM src"))
                .hasStackTraceContaining("SET 'execution.runtime-mode' = 'batch'");
        assertThatThrownBy(() -> batch.run("DELETE FROM logs"))
                .hasStackTraceContaining("Log Table doesn't support DELETE and UPDATE statements");
    }
}
