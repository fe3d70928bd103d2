package io.fluss.flink.source;

import io.fluss.flink.testing.Sql;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;

/** Aggregates in batch: the store's are Flink's. */
class AggregateITCase {
    /** With one phase there are no local aggregates, which are what the store takes. */
    private static final String PHASES = "table.optimizer.agg-phase-strategy";
    private static final String COLUMNS = "b BOOLEAN, t TINYINT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, c CHAR(2), v VARCHAR(9),"
            + " x VARBINARY(4), da DATE, ti TIME(3), t3 TIMESTAMP(3), t6 TIMESTAMP(6),"
            + " t9 TIMESTAMP(9), z TIMESTAMP_LTZ(3), p STRING, q INT";
    private static final String[] NUMBERS = {"t", "s", "i", "l", "f", "d"};
    private static final String[] ORDERED = {
        "b", "t", "s", "i", "l", "f", "d", "v", "da", "ti", "t3", "t6", "t9", "z", "p", "q"
    };

    @TempDir Path directory;
    private Sql batch;

    @BeforeEach
    void open() {
        batch = Sql.batch().on(directory);
        batch.run("CREATE TABLE log (id INT, " + COLUMNS + ") PARTITIONED BY (p, q) WITH ('bucket.num' = '2')");
        batch.run("CREATE TABLE keyed (id INT, " + COLUMNS + ", PRIMARY KEY (id, p, q) NOT ENFORCED) PARTITIONED BY (p, q)"
                + " WITH ('bucket.num' = '2')");
        batch.run("CREATE TABLE wal (id INT, n INT, PRIMARY KEY (id) NOT ENFORCED)"
                + " WITH ('bucket.num' = '2', 'table.changelog.image' = 'WAL')");
    }

    private void fill() {
        for (String table : new String[] {"log", "keyed"}) {
            batch.run("INSERT INTO " + table + " SELECT id, id % 2 = 0, CAST(n AS TINYINT), CAST(n * 300 AS SMALLINT), n * 20000000,"
                    + " CAST(n AS BIGINT) * 4000000000, CAST(n AS FLOAT), CAST(n AS DOUBLE), CAST(p AS CHAR(2)),"
                    + " CAST('v' || CAST(n AS STRING) AS VARCHAR(9)), CAST(x'0102' AS VARBINARY(4)), DATE '2024-01-01' + n * INTERVAL '1' DAY, TIME '10:00:00',"
                    + " ts, CAST(ts AS TIMESTAMP(6)), CAST(ts AS TIMESTAMP(9)),"
                    + " CAST(ts AS TIMESTAMP_LTZ(3)), p, q"
                    + " FROM (SELECT id, n, p, q, TIMESTAMPADD(SECOND, n, TIMESTAMP '2024-01-01 00:00:00.123') AS ts FROM (VALUES"
                    + " (1, 7, 'eu', 1), (2, 120, 'eu', 1), (3, 119, 'us', 1), (4, CAST(NULL AS INT), 'us', 2), (5, -3, 'us', 2),"
                    + " (6, 0, 'eu', 2), (7, CAST(NULL AS INT), 'asia', 2)) AS v (id, n, p, q))");
        }
        batch.run("INSERT INTO keyed SELECT * FROM log WHERE id < 0");
        batch.run("INSERT INTO wal VALUES (1, 10), (2, 20), (3, 30)").run("INSERT INTO wal VALUES (1, 11)");
        batch.run("DELETE FROM wal WHERE id = 2");
    }

    private static String plan(Sql sql, String query) {
        return sql.env().explainSql(query);
    }

    /** The same with and without the store; whether the store does it. */
    private void same(boolean pushed, String query) {
        // Of so few rows the planner would not make two phases of its own.
        batch.env().getConfig().set(PHASES, "TWO_PHASE");
        assertThat(plan(batch, query).contains("aggregates=[")).as(query).isEqualTo(pushed);
        List<String> ours = batch.rows(query);
        batch.env().getConfig().set(PHASES, "ONE_PHASE");
        assertThat(plan(batch, query)).doesNotContain("aggregates=[");
        assertThat(ours).as(query).isEqualTo(batch.rows(query));
    }

