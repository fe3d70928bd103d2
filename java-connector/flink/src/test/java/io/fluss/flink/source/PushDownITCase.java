package io.fluss.flink.source;

import io.fluss.flink.testing.Sql;

import org.apache.flink.runtime.util.EnvironmentInformation;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

/** What the planner leaves to the store, and where reads begin and end. */
class PushDownITCase {
    @TempDir Path directory;
    private Sql batch;

    @BeforeEach
    void open() {
        batch = Sql.batch().on(directory);
        batch.run("CREATE TABLE events (id INT, note STRING, price DECIMAL(6, 2), ts TIMESTAMP(3), ok BOOLEAN, size_of DOUBLE,"
                + " place ROW<city STRING, pos ROW<x INT, y INT>>) WITH ('bucket.num' = '2', 'bucket.key' = 'id')");
        batch.run("CREATE TABLE users (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '2')");
    }

    private void fill() {
        batch.run("INSERT INTO events VALUES"
                + " (1, 'apple', 1.50, TIMESTAMP '2024-01-01 00:00:01', TRUE, 1.5, ROW('rome', ROW(1, 2))),"
                + " (2, 'pear', 2.50, TIMESTAMP '2024-01-01 00:00:02', FALSE, 2.5, ROW('oslo', ROW(3, 4))),"
                + " (3, 'apricot', 3.50, TIMESTAMP '2024-01-01 00:00:03', CAST(NULL AS BOOLEAN), 3.5, ROW('bern', CAST(NULL AS ROW<x INT, y INT>))),"
                + " (4, CAST(NULL AS STRING), 4.50, TIMESTAMP '2024-01-01 00:00:04', TRUE, CAST(NULL AS DOUBLE),"
                + " CAST(NULL AS ROW<city STRING, pos ROW<x INT, y INT>>))");
    }

    private String plan(String query) {
        return batch.env().explainSql(query);
    }

    /** The rows of a query whose filter is wholly the store's. */
    private List<String> pushed(String condition) {
        String query = "SELECT id FROM events WHERE " + condition;
        assertThat(plan(query)).contains("filter=[").doesNotContain("Calc(");
        return batch.rows(query.replace("%", "%%"));
    }

    @Test
    void filtersOfLogTablesAreTheStores() {
        fill();
        assertThat(pushed("id > 1 AND id <= 3")).containsExactly("+I[2]", "+I[3]");
        assertThat(pushed("note LIKE 'ap%'")).containsExactly("+I[1]", "+I[3]");
        assertThat(pushed("note IS NULL OR price = 2.5")).containsExactly("+I[2]", "+I[4]");
        assertThat(pushed("NOT (note = 'pear')")).containsExactly("+I[1]", "+I[3]");
        assertThat(pushed("ok")).containsExactly("+I[1]", "+I[4]");
        assertThat(pushed("NOT ok")).containsExactly("+I[2]");
        assertThat(pushed("ts >= TIMESTAMP '2024-01-01 00:00:03.000'")).containsExactly("+I[3]", "+I[4]");
        assertThat(pushed("id IN (1, 2, 9)")).containsExactly("+I[1]", "+I[2]");
        assertThat(pushed("note NOT IN ('apple', 'pear')")).containsExactly("+I[3]");
        assertThat(pushed("place.pos.x = 3 OR place.city = 'bern'")).containsExactly("+I[2]", "+I[3]");
        assertThat(pushed("place.pos.x IS NULL")).containsExactly("+I[3]", "+I[4]");
    }

    @Test
    void whatTheStoreDoesNotDoIsThePlanners() {
        fill();
        String query = "SELECT id FROM events WHERE CHAR_LENGTH(note) > 4 AND id < 3";
        assertThat(plan(query)).contains("filter=[<(id, 3)]").contains("Calc(");
        assertThat(batch.rows(query)).containsExactly("+I[1]");
        // NaN is greater than any number in the store, and not in Flink.
        query = "SELECT id FROM events WHERE size_of > 1.5E0";
        assertThat(plan(query)).contains("filter=[>(size_of, 1.5E0").contains("Calc(");
        assertThat(batch.rows(query)).containsExactly("+I[2]", "+I[3]");
        assertThat(batch.rows("SELECT id FROM events WHERE price = 2.505")).isEmpty();
        assertThat(batch.rows("SELECT id FROM events WHERE id = 3000000000")).isEmpty();
    }

    @Test
    void fieldsOfRowsAreReadAlone() {
        fill();
        String query = "SELECT place.pos.y, id, place.city FROM events";
        assertThat(plan(query)).contains("project=[place_pos_y, place_city, id]");
        assertThat(batch.rows(query))
                .containsExactly("+I[2, 1, rome]", "+I[4, 2, oslo]", "+I[null, 3, bern]", "+I[null, 4, null]");
        assertThat(batch.rows("SELECT place.city FROM events WHERE place.pos.x = 3")).containsExactly("+I[oslo]");
    }

    @Test
    void aLimitEndsTheRead() {
        fill();
        assertThat(plan("SELECT id FROM events LIMIT 2")).contains("limit=[2]");
        assertThat(batch.rows("SELECT id FROM events LIMIT 2")).hasSize(2);
        assertThat(batch.rows("SELECT id FROM events LIMIT 100000")).hasSize(4);
        assertThat(batch.rows("SELECT id FROM events WHERE id > 2 LIMIT 3")).containsExactly("+I[3]", "+I[4]");
        batch.run("INSERT INTO users VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e')");
        assertThat(batch.rows("SELECT * FROM users LIMIT 3")).hasSize(3);
    }

