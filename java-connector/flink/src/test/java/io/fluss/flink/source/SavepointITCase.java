package io.fluss.flink.source;

import io.fluss.flink.testing.Sql;

import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.table.functions.ScalarFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Jobs that stop with a savepoint and go on from it: no row lost, none twice. */
class SavepointITCase {
    private static final int ROWS = 20_000;

    /** Passes its argument on, slowly or not. */
    public static final class Slowly extends ScalarFunction {
        private static final long serialVersionUID = 1L;
        private static volatile boolean slow;

        public Integer eval(Integer value) throws InterruptedException {
            if (slow) {
                Thread.sleep(1);
            }
            return value;
        }

        @Override
        public boolean isDeterministic() {
            return false;
        }
    }

    @TempDir Path directory;
    @TempDir Path savepoints;
    private Sql batch;

    @BeforeEach
    void open() {
        batch = Sql.batch().on(directory);
        batch.run("CREATE TEMPORARY TABLE gen (id INT, v STRING) WITH ('connector' = 'datagen',"
                + " 'rows-per-second' = '1000000', 'number-of-rows' = '%d',"
                + " 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '%d',"
                + " 'fields.v.length' = '10')", ROWS, ROWS);
    }

    private Sql session(String... options) {
        Sql session = Sql.streaming(options).on(directory);
        session.env().createTemporarySystemFunction("slowly", Slowly.class);
        return session;
    }

    private Sql restored(String savepoint) {
        return session("execution.checkpointing.interval", "200 ms", "execution.state-recovery.path", savepoint);
    }

    private long count(String table) {
        String row = batch.rows("SELECT COUNT(*) FROM " + table).get(0);
        return Long.parseLong(row.substring(3, row.length() - 1));
    }

    private String stop(JobClient job) throws Exception {
        return job.stopWithSavepoint(false, savepoints.toString(), SavepointFormatType.CANONICAL)
                .get(60, TimeUnit.SECONDS);
    }

