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
}
