package io.fluss.flink.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.client.Connection;
import io.fluss.flink.testing.Sql;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.execution.JobClient;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Lookup joins in a copy of the table. */
@Timeout(300)
class FullCacheITCase {
    @TempDir
    Path directory;

    private Sql batch;
    private String data;

    @BeforeEach
    void create() {
        data = directory.resolve("data").toString();
        batch = Sql.batch().on(directory.resolve("data"));
        batch.run("CREATE TABLE prices (item INT, cents BIGINT, note STRING, PRIMARY KEY (item) NOT ENFORCED)"
                + " WITH ('bucket.num' = '4', 'lookup.cache' = 'FULL')");
    }

    private static long copies(Connection connection) {
        return connection.metrics().get("memory.copies");
    }

    @Test
    void theJoinFollowsTheTableAndItsMemoryIsGivenBack() throws Exception {
        batch.run("CREATE TABLE asks (id INT, item INT, p AS PROCTIME()) WITH ('bucket.num' = '1')");
        batch.run("CREATE TABLE answers (id INT, cents BIGINT, note STRING, PRIMARY KEY (id) NOT ENFORCED)");
        Sql streaming = Sql.streaming("execution.checkpointing.interval", "200 ms").on(directory.resolve("data"));
        String statement = "INSERT INTO answers SELECT a.id, r.cents, r.note FROM asks AS a"
                + " LEFT JOIN prices FOR SYSTEM_TIME AS OF a.p AS r ON r.item = a.item";
        assertThat(streaming.env().explainSql(statement)).contains("LookupJoin(").doesNotContain("async=[");
        try (Connection connection = Connection.open(Map.of("data.dir", data))) {
            JobClient first = streaming.job(statement);
            JobClient second = streaming.job("INSERT INTO answers SELECT -a.id, r.cents, '' FROM asks AS a"
                    + " JOIN prices FOR SYSTEM_TIME AS OF a.p AS r ON r.item = a.item");
            try {
                int id = 0;
                for (String step : new String[] {"(1, 10, 'a'), (2, 20, 'b')", "(1, 11, 'c')", "(3, 30, CAST(NULL AS STRING))"}) {
                    batch.run("INSERT INTO prices VALUES " + step);
                    List<String> table = batch.rows("SELECT item, cents, note FROM prices");
                    int from = id;
                    // A copy follows what is durable, a little later.
                    int[] asked = {id};
                    Sql.until("answers from the copy are " + table, () -> {
                        int at = asked[0] += 10;
                        batch.run("INSERT INTO asks VALUES (%d, 1), (%d, 2), (%d, 3)", at + 1, at + 2, at + 3);
                        Sql.until("answers", () -> batch.rows("SELECT id FROM answers WHERE id IN (%d, %d)", at + 1, -at - 1).size() == 2
                                && batch.rows("SELECT id FROM answers WHERE id IN (%d, %d)", at + 2, at + 3).size() == 2);
                        return batch.rows("SELECT id - %d, cents, note FROM answers WHERE id > %d AND cents IS NOT NULL", at, at)
                                .equals(table);
                    });
                    id = asked[0];
                    assertThat(id).isGreaterThan(from);
                }
                assertThat(copies(connection)).isPositive();
            } finally {
                first.cancel().get();
                assertThat(copies(connection)).isPositive();
                second.cancel().get();
            }
            Sql.until("the memory of the copy is given back", () -> copies(connection) == 0);
        }
    }

