package io.fluss.flink.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.flink.testing.Sql;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.core.execution.JobClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Writing through SQL: changelogs into keyed tables, refusals, UPDATE and DELETE by any predicate. */
@Timeout(300)
class SinkITCase {
    @TempDir
    Path directory;

    @Test
    void aChangelogLeavesItsLastState() {
        Sql streaming = Sql.streaming().on(directory.resolve("data"));
        streaming.run("CREATE TABLE words (word STRING PRIMARY KEY NOT ENFORCED, n BIGINT) WITH ('bucket.num' = '2')");
        // 10,000 updates of 10 keys in small batches, with -U rows that are dropped.
        streaming.run("CREATE TEMPORARY TABLE input (i INT) WITH ('connector' = 'datagen', 'fields.i.kind' = 'sequence',"
                + " 'fields.i.start' = '1', 'fields.i.end' = '10000')");
        streaming.run("INSERT INTO words /*+ OPTIONS('client.writer.batch-size' = '4kb') */"
                + " SELECT CONCAT('w', CAST(MOD(i, 10) AS STRING)), COUNT(*) FROM input GROUP BY MOD(i, 10)");
        Sql batch = Sql.batch().on(directory.resolve("data"));
        assertThat(batch.rows("SELECT COUNT(*), MIN(n), MAX(n) FROM words")).isEqualTo(rows("+I[10, 1000, 1000]"));
    }

    @Test
    void updateAndDeleteByAnyPredicate() {
        Sql batch = Sql.batch().on(directory.resolve("data"));
        batch.run("CREATE TABLE t (id INT PRIMARY KEY NOT ENFORCED, v STRING, n INT) WITH ('bucket.num' = '3')");
        batch.run("INSERT INTO t VALUES (1, 'a', 10), (2, 'b', 20), (3, CAST(NULL AS STRING), 30), (4, 'd', 40)");
        batch.run("UPDATE t SET v = CONCAT(v, '!'), n = n + 1 WHERE n < 25");
        assertThat(batch.rows("SELECT * FROM t"))
                .isEqualTo(rows("+I[1, a!, 11]", "+I[2, b!, 21]", "+I[3, null, 30]", "+I[4, d, 40]"));
        batch.run("DELETE FROM t WHERE v IS NULL OR n = 11");
        assertThat(batch.rows("SELECT * FROM t")).isEqualTo(rows("+I[2, b!, 21]", "+I[4, d, 40]"));
        assertThatThrownBy(() -> batch.run("UPDATE t SET id = 5 WHERE v = 'd'"))
                .hasStackTraceContaining("Updates to primary keys are not supported");
        batch.run("DELETE FROM t");
        assertThat(batch.rows("SELECT * FROM t")).isEmpty();
    }

    @Test
    void refusals() {
        Sql batch = Sql.batch().on(directory.resolve("data"));
        batch.run("CREATE TABLE logs (id INT, v STRING)");
        batch.run("CREATE TABLE t (id INT PRIMARY KEY NOT ENFORCED, v STRING)");
        assertThatThrownBy(() -> batch.run("DELETE FROM logs WHERE id = 1"))
                .hasStackTraceContaining("Log Table doesn't support DELETE and UPDATE statements");
        assertThatThrownBy(() -> batch.run("UPDATE logs SET v = 'x'"))
                .hasStackTraceContaining("Log Table doesn't support DELETE and UPDATE statements");
        assertThatThrownBy(() -> batch.run("INSERT INTO logs (id) VALUES (1)"))
                .hasStackTraceContaining("names 1 of its 2 columns");
        batch.run("INSERT INTO t (v, id) VALUES ('x', 1)");
        assertThatThrownBy(() -> batch.run("INSERT INTO t VALUES (2, 'y'), (CAST(NULL AS INT), 'z')"))
                .hasStackTraceContaining("id");
        assertThat(batch.rows("SELECT * FROM t")).contains("+I[1, x]");
        Sql streaming = Sql.streaming().on(directory.resolve("data"));
        assertThatThrownBy(() -> streaming.start("INSERT INTO logs SELECT id, MAX(v) FROM t GROUP BY id"))
                .hasStackTraceContaining("doesn't support consuming update");
    }

    @Test
    void ignoreDeleteKeepsRows() {
        Sql batch = Sql.batch().on(directory.resolve("data"));
        batch.run("CREATE TABLE source_rows (id INT PRIMARY KEY NOT ENFORCED, v STRING)");
        batch.run("CREATE TABLE kept (id INT PRIMARY KEY NOT ENFORCED, v STRING) WITH ('sink.ignore-delete' = 'true')");
        batch.run("INSERT INTO source_rows VALUES (1, 'a'), (2, 'b')");
        Sql streaming = Sql.streaming().on(directory.resolve("data"));
        JobClient job = streaming.job(
                "INSERT INTO kept SELECT * FROM source_rows /*+ OPTIONS('scan.startup.mode' = 'earliest') */");
        batch.run("DELETE FROM source_rows WHERE id = 1");
        batch.run("INSERT INTO source_rows VALUES (3, 'c')");
        assertThat(streaming.take(3, "SELECT id FROM kept")).containsExactlyInAnyOrder("+I[1]", "+I[2]", "+I[3]");
        job.cancel().join();
        assertThat(batch.rows("SELECT id FROM kept")).isEqualTo(rows("+I[1]", "+I[2]", "+I[3]"));
    }

    @Test
    void rowsOfOneKeyKeepTheirOrderWhateverTheParallelism() {
        Sql one = Sql.streaming("parallelism.default", "1").on(directory.resolve("data"));
        one.run("CREATE TABLE last_of (k INT PRIMARY KEY NOT ENFORCED, id INT) WITH ('bucket.num' = '4')");
        one.run("CREATE TEMPORARY TABLE input (i INT) WITH ('connector' = 'datagen', 'fields.i.kind' = 'sequence',"
                + " 'fields.i.start' = '1', 'fields.i.end' = '20000')");
        // Without a distribution they go from one reader round the four subtasks.
        one.run("INSERT INTO last_of /*+ OPTIONS('sink.parallelism' = '4', 'client.writer.batch-size' = '1kb') */"
                + " SELECT MOD(i, 5), i FROM input");
        Sql batch = Sql.batch().on(directory.resolve("data"));
        assertThat(batch.rows("SELECT * FROM last_of"))
                .isEqualTo(rows("+I[0, 20000]", "+I[1, 19996]", "+I[2, 19997]", "+I[3, 19998]", "+I[4, 19999]"));
    }

    @Test
    void insertsOfSomeColumnsLeaveTheOthers() {
        Sql batch = Sql.batch().on(directory.resolve("data"));
        batch.run("CREATE TABLE t (a INT, id INT, b STRING, c INT, PRIMARY KEY (id) NOT ENFORCED)");
        batch.run("INSERT INTO t (id, b) VALUES (1, 'x')");
        batch.run("INSERT INTO t (c, id) VALUES (10, 1), (20, 2)");
        batch.run("INSERT INTO t (a, id, b) VALUES (7, 2, 'y')");
        assertThat(batch.rows("SELECT * FROM t")).isEqualTo(rows("+I[null, 1, x, 10]", "+I[7, 2, y, 20]"));
        assertThatThrownBy(() -> batch.run("INSERT INTO t (a, b) VALUES (1, 'z')")).hasStackTraceContaining("id");
    }

    private static List<String> rows(String... rows) {
        return Sql.sorted(Arrays.asList(rows));
    }
}
