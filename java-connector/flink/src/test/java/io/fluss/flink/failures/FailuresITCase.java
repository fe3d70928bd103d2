package io.fluss.flink.failures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.flink.testing.Shaky;
import io.fluss.flink.testing.Sql;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.table.api.StatementSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One job that reads a table and writes tables of every kind under both guarantees, in a cluster of two TaskManagers, while things go
 * wrong: afterwards the rows of all tables are counted and added up.
 */
@Timeout(300)
@Tag("any-flink")
class FailuresITCase {
    private static final int ROWS = 12_000;
    private static final long SUM = ROWS * (ROWS + 1L) / 2;
    private static final String EXACTLY_ONCE = ", 'sink.delivery-guarantee' = 'exactly-once'";

    private static MiniCluster cluster;
    private static String address;
    private static String port;
    private static int taskManagers = 2;

    @TempDir
    Path directory;

    private Sql batch;

    @BeforeAll
    static void start() throws Exception {
        Configuration configuration = new Configuration();
        configuration.setString("rest.bind-port", "0");
        configuration.setString("rest.port", "0");
        // How soon a TaskManager is missed.
        configuration.setString("heartbeat.interval", "500 ms");
        cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumTaskManagers(taskManagers)
                .setNumSlotsPerTaskManager(1)
                .build());
        cluster.start();
        URI rest = cluster.getRestAddress().get();
        address = rest.getHost();
        port = String.valueOf(rest.getPort());
    }

    @AfterAll
    static void stop() throws Exception {
        cluster.close();
    }

    @BeforeEach
    void open() {
        batch = Sql.batch().on(directory);
        batch.run("CREATE TEMPORARY TABLE gen (id INT) WITH ('connector' = 'datagen',"
                + " 'rows-per-second' = '1000000', 'number-of-rows' = '%d',"
                + " 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '%d')", ROWS, ROWS);
        batch.run("CREATE TABLE src (id INT PRIMARY KEY NOT ENFORCED, v STRING) WITH ('bucket.num' = '3')");
        for (String guarantee : new String[] {"once", "least"}) {
            String option = guarantee.equals("once") ? EXACTLY_ONCE : "";
            batch.run("CREATE TABLE log_%s (id INT, v STRING, p STRING) PARTITIONED BY (p) WITH ('bucket.num' = '2'%s)",
                    guarantee, option);
            batch.run("CREATE TABLE kept_%s (id INT, v STRING, p STRING, PRIMARY KEY (id, p) NOT ENFORCED) PARTITIONED BY (p)"
                    + " WITH ('bucket.num' = '2'%s)", guarantee, option);
        }
        batch.run("CREATE TABLE sums (k INT, p STRING, total BIGINT, n BIGINT, PRIMARY KEY (k, p) NOT ENFORCED) PARTITIONED BY (p)"
                + " WITH ('bucket.num' = '2', 'table.merge-engine' = 'aggregation', 'fields.total.agg' = 'sum',"
                + " 'fields.n.agg' = 'sum')");
        batch.run("INSERT INTO src SELECT id, CAST(id AS STRING) FROM gen");
        Shaky.slow(4);
        Shaky.fail(0, new Random(0), 1, 1_000);
    }

    private Sql session() {
        Sql session = Sql.streaming(
                        "execution.checkpointing.interval", "150 ms",
                        "restart-strategy.type", "fixed-delay",
                        "restart-strategy.fixed-delay.attempts", "1000",
                        "restart-strategy.fixed-delay.delay", "10 ms",
                        "rest.address", address,
                        "rest.port", port)
                .on(directory);
        session.env().createTemporarySystemFunction("shaky", Shaky.class);
        return session;
    }

    /** One job, so that a failure meets all tables; all of it reads the snapshot of {@code src} once, then its log. */
    private JobClient copy() {
        Sql session = session();
        session.run("CREATE TEMPORARY VIEW input AS SELECT shaky(id) AS id, v, CONCAT('p', CAST(MOD(id, 3) AS STRING)) AS p FROM src");
        StatementSet statements = session.env().createStatementSet();
        for (String table : new String[] {"log_once", "log_least", "kept_once", "kept_least"}) {
            // A log table takes the rows that come first; there are no others.
            statements.addInsertSql("INSERT INTO " + table + " /*+ OPTIONS('sink.ignore-delete' = 'true') */ SELECT id, v, p FROM input");
        }
        statements.addInsertSql("INSERT INTO sums /*+ OPTIONS('sink.ignore-delete' = 'true') */"
                + " SELECT MOD(id, 10), p, CAST(id AS BIGINT), CAST(1 AS BIGINT) FROM input");
        return statements.execute().getJobClient().orElseThrow(IllegalStateException::new);
    }

    private long number(String query) {
        String row = batch.rows(query).get(0);
        return row.equals("+I[null]") ? 0 : Long.parseLong(row.substring(3, row.length() - 1));
    }

    private void awaitAllAndCancel(JobClient job) throws Exception {
        try {
            Sql.until("all rows are there", () -> number("SELECT COUNT(*) FROM kept_least") >= ROWS
                    && number("SELECT COUNT(*) FROM log_once") >= ROWS
                    && number("SELECT COUNT(*) FROM kept_once") >= ROWS
                    && number("SELECT SUM(n) FROM sums") >= ROWS
                    && number("SELECT COUNT(DISTINCT id) FROM log_least") >= ROWS);
            // What comes twice would come with the next checkpoints.
            Thread.sleep(500);
        } finally {
            job.cancel().get(60, TimeUnit.SECONDS);
        }
    }

    private void assertTables() {
        String counted = "SELECT COUNT(*), COUNT(DISTINCT id), SUM(CAST(id AS BIGINT)), SUM(CAST(v AS BIGINT)) FROM ";
        String right = "+I[" + ROWS + ", " + ROWS + ", " + SUM + ", " + SUM + "]";
        assertThat(batch.rows(counted + "log_once")).containsExactly(right);
        assertThat(batch.rows(counted + "kept_once")).containsExactly(right);
        assertThat(batch.rows(counted + "kept_least")).containsExactly(right);
        // At least once: rows may be there twice, none is missing, none is another.
        assertThat(batch.rows(counted + "(SELECT DISTINCT id, v FROM log_least)")).containsExactly(right);
        assertThat(batch.rows("SELECT COUNT(*), SUM(total), SUM(n) FROM sums")).containsExactly("+I[30, " + SUM + ", " + ROWS + "]");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void exceptionsAtRandomPoints(long seed) throws Exception {
        Shaky.fail(6, new Random(seed), 1, 1_000);
        JobClient job = copy();
        awaitAllAndCancel(job);
        assertThat(Shaky.failuresLeft()).as("failures that did not happen").isLessThanOrEqualTo(0);
        assertTables();
    }

    @Test
    void lossOfATaskManager() throws Exception {
        JobClient job = copy();
        for (int lost = 0; lost < 2; lost++) {
            long before = number("SELECT COUNT(*) FROM kept_least");
            Sql.until("rows are copied", () -> number("SELECT COUNT(*) FROM kept_least") > before + 100);
            assertThat(number("SELECT COUNT(*) FROM log_once")).as("rows when it was lost").isLessThan(ROWS);
            cluster.terminateTaskManager(taskManagers - 2).get(60, TimeUnit.SECONDS);
            cluster.startTaskManager();
            taskManagers++;
        }
        awaitAllAndCancel(job);
        assertTables();
    }

    /** How many transactions are prepared, of all buckets. */
    private long prepared() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".prepared")).count();
        } catch (UncheckedIOException e) {
            // A file has gone meanwhile.
            return 0;
        }
    }

    /** When its rows are prepared: before the commit, in its midst, or just after it. */
    @Test
    void lossOfATaskManagerAtTheCommitOfAnOverwrite() throws Exception {
        batch.run("CREATE TABLE dst (id INT PRIMARY KEY NOT ENFORCED, v STRING) WITH ('bucket.num' = '3')");
        batch.run("INSERT INTO dst VALUES (-1, 'old')");
        Sql session = Sql.batch(
                        "restart-strategy.type", "fixed-delay",
                        "restart-strategy.fixed-delay.attempts", "1000",
                        "restart-strategy.fixed-delay.delay", "10 ms",
                        "rest.address", address,
                        "rest.port", port)
                .on(directory);
        for (int round = 0; round < 3; round++) {
            long before = prepared();
            JobClient job = session.job("INSERT OVERWRITE dst SELECT id, '" + round + "' FROM src");
            while (prepared() <= before && !job.getJobStatus().get().isTerminalState()) {
                Thread.sleep(1);
            }
            cluster.terminateTaskManager(taskManagers - 2).get(60, TimeUnit.SECONDS);
            cluster.startTaskManager();
            taskManagers++;
            job.getJobExecutionResult().get(90, TimeUnit.SECONDS);
            assertThat(batch.rows("SELECT COUNT(*), SUM(CAST(id AS BIGINT)), MIN(v), MAX(v) FROM dst"))
                    .containsExactly("+I[" + ROWS + ", " + SUM + ", " + round + ", " + round + "]");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aTableThatIsMadeAgainUnderAJob(boolean source) throws Exception {
        batch.run("CREATE TABLE dst (id INT PRIMARY KEY NOT ENFORCED, v STRING)");
        Shaky.slow(0);
        JobClient job = session().job("INSERT INTO dst SELECT * FROM src");
        Sql.until("rows are copied", () -> number("SELECT COUNT(*) FROM dst") == ROWS);
        if (source) {
            batch.run("DROP TABLE src").run("CREATE TABLE src (id INT PRIMARY KEY NOT ENFORCED, v STRING) WITH ('bucket.num' = '3')");
        } else {
            batch.run("DROP TABLE dst").run("CREATE TABLE dst (id INT PRIMARY KEY NOT ENFORCED, v STRING)");
        }
        batch.run("INSERT INTO src VALUES (-1, 'another')");
        assertThatThrownBy(() -> job.getJobExecutionResult().get(90, TimeUnit.SECONDS))
                .hasStackTraceContaining("fluss." + (source ? "src" : "dst") + " was dropped");
        // No row of the one in the other.
        assertThat(number("SELECT COUNT(*) FROM dst WHERE id = -1 OR " + (source ? "FALSE" : "TRUE"))).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aTableThatIsMadeAgainUnderALookupJoin(boolean async) throws Exception {
        String users = "CREATE TABLE users (id INT PRIMARY KEY NOT ENFORCED, name STRING)";
        batch.run(users).run("INSERT INTO users VALUES (1, 'ann')");
        batch.run("CREATE TABLE clicks (id INT, t AS PROCTIME())").run("INSERT INTO clicks VALUES (1)");
        batch.run("CREATE TABLE dst (id INT PRIMARY KEY NOT ENFORCED, name STRING)");
        JobClient job = session().job("INSERT INTO dst SELECT c.id, u.name FROM clicks AS c JOIN users"
                + " /*+ OPTIONS('lookup.async' = '" + async + "') */ FOR SYSTEM_TIME AS OF c.t AS u ON u.id = c.id");
        Sql.until("a row is joined", () -> number("SELECT COUNT(*) FROM dst") == 1);
        batch.run("DROP TABLE users").run(users).run("INSERT INTO users VALUES (2, 'bob')");
        batch.run("INSERT INTO clicks VALUES (2)");
        assertThatThrownBy(() -> job.getJobExecutionResult().get(90, TimeUnit.SECONDS))
                .hasStackTraceContaining("fluss.users was dropped and created again");
        assertThat(number("SELECT COUNT(*) FROM dst")).isEqualTo(1);
    }
}