    /** Stops a copy of {@code src} to {@code dst} in the middle, goes on, and waits until all rows are there. */
    private void copyWithStopInTheMiddle(String insert, String parallelismAfterwards) throws Exception {
        long rows = ROWS + 2;
        Slowly.slow = true;
        String savepoint;
        try {
            JobClient job = session("execution.checkpointing.interval", "200 ms").job(insert);
            Sql.until("some rows are copied", () -> count("dst") > 100);
            savepoint = stop(job);
        } finally {
            Slowly.slow = false;
        }
        long copied = count("dst");
        assertThat(copied).as("rows at the savepoint").isBetween(1L, (long) ROWS - 1);
        batch.run("INSERT INTO src VALUES (%d, 'later'), (%d, 'later')", ROWS + 1, ROWS + 2);
        JobClient again = session(
                        "execution.checkpointing.interval", "200 ms",
                        "execution.state-recovery.path", savepoint,
                        "parallelism.default", parallelismAfterwards)
                .job(insert);
        try {
            Sql.until("all rows are copied", () -> count("dst") >= rows);
            // What comes twice would come now.
            Thread.sleep(500);
        } finally {
            again.cancel().get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void inTheMiddleOfALog() throws Exception {
        batch.run("CREATE TABLE src (id INT, v STRING) WITH ('bucket.num' = '3', 'bucket.key' = 'id')");
        batch.run("CREATE TABLE dst (id INT, v STRING)").run("INSERT INTO src SELECT * FROM gen");
        copyWithStopInTheMiddle("INSERT INTO dst SELECT slowly(id), v FROM src", "2");
        assertCopied();
    }

    @Test
    void inTheMiddleOfALogWithAnotherParallelismAfterwards() throws Exception {
        batch.run("CREATE TABLE src (id INT, v STRING) WITH ('bucket.num' = '3', 'bucket.key' = 'id')");
        batch.run("CREATE TABLE dst (id INT, v STRING)").run("INSERT INTO src SELECT * FROM gen");
        copyWithStopInTheMiddle("INSERT INTO dst SELECT slowly(id), v FROM src", "4");
        assertCopied();
    }

    @Test
    void inTheMiddleOfASnapshot() throws Exception {
        batch.run("CREATE TABLE src (id INT, v STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '3')");
        // A log table that takes the rows of a changelog: a row that came twice would stay twice.
        batch.run("CREATE TABLE dst (id INT, v STRING) WITH ('sink.ignore-delete' = 'true')");
        batch.run("INSERT INTO src SELECT * FROM gen");
        copyWithStopInTheMiddle("INSERT INTO dst SELECT slowly(id), v FROM src", "2");
        assertCopied();
    }

    /** Of {@code t$snapshot}, which ends: what was there when the job began, whatever became of it since. */
    @ParameterizedTest
    @ValueSource(strings = {"with checkpoints", "without checkpoints", "as of a time"})
    void inTheMiddleOfASnapshotThatEnds(String how) throws Exception {
        int buckets = how.equals("without checkpoints") ? 1 : 3;
        batch.run("CREATE TABLE src (id INT, v STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '%d')", buckets);
        batch.run("CREATE TABLE dst (id INT, v STRING)").run("INSERT INTO src SELECT * FROM gen");
        String hint = "";
        if (how.equals("as of a time")) {
            Thread.sleep(5);
            hint = " /*+ OPTIONS('scan.snapshot.timestamp' = '" + System.currentTimeMillis() + "') */";
            Thread.sleep(5);
            batch.run("DELETE FROM src WHERE id > 5");
        }
        String insert = "INSERT INTO dst SELECT slowly(id), v FROM `src$snapshot`" + hint;
        String[] interval = {"execution.checkpointing.interval", "200 ms"};
        Slowly.slow = true;
        String savepoint;
        try {
            JobClient job = session(how.equals("without checkpoints") ? new String[0] : interval).job(insert);
            Sql.until("some rows are copied", () -> count("dst") > 100);
            savepoint = stop(job);
        } finally {
            Slowly.slow = false;
        }
        assertThat(count("dst")).as("rows at the savepoint").isBetween(1L, (long) ROWS - 1);
        batch.run("DELETE FROM src WHERE MOD(id, 2) = 0").run("INSERT INTO src VALUES (-1, 'later')");
        restored(savepoint).job(insert).getJobExecutionResult().get(60, TimeUnit.SECONDS);
        assertThat(batch.rows("SELECT COUNT(*), COUNT(DISTINCT id), SUM(CAST(id AS BIGINT)) FROM dst"))
                .containsExactly("+I[" + ROWS + ", " + ROWS + ", " + (ROWS * (ROWS + 1L) / 2) + "]");
    }

    @Test
    void afterASnapshot() throws Exception {
        batch.run("CREATE TABLE src (id INT, v STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '3')");
        batch.run("CREATE TABLE dst (id INT, v STRING, PRIMARY KEY (id) NOT ENFORCED)");
        batch.run("INSERT INTO src VALUES (1, 'a'), (2, 'b'), (3, 'c')");
        String insert = "INSERT INTO dst SELECT id, UPPER(v) FROM src";
        JobClient job = session("execution.checkpointing.interval", "200 ms").job(insert);
        Sql.until("the snapshot is copied", () -> count("dst") == 3);
        // Some checkpoints, so that the snapshots are released.
        Thread.sleep(1000);
        String savepoint = stop(job);
        batch.run("DELETE FROM src WHERE id = 1").run("INSERT INTO src VALUES (2, 'bb'), (4, 'd')");
        JobClient again = restored(savepoint).job(insert);
        try {
            Sql.until(
                    "the changes are copied",
                    () -> batch.rows("SELECT * FROM dst").equals(List.of("+I[2, BB]", "+I[3, C]", "+I[4, D]")));
        } finally {
            again.cancel().get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void ofATableThatWasMadeAgain() throws Exception {
        batch.run("CREATE TABLE src (id INT, v STRING)").run("CREATE TABLE dst (id INT, v STRING)");
        batch.run("INSERT INTO src VALUES (1, 'a')");
        String insert = "INSERT INTO dst SELECT * FROM src";
        JobClient job = session("execution.checkpointing.interval", "200 ms").job(insert);
        Sql.until("the row is copied", () -> count("dst") == 1);
        String savepoint = stop(job);
        batch.run("DROP TABLE src").run("CREATE TABLE src (id INT, v STRING)");
        batch.run("INSERT INTO src VALUES (10, 'another'), (20, 'another')");
        JobClient again = restored(savepoint).job(insert);
        assertThatThrownBy(() -> again.getJobExecutionResult().get(60, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasStackTraceContaining("Table ID mismatch")
                .hasStackTraceContaining("fluss.src");
        assertThat(count("dst")).isEqualTo(1);
    }

    private void assertCopied() {
        assertThat(batch.rows("SELECT COUNT(*), COUNT(DISTINCT id), SUM(CAST(id AS BIGINT)) FROM dst"))
                .containsExactly("+I[" + (ROWS + 2) + ", " + (ROWS + 2) + ", " + ((ROWS + 2L) * (ROWS + 3) / 2) + "]");
    }
}
