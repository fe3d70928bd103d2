package io.fluss.flink.source;

import io.fluss.flink.testing.Sql;

import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.table.functions.ScalarFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/** How long the snapshots that jobs read are kept. */
class SnapshotReleaseITCase {
    private static final String COPY = "INSERT INTO dst SELECT touch(id), v FROM src";

    /** Passes its argument on; slowly, or failing once, when told to. */
    public static final class Touch extends ScalarFunction {
        private static final long serialVersionUID = 1L;
        private static volatile long delayMs;
        private static final AtomicBoolean FAIL_AT_666 = new AtomicBoolean();

        public Integer eval(Integer value) throws InterruptedException {
            if (delayMs > 0) {
                Thread.sleep(delayMs);
            }
            if (value == 666 && FAIL_AT_666.getAndSet(false)) {
                throw new IllegalStateException("fails once, as the test wants it");
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
        batch.run("CREATE TABLE src (id INT, v STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '2')");
        batch.run("CREATE TABLE dst (id INT, v STRING, PRIMARY KEY (id) NOT ENFORCED)");
        batch.run("INSERT INTO src VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e')");
    }

    private Sql session(String... options) {
        Sql session = Sql.streaming(options).on(directory);
        session.env().createTemporarySystemFunction("touch", Touch.class);
        return session;
    }

    private long snapshots() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.getParent().getFileName().toString().equals("snapshots")).count();
        }
    }

    private boolean copied() {
        return batch.rows("SELECT * FROM dst").equals(batch.rows("SELECT * FROM src"));
    }

    private static void cancel(JobClient job) throws Exception {
        job.cancel().get(60, TimeUnit.SECONDS);
    }

    @Test
    void ofABatchReadUntilItsEnd() throws Exception {
        assertThat(batch.rows("SELECT id FROM src")).hasSize(5);
        Sql.until("the snapshots are released", () -> snapshots() == 0);
    }

    @Test
    void withCheckpointsUntilOneHasTheEnd() throws Exception {
        JobClient job = session("execution.checkpointing.interval", "1 h").job(COPY);
        try {
            Sql.until("the rows are copied", this::copied);
            Sql.until("only the job's snapshots are there", () -> snapshots() == 1);
            Thread.sleep(300);
            assertThat(snapshots()).as("no checkpoint has the end").isEqualTo(1);
        } finally {
            cancel(job);
        }
        Sql.until("without any checkpoint nobody can come back", () -> snapshots() == 0);

        JobClient second = session("execution.checkpointing.interval", "200 ms").job(COPY);
        try {
            Sql.until("the snapshots are released", () -> copied() && snapshots() == 0);
        } finally {
            cancel(second);
        }
    }

    @Test
    void ofAStreamThatEndsUntilItsEnd() throws Exception {
        for (String interval : new String[] {"1 h", "200 ms"}) {
            session("execution.checkpointing.interval", interval)
                    .job("INSERT INTO dst SELECT touch(id), v FROM `src$snapshot`")
                    .getJobExecutionResult()
                    .get(60, TimeUnit.SECONDS);
            Sql.until("the snapshots are released", () -> copied() && snapshots() == 0);
        }
    }

    @Test
    void aSavepointInTheMiddleKeepsThem() throws Exception {
        batch.run("CREATE TEMPORARY TABLE gen (id INT, v STRING) WITH ('connector' = 'datagen',"
                + " 'rows-per-second' = '1000000', 'number-of-rows' = '2000',"
                + " 'fields.id.kind' = 'sequence', 'fields.id.start' = '1000', 'fields.id.end' = '2999')");
        batch.run("INSERT INTO src SELECT * FROM gen");
        Touch.delayMs = 5;
        String savepoint;
        try {
            JobClient job = session("execution.checkpointing.interval", "1 h").job(COPY);
            Sql.until("the job reads its snapshots", () -> snapshots() == 1);
            Thread.sleep(500);
            savepoint = job.stopWithSavepoint(false, savepoints.toString(), SavepointFormatType.CANONICAL)
                    .get(60, TimeUnit.SECONDS);
        } finally {
            Touch.delayMs = 0;
        }
        assertThat(snapshots()).isEqualTo(1);
        batch.run("DELETE FROM src WHERE id = 1");
        JobClient again = session(
                        "execution.checkpointing.interval", "200 ms", "execution.state-recovery.path", savepoint)
                .job(COPY);
        try {
            Sql.until("all is copied and released", () -> copied() && snapshots() == 0);
        } finally {
            cancel(again);
        }
    }

    @Test
    void withoutCheckpointsUntilTheyAreRead() throws Exception {
        JobClient job = session("restart-strategy.type", "fixed-delay", "restart-strategy.fixed-delay.delay", "100 ms")
                .job(COPY);
        try {
            Sql.until("the snapshots are released", () -> copied() && snapshots() == 0);
            // A failure then begins again, with a new snapshot.
            batch.run("DELETE FROM src WHERE id = 2");
            Touch.FAIL_AT_666.set(true);
            batch.run("INSERT INTO src VALUES (666, 'x')");
            Sql.until("the job goes on after a failure", () -> {
                List<String> rows = batch.rows("SELECT id FROM dst");
                return !Touch.FAIL_AT_666.get() && rows.contains("+I[666]");
            });
            batch.run("INSERT INTO src VALUES (7, 'g')");
            Sql.until("and reads the log again", () -> batch.rows("SELECT id FROM dst").contains("+I[7]"));
        } finally {
            cancel(job);
        }
    }
}
