package io.fluss.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory is flat over 40,000 batches through JNI: what is counted returns to nothing, and the process does not grow. */
class LeakTest {
    private static final int WARM_UP = 2_000;
    /** A leak of 256 bytes a batch would reach it; measured: up to 5 MB within 30,000 batches, as the allocator fragments, and then nothing. */
    private static final long BOUND_KB = (LeakWorkload.BATCHES - WARM_UP) / 4;

    private static final long PATIENCE_SECONDS = 240;

    @TempDir
    Path directory;

    @Test
    void memoryIsFlatOverManyBatches() throws Exception {
        List<long[]> reports = run();
        assertThat(reports).hasSize(LeakWorkload.BATCHES / LeakWorkload.BATCHES_A_REPORT);
        for (long[] report : reports) {
            assertThat(Arrays.copyOfRange(report, 2, 5))
                    .as("bytes of batches that Java holds, of readers, of writers after " + report[0] + " batches")
                    .containsOnly(0);
        }
        long warm = reports.get(WARM_UP / LeakWorkload.BATCHES_A_REPORT - 1)[1];
        long end = reports.get(reports.size() - 1)[1];
        assertThat(end - warm)
                .as("kB that the process grew by from batch " + WARM_UP + " to " + LeakWorkload.BATCHES + "; all reports: "
                        + reports.stream().map(Arrays::toString).collect(Collectors.toList()))
                .isLessThan(BOUND_KB);
    }

    /** Runs the workload in a JVM whose own memory stands still, so that what grows is native. */
    private List<long[]> run() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xcheck:jni", "-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC"));
        command.add("-XX:TieredStopAtLevel=1");
        String natives = System.getProperty("fluss.native.path");
        if (natives != null) {
            command.add("-Dfluss.native.path=" + natives);
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), LeakWorkload.class.getName()));
        command.add(directory.resolve("store").toString());
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        // One arena: with one a thread, freed memory stays in those of threads that ended.
        builder.environment().put("MALLOC_ARENA_MAX", "1");
        Path log = directory.resolve("output");
        Process process = builder.redirectOutput(log.toFile()).start();
        boolean ended;
        try {
            ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } finally {
            process.destroyForcibly().waitFor();
        }
        String output = Files.readString(log);
        assertThat(ended).as("ended within " + PATIENCE_SECONDS + " s; it said: " + output).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        List<String> lines = output.lines().collect(Collectors.toList());
        assertThat(lines).as("what -Xcheck:jni or the JVM had to say").allMatch(line -> line.startsWith("memory "));
        return lines.stream()
                .map(line -> Stream.of(line.split(" ")).skip(1).mapToLong(Long::parseLong).toArray())
                .collect(Collectors.toList());
    }
}