    @Test
    void everyTypeIsAsInFlink() {
        for (int round = 0; round < 2; round++) {
            for (String table : new String[] {"log", "keyed"}) {
                StringBuilder all = new StringBuilder("SELECT COUNT(*), COUNT(x), COUNT(b)");
                for (String column : ORDERED) {
                    all.append(", MIN(").append(column).append("), MAX(").append(column).append("), COUNT(").append(column).append(')');
                }
                same(true, all + " FROM " + table);
                StringBuilder sums = new StringBuilder("SELECT COUNT(*)");
                for (String column : NUMBERS) {
                    sums.append(", SUM(").append(column).append("), AVG(").append(column).append(')');
                }
                same(true, sums + " FROM " + table);
                same(true, sums + " FROM " + table + " WHERE id = 4");
                same(true, sums + ", p FROM " + table + " WHERE id > 1 GROUP BY p");
            }
            fill();
        }
    }

    @Test
    void filtersAndGroupsByPartition() {
        fill();
        for (String table : new String[] {"log", "keyed"}) {
            same(true, "SELECT COUNT(*), SUM(i) FROM " + table + " WHERE p = 'us'");
            same(true, "SELECT COUNT(*), MAX(v) FROM " + table + " WHERE id > 2 AND v LIKE 'v1%'");
            same(true, "SELECT COUNT(*) FROM " + table + " WHERE id = 3");
            same(true, "SELECT COUNT(*), MAX(id) FROM " + table + " WHERE id > 1000");
            same(true, "SELECT p, COUNT(*), MIN(id) FROM " + table + " GROUP BY p");
            same(true, "SELECT q, p, COUNT(l), SUM(d) FROM " + table + " WHERE id <> 3 GROUP BY p, q");
            same(false, "SELECT q FROM " + table + " GROUP BY q HAVING COUNT(*) > 2");
            same(true, "SELECT COUNT(*) FROM (SELECT p FROM " + table + " GROUP BY p, q HAVING MAX(id) > 3)");
            // These the store does not have.
            same(false, "SELECT b, COUNT(*) FROM " + table + " GROUP BY b");
            same(false, "SELECT COUNT(DISTINCT i) FROM " + table);
            same(false, "SELECT SUM(i * 2) FROM " + table);
            same(false, "SELECT COUNT(CASE WHEN i > 1 THEN 1 END) FROM " + table);
            same(false, "SELECT COUNT(NULLIF(i, 4)), COUNT(*) FROM " + table);
            same(false, "SELECT UPPER(p), COUNT(*) FROM " + table + " GROUP BY UPPER(p)");
            same(false, "SELECT DISTINCT UPPER(p) FROM " + table);
            same(false, "SELECT COUNT(*) FILTER (WHERE i > 1) FROM " + table);
            same(false, "SELECT STDDEV_POP(l) FROM " + table);
            same(false, "SELECT SUM(i) FROM " + table + " WHERE d > 1.0E0");
            same(false, "SELECT MAX(id) FROM (SELECT id FROM " + table + " LIMIT 100)");
        }
        same(true, "SELECT COUNT(*) FROM log /*+ OPTIONS('scan.startup.mode' = 'latest') */");
    }

    @Test
    void rowsThatTheStoreDoesNotCountAreCounted() {
        fill();
        same(true, "SELECT COUNT(*) FROM wal");
        assertThat(batch.rows("SELECT COUNT(*), SUM(n) FROM wal")).containsExactly("+I[2, 41]");
        batch.run("CREATE TABLE ttl (id INT, n INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('table.row.ttl' = '1 ms')");
        batch.run("INSERT INTO ttl VALUES (1, 10)");
        same(true, "SELECT COUNT(*), MIN(n) FROM ttl");
        assertThat(batch.rows("SELECT COUNT(*), MIN(n) FROM ttl")).containsExactly("+I[0, null]");
    }

    @Test
    void aChangeOfTheSchemaIsSeen() {
        batch.run("CREATE TABLE grown (id INT, n INT) WITH ('bucket.num' = '1')");
        batch.run("INSERT INTO grown VALUES (1, 5), (2, 7)");
        batch.run("ALTER TABLE grown MODIFY n BIGINT").run("ALTER TABLE grown ADD w STRING");
        batch.run("INSERT INTO grown VALUES (3, 5000000000, 'x')");
        same(true, "SELECT COUNT(w), MAX(w), MIN(n), SUM(n), COUNT(*) FROM grown");
    }
}
