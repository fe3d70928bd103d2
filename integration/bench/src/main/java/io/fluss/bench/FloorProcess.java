package io.fluss.bench;

import io.fluss.minicluster.LocalCluster;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.apache.flink.util.FileUtils;

/**
 * Flink without the store in a JVM of its own, for floors: in one JVM the code of Flink's that both jobs run would see the column vectors of both,
 * and be compiled for neither.
 */
final class FloorProcess implements AutoCloseable {
    private static final String ANSWER = "answer ";

    private final Process process;
    private final PrintWriter requests;
    private final BufferedReader answers;

    FloorProcess() throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        Collections.addAll(command, "-cp", System.getProperty("java.class.path"), FloorProcess.class.getName());
        process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        requests = new PrintWriter(process.getOutputStream(), true, StandardCharsets.UTF_8);
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    void sql(boolean streaming, String statement) throws IOException {
        ask("sql", streaming, statement);
    }

    /** As {@link Flink#untilLastRow}. */
    Meter.Taken untilLastRow(boolean streaming, String insert) throws IOException {
        return taken(ask("last", streaming, insert));
    }

    /** As {@link Flink#untilEnd}. */
    Meter.Taken untilEnd(boolean streaming, String insert) throws IOException {
        return taken(ask("end", streaming, insert));
    }

    /** Bytes on the Java heap of a job that {@link #untilLastRow} takes. */
    double allocated(boolean streaming, String insert) throws IOException {
        return ask("alloc", streaming, insert)[0];
    }

    /** As {@link Flink#latencies}. */
    double[] latencies(boolean streaming, String insert) throws IOException {
        return ask("latencies", streaming, insert);
    }

    private static Meter.Taken taken(double[] answer) {
        return new Meter.Taken(answer[0], answer[1]);
    }

    private double[] ask(String what, boolean streaming, String statement) throws IOException {
        requests.println(what + '\t' + streaming + '\t' + statement);
        for (String line = answers.readLine(); line != null; line = answers.readLine()) {
            if (line.startsWith(ANSWER)) {
                return Stream.of(line.substring(ANSWER.length()).split(" ")).mapToDouble(Double::parseDouble).toArray();
            }
        }
        throw new IOException("the process of the floors ended at: " + statement);
    }

    @Override
    public void close() {
        requests.close();
        process.destroy();
    }

    /** Answers until its input ends; an error ends it. */
    public static void main(String[] args) throws Exception {
        try (LocalCluster cluster = LocalCluster.start();
                BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            Flink streaming = Flink.withoutStore(cluster, true);
            Flink batch = Flink.withoutStore(cluster, false);
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] request = line.split("\t", 3);
                Flink flink = Boolean.parseBoolean(request[1]) ? streaming : batch;
                double[] answer = {0};
                switch (request[0]) {
                    case "last":
                        answer = flink.untilLastRow(request[2], false).numbers();
                        break;
                    case "end":
                        answer = flink.untilEnd(request[2]).numbers();
                        break;
                    case "alloc":
                        Path folder = Files.createTempDirectory("fluss-bench-floor-");
                        Profile.Stacks heap = Meter.profiled(
                                Profile.orNull(folder), Profile.Kind.ALLOC, "floor", () -> flink.untilLastRow(request[2], false));
                        FileUtils.deleteDirectory(folder.toFile());
                        answer[0] = heap.total();
                        break;
                    case "latencies":
                        answer = flink.latencies(request[2]);
                        break;
                    default:
                        flink.sql(request[2]);
                }
                System.out.println(ANSWER + DoubleStream.of(answer).mapToObj(Double::toString).collect(Collectors.joining(" ")));
            }
        } catch (Exception e) {
            e.printStackTrace();
        }
        System.exit(0);
    }
}
