package io.fluss.bench;

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
        return new LastRow(data, rounds, streaming).measure(PREFIX + c.name, "rows/s", c.rows, flink, job, endless, ready);
    }
}
