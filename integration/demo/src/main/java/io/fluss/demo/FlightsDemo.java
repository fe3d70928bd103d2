package io.fluss.demo;

import io.fluss.minicluster.LocalCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.CloseableIterator;
import org.apache.flink.util.FileUtils;

/**
 * The 336,776 flights that left New York in 2013, through the whole product on an embedded store: load, streaming lookup joins,
 * UPDATE under a running job, its changelog, savepoint and resume, batch queries. Checks its own totals.
 */
public final class FlightsDemo {
    private static final String PLANES_TO_CORRECT = "manufacturer = 'AIRBUS INDUSTRIE'";
    private static final long STEP_LIMIT_NANOS = 300_000_000_000L;

    private final Path flights;
    private final Path store;
    private final Path savepoints;
    private final boolean smoke;
    private final Console console = new Console(6);
    private final LocalCluster cluster;
    /** Rows that each table must hold in the end. */
    private final Map<String, Long> totals = new LinkedHashMap<>();

    private Sql batch;

    private FlightsDemo(LocalCluster cluster, Path flights, Path work, boolean smoke) {
        this.cluster = cluster;
        this.flights = flights;
        this.store = work.resolve("store");
        this.savepoints = work.resolve("savepoints");
        this.smoke = smoke;
        totals.put("airlines", 16L);
        totals.put("airports", 1458L);
        totals.put("planes", 3322L);
        totals.put("weather", 26115L);
        totals.put("flights", smoke ? 27004L : 336776L);
    }

    /** @param args --flights FOLDER (the CSV files) --work FOLDER (made anew) [--smoke] (January only) */
    public static void main(String[] args) throws Exception {
        Path flights = null;
        Path work = null;
        boolean smoke = false;
        for (int i = 0; i < args.length; i++) {
            if (args[i].equals("--flights")) {
                flights = Paths.get(args[++i]).toAbsolutePath();
            } else if (args[i].equals("--work")) {
                work = Paths.get(args[++i]).toAbsolutePath();
            } else if (args[i].equals("--smoke")) {
                smoke = true;
            } else {
                throw new IllegalArgumentException("unknown argument " + args[i]);
            }
        }
        int exit = 1;
        try (LocalCluster cluster = LocalCluster.start()) {
            exit = new FlightsDemo(cluster, flights, work, smoke).run() ? 0 : 1;
        } catch (Exception e) {
            System.err.println("The demo has failed:");
            e.printStackTrace();
        }
        // The cluster leaves threads that are no daemons.
        System.exit(exit);
    }

    private boolean run() throws Exception {
        long start = System.nanoTime();
        FileUtils.deleteDirectory(store.getParent().toFile());
        Files.createDirectories(store);
        console.line("Flights that left New York" + (smoke ? " in January 2013" : " in 2013") + ", on an embedded store in " + store);

        console.step("Open the store and create six tables");
        batch = Sql.open(cluster, false, store, flights, null);
        batch.script("csv.sql");
        batch.script("tables.sql");

        console.step("Load the tables to look things up in (batch jobs, each with its start)");
        for (String table : new String[] {"airlines", "airports", "planes", "weather"}) {
            load(table, "SELECT * FROM csv_" + table, totals.get(table));
        }

        console.step("Load the flights of the first half into the log table");
        long early = load("flights", half(1), -1);

        console.step("Stream them through lookup joins with all four, into `delays` by carrier and day");
        long begun = System.nanoTime();
        JobClient job = Sql.open(cluster, true, store, flights, null).start("delays.sql");
        correctPlanes();
        awaitFlights(early, begun);
        console.line("      joined    " + Console.rate(early, System.nanoTime() - begun));

        console.step("Load the second half; meanwhile stop the job with a savepoint, and resume it from there");
        long second = System.nanoTime();
        TableResult load = batch.begin("INSERT INTO flights " + half(2));
        long total = totals.get("flights");
        awaitFlights(early + (total - early) / 10, begun);
        String savepoint = job.stopWithSavepoint(false, savepoints.toUri().toString(), SavepointFormatType.CANONICAL).get();
        console.line(String.format(Locale.ROOT, "      stopped at %,d flights; savepoint: %s", counted(), savepoint));
        job = Sql.open(cluster, true, store, flights, savepoint).start("delays.sql");
        load.await();
        console.line("      flights   " + Console.rate(total - early, System.nanoTime() - second) + ", with the job beside it");
        awaitFlights(total, begun);
        console.line("      joined    " + Console.rate(total - early, System.nanoTime() - second) + ", stop and restart included");
        job.cancel().get();

        console.step("Query in batch");
        batch.query("report.sql").print();
        boolean right = check();
        console.line(String.format(Locale.ROOT, "%nDone in %.0f s. The files: %s", (System.nanoTime() - start) / 1e9, store));
        Path here = Paths.get("").toAbsolutePath();
        console.line("Go on by hand: FLUSS_DATA_DIR=" + (store.startsWith(here) ? here.relativize(store) : store) + " make sql");
        return right;
    }

