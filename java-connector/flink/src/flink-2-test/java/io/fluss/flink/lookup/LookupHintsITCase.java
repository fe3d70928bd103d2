package io.fluss.flink.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.flink.testing.Sql;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Flink's LOOKUP hints, in plans and in effect. */
@Timeout(300)
class LookupHintsITCase {
    private static final String RETRY = ", 'retry-predicate'='lookup_miss', 'retry-strategy'='fixed_delay', 'fixed-delay'='20 ms', 'max-attempts'='10000'";

    @TempDir
    Path directory;

    private Sql batch;
    private Sql streaming;

    @BeforeEach
    void create() {
        batch = Sql.batch().on(directory.resolve("data"));
        // The rows of one INSERT keep their order.
        batch.env().getConfig().set("parallelism.default", "1");
        streaming = Sql.streaming("parallelism.default", "1").on(directory.resolve("data"));
        batch.run("CREATE TABLE names (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '2')");
        batch.run("CREATE TABLE asks (seq INT, id INT, p AS PROCTIME()) WITH ('bucket.num' = '1')");
        batch.run("CREATE TABLE changing (seq INT, id INT, p AS PROCTIME(), PRIMARY KEY (seq) NOT ENFORCED) WITH ('bucket.num' = '1')");
        batch.run("INSERT INTO names VALUES (1, 'one'), (2, 'two')");
    }

    private static String join(String from, String hint, String options) {
        return "SELECT /*+ LOOKUP('table'='n'" + hint + ") */ a.seq, n.name FROM " + from + " AS a JOIN names"
                + (options.isEmpty() ? "" : " /*+ OPTIONS(" + options + ") */") + " FOR SYSTEM_TIME AS OF a.p AS n ON a.id = n.id";
    }

    private String plan(String query) {
        String plan = streaming.env().explainSql(query);
        return plan.substring(plan.indexOf("Optimized Execution Plan"));
    }

    @Test
    void plansSayWhatTheHintsAskFor() {
        assertThat(plan(join("asks", "", ""))).contains("async=[ORDERED,");
        assertThat(plan(join("asks", ", 'async'='true', 'output-mode'='allow_unordered'", ""))).contains("async=[UNORDERED,");
        assertThat(plan(join("asks", ", 'async'='true', 'capacity'='7', 'timeout'='5 s'", ""))).contains("5000ms, 7]");
        assertThat(plan(join("asks", ", 'async'='false'", ""))).contains("LookupJoin(").doesNotContain("async=[");
        assertThat(plan(join("asks", RETRY, ""))).contains("retry=[lookup_miss, FIXED_DELAY, 20ms, 10000]");
        // Updates must not overtake each other; those of other keys may.
        String updates = join("changing", ", 'async'='true', 'output-mode'='allow_unordered'", "");
        assertThat(plan(updates)).contains("async=[ORDERED,");
        streaming.env().getConfig().set("table.exec.async-lookup.key-ordered-enabled", "true");
        streaming.env().getConfig().set("table.exec.async-lookup.output-mode", "ALLOW_UNORDERED");
        assertThat(plan(updates)).contains("async=[ORDERED, KEY_ORDERED: true,");
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', delimiter = '|', value = {
        ", 'async'='true' | ",
        ", 'async'='true', 'output-mode'='allow_unordered' | ",
        ", 'async'='false' | ",
        ", 'async'='true' | 'lookup.cache'='PARTIAL', 'lookup.partial-cache.max-rows'='10', 'lookup.partial-cache.cache-missing-key'='false'",
        ", 'async'='false' | 'lookup.cache'='PARTIAL', 'lookup.partial-cache.max-rows'='10', 'lookup.partial-cache.cache-missing-key'='false'"
    })
    void aKeyThatComesLaterIsFoundByARetry(String hint, String options) throws Exception {
        batch.run("INSERT INTO asks VALUES (1, 1), (2, 3), (3, 2)");
        TableResult result = streaming.start(join("asks", hint + RETRY, options == null ? "" : options));
        JobClient job = result.getJobClient().get();
        try (CloseableIterator<Row> rows = result.collect()) {
            CompletableFuture<List<String>> three = CompletableFuture.supplyAsync(() -> {
                List<String> text = new ArrayList<>();
                while (text.size() < 3) {
                    text.add(rows.next().toString());
                }
                return text;
            });
            Sql.until("the job runs", () -> job.getJobStatus().get() == JobStatus.RUNNING);
            batch.run("INSERT INTO names VALUES (3, 'three')");
            List<String> wanted = Arrays.asList("+I[1, one]", "+I[2, three]", "+I[3, two]");
            if (hint.contains("unordered")) {
                assertThat(three.get(90, TimeUnit.SECONDS)).containsExactlyInAnyOrderElementsOf(wanted);
            } else {
                assertThat(three.get(90, TimeUnit.SECONDS)).isEqualTo(wanted);
            }
        }
    }

    /** Without order, what waits for its retry lets the others pass; by key, those of other keys. */
    @ParameterizedTest
    @CsvSource({"asks, false", "changing, true"})
    void aRowThatWaitsHoldsUpNoOthersWhereOrderIsNotAskedFor(String from, String keyOrdered) throws Exception {
        batch.run("INSERT INTO %s VALUES (1, 3), (2, 1), (3, 2)", from);
        streaming.env().getConfig().set("table.exec.async-lookup.key-ordered-enabled", keyOrdered);
        streaming.env().getConfig().set("table.exec.async-lookup.output-mode", "ALLOW_UNORDERED");
        assertThat(Sql.sorted(streaming.take(2, join(from, ", 'async'='true', 'output-mode'='allow_unordered'" + RETRY, ""))))
                .containsExactly("+I[2, one]", "+I[3, two]");
    }

    @Test
    void inOrderEverybodyWaits() throws Exception {
        batch.run("INSERT INTO asks VALUES (1, 3), (2, 1)");
        TableResult result = streaming.start(join("asks", ", 'async'='true', 'output-mode'='ordered'" + RETRY, ""));
        try (CloseableIterator<Row> rows = result.collect()) {
            CompletableFuture<String> first = CompletableFuture.supplyAsync(() -> rows.next().toString());
            Sql.until("the job runs", () -> result.getJobClient().get().getJobStatus().get() == JobStatus.RUNNING);
            batch.run("INSERT INTO names VALUES (3, 'three')");
            assertThat(first.get(90, TimeUnit.SECONDS)).isEqualTo("+I[1, three]");
        }
    }
}
