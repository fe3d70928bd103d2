package io.fluss.flink.lookup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.flink.testing.Sql;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.core.execution.JobClient;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Joins of two tables that change, which Flink runs without state of its own: each side looks the other up. */
@Timeout(300)
class DeltaJoinITCase {
    private static final String NO_DELETES = "'table.delete.behavior' = 'IGNORE', 'bucket.num' = '2'";

    @TempDir
    Path directory;

    private Sql batch;

    @BeforeEach
    void create() {
        batch = Sql.batch().on(directory.resolve("data"));
        batch.run("CREATE TABLE orders (customer INT, number INT, cents BIGINT, PRIMARY KEY (customer, number) NOT ENFORCED)"
                + " WITH ('bucket.key' = 'customer', " + NO_DELETES + ")");
        batch.run("CREATE TABLE customers (id INT, name STRING, age INT, PRIMARY KEY (id) NOT ENFORCED) WITH (" + NO_DELETES + ")");
        for (String sink : List.of("delta", "plain")) {
            batch.run("CREATE TABLE " + sink + " (customer INT, number INT, cents BIGINT, name STRING,"
                    + " PRIMARY KEY (customer, number) NOT ENFORCED)");
        }
    }

    private Sql streaming(String strategy, String... options) {
        String[] all = new String[options.length + 4];
        System.arraycopy(options, 0, all, 4, options.length);
        all[0] = "table.optimizer.delta-join.strategy";
        all[1] = strategy;
        all[2] = "execution.checkpointing.interval";
        all[3] = "200 ms";
        return Sql.streaming(all).on(directory.resolve("data"));
    }

    private static String insert(String sink, String condition) {
        return "INSERT INTO " + sink + " SELECT customer, number, cents, name FROM orders JOIN customers ON " + condition;
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "false"})
    void theResultIsThatOfThePlainJoinWhileBothSidesChange(String cached) throws Exception {
        Sql delta = streaming("FORCE", "table.exec.delta-join.cache-enabled", cached);
        String statement = insert("delta", "customer = id");
        assertThat(delta.env().explainSql(statement)).contains("DeltaJoin(joinType=[InnerJoin]");
        Sql plain = streaming("NONE");
        assertThat(plain.env().explainSql(insert("plain", "customer = id"))).doesNotContain("DeltaJoin");
        JobClient deltaJob = delta.job(statement);
        JobClient plainJob = plain.job(insert("plain", "customer = id"));
        try {
            for (int round = 0; round < 6; round++) {
                StringBuilder orders = new StringBuilder("INSERT INTO orders VALUES ");
                StringBuilder customers = new StringBuilder("INSERT INTO customers VALUES ");
                for (int i = 0; i < 40; i++) {
                    String comma = i == 0 ? "" : ", ";
                    orders.append(comma).append("(" + (i * 7 + round) % 25 + ", " + i % 9 + ", " + (round * 100 + i) + ")");
                    customers.append(comma).append("(" + (i + round * 3) % 30 + ", 'n" + round + "_" + i + "', " + i + ")");
                }
                // Which side comes first changes; a key may come twice in a statement.
                batch.run((round % 2 == 0 ? orders : customers).toString());
                batch.run((round % 2 == 0 ? customers : orders).toString());
            }
            List<String> right = batch.rows("SELECT customer, number, cents, name FROM orders JOIN customers ON customer = id");
            assertThat(right).hasSizeGreaterThan(100);
            Sql.until("the plain join has all", () -> batch.rows("SELECT * FROM plain").equals(right));
            Sql.until("the delta join has all", () -> batch.rows("SELECT * FROM delta").equals(right));
        } finally {
            deltaJob.cancel().get();
            plainJob.cancel().get();
        }
    }

    /** By the whole key, by the bucket key at its beginning, with filters and columns left out between. */
    @Test
    void plansOfTheDocumentedCases() {
        Sql sql = streaming("FORCE");
        batch.run("CREATE TABLE lines (customer INT, number INT, item STRING, PRIMARY KEY (customer, number) NOT ENFORCED)"
                + " WITH ('bucket.key' = 'customer', " + NO_DELETES + ")");
        batch.run("CREATE TABLE items (customer INT, number INT, item STRING, PRIMARY KEY (customer, number) NOT ENFORCED)");
        batch.run("CREATE TABLE pairs (c INT, n INT, c2 INT, n2 INT, item STRING, PRIMARY KEY (c, n, c2, n2) NOT ENFORCED)");
        for (String query : List.of(
                "items SELECT l.customer, l.number, item FROM orders o JOIN lines l ON o.customer = l.customer AND o.number = l.number",
                "pairs SELECT o.customer, o.number, l.customer, l.number, item FROM orders o JOIN lines l ON o.customer = l.customer",
                "pairs SELECT o.customer, o.number, l.customer, l.number, item FROM (SELECT customer, number FROM orders WHERE number > 1) o"
                        + " JOIN (SELECT * FROM lines WHERE number < 5) l ON o.customer = l.customer")) {
            assertThat(sql.env().explainSql("INSERT INTO " + query)).contains("DeltaJoin(joinType=[InnerJoin]");
        }
    }

    @Test
    void whatCannotBeADeltaJoin() {
        Sql sql = streaming("FORCE");
        batch.run("CREATE TABLE deleting (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED)");
        batch.run("CREATE TABLE awaited (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('lookup.async' = 'false', "
                + NO_DELETES + ")");
        for (String from : List.of(
                // Deletes; an outer join; keys that no lookup takes; no asynchronous lookups.
                "orders JOIN deleting ON customer = id",
                "orders LEFT JOIN customers ON customer = id",
                "orders JOIN customers ON number = id",
                "orders JOIN awaited ON customer = id")) {
            assertThatThrownBy(() -> sql.env().explainSql("INSERT INTO plain SELECT customer, number, cents, name FROM " + from))
                    .as(from)
                    .hasStackTraceContaining("delta join");
        }
    }
}
