package io.fluss.flink.source;

import io.fluss.flink.testing.Sql;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

class StreamReadITCase {
    @TempDir Path directory;
    private Sql batch;
    private Sql streaming;

    @BeforeEach
    void open() {
        batch = Sql.batch().on(directory);
        streaming = Sql.streaming("execution.checkpointing.interval", "200 ms").on(directory);
        batch.run("CREATE TABLE users (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED)");
        batch.run("CREATE TABLE events (id INT, note STRING) WITH ('bucket.num' = '2')");
    }

    @Test
    void aSnapshotAndThenTheChanges() throws Exception {
        batch.run("INSERT INTO users VALUES (1, 'ann'), (2, 'bob')");
        batch.run("INSERT INTO users VALUES (1, 'anna'), (3, 'cem')");
        batch.run("DELETE FROM users WHERE id = 3");
        try (Writer later = new Writer()) {
            later.after(
                    1500,
                    "INSERT INTO users VALUES (2, 'bobby')",
                    "INSERT INTO users VALUES (4, 'dan')",
                    "DELETE FROM users WHERE id = 1");
            List<String> rows = streaming.take(6, "SELECT * FROM users");
            assertThat(Sql.sorted(rows.subList(0, 2))).containsExactly("+I[1, anna]", "+I[2, bob]");
            assertThat(rows.subList(2, 6))
                    .containsExactly("-U[2, bob]", "+U[2, bobby]", "+I[4, dan]", "-D[1, anna]");
        }
    }

    @Test
    void theRawChangelog() {
        batch.run("INSERT INTO users VALUES (1, 'ann')").run("INSERT INTO users VALUES (2, 'bob')");
        batch.run("INSERT INTO users VALUES (1, 'anna')");
        batch.run("DELETE FROM users WHERE id = 1");
        assertThat(streaming.take(5, "SELECT name, id FROM users /*+ OPTIONS('scan.startup.mode' = 'earliest') */"))
                .containsExactly("+I[ann, 1]", "+I[bob, 2]", "-U[ann, 1]", "+U[anna, 1]", "-D[anna, 1]");
    }

    @Test
    void aLogTableFromItsStartAndFromItsEnd() throws Exception {
        batch.run("INSERT INTO events VALUES (1, 'a'), (2, 'b')");
        try (Writer later = new Writer()) {
            later.after(1500, "INSERT INTO events VALUES (3, 'c')");
            assertThat(streaming.take(3, "SELECT * FROM events")).contains("+I[1, a]", "+I[2, b]", "+I[3, c]");
        }
        try (Writer later = new Writer()) {
            later.after(2500, "INSERT INTO events VALUES (4, 'd')");
            assertThat(streaming.take(1, "SELECT id FROM events /*+ OPTIONS('scan.startup.mode' = 'latest') */"))
                    .containsExactly("+I[4]");
        }
    }

    @Test
    void withoutCheckpointsToo() {
        batch.run("INSERT INTO users VALUES (1, 'ann'), (2, 'bob')");
        Sql plain = Sql.streaming().on(directory);
        assertThat(Sql.sorted(plain.take(2, "SELECT * FROM users"))).containsExactly("+I[1, ann]", "+I[2, bob]");
    }

    @Test
    void countWithoutColumnsFollowsTheChangelog() {
        batch.run("INSERT INTO users VALUES (1, 'ann'), (2, 'bob')");
        List<String> rows = streaming.take(3, "SELECT COUNT(*) FROM users");
        assertThat(rows).containsExactly("+I[1]", "-U[1]", "+U[2]");
    }

    @Test
    void watermarksAreOfTheColumnDeclared() {
        batch.run("CREATE TABLE clicks (who STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)");
        // A statement a row: Flink spreads the rows of one VALUES over the sink's subtasks, so they could come late.
        batch.run("INSERT INTO clicks VALUES ('a', TIMESTAMP '2024-01-01 00:00:01')");
        batch.run("INSERT INTO clicks VALUES ('b', TIMESTAMP '2024-01-01 00:00:02')");
        batch.run("INSERT INTO clicks VALUES ('a', TIMESTAMP '2024-01-01 00:00:11')");
        batch.run("INSERT INTO clicks VALUES ('a', TIMESTAMP '2024-01-01 00:01:00')");
        assertThat(streaming.take(2, "SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts),"
                        + " INTERVAL '10' SECOND)) GROUP BY window_start, window_end"))
                .containsExactly("+I[2024-01-01T00:00, 2]", "+I[2024-01-01T00:00:10, 1]");
    }

