package io.fluss.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Rows a second of the connector's source in a job of one subtask, from the first row to the last; floor: the same job with rows that are ready. */
final class ConnectorSource implements Benchmark {
    private static final String PREFIX = "connector.source.";
    private static final String BOUNDED = " /*+ OPTIONS('scan.bounded.mode' = 'latest-offset') */";
    private static final String LOG = "read_events";
    /** Rows of the log table by those of others: a read of few columns takes no time. */
    private static final int TIMES = 4;

    private final Data data;
    private final int rounds;
    private final List<Case> cases;

    ConnectorSource(Data data, int rounds) {
        this.data = data;
        this.rounds = rounds;
        long events = TIMES * data.rows;
        cases = Arrays.asList(
                new Case("log", Tables.EVENTS, LOG + BOUNDED, events, Sink.COPIES),
                new Case("log-2of20", Tables.columns(Tables.EVENTS, "user_id", "price"), LOG + BOUNDED, events, Sink.COPIES),
                new Case("log-strings", Tables.columns(Tables.EVENTS, "STRING"), LOG + BOUNDED, events, Sink.COPIES),
                new Case("pk-hybrid", Tables.USERS, "users", data.rows, Sink.COPIES_ENDLESSLY),
                new Case("log-batch", Tables.EVENTS, LOG, events, Sink.READS),
                new Case("pk-batch", Tables.USERS, "users", data.rows, Sink.READS),
                new Case("log-batch-unread", Tables.EVENTS, LOG, events, Sink.NOTHING),
                new Case("pk-batch-unread", Tables.USERS, "users", data.rows, Sink.NOTHING));
    }

    /** What becomes of the rows. */
    private enum Sink {
        /** A streaming job: Flink copies each, then the sink drops it. */
        COPIES(true, false),
        /** The same, of a job that goes on. */
        COPIES_ENDLESSLY(true, false),
        /** A batch job: the sink reads every column. */
        READS(false, true),
        /** A batch job: the sink drops them. */
        NOTHING(false, false);

        private final boolean streaming;
        private final boolean reads;

        Sink(boolean streaming, boolean reads) {
            this.streaming = streaming;
            this.reads = reads;
        }
    }

    /** One read. */
    private static final class Case {
        private final String name;
        private final String columns;
        private final String from;
        private final long rows;
        private final Sink into;

        Case(String name, String columns, String from, long rows, Sink into) {
            this.name = name;
            this.columns = columns;
            this.from = from;
            this.rows = rows;
            this.into = into;
        }

        /** @param table of the rows */
        String insert(String table) {
            return "INSERT INTO " + sink() + " SELECT " + Tables.names(columns) + " FROM " + table;
        }

        String sink() {
            return "hole_" + name.replace('-', '_');
        }

        String ready() {
            return "ready_" + name.replace('-', '_');
        }
    }

    @Override
    public List<String> names() {
        return cases.stream().map(c -> PREFIX + c.name).collect(Collectors.toList());
    }

    @Override
    public List<Figure> run() throws Exception {
        List<Figure> figures = new ArrayList<>();
        boolean events = false;
        for (Case c : cases) {
            if (!data.wanted(PREFIX + c.name)) {
                continue;
            }
            if (c.from.startsWith(LOG)) {
                if (!events) {
                    data.streaming().sql(Tables.events(LOG));
                    data.streaming().sql(Tables.ready("ready_events", Tables.EVENTS, c.rows, 0));
                    data.streaming().seconds("INSERT INTO " + LOG + " SELECT * FROM ready_events");
                    events = true;
                }
            } else {
                data.needUsers();
            }
            figures.addAll(measure(data.oneSubtask(c.into.streaming, null), c));
        }
        return figures;
    }

    private List<Figure> measure(Flink flink, Case c) throws Exception {
        flink.sql(Tables.timed(c.sink(), c.columns, c.rows, c.into.reads));
        flink.sql(Tables.ready(c.ready(), c.columns, c.rows, 0));
        String job = c.insert(c.from);
        String ready = c.insert(c.ready());
        flink.untilLastRow(job, c.into == Sink.COPIES_ENDLESSLY);
        flink.untilLastRow(ready, false);
        double[] values = new double[rounds];
        double[] floors = new double[rounds];
        double[] cpu = new double[rounds];
        double[] cpuFloors = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            Meter.Taken floor = flink.untilLastRow(ready, false);
            Meter.Taken taken = flink.untilLastRow(job, c.into == Sink.COPIES_ENDLESSLY);
            values[i] = Benchmark.rate(c.rows, taken.seconds);
            floors[i] = Benchmark.rate(c.rows, floor.seconds);
            cpu[i] = taken.cpuSeconds * 1e6 / c.rows;
            cpuFloors[i] = floor.cpuSeconds * 1e6 / c.rows;
        }
        List<Figure> figures = new ArrayList<>();
        figures.add(new Figure(PREFIX + c.name, "rows/s", values, floors));
        figures.add(new Figure(PREFIX + c.name + ".cpu", "s/1M rows", cpu, cpuFloors));
        if (data.profile() != null) {
            Profile.Stacks floor = Meter.profiled(data.profile(), Profile.Kind.ALLOC, PREFIX + c.name + ".floor", () -> flink.untilLastRow(ready, false));
            Profile.Stacks ours = Meter.profiled(data.profile(), Profile.Kind.ALLOC, PREFIX + c.name, () -> flink.untilLastRow(job, c.into == Sink.COPIES_ENDLESSLY));
            figures.add(Figure.single(PREFIX + c.name + ".alloc", "B/row", (double) ours.total() / c.rows, (double) floor.total() / c.rows));
            figures.add(Figure.single(PREFIX + c.name + ".alloc.connector", "B/row", (double) ours.of("connector") / c.rows, Double.NaN)
                    .note(ours.classes(12, c.rows)));
            Profile.Stacks time = Meter.profiled(data.profile(), Profile.Kind.CPU, PREFIX + c.name, () -> flink.untilLastRow(job, c.into == Sink.COPIES_ENDLESSLY));
            figures.add(Figure.single(PREFIX + c.name + ".samples", "ms", time.total(), Double.NaN).note(time.shares()));
        }
        return figures;
    }
}