    /** Rows come in another form than from the store. */
    @Test
    void aRowOfEveryTypeIsThatOfTheStore() {
        String columns = "b BOOLEAN, ti TINYINT, si SMALLINT, i INT, bi BIGINT, f FLOAT, d DOUBLE, de DECIMAL(10, 2), da DATE, t TIME(3),"
                + " t0 TIMESTAMP(0), t3 TIMESTAMP(3), t6 TIMESTAMP(6), t9 TIMESTAMP(9), l6 TIMESTAMP_LTZ(6), c CHAR(3), s STRING, vb BYTES";
        String values = "TRUE, CAST(-1 AS TINYINT), CAST(-2 AS SMALLINT), -3, CAST(-4 AS BIGINT), CAST(1.5 AS FLOAT), CAST(-2.5 AS DOUBLE),"
                + " CAST(-12345.67 AS DECIMAL(10, 2)), DATE '1969-12-31', TIME '12:34:56', CAST(TIMESTAMP '1969-12-31 23:59:58' AS TIMESTAMP(0)),"
                + " CAST(TIMESTAMP '1969-12-31 23:59:59.999' AS TIMESTAMP(3)), CAST(TIMESTAMP '1969-12-31 23:59:59.999999' AS TIMESTAMP(6)),"
                + " TIMESTAMP '2024-01-02 03:04:05.123456789', CAST(TIMESTAMP '2024-01-02 03:04:05.123456' AS TIMESTAMP_LTZ(6)), 'abc',"
                + " '%s', CAST(X'0001FF' AS BYTES)";
        // Keys of every type that a probe knows, and of one that it does not.
        batch.run("CREATE TABLE types (k STRING, kb BOOLEAN, ki INT, kt TIMESTAMP(3), kd DATE, " + columns
                + ", PRIMARY KEY (k, kb, ki, kt, kd) NOT ENFORCED) WITH ('bucket.num' = '3')");
        batch.run("CREATE TABLE plain (k DECIMAL(5, 1), v DECIMAL(30, 3), a ARRAY<INT>, PRIMARY KEY (k) NOT ENFORCED)");
        batch.run("CREATE TABLE keys (n DECIMAL(5, 1), k STRING, kb BOOLEAN, ki INT, kt TIMESTAMP(3), kd DATE, p AS PROCTIME())");
        String key = ", TRUE, -7, TIMESTAMP '1969-12-31 23:59:59.123', DATE '1969-01-02', ";
        batch.run("INSERT INTO types SELECT 'k1'" + key + String.format(values, "")
                + " UNION ALL SELECT ''" + key + String.format(values, "1234567")
                + " UNION ALL SELECT 'a longer key'" + key + String.format(values, "12345678"));
        batch.run("INSERT INTO types (k, kb, ki, kt, kd) VALUES ('nulls'" + key.substring(0, key.length() - 2) + ")");
        batch.run("INSERT INTO plain VALUES (1.5, CAST('123456789012345678901234567.125' AS DECIMAL(30, 3)), ARRAY[1, 2]), (-2.5, -0.001, ARRAY[CAST(NULL AS INT)])");
        String of = key.substring(0, key.length() - 2) + "), (";
        batch.run("INSERT INTO keys VALUES (1.5, 'k1'" + of + "-2.5, ''" + of + "3.5, 'a longer key'" + of + "4.5, 'nulls'" + of + "5.5, 'none'"
                + key.substring(0, key.length() - 2) + ")");
        for (String join : new String[] {
            "SELECT a.k, r.* FROM keys AS a LEFT JOIN types%s FOR SYSTEM_TIME AS OF a.p AS r ON r.k = a.k AND r.ki = a.ki"
                    + " AND r.kb = a.kb AND r.kt = a.kt AND r.kd = a.kd",
            "SELECT a.n, r.v, r.a FROM keys AS a LEFT JOIN plain%s FOR SYSTEM_TIME AS OF a.p AS r ON r.k = a.n",
            "SELECT a.n, r.k FROM keys AS a JOIN plain%s FOR SYSTEM_TIME AS OF a.p AS r ON r.k = a.n"
        }) {
            List<String> stored = batch.rows(String.format(join, "").replace("%", "%%"));
            List<String> copied = batch.rows(String.format(join, " /*+ OPTIONS('lookup.cache' = 'FULL') */").replace("%", "%%"));
            assertThat(copied).isEqualTo(stored).anyMatch(row -> !row.contains("null"));
        }
    }
}
