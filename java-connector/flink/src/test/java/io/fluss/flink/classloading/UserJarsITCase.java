package io.fluss.flink.classloading;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.runtime.minicluster.MiniCluster;
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
        cluster = UserJarSessions.startCluster();
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
            assertThat(UserJarSessions.mapped("libfluss_jni.so")).as("engines in this process").hasSize(1);
            assertThat(UserJarSessions.mapped("libfluss_jni_loader.so")).as("class loaders with a shim").hasSizeGreaterThanOrEqualTo(2);
        }
        copy.getJobClient().get().cancel().get(60, TimeUnit.SECONDS);
    }

    /**
     * In a JVM of its own, for a flag: Flink and the JDK keep classes of user jars in soft references, which a collection clears
     * only when memory is short (a trivial function in a user jar stays as long). Without them, nothing may be left.
     */
    @Test
    void fiftyJobsLeaveNoClassLoaderBehind() throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:SoftRefLRUPolicyMSPerMB=0");
        for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (argument.startsWith("--add-opens") || argument.startsWith("-Dfluss.")) {
                command.add(argument);
            }
        }
        command.addAll(Arrays.asList("-Xmx1g", "-cp", System.getProperty("java.class.path")));
        command.addAll(Arrays.asList(
                Resubmissions.class.getName(), directory.resolve("data").toString(), "" + RESUBMISSIONS));
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(280, TimeUnit.SECONDS)).as("it ends in time").isTrue();
        } finally {
            process.destroyForcibly();
        }
        String text = new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
        assertThat(process.exitValue()).as(text).isZero();
        assertThat(text).contains("rows " + RESUBMISSIONS);
        Matcher shims = Pattern.compile("shims (\\d+)").matcher(text);
        assertThat(shims.find()).as(text).isTrue();
        assertThat(Integer.parseInt(shims.group(1)))
                .as("class loaders with a native library after " + RESUBMISSIONS + " jobs")
                .isLessThanOrEqualTo(3);
    }

    private TableEnvironment session(boolean streaming) throws Exception {
        return UserJarSessions.open(cluster, streaming, directory.resolve("data"));
    }
}
