package io.fluss.flink.sink;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.flink.testing.Shaky;
import io.fluss.flink.testing.Sql;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.table.api.StatementSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs that fail, and that go on from checkpoints and savepoints: no row is lost, none is seen twice. */
@Timeout(300)
class ExactlyOnceITCase {
    private static final int ROWS = 20_000;

    @TempDir
    Path directory;

    @TempDir
    Path checkpoints;

    private Sql batch;

    @BeforeEach
    void open() {
        batch = Sql.batch().on(directory);
        batch.run("CREATE TEMPORARY TABLE gen (id INT) WITH ('connector' = 'datagen',"
                + " 'rows-per-second' = '1000000', 'number-of-rows' = '%d',"
                + " 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '%d')", ROWS, ROWS);
        batch.run("CREATE TABLE src (id INT) WITH ('bucket.num' = '3', 'bucket.key' = 'id')");
        batch.run("CREATE TABLE appended (id INT) WITH ('bucket.num' = '2', 'sink.delivery-guarantee' = 'exactly-once')");
        batch.run("CREATE TABLE kept (id INT PRIMARY KEY NOT ENFORCED, v STRING)"
                + " WITH ('bucket.num' = '3', 'sink.delivery-guarantee' = 'exactly-once')");
        batch.run("CREATE TABLE sums (k INT PRIMARY KEY NOT ENFORCED, total BIGINT, n BIGINT) WITH ('bucket.num' = '3',"
                + " 'table.merge-engine' = 'aggregation', 'fields.total.agg' = 'sum', 'fields.n.agg' = 'sum')");
        batch.run("INSERT INTO src SELECT * FROM gen");
        Shaky.slow(8);
    }

    private Sql session(String... options) {
        Sql session = Sql.streaming(options).on(directory);
        session.env().createTemporarySystemFunction("shaky", Shaky.class);
        return session;
    }

    /** One job that writes all three tables. */
    private static JobClient copy(Sql session) {
        StatementSet statements = session.env().createStatementSet();
        statements.addInsertSql("INSERT INTO appended SELECT shaky(id) FROM src");
        statements.addInsertSql("INSERT INTO kept SELECT shaky(id), CAST(id AS STRING) FROM src");
        statements.addInsertSql("INSERT INTO sums SELECT MOD(id, 10), CAST(shaky(id) AS BIGINT), CAST(1 AS BIGINT) FROM src");
        return statements.execute().getJobClient().orElseThrow(IllegalStateException::new);
    }

    private long number(String query) {
        String row = batch.rows(query).get(0);
        return row.equals("+I[null]") ? 0 : Long.parseLong(row.substring(3, row.length() - 1));
    }

    private boolean allThere() {
        return number("SELECT COUNT(*) FROM appended") >= ROWS
                && number("SELECT COUNT(*) FROM kept") >= ROWS
                && number("SELECT SUM(n) FROM sums") >= ROWS;
    }

    private void assertEachRowOnce() {
        long sum = ROWS * (ROWS + 1L) / 2;
        assertThat(batch.rows("SELECT COUNT(*), COUNT(DISTINCT id), SUM(CAST(id AS BIGINT)) FROM appended"))
                .containsExactly("+I[" + ROWS + ", " + ROWS + ", " + sum + "]");
        assertThat(batch.rows("SELECT COUNT(*), SUM(CAST(id AS BIGINT)), SUM(CAST(v AS BIGINT)) FROM kept"))
                .containsExactly("+I[" + ROWS + ", " + sum + ", " + sum + "]");
        assertThat(batch.rows("SELECT COUNT(*), SUM(total), SUM(n), MIN(n), MAX(n) FROM sums"))
                .containsExactly("+I[10, " + sum + ", " + ROWS + ", " + ROWS / 10 + ", " + ROWS / 10 + "]");
    }

    @Test
    void failuresAtAnyTime() throws Exception {
        Shaky.fail(6, new Random(), 200, 4_000);
        JobClient job = copy(session(
                "execution.checkpointing.interval", "150 ms",
                "restart-strategy.type", "fixed-delay",
                "restart-strategy.fixed-delay.attempts", "1000",
                "restart-strategy.fixed-delay.delay", "10 ms"));
        try {
            Sql.until("all rows are there", this::allThere);
            assertThat(Shaky.failuresLeft()).as("failures that did not happen").isZero();
            // What comes twice would come with the next checkpoints.
            Thread.sleep(1000);
        } finally {
            job.cancel().get(60, TimeUnit.SECONDS);
        }
        assertEachRowOnce();
    }

    @Test
    void aSavepointWithAnotherParallelismAfterwards() throws Exception {
        JobClient job = copy(session("execution.checkpointing.interval", "150 ms"));
        Sql.until("some rows are there", () -> number("SELECT COUNT(*) FROM kept") > 100);
        String savepoint = job.stopWithSavepoint(false, checkpoints.toString(), SavepointFormatType.CANONICAL)
                .get(60, TimeUnit.SECONDS);
        assertThat(number("SELECT COUNT(*) FROM kept")).as("rows at the savepoint").isBetween(1L, ROWS - 1L);
        goOnFrom(savepoint, "3");
    }

    @Test
    void aCheckpointOfAJobThatWasCancelled() throws Exception {
        JobClient job = copy(session(
                "execution.checkpointing.interval", "150 ms",
                "execution.checkpointing.dir", checkpoints.toUri().toString(),
                "execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION"));
        Sql.until("some rows are there", () -> number("SELECT COUNT(*) FROM kept") > 100);
        job.cancel().get(60, TimeUnit.SECONDS);
        assertThat(number("SELECT COUNT(*) FROM kept")).as("rows when it was cancelled").isBetween(1L, ROWS - 1L);
        goOnFrom(lastCheckpoint(), "1");
    }

    private String lastCheckpoint() throws IOException {
        try (Stream<Path> files = Files.walk(checkpoints)) {
            return files.filter(file -> file.endsWith("_metadata"))
                    .map(Path::getParent)
                    .max(Comparator.comparingInt(
                            chk -> Integer.parseInt(chk.getFileName().toString().substring("chk-".length()))))
                    .orElseThrow(IllegalStateException::new)
                    .toUri()
                    .toString();
        }
    }

    private void goOnFrom(String state, String parallelism) throws Exception {
        Shaky.slow(0);
        JobClient again = copy(session(
                "execution.checkpointing.interval", "150 ms",
                "execution.state-recovery.path", state,
                "parallelism.default", parallelism));
        try {
            Sql.until("all rows are there", this::allThere);
            // What comes twice would come with the next checkpoints.
            Thread.sleep(1000);
        } finally {
            again.cancel().get(60, TimeUnit.SECONDS);
        }
        assertEachRowOnce();
    }
}
