package io.fluss.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/** Rows a second of the connector's source in a job of one subtask, from the first row to the last; floor: the same job with rows that are ready. */
final class ConnectorSource implements Benchmark {
    private static final String PREFIX = "connector.source.";
    private static final String BOUNDED = " /*+ OPTIONS('scan.bounded.mode' = 'latest-offset') */";
    private static final String LOG = "read_events";
    /** Rows of the log table by those of others: a read of few columns takes no time. */
    private static final int TIMES = 4;
    /** What the JIT compiler needs before it has seen the most of a job. */
    private static final int WARM_ROUNDS = 2;

    private static final double WARM_SECONDS = 3;

    private final Data data;
    private final int rounds;
    private final Case read;

    private ConnectorSource(Data data, int rounds, Case read) {
        this.data = data;
        this.rounds = rounds;
        this.read = read;
    }

    static Stream<Benchmark> all(Data data, int rounds) {
        long events = TIMES * data.rows;
        return Stream.of(
                        new Case("log", Tables.EVENTS, LOG + BOUNDED, events, Sink.COPIES),
                        new Case("log-2of20", Tables.columns(Tables.EVENTS, "user_id", "price"), LOG + BOUNDED, events, Sink.COPIES),
                        new Case("log-strings", Tables.columns(Tables.EVENTS, "STRING"), LOG + BOUNDED, events, Sink.COPIES),
                        new Case("pk-hybrid", Tables.USERS, "users", data.rows, Sink.COPIES_ENDLESSLY),
                        new Case("log-batch", Tables.EVENTS, LOG, events, Sink.READS),
                        new Case("pk-batch", Tables.USERS, "users", data.rows, Sink.READS),
                        new Case("log-batch-unread", Tables.EVENTS, LOG, events, Sink.NOTHING),
                        new Case("pk-batch-unread", Tables.USERS, "users", data.rows, Sink.NOTHING))
                .map(c -> new ConnectorSource(data, rounds, c));
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
        return Collections.singletonList(PREFIX + read.name);
    }

    @Override
    public List<Figure> run() throws Exception {
        if (read.from.startsWith(LOG)) {
            data.needManyEvents(LOG, read.rows);
        } else {
            data.needUsers();
        }
        return measure(data.oneSubtask(read.into.streaming, null), read);
    }

    private List<Figure> measure(Flink flink, Case c) throws Exception {
        String sink = Tables.timed(c.sink(), c.columns, c.rows, c.into.reads);
        String rows = Tables.ready(c.ready(), c.columns, c.rows, 0);
        boolean streaming = c.into.streaming;
        boolean endless = c.into == Sink.COPIES_ENDLESSLY;
        String job = c.insert(c.from);
        String ready = c.insert(c.ready());
        flink.sql(sink);
        FloorProcess floors = data.floors();
        floors.sql(streaming, sink);
        floors.sql(streaming, rows);
        double[] values = new double[rounds];
        double[] floor = new double[rounds];
        double[] cpu = new double[rounds];
        double[] cpuFloor = new double[rounds];
        double warm = 0;
        for (int i = 0; i < WARM_ROUNDS || warm < WARM_SECONDS; i++) {
            floors.untilLastRow(streaming, ready);
            warm += flink.untilLastRow(job, endless).seconds;
        }
        for (int i = 0; i < rounds; i++) {
            Meter.Taken least = floors.untilLastRow(streaming, ready);
            Meter.Taken taken = flink.untilLastRow(job, endless);
            values[i] = Benchmark.rate(c.rows, taken.seconds);
            floor[i] = Benchmark.rate(c.rows, least.seconds);
            cpu[i] = taken.cpuSeconds * 1e6 / c.rows;
            cpuFloor[i] = least.cpuSeconds * 1e6 / c.rows;
        }
        List<Figure> figures = new ArrayList<>();
        figures.add(new Figure(PREFIX + c.name, "rows/s", values, floor));
        figures.add(new Figure(PREFIX + c.name + ".cpu", "s/1M rows", cpu, cpuFloor));
        if (data.profile() != null) {
            String name = PREFIX + c.name;
            double least = floors.allocated(streaming, ready);
            Profile.Stacks heap = Meter.profiled(data.profile(), Profile.Kind.ALLOC, name, () -> flink.untilLastRow(job, endless));
            Profile.Stacks time = Meter.profiled(data.profile(), Profile.Kind.CPU, name, () -> flink.untilLastRow(job, endless));
            figures.add(Figure.single(name + ".alloc", "B/row", (double) heap.total() / c.rows, least / c.rows));
            figures.add(Figure.single(name + ".alloc.connector", "B/row", (double) heap.of("connector") / c.rows, Double.NaN).note(heap.classes(12, c.rows)));
            figures.add(Figure.single(name + ".samples", "samples", time.total(), Double.NaN).note(time.shares()));
        }
        return figures;
    }
}