    @Test
    void filtersOfAChangelogTakeEachChangeAlone() {
        batch.run("INSERT INTO users VALUES (1, 'ann')").run("INSERT INTO users VALUES (2, 'bob')");
        batch.run("INSERT INTO users VALUES (1, 'bert')").run("DELETE FROM users WHERE id = 1");
        Sql streaming = Sql.streaming().on(directory);
        String from = "FROM users /*+ OPTIONS('scan.startup.mode' = 'earliest', 'scan.bounded.mode' = 'latest-offset') */";
        assertThat(streaming.take(9, "SELECT name " + from + " WHERE id = 1"))
                .containsExactly("+I[ann]", "-U[ann]", "+U[bert]", "-D[bert]");
        assertThat(streaming.take(9, "SELECT name " + from + " WHERE name LIKE 'b%%'"))
                .containsExactlyInAnyOrder("+I[bob]", "+U[bert]", "-D[bert]");
    }

    @Test
    void withoutTheRowBeforeOnlyFiltersOfTheKeyAreTheStores() {
        batch.run("CREATE TABLE wal (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED)"
                + " WITH ('table.changelog.image' = 'WAL')");
        batch.run("INSERT INTO wal VALUES (1, 'ann')").run("INSERT INTO wal VALUES (1, 'bert')");
        batch.run("INSERT INTO wal VALUES (2, 'ann')");
        Sql streaming = Sql.streaming().on(directory);
        String query = "SELECT id FROM wal /*+ OPTIONS('scan.startup.mode' = 'earliest',"
                + " 'scan.bounded.mode' = 'latest-offset') */ WHERE name = 'ann' AND id < 9";
        assertThat(streaming.env().explainSql(query)).contains("filter=[<(id, 9)]").contains("ChangelogNormalize");
        // Flink 1.20 filters behind the node that makes the -U.
        String retraction = EnvironmentInformation.getVersion().startsWith("1.") ? "-U[1]" : "-D[1]";
        assertThat(streaming.take(9, query)).contains(retraction).endsWith("+I[2]");
    }

    @Test
    void aReadBetweenTwoOffsets() {
        batch.run("CREATE TABLE line (id INT) WITH ('bucket.num' = '1')");
        for (int id = 0; id < 5; id++) {
            batch.run("INSERT INTO line VALUES (%d)", id);
        }
        String range = "'scan.startup.mode' = 'specific-offsets', 'scan.startup.specific-offsets' = 'bucket:0,offset:1',"
                + " 'scan.bounded.mode' = 'specific-offsets', 'scan.bounded.specific-offsets' = 'bucket:0,offset:%d'";
        assertThat(batch.rows("SELECT id FROM line /*+ OPTIONS(" + range + ") */", 3)).containsExactly("+I[1]", "+I[2]");
        Sql streaming = Sql.streaming().on(directory);
        assertThat(streaming.take(9, "SELECT id FROM line /*+ OPTIONS(" + range + ") */", 99))
                .containsExactly("+I[1]", "+I[2]", "+I[3]", "+I[4]");
        assertThat(streaming.take(9, "SELECT id FROM line /*+ OPTIONS('scan.bounded.mode' = 'timestamp',"
                        + " 'scan.bounded.timestamp' = '1000') */"))
                .isEmpty();
        assertThat(streaming.take(9, "SELECT id FROM line /*+ OPTIONS('scan.bounded.mode' = 'latest-offset') */ WHERE id > 9"))
                .as("all rows are filtered out, and it ends")
                .isEmpty();
        batch.run("INSERT INTO users VALUES (1, 'ann')");
        assertThat(streaming.take(9, "SELECT * FROM users /*+ OPTIONS('scan.bounded.mode' = 'latest-offset') */"))
                .containsExactly("+I[1, ann]");
        assertThat(streaming.take(9, "SELECT * FROM users /*+ OPTIONS('scan.bounded.mode' = 'timestamp',"
                        + " 'scan.bounded.timestamp' = '1000') */"))
                .as("the table as it was then")
                .isEmpty();
    }

    @Test
    void allRowsAreCountedByTheStore() {
        assertThat(batch.rows("SELECT COUNT(*) FROM events")).containsExactly("+I[0]");
        fill();
        batch.run("INSERT INTO users VALUES (1, 'ann'), (2, 'bob'), (3, 'cem')").run("DELETE FROM users WHERE id = 2");
        assertThat(plan("SELECT COUNT(*) FROM users")).contains("aggFunctions=[Count1AggFunction()]");
        // Flink refuses AVG of a DECIMAL column of a source that takes aggregates: a table with one takes none.
        assertThat(plan("SELECT COUNT(*) FROM events")).doesNotContain("aggFunctions=");
        assertThat(batch.rows("SELECT AVG(price), SUM(price) FROM events")).containsExactly("+I[3.000000, 12.00]");
        assertThat(batch.rows("SELECT COUNT(*) FROM events")).containsExactly("+I[4]");
        assertThat(batch.rows("SELECT COUNT(*) FROM users")).containsExactly("+I[2]");
        assertThat(batch.rows("SELECT COUNT(*) FROM (SELECT id FROM events LIMIT 3)")).containsExactly("+I[3]");
        assertThat(batch.rows("SELECT COUNT(*) FROM events /*+ OPTIONS('scan.startup.mode' = 'latest') */"))
                .containsExactly("+I[0]");
    }
}
