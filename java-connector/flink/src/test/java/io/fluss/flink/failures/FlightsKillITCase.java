package io.fluss.flink.failures;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.flink.testing.Sql;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code kill -9} of the whole process, cluster and store, in the middle of {@link FlightsJob}, which goes on from its last checkpoint. */
@Tag("any-flink")
class FlightsKillITCase {
    /** When this share of the flights was counted. */
    private static final double[] KILLS = {0.1, 0.6};

    private static final String TOTALS = "SELECT COUNT(*), SUM(CAST(distance AS BIGINT)), SUM(CAST(flight AS BIGINT) * `day`),"
            + " SUM(CAST(dep_delay AS BIGINT)), COUNT(DISTINCT tailnum) FROM ";

    @TempDir
    Path directory;

    @Test
    @Timeout(600)
    void everyFlightIsInEveryTable() throws Exception {
        for (double share : KILLS) {
            long counted = run((long) (share * FlightsJob.FLIGHTS));
            assertThat(counted).as("flights counted when it was killed").isLessThan(FlightsJob.FLIGHTS);
        }
        assertThat(run(Long.MAX_VALUE)).isEqualTo(FlightsJob.FLIGHTS);

        Sql batch = Sql.batch().on(directory.resolve("store"));
        batch.run("CREATE TEMPORARY TABLE csv (%s) WITH ('connector' = 'filesystem', 'path' = '%s/first-half/q1.csv.bz2', 'format' = 'csv',"
                + " 'csv.null-literal' = '')", FlightsJob.COLUMNS, System.getProperty("fluss.flights"));
        List<String> right = batch.rows(TOTALS + "csv WHERE `month` = 1");
        assertThat(right.get(0)).startsWith("+I[" + FlightsJob.FLIGHTS + ", ");
        assertThat(batch.rows(TOTALS + "flights_once")).isEqualTo(right);
        // No two flights are the same, so what is there twice came twice.
        assertThat(batch.rows(TOTALS + "(SELECT DISTINCT * FROM flights_least)")).isEqualTo(right);
        assertThat(batch.rows("SELECT carrier, flights, miles FROM carriers"))
                .isEqualTo(batch.rows("SELECT carrier, COUNT(*), SUM(CAST(distance AS BIGINT)) FROM flights_once GROUP BY carrier"));
        assertThat(batch.rows("SELECT `day`, flights, miles FROM days"))
                .isEqualTo(batch.rows("SELECT `day`, COUNT(*), SUM(CAST(distance AS BIGINT)) FROM flights_once GROUP BY `day`"));
    }

    /** @param until the process is killed when it has counted more @return how many it has counted */
    private long run(long until) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx1g");
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("--add-opens"))
                .forEach(command::add);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(FlightsJob.class.getName());
        command.add(directory.resolve("store").toString());
        command.add(System.getProperty("fluss.flights"));
        command.add(directory.resolve("checkpoints").toString());
        lastCheckpoint().ifPresent(command::add);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        long counted = 0;
        List<String> said = new ArrayList<>();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (!line.startsWith("counted ")) {
                    said.add(line);
                    continue;
                }
                counted = Long.parseLong(line.substring("counted ".length()));
                if (counted > until) {
                    process.toHandle().destroyForcibly();
                }
            }
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.waitFor()).as("exit code; it said: " + said).isEqualTo(until < FlightsJob.FLIGHTS ? 128 + 9 : 0);
        return counted;
    }

    private Optional<String> lastCheckpoint() throws IOException {
        if (!Files.exists(directory.resolve("checkpoints"))) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.walk(directory.resolve("checkpoints"))) {
            List<Path> complete = files.filter(file -> file.endsWith("_metadata")).collect(Collectors.toList());
            return complete.stream()
                    .max(Comparator.comparingLong(file -> file.toFile().lastModified()))
                    .map(file -> file.getParent().toUri().toString());
        }
    }
}
