package io.fluss.bench;

import io.fluss.minicluster.LocalCluster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.flink.util.FileUtils;

/** Benchmarks of the embedded store; RESULTS.md says what each figure means. scripts/bench starts it. */
public final class Main {
    /** Exit code: no benchmark's name fits. */
    private static final int NOTHING_FITS = 3;

    private Main() {}

    /** @param args --out FILE --commit ID [--only GLOB] [--rows N] [--rounds N] [--memory SIZE, then only those that need it] */
    public static void main(String[] args) throws Exception {
        Path out = null;
        String commit = "unknown";
        String only = "*";
        long rows = 1_000_000;
        int rounds = 3;
        String memory = null;
        for (int i = 0; i + 1 < args.length; i += 2) {
            switch (args[i]) {
                case "--out":
                    out = Paths.get(args[i + 1]);
                    break;
                case "--commit":
                    commit = args[i + 1];
                    break;
                case "--only":
                    only = args[i + 1].isEmpty() ? "*" : args[i + 1];
                    break;
                case "--rows":
                    rows = Long.parseLong(args[i + 1]);
                    break;
                case "--rounds":
                    rounds = Integer.parseInt(args[i + 1]);
                    break;
                case "--memory":
                    memory = args[i + 1];
                    break;
                default:
                    throw new IllegalArgumentException("unknown argument " + args[i]);
            }
        }
        PathMatcher wanted = FileSystems.getDefault().getPathMatcher("glob:" + only);
        Path store = Files.createTempDirectory("fluss-bench-");
        int exit = 1;
        Profile profile = Profile.orNull(out.toAbsolutePath().resolveSibling("profiles"));
        try (LocalCluster cluster = LocalCluster.start();
                Data data = new Data(cluster, options(store, memory), rows, profile)) {
            List<Figure> figures = new ArrayList<>();
            boolean needsMemory = memory != null;
            List<Benchmark> all = Benchmark.all(data, rounds).stream()
                    .filter(b -> b.needsMemory() == needsMemory)
                    .collect(Collectors.toList());
            System.out.printf(Locale.ROOT, "%-46s %14s %-10s %14s %7s %7s %7s%n", "figure", "value", "unit", "floor", "ratio", "rounds", "spread");
            for (Benchmark b : all) {
                if (b.names().stream().anyMatch(n -> wanted.matches(Paths.get(n)))) {
                    for (Figure f : b.run()) {
                        figures.add(f);
                        // What has no floor shows a dash.
                        System.out.print(String.format(Locale.ROOT, "%-46s %,14.1f %-10s %,14.1f %7.3f %7d %6.0f%%%n", f.name, f.value(), f.unit, f.floor(),
                                f.ratio(), f.rounds(), 100 * f.spread()).replace("NaN", "  -"));
                        if (!f.note.isEmpty()) {
                            System.out.println("    " + f.note);
                        }
                    }
                }
            }
            if (figures.isEmpty()) {
                System.err.println("no benchmark of the Java side " + (needsMemory ? "with more memory " : "") + "fits " + only + "; there are "
                        + all.stream().flatMap(b -> b.names().stream()).collect(Collectors.joining(", ")));
                exit = NOTHING_FITS;
            } else {
                write(out, figures, commit);
                System.out.println("table.log.consistency = strong, parallelism 2 (connector.*: 1), " + rows + " rows; " + out);
                exit = 0;
            }
        } catch (Exception e) {
            e.printStackTrace();
        } finally {
            FileUtils.deleteDirectory(store.toFile());
        }
        // The cluster leaves threads that are no daemons.
        System.exit(exit);
    }

    private static Map<String, String> options(Path store, String memory) {
        Map<String, String> options = new HashMap<>();
        options.put("data.dir", store.toString());
        if (memory != null) {
            options.put("memory.size", memory);
        }
        return options;
    }

    private static void write(Path out, List<Figure> figures, String commit) throws IOException {
        Files.createDirectories(out.toAbsolutePath().getParent());
        List<String> lines = figures.stream().map(f -> f.json(commit)).collect(Collectors.toList());
        Files.write(out, lines, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