    /** One bucket is far ahead of the other: with one watermark of the reader, the rows of the other would come too late. */
    @Test
    void everyBucketHasItsWatermark() {
        batch.run("CREATE TABLE hits (ts TIMESTAMP(3), p STRING, WATERMARK FOR ts AS ts) PARTITIONED BY (p)"
                + " WITH ('bucket.num' = '1', 'scan.watermark.emit.strategy' = 'on-event')");
        for (int minute = 1; minute < 4; minute++) {
            batch.run("INSERT INTO hits VALUES (TIMESTAMP '2024-06-01 00:0%d:00', 'ahead')", minute);
            batch.run("INSERT INTO hits VALUES (TIMESTAMP '2024-01-01 00:0%d:00', 'behind')", minute);
        }
        String windows = "SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE bounded, DESCRIPTOR(ts),"
                + " INTERVAL '1' MINUTE)) GROUP BY window_start, window_end";
        streaming.run("CREATE TEMPORARY VIEW bounded AS SELECT * FROM hits"
                + " /*+ OPTIONS('scan.bounded.mode' = 'latest-offset', 'scan.parallelism' = '1') */");
        assertThat(streaming.env().explainSql(windows)).contains("watermark=[ts]");
        assertThat(Sql.sorted(streaming.take(99, windows)))
                .containsExactly(
                        "+I[2024-01-01T00:01, 1]", "+I[2024-01-01T00:02, 1]", "+I[2024-01-01T00:03, 1]",
                        "+I[2024-06-01T00:01, 1]", "+I[2024-06-01T00:02, 1]", "+I[2024-06-01T00:03, 1]");
    }

    /** Whatever is stopped while it is ahead of the other: all rows come, each in its window. */
    @Test
    void bucketsAreAligned() {
        batch.run("CREATE TABLE hits (ts TIMESTAMP(3), p STRING, WATERMARK FOR ts AS ts) PARTITIONED BY (p)"
                + " WITH ('bucket.num' = '1', 'scan.watermark.emit.strategy' = 'on-event',"
                + " 'scan.watermark.alignment.group' = 'g', 'scan.watermark.alignment.max-drift' = '1 min',"
                + " 'scan.watermark.alignment.update-interval' = '50 ms')");
        // One writer: the rows of each bucket are in the order of their times.
        Sql one = Sql.streaming("parallelism.default", "1").on(directory);
        one.run("CREATE TEMPORARY TABLE gen (i INT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000000',"
                + " 'number-of-rows' = '2000', 'fields.i.kind' = 'sequence', 'fields.i.start' = '0', 'fields.i.end' = '1999')");
        String minutes = "SELECT TIMESTAMPADD(MINUTE, i, TIMESTAMP '2024-0%d-01 00:00:00'), '%s' FROM gen";
        one.run("INSERT INTO hits " + minutes, 1, "behind");
        one.run("INSERT INTO hits " + minutes, 6, "ahead");
        streaming.run("CREATE TEMPORARY VIEW bounded AS SELECT * FROM hits"
                + " /*+ OPTIONS('scan.bounded.mode' = 'latest-offset', 'scan.parallelism' = '1') */");
        List<String> windows = streaming.take(9999, "SELECT MIN(p), COUNT(*) FROM TABLE(TUMBLE(TABLE bounded, DESCRIPTOR(ts),"
                + " INTERVAL '1' DAY)) GROUP BY window_start, window_end");
        assertThat(Sql.sorted(windows)).containsExactly(
                "+I[ahead, 1440]", "+I[ahead, 560]", "+I[behind, 1440]", "+I[behind, 560]");
    }

    /** Writes from another thread after a while. */
    private final class Writer implements AutoCloseable {
        private Thread thread;
        private volatile Throwable failure;

        void after(long millis, String... statements) {
            thread = new Thread(() -> {
                try {
                    Thread.sleep(millis);
                    Sql session = Sql.batch().on(directory);
                    for (String statement : statements) {
                        session.run(statement);
                    }
                } catch (Throwable e) {
                    failure = e;
                }
            });
            thread.start();
        }

        @Override
        public void close() throws Exception {
            thread.join();
            assertThat(failure).isNull();
        }
    }
}
