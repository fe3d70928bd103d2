package io.fluss.sqlrunner;

import io.fluss.minicluster.LocalCluster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Runs SQL files against a fresh embedded store each and compares what they print with the {@code .expected} beside them;
 * integration/sql/README.md has the format, scripts/sql-test starts it.
 */
public final class Main {
    private final LocalCluster cluster;
    private final Path dir;
    private final boolean update;
    /** Shows the time of each statement. */
    private final boolean verbose = Boolean.getBoolean("verbose");
    private final Duration timeout;
    /** Statements that this Flink cannot do, of all files. */
    private int skipped;

    private Main(LocalCluster cluster, Path dir, boolean update, Duration timeout) {
        this.cluster = cluster;
        this.dir = dir;
        this.update = update;
        this.timeout = timeout;
    }

    /** @param args --dir FOLDER [--results FILE] [--update] [--timeout SECONDS] [names of files without .sql] */
    public static void main(String[] args) throws Exception {
        Path dir = null;
        Path results = null;
        boolean update = false;
        int timeout = 90;
        List<String> names = new ArrayList<>();
        for (int i = 0; i < args.length; i++) {
            if (args[i].equals("--dir")) {
                dir = Paths.get(args[++i]);
            } else if (args[i].equals("--results")) {
                results = Paths.get(args[++i]);
            } else if (args[i].equals("--timeout")) {
                timeout = Integer.parseInt(args[++i]);
            } else if (args[i].equals("--update")) {
                update = true;
            } else {
                names.add(args[i].replaceFirst("\\.sql$", ""));
            }
        }
        if (names.isEmpty()) {
            try (Stream<Path> files = Files.list(dir)) {
                names = files.map(f -> f.getFileName().toString())
                        .filter(f -> f.endsWith(".sql") && !f.equals("init.sql"))
                        .map(f -> f.replaceFirst("\\.sql$", ""))
                        .sorted()
                        .collect(Collectors.toList());
            }
        }
        int failed = 0;
        Main runner = new Main(LocalCluster.start(), dir, update, Duration.ofSeconds(timeout));
        for (String name : names) {
            failed += runner.file(name) ? 0 : 1;
        }
        if (results != null) {
            Files.write(results, ((names.size() - failed) + " " + failed + " " + runner.skipped + "\n").getBytes(StandardCharsets.UTF_8));
        }
        // The cluster has threads that are no daemons.
        System.exit(failed == 0 && !names.isEmpty() ? 0 : 1);
    }

    /** @return whether the file did what it says */
    private boolean file(String name) throws IOException {
        long start = System.nanoTime();
        Path data = Files.createTempDirectory("fluss-sql-" + name + "-");
        String problem = null;
        int statements = 0;
        try {
            List<SqlFile.Statement> sql = SqlFile.parse(read(dir.resolve(name + ".sql")).replace("${data.dir}", data.toString()));
            statements = sql.size();
            Path expected = dir.resolve(name + ".expected");
            String want = Files.exists(expected) ? read(expected) : "";
            String got = run(sql, data, want);
            if (update) {
                Files.write(expected, got.getBytes(StandardCharsets.UTF_8));
            } else if (!Files.exists(expected)) {
                problem = "no " + expected.getFileName() + " (scripts/sql-test --update " + name + " makes it)";
            } else if (!got.equals(want)) {
                problem = Difference.describe(want, got);
            }
        } catch (Failure e) {
            problem = e.getMessage();
        } catch (Exception e) {
            problem = Errors.messages(e);
        } finally {
            delete(data);
        }
        System.out.printf(Locale.ROOT, "%-6s %-24s %3d statements %6.1f s%n", problem == null ? "ok" : "FAILED", name + ".sql", statements,
                (System.nanoTime() - start) / 1e9);
        if (problem != null) {
            System.out.println(problem);
        }
        return problem == null;
    }

    /** @return the results of all statements, as an .expected file has them; of statements that this Flink cannot do, what it has */
    private String run(List<SqlFile.Statement> statements, Path data, String expected) throws Exception {
        StringBuilder out = new StringBuilder();
        try (Session session = new Session(cluster.sessionConfig())) {
            for (SqlFile.Statement s : SqlFile.parse(read(dir.resolve("init.sql")).replace("${data.dir}", data.toString()))) {
                session.run(s.sql, -1, timeout);
            }
            for (SqlFile.Statement s : statements) {
                // The folder is another one every time.
                String heading = "-- " + s.title().replace(data.toString(), "${data.dir}") + "\n";
                if (s.flink > FlinkVersion.MAJOR) {
                    skipped++;
                    out.append(section(expected, out.length(), heading));
                    continue;
                }
                long start = System.nanoTime();
                Session.Result result = statement(session, s);
                if (verbose) {
                    System.out.printf(Locale.ROOT, "  %6.2f s  %s%n", (System.nanoTime() - start) / 1e9, s.title());
                }
                if (result != null && result.query) {
                    List<String> rows = new ArrayList<>(result.rows);
                    if (!s.ordered) {
                        Collections.sort(rows);
                    }
                    FlinkVersion.likeTheNewest(s.sql, rows);
                    out.append(heading);
                    rows.forEach(r -> out.append(r.replace(data.toString(), "${data.dir}")).append('\n'));
                    out.append('\n');
                }
            }
        }
        return out.toString();
    }

    /** What {@code expected} has at {@code from}, if that is the result of the statement. */
    private static String section(String expected, int from, String heading) {
        if (!expected.startsWith(heading, from)) {
            return "";
        }
        int next = expected.indexOf("\n-- ", from);
        return expected.substring(from, next < 0 ? expected.length() : next + 1);
    }

    /** @return null when it failed as the file says it must */
    private Session.Result statement(Session session, SqlFile.Statement s) throws Exception {
        try {
            Session.Result result = session.run(s.sql, s.rows, timeout);
            if (!s.errors.isEmpty()) {
                throw new Failure("line " + s.line + ": no error, but one with " + s.errors + " is expected: " + s.title());
            }
            return result;
        } catch (Failure e) {
            throw e;
        } catch (Exception e) {
            String messages = Errors.messages(e);
            String lower = messages.toLowerCase(Locale.ROOT);
            for (String text : s.errors) {
                if (!lower.contains(text.toLowerCase(Locale.ROOT))) {
                    throw new Failure("line " + s.line + ": the error does not contain \"" + text + "\":\n" + messages);
                }
            }
            if (s.errors.isEmpty()) {
                throw new Failure("line " + s.line + ": " + s.title() + "\n" + messages);
            }
            return null;
        }
    }

    private static String read(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    /** A cancelled job may hold the store for a moment longer than its session; what stays is left to the system's cleaner. */
    private static void delete(Path dir) throws IOException {
        for (int attempt = 0; attempt < 50; attempt++) {
            try (Stream<Path> files = Files.walk(dir)) {
                for (Path f : files.sorted(Comparator.reverseOrder()).collect(Collectors.toList())) {
                    Files.deleteIfExists(f);
                }
                return;
            } catch (IOException | java.io.UncheckedIOException e) {
                LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
            }
        }
        System.out.println("  " + dir + " could not be deleted: who has the store open?");
    }

    /** A file that does not do what it says; the message is for the person who reads the log. */
    private static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Failure(String message) {
            super(message);
        }
    }
}
