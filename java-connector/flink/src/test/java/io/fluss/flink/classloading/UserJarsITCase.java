package io.fluss.flink.classloading;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Jobs that bring the connector in a user jar, as {@code ADD JAR} does: Flink gives every job a class loader of its own, and
 * all of them, in one TaskManager, are to share one engine and to be unloaded with their job.
 */
@Timeout(300)
class UserJarsITCase {
    private static final int RESUBMISSIONS = Integer.getInteger("fluss.test.resubmissions", 50);

    @TempDir
    Path directory;

    private MiniCluster cluster;

    @BeforeEach
    void startCluster() throws Exception {
        Configuration configuration = new Configuration();
        configuration.set(RestOptions.BIND_PORT, "0");
        cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(8)
                .build());
        cluster.start();
    }

    @AfterEach
    void stopCluster() throws Exception {
        cluster.close();
    }

    @Test
    void twoJobsFromTwoUserJarsRunAtOnceOnOneDirectory() throws Exception {
        TableEnvironment one = session(true);
        TableEnvironment two = session(true);
        one.executeSql("CREATE TABLE c.fluss.source_rows (id BIGINT, v STRING)").await();
        one.executeSql("CREATE TABLE c.fluss.target_rows (id BIGINT PRIMARY KEY NOT ENFORCED, v STRING)").await();
        // Job one copies the log into the keyed table for ever; job two reads the keyed table's changelog at the same time.
        TableResult copy = one.executeSql("INSERT INTO c.fluss.target_rows SELECT id, v FROM c.fluss.source_rows");
        TableResult tail = two.executeSql("SELECT * FROM c.fluss.target_rows");
        TableEnvironment writer = session(false);
        writer.executeSql("INSERT INTO c.fluss.source_rows VALUES (1, 'a'), (2, 'b'), (3, 'c')").await();
        try (CloseableIterator<Row> rows = tail.collect()) {
            CompletableFuture<List<String>> seen = CompletableFuture.supplyAsync(() -> {
                List<String> three = new ArrayList<>();
                while (three.size() < 3) {
                    three.add(rows.next().toString());
                }
                return three;
            });
            // If the copying job ends first, it has failed, and says why.
            CompletableFuture<?> copyEnds = copy.getJobClient().get().getJobExecutionResult();
            CompletableFuture.anyOf(seen, copyEnds).get(120, TimeUnit.SECONDS);
            assertThat(seen.get(1, TimeUnit.SECONDS))
                    .containsExactlyInAnyOrder("+I[1, a]", "+I[2, b]", "+I[3, c]");
            assertThat(mapped("libfluss_jni.so")).as("engines in this process").hasSize(1);
            assertThat(mapped("libfluss_jni_loader.so")).as("class loaders with a shim").hasSizeGreaterThanOrEqualTo(2);
        }
        copy.getJobClient().get().cancel().get(60, TimeUnit.SECONDS);
    }

    @Test
    void fiftyJobsLeaveNoClassLoaderBehind() throws Exception {
        for (int i = 0; i < RESUBMISSIONS; i++) {
            insertOnce(i);
        }
        // What the last few used may hang on a little while in Flink's caches.
        int shims = Integer.MAX_VALUE;
        for (int i = 0; i < 100 && shims > 6; i++) {
            System.gc();
            Thread.sleep(100);
            shims = mapped("libfluss_jni_loader.so").size();
        }
        assertThat(shims).as("class loaders still loaded after " + RESUBMISSIONS + " jobs").isLessThanOrEqualTo(6);
        TableEnvironment check = session(false);
        try (CloseableIterator<Row> rows =
                check.executeSql("SELECT COUNT(*) FROM c.fluss.jobs").collect()) {
            assertThat(rows.next().getField(0)).isEqualTo((long) RESUBMISSIONS);
        }
    }

    /** A session of its own each time, as a submission by a client is. */
    private void insertOnce(int i) throws Exception {
        TableEnvironment session = session(false);
        session.executeSql("CREATE TABLE IF NOT EXISTS c.fluss.jobs (id INT)").await();
        session.executeSql("INSERT INTO c.fluss.jobs VALUES (" + i + ")").await();
        session.executeSql("DROP CATALOG c").await();
    }

    private TableEnvironment session(boolean streaming) throws Exception {
        String jar = System.getProperty("fluss.dist.jar");
        assertThat(jar).as("system property fluss.dist.jar: the built flink-sql-connector jar").isNotNull();
        assertThat(new File(jar)).isFile();
        Configuration configuration = new Configuration();
        configuration.set(DeploymentOptions.TARGET, "remote");
        configuration.set(RestOptions.ADDRESS, cluster.getRestAddress().get().getHost());
        configuration.set(RestOptions.PORT, cluster.getRestAddress().get().getPort());
        configuration.setString("table.dml-sync", "false");
        configuration.setString("parallelism.default", "1");
        EnvironmentSettings.Builder settings =
                EnvironmentSettings.newInstance().withConfiguration(configuration);
        TableEnvironment session =
                TableEnvironment.create((streaming ? settings.inStreamingMode() : settings.inBatchMode()).build());
        session.executeSql("ADD JAR '" + jar + "'").await();
        session.executeSql("CREATE CATALOG c WITH ('type' = 'fluss', 'data.dir' = '" + directory.resolve("data") + "')")
                .await();
        return session;
    }

    /** Distinct files of that name that are mapped into this process. */
    private static Set<String> mapped(String name) throws IOException {
        try (Stream<String> maps = Files.lines(Paths.get("/proc/self/maps"))) {
            return maps.filter(line -> line.contains("/" + name))
                    .map(line -> line.substring(line.indexOf('/')))
                    .filter(path -> name.equals("libfluss_jni_loader.so") || !path.contains("_loader"))
                    .collect(Collectors.toSet());
        }
    }
}