    private String half(int which) {
        return smoke
                ? "SELECT * FROM csv_flights_1 WHERE `month` = 1 AND `day` " + (which == 1 ? "<= 15" : "> 15")
                : "SELECT * FROM csv_flights_" + which;
    }

    /** Fills an empty table. @return its rows; an error if they are not {@code expected} (-1: unknown) */
    private long load(String table, String query, long expected) throws Exception {
        long start = System.nanoTime();
        batch.run("INSERT INTO " + table + " " + query);
        long nanos = System.nanoTime() - start;
        long rows = batch.number("SELECT COUNT(*) FROM " + table);
        console.line(String.format(Locale.ROOT, "      %-9s %s", table, Console.rate(rows, nanos)));
        if (expected >= 0 && rows != expected) {
            throw new IllegalStateException(table + " has taken " + rows + " rows, not " + expected);
        }
        return rows;
    }

    /** An UPDATE while the job looks planes up; a second job reads the table's snapshot first, then the change. */
    private void correctPlanes() throws Exception {
        long planes = totals.get("planes");
        long wrong = batch.number("SELECT COUNT(*) FROM planes WHERE " + PLANES_TO_CORRECT);
        Sql watcher = Sql.open(cluster, true, store, flights, null);
        try (CloseableIterator<Row> rows = watcher.rows("SELECT tailnum, manufacturer, model FROM planes")) {
            for (long i = 0; i < planes; i++) {
                if (rows.next().getKind() != RowKind.INSERT) {
                    throw new IllegalStateException("a change before the end of the snapshot of planes");
                }
            }
            console.line("      meanwhile a reader of `planes` has its " + planes + " rows and waits for changes");
            console.line("      UPDATE planes SET manufacturer = 'AIRBUS' WHERE " + PLANES_TO_CORRECT);
            batch.run("UPDATE planes SET manufacturer = 'AIRBUS' WHERE " + PLANES_TO_CORRECT);
            List<String> shown = new ArrayList<>();
            for (long i = 0; i < 2 * wrong; i++) {
                Row row = rows.next();
                if (row.getKind() != RowKind.UPDATE_BEFORE && row.getKind() != RowKind.UPDATE_AFTER) {
                    throw new IllegalStateException("not a change of an UPDATE: " + row);
                }
                if (shown.size() < 4) {
                    shown.add("        " + row);
                }
            }
            shown.forEach(console::line);
            console.line("        ... " + 2 * wrong + " changes of " + wrong + " planes in the changelog");
        }
    }

    /** Waits until `delays` counts so many flights. */
    private void awaitFlights(long wanted, long since) throws Exception {
        long deadline = System.nanoTime() + STEP_LIMIT_NANOS;
        while (true) {
            long now = counted();
            double seconds = (System.nanoTime() - since) / 1e9;
            console.progress(String.format(Locale.ROOT, "%,d of %,d flights counted, %.0f s after the job's start", now, totals.get("flights"), seconds));
            if (now >= wanted) {
                return;
            }
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("only " + now + " flights in delays, " + wanted + " are expected; no progress any more?");
            }
            Thread.sleep(300);
        }
    }

    private long counted() throws Exception {
        return batch.number("SELECT SUM(flights) FROM delays");
    }

    private boolean check() throws Exception {
        boolean right = true;
        Map<String, Long> expected = new LinkedHashMap<>(totals);
        expected.put("flights in delays", totals.get("flights"));
        for (Map.Entry<String, Long> e : expected.entrySet()) {
            long got = e.getKey().equals("flights in delays") ? counted() : batch.number("SELECT COUNT(*) FROM " + e.getKey());
            boolean same = got == e.getValue();
            console.line(String.format(Locale.ROOT, "  %-18s %,9d %s", e.getKey(), got, same ? "as it must be" : "WRONG, must be " + e.getValue()));
            right &= same;
        }
        return right;
    }
}
