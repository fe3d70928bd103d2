package io.fluss.flink.lookup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.flink.testing.Sql;
import java.nio.file.Path;
import java.util.ArrayList;
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
import org.junit.jupiter.params.provider.ValueSource;

/** Joins that wait until the table they look up has what they need, or say what it lacks. */
@Timeout(300)
class WaitForITCase {
    @TempDir
    Path directory;

    private Sql sql;

    @BeforeEach
    void create() {
        sql = Sql.batch().on(directory.resolve("data"));
        sql.run("CREATE TABLE names (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '2')");
        sql.run("CREATE TABLE asks (id INT, d STRING, p AS PROCTIME())");
        sql.run("INSERT INTO asks VALUES (1, 'a'), (2, 'a'), (3, 'b'), (4, 'b')");
    }

    private static String join(String table, String on, String options) {
        return "SELECT a.id, n.name FROM asks AS a LEFT JOIN " + table + " /*+ OPTIONS(" + options
                + ") */ FOR SYSTEM_TIME AS OF a.p AS n ON " + on;
    }

    /** The rows of a job that runs when {@code load} is called. */
    private List<String> rows(String query, Runnable load) throws Exception {
        String bounded = query.replace("asks AS a", "asks /*+ OPTIONS('scan.bounded.mode' = 'latest-offset') */ AS a");
        TableResult result = Sql.streaming().on(directory.resolve("data")).start(bounded);
        JobClient job = result.getJobClient().get();
        CompletableFuture<List<String>> rows = CompletableFuture.supplyAsync(() -> {
            List<String> text = new ArrayList<>();
            try (CloseableIterator<Row> each = result.collect()) {
                each.forEachRemaining(row -> text.add(row.toString()));
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            return text;
        });
        Sql.until("the job runs", () -> job.getJobStatus().get() == JobStatus.RUNNING);
        load.run();
        return Sql.sorted(rows.get(90, TimeUnit.SECONDS));
    }

    @ParameterizedTest
    @CsvSource({"true, NONE", "false, NONE", "true, PARTIAL", "false, PARTIAL", "false, FULL"})
    void rowsThatAreStillLoadingAreNotMissed(String async, String cache) throws Exception {
        sql.run("INSERT INTO names VALUES (1, 'old'), (2, 'old'), (3, 'old'), (4, 'old'), (5, 'old')");
        String how = "'lookup.async' = '" + async + "', 'lookup.cache' = '" + cache + "', 'lookup.partial-cache.max-rows' = '10', ";
        String until = "'lookup.wait-for.timestamp' = '" + (System.currentTimeMillis() + 1) + "'";
        assertThat(rows(join("names", "a.id = n.id", how + until), () ->
                        sql.run("INSERT INTO names VALUES (1, 'x'), (2, 'x'), (3, 'x'), (4, 'x'), (5, 'x')")))
                .containsExactly("+I[1, x]", "+I[2, x]", "+I[3, x]", "+I[4, x]");
        // What the bucket has is behind these offsets: nothing is waited for.
        assertThat(rows(join("names", "a.id = n.id", how + "'lookup.wait-for.specific-offsets' = 'bucket:0,offset:1'"), () -> {}))
                .hasSize(4)
                .allMatch(row -> row.endsWith("x]"));
    }

    @Test
    void offsetsAreThoseOfTheBucketsThatAreNamed() throws Exception {
        sql.run("CREATE TABLE few (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '1')");
        sql.run("INSERT INTO few VALUES (1, 'x'), (2, 'x')");
        String options = "'lookup.wait-for.specific-offsets' = 'bucket:0,offset:4'";
        assertThat(rows(join("few", "a.id = n.id", options), () -> sql.run("INSERT INTO few VALUES (3, 'x'), (4, 'x')")))
                .containsExactly("+I[1, x]", "+I[2, x]", "+I[3, x]", "+I[4, x]");
    }

    @Test
    void partitionsThatAreNotMadeYetAreWaitedForAndOldOnesNeedNoNewRows() throws Exception {
        sql.run("CREATE TABLE days (d STRING, id INT, name STRING, PRIMARY KEY (d, id) NOT ENFORCED) PARTITIONED BY (d) WITH ('bucket.num' = '1')");
        sql.run("INSERT INTO days VALUES ('a', 1, 'x'), ('a', 2, 'x')");
        String until = "'lookup.wait-for.timestamp' = '" + (System.currentTimeMillis() + 1) + "'";
        for (String options : List.of(until, "'lookup.wait-for.specific-offsets' = 'partition:b,bucket:0,offset:2'")) {
            sql.run("ALTER TABLE days DROP IF EXISTS PARTITION (d = 'b')");
            assertThat(rows(join("days", "a.id = n.id AND a.d = n.d", options), () -> sql.run("INSERT INTO days VALUES ('b', 3, 'x'), ('b', 4, 'x')")))
                    .containsExactly("+I[1, x]", "+I[2, x]", "+I[3, x]", "+I[4, x]");
        }
        assertThatThrownBy(() -> sql.rows(join("days", "a.id = n.id AND a.d = n.d", "'lookup.wait-for.timeout' = '1 s',"
                        + " 'lookup.wait-for.specific-offsets' = 'partition:b,bucket:0,offset:9;partition:c,bucket:0,offset:1'")))
                .hasStackTraceContaining("bucket 0 of partition b (at offset 2 of 9); bucket 0 of partition c (the partition is not made)");
    }

    @Test
    void theErrorSaysHowFarEachBucketIs() {
        String options = "'lookup.wait-for.timeout' = '500 ms', 'lookup.wait-for.timestamp' = '2099-01-01 00:00:00'";
        assertThatThrownBy(() -> sql.rows(join("names", "a.id = n.id", options)))
                .hasStackTraceContaining("waited 500 ms ('lookup.wait-for.timeout') for table 'fluss.names' to reach the time 2099-01-01T00:00:00Z"
                        + " of 'lookup.wait-for.timestamp'; not there yet: bucket 0 (no rows); bucket 1 (no rows).");
        sql.run("INSERT INTO names VALUES (1, 'x'), (2, 'x'), (3, 'x'), (4, 'x'), (5, 'x')");
        assertThatThrownBy(() -> sql.rows(join("names", "a.id = n.id", options)))
                .hasStackTraceContaining("not there yet: bucket 0 (newest row committed at 20")
                .hasStackTraceContaining("bucket 1 (newest row committed at 20");
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "false"})
    void aJobThatWaitsCanBeCancelled(String async) throws Exception {
        sql.run("CREATE TEMPORARY TABLE hole (id INT, name STRING) WITH ('connector' = 'blackhole')");
        JobClient job = sql.job("INSERT INTO hole " + join("names", "a.id = n.id", "'lookup.async' = '" + async
                + "', 'lookup.wait-for.timeout' = '1 h', 'lookup.wait-for.specific-offsets' = 'bucket:1,offset:100'"));
        Sql.until("the job runs", () -> job.getJobStatus().get() == JobStatus.RUNNING);
        job.cancel().get(30, TimeUnit.SECONDS);
        Sql.until("it is cancelled", () -> job.getJobStatus().get() == JobStatus.CANCELED);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "'lookup.wait-for.timestamp' = '0', 'lookup.wait-for.specific-offsets' = 'bucket:0,offset:1' | are both given for table 'fluss.names'; give one",
        "'lookup.wait-for.specific-offsets' = 'bucket:2,offset:1' | names bucket 2, but the table has 2 buckets, from 0",
        "'lookup.wait-for.specific-offsets' = 'partition:x,bucket:0,offset:1' | names bucket 0 of partition x, but the table has no partitions",
        "'lookup.wait-for.timestamp' = 'soon' | is neither milliseconds since the epoch nor"
    })
    void whatCanNeverBeIsRefused(String options, String problem) {
        assertThatThrownBy(() -> sql.rows(join("names", "a.id = n.id", options))).hasStackTraceContaining(problem);
    }
}
