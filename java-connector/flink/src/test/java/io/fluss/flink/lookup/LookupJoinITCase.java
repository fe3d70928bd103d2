package io.fluss.flink.lookup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.flink.testing.Sql;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lookup joins through SQL: synchronous, asynchronous, cached, with keys in any order and conditions beyond them. */
@Timeout(300)
class LookupJoinITCase {
    @TempDir
    Path directory;

    private Sql sql;

    @BeforeEach
    void fill() {
        sql = Sql.batch().on(directory.resolve("data"));
        sql.run("CREATE TABLE prices (day_id DATE, sku STRING, price DECIMAL(12, 2), note STRING,"
                + " PRIMARY KEY (sku, day_id) NOT ENFORCED) WITH ('bucket.num' = '3')");
        sql.run("INSERT INTO prices VALUES (DATE '2024-01-01', 'a', 1.50, 'old'), (DATE '2024-01-02', 'a', 1.75, 'new'),"
                + " (DATE '2024-01-01', 'b', 20.00, CAST(NULL AS STRING))");
        sql.run("CREATE TEMPORARY TABLE numbers (i INT) WITH ('connector' = 'datagen', 'fields.i.kind' = 'sequence',"
                + " 'fields.i.start' = '1', 'fields.i.end' = '200',"
                + " 'number-of-rows' = '200')");
        sql.run("CREATE TABLE orders (id INT, sku STRING, d DATE, note STRING, p AS PROCTIME())");
        sql.run("INSERT INTO orders VALUES (1, 'a', DATE '2024-01-01', 'old'), (2, 'a', DATE '2024-01-02', 'x'),"
                + " (3, 'b', DATE '2024-01-01', 'x'), (4, 'c', DATE '2024-01-01', 'x'),"
                + " (5, CAST(NULL AS STRING), DATE '2024-01-01', 'x')");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "'lookup.async' = 'false'",
        "'lookup.async' = 'true'",
        "'lookup.async' = 'true', 'client.lookup.max-batch-size' = '1', 'client.lookup.max-inflight-requests' = '1'",
        "'lookup.async' = 'false', 'lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '10'",
        "'lookup.async' = 'true', 'lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '10'"
    })
    void joins(String options) {
        String join = " FROM orders AS o %s JOIN prices /*+ OPTIONS(" + options
                + ") */ FOR SYSTEM_TIME AS OF o.p AS r ON ";
        assertThat(sql.rows("SELECT o.id, r.price" + join + "r.day_id = o.d AND r.sku = o.sku", ""))
                .isEqualTo(rows("+I[1, 1.50]", "+I[2, 1.75]", "+I[3, 20.00]"));
        assertThat(sql.rows("SELECT o.id, r.price" + join + "r.sku = o.sku AND r.day_id = o.d", "LEFT"))
                .isEqualTo(rows("+I[1, 1.50]", "+I[2, 1.75]", "+I[3, 20.00]", "+I[4, null]", "+I[5, null]"));
        // A constant key, and nothing of the table but its key.
        assertThat(sql.rows("SELECT o.id, r.sku" + join + "r.sku = o.sku AND r.day_id = DATE '2024-01-02'", ""))
                .isEqualTo(rows("+I[1, a]", "+I[2, a]"));
        // An equality beyond the key, and conditions that are no equalities.
        assertThat(sql.rows("SELECT o.id" + join + "r.sku = o.sku AND r.day_id = o.d AND r.note = o.note", ""))
                .isEqualTo(rows("+I[1]"));
        assertThat(sql.rows("SELECT o.id" + join + "r.sku = o.sku AND r.day_id = o.d AND r.price > 1.6", ""))
                .isEqualTo(rows("+I[2]", "+I[3]"));
        // The same rows many times: batches of lookups that hold a key twice.
        assertThat(sql.rows(
                        "SELECT COUNT(*), SUM(r.price) FROM (SELECT o.sku, o.d, PROCTIME() AS q FROM orders AS o"
                                + " CROSS JOIN numbers) AS o JOIN prices /*+ OPTIONS(" + options
                                + ") */ FOR SYSTEM_TIME AS OF o.q AS r ON r.sku = o.sku AND r.day_id = o.d"))
                .isEqualTo(rows("+I[600, 4650.00]"));
    }

    @Test
    void theHintChoosesTheFunction() {
        // Flink 1.20 takes the hint in streaming queries only.
        String plan = Sql.streaming().on(directory.resolve("data")).env().explainSql("SELECT /*+ LOOKUP('table'='r', 'async'='false') */ o.id, r.price FROM orders AS o"
                + " JOIN prices FOR SYSTEM_TIME AS OF o.p AS r ON r.sku = o.sku AND r.day_id = o.d");
        assertThat(plan).contains("LookupJoin(").doesNotContain("async=[");
        plan = sql.env().explainSql("SELECT o.id, r.price FROM orders AS o"
                + " JOIN prices FOR SYSTEM_TIME AS OF o.p AS r ON r.sku = o.sku AND r.day_id = o.d");
        assertThat(plan).contains("async=[");
        // Of the table that is looked up, only what is used.
        assertThat(plan.substring(plan.indexOf("Physical Plan"))).contains("day_id, sku0, price]").doesNotContain("note");
    }

    @Test
    void keysThatDoNotCoverThePrimaryKeyAreRefused() {
        assertThatThrownBy(() -> sql.rows("SELECT o.id FROM orders AS o JOIN prices FOR SYSTEM_TIME AS OF o.p AS r"
                        + " ON r.sku = o.sku"))
                .hasStackTraceContaining("Can't find expected key 'day_id' in lookup keys [sku]");
    }

    private static List<String> rows(String... rows) {
        return Sql.sorted(Arrays.asList(rows));
    }
}
