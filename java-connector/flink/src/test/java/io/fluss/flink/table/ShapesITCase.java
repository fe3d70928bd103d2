package io.fluss.flink.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.client.Connection;
import io.fluss.client.TablePath;
import io.fluss.flink.testing.Sql;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.table.api.StatementSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tables, rows and jobs that are wide, large, many, extreme or empty. */
@Timeout(300)
@Tag("any-flink")
class ShapesITCase {
    private static final int PARTITIONS = 10_000;

    @TempDir
    Path directory;

    @Test
    void twoHundredColumns() {
        String[] types = {"INT", "STRING", "DOUBLE", "DECIMAL(20, 3)", "TIMESTAMP(6)", "BOOLEAN", "ARRAY<INT>"};
        String[] values = {
            "7", "'seven'", "7.5", "7.125", "TIMESTAMP '2024-07-07 07:07:07.777777'", "TRUE", "ARRAY[7, CAST(NULL AS INT)]"
        };
        String[] shown = {"7", "seven", "7.5", "7.125", "2024-07-07T07:07:07.777777", "true", "[7, null]"};
        List<String> columns = new ArrayList<>();
        List<String> row = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            int type = i % types.length;
            columns.add("c" + i + " " + types[type]);
            boolean isNull = i % 11 == 10;
            row.add("CAST(" + (isNull ? "NULL" : values[type]) + " AS " + types[type] + ")");
            expected.add(isNull ? "null" : shown[type]);
        }
        Sql batch = Sql.batch().on(directory);
        for (String key : new String[] {"", ", PRIMARY KEY (c0) NOT ENFORCED"}) {
            String table = key.isEmpty() ? "appended" : "kept";
            batch.run("CREATE TABLE " + table + " (" + String.join(", ", columns) + key + ")");
            batch.run("INSERT INTO " + table + " SELECT " + String.join(", ", row));
            assertThat(batch.rows("SELECT * FROM " + table)).containsExactly("+I[" + String.join(", ", expected) + "]");
            assertThat(batch.rows("SELECT c199, c1 FROM " + table + " WHERE c147 = 7"))
                    .containsExactly("+I[" + expected.get(199) + ", seven]");
        }
    }

    @Test
    void valuesOfAMebibyteAndARowThatIsTooLarge() {
        Sql batch = Sql.batch().on(directory);
        batch.run("CREATE TABLE appended (id INT, v STRING)").run("CREATE TABLE kept (id INT PRIMARY KEY NOT ENFORCED, v STRING)");
        for (String table : new String[] {"appended", "kept"}) {
            batch.run("INSERT INTO %s SELECT id, REPEAT(c, 1048576) FROM (VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')) AS t (id, c)",
                    table);
            assertThat(batch.rows("SELECT id, CHAR_LENGTH(v), v = REPEAT(SUBSTRING(v, 1, 1), 1048576), SUBSTRING(v, 1, 1) FROM " + table))
                    .containsExactly(
                            "+I[1, 1048576, true, a]", "+I[2, 1048576, true, b]", "+I[3, 1048576, true, c]", "+I[4, 1048576, true, d]");
        }
        assertThatThrownBy(() -> batch.run("INSERT INTO kept SELECT 5, REPEAT('x', 16777217)"))
                .hasStackTraceContaining("fluss.kept")
                .hasStackTraceContaining("16777216");
        assertThat(batch.rows("SELECT COUNT(*) FROM kept")).containsExactly("+I[4]");
    }

    @Test
    void fiftyTablesInOneJob() throws Exception {
        Sql batch = Sql.batch().on(directory);
        StatementSet statements = batch.env().createStatementSet();
        for (int i = 0; i < 50; i++) {
            batch.run("CREATE TABLE t%d (id INT%s, v STRING)", i, i % 2 == 0 ? "" : " PRIMARY KEY NOT ENFORCED");
            statements.addInsertSql("INSERT INTO t" + i + " VALUES (" + i + ", 'a'), (" + (-i - 1) + ", 'b')");
        }
        statements.execute().await(90, TimeUnit.SECONDS);
        try (Connection connection = Connection.open(Map.of("data.dir", directory.toString()))) {
            for (int i = 0; i < 50; i++) {
                assertThat(connection.admin().tableStats(TablePath.of("fluss", "t" + i)).rowCount()).isEqualTo(2);
            }
        }
        assertThat(batch.rows("SELECT * FROM t48 UNION ALL SELECT * FROM t49"))
                .containsExactly("+I[-49, b]", "+I[-50, b]", "+I[48, a]", "+I[49, a]");
    }

    @Test
    void extremeValues() {
        String[] rows = {
            "DATE '0001-01-01', TIMESTAMP '0001-01-01 00:00:00.000000000', TO_TIMESTAMP_LTZ(-62135596800000, 3),"
                    + " CAST('-99999999999999999999.999999999999999999' AS DECIMAL(38, 18)),"
                    + " CAST('-99999999999999999999999999999999999999' AS DECIMAL(38, 0)),"
                    + " -9223372036854775807 - 1, CAST('-Infinity' AS DOUBLE), TIME '00:00:00'",
            "DATE '9999-12-31', TIMESTAMP '9999-12-31 23:59:59.999999999', TO_TIMESTAMP_LTZ(253402300799999, 3),"
                    + " CAST('99999999999999999999.999999999999999999' AS DECIMAL(38, 18)),"
                    + " CAST('99999999999999999999999999999999999999' AS DECIMAL(38, 0)),"
                    + " 9223372036854775807, CAST('NaN' AS DOUBLE), TIME '23:59:59'"
        };
        String columns = "d DATE, ts TIMESTAMP(9), ltz TIMESTAMP_LTZ(3), dec1 DECIMAL(38, 18), dec2 DECIMAL(38, 0), b BIGINT, f DOUBLE, t TIME";
        Sql batch = Sql.batch().on(directory);
        batch.run("CREATE TABLE appended (id INT, " + columns + ")");
        // In a key, too.
        batch.run("CREATE TABLE kept (id INT, " + columns + ", PRIMARY KEY (d, ts, ltz, dec1, dec2, b, t) NOT ENFORCED)");
        for (String table : new String[] {"appended", "kept"}) {
            batch.run("INSERT INTO " + table + " SELECT 1, " + rows[0] + " UNION ALL SELECT 2, " + rows[1]);
            assertThat(batch.rows("SELECT * FROM " + table)).containsExactly(
                    "+I[1, 0001-01-01, 0001-01-01T00:00, 0001-01-01T00:00:00Z, -99999999999999999999.999999999999999999,"
                            + " -99999999999999999999999999999999999999, -9223372036854775808, -Infinity, 00:00]",
                    "+I[2, 9999-12-31, 9999-12-31T23:59:59.999999999, 9999-12-31T23:59:59.999Z,"
                            + " 99999999999999999999.999999999999999999, 99999999999999999999999999999999999999,"
                            + " 9223372036854775807, NaN, 23:59:59]");
            // Asked of the store.
            for (String filter : new String[] {
                "d = DATE '9999-12-31'", "d > DATE '0001-01-01'", "ts > TIMESTAMP '9999-12-31 23:59:59.999999998'",
                "dec1 = CAST('99999999999999999999.999999999999999999' AS DECIMAL(38, 18))",
                "dec2 >= CAST('99999999999999999999999999999999999999' AS DECIMAL(38, 0))",
                "b > 9223372036854775806"
            }) {
                assertThat(batch.rows("SELECT id FROM " + table + " WHERE " + filter)).as(filter).containsExactly("+I[2]");
            }
        }
    }

    @Test
    void nothingToWriteAndNothingToRead() {
        Sql batch = Sql.batch().on(directory);
        batch.run("CREATE TABLE appended (id INT, v STRING) WITH ('sink.delivery-guarantee' = 'exactly-once')");
        batch.run("CREATE TABLE kept (id INT PRIMARY KEY NOT ENFORCED, v STRING)");
        batch.run("CREATE TABLE parts (id INT, p STRING) PARTITIONED BY (p)");
        for (String table : new String[] {"appended", "kept", "parts"}) {
            batch.run("INSERT INTO " + table + " SELECT * FROM (VALUES (1, 'a')) AS t (id, v) WHERE RAND() > 2");
            assertThat(batch.rows("SELECT * FROM " + table)).isEmpty();
            assertThat(batch.rows("SELECT COUNT(*) FROM " + table)).containsExactly("+I[0]");
            batch.run("INSERT INTO " + table + " VALUES (1, 'a')");
            assertThat(batch.rows("SELECT * FROM " + table + " WHERE id = 2")).isEmpty();
        }
        batch.run("DELETE FROM kept WHERE id = 5").run("UPDATE kept SET v = 'x' WHERE id = 5");
        assertThat(batch.rows("SELECT * FROM kept")).containsExactly("+I[1, a]");
    }

    /** All made at once, as those of every hour of a year. */
    @Test
    void manyPartitions() {
        Sql batch = Sql.batch();
        batch.run("CREATE CATALOG c WITH ('type' = 'fluss', 'data.dir' = '%s', 'max.partition.num' = '1000000',"
                + " 'max.bucket.num' = '1000000')", directory);
        batch.run("USE CATALOG c");
        for (String kind : new String[] {"", ", PRIMARY KEY (id, p) NOT ENFORCED"}) {
            batch.run("CREATE TABLE t (id INT, p STRING" + kind + ") PARTITIONED BY (p) WITH ('bucket.num' = '1',"
                    + " 'table.auto-partition.enabled' = 'true', 'table.auto-partition.time-unit' = 'HOUR',"
                    + " 'table.auto-partition.time-zone' = 'UTC', 'table.auto-partition.num-precreate' = '%d')", PARTITIONS);
            List<String> partitions = batch.rows("SHOW PARTITIONS t");
            assertThat(partitions).hasSize(PARTITIONS);
            String row = partitions.get(PARTITIONS - 1);
            String last = row.substring("+I[p=".length(), row.length() - 1);
            assertThat(batch.rows("SHOW PARTITIONS t PARTITION (p = '%s')", last)).containsExactly(row);
            String another = partitions.get(77).substring("+I[p=".length(), row.length() - 1);
            batch.run("INSERT INTO t SELECT 1, '%s' UNION ALL SELECT 2, '%s'", last, another);
            assertThat(batch.rows("SELECT id FROM t WHERE p = '%s'", last)).containsExactly("+I[1]");
            assertThat(batch.rows("SELECT COUNT(*) FROM t WHERE p >= '%s' AND id < 5", last)).containsExactly("+I[1]");
            // No plan opens all of them.
            assertThat(batch.env().explainSql("SELECT * FROM t WHERE id > 1")).contains("TableSourceScan");
            batch.run("DROP TABLE t");
        }
    }
}
