package io.fluss.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/**
 * Rows a second of the connector's sink in a job of one subtask, from the first row until all are durable and visible; floor: the same rows,
 * which are ready, into Flink's {@code blackhole}. Exactly-once jobs take a checkpoint every half second and end with one.
 */
final class ConnectorSink implements Benchmark {
    private static final String PREFIX = "connector.sink.";
    private static final String EXACTLY_ONCE = " /*+ OPTIONS('sink.delivery-guarantee' = 'exactly-once') */";

    private final Data data;
    private final int rounds;
    private final Case write;

    private ConnectorSink(Data data, int rounds, Case write) {
        this.data = data;
        this.rounds = rounds;
        this.write = write;
    }

    static Stream<Benchmark> all(Data data, int rounds) {
        return Stream.of(
                        new Case("append", false, false),
                        new Case("append-exactly-once", false, true),
                        new Case("upsert", true, false),
                        new Case("upsert-exactly-once", true, true))
                .map(c -> new ConnectorSink(data, rounds, c));
    }

    /** One kind of write. */
    private static final class Case {
        private final String name;
        private final boolean upsert;
        private final boolean exactlyOnce;

        Case(String name, boolean upsert, boolean exactlyOnce) {
            this.name = PREFIX + name;
            this.upsert = upsert;
            this.exactlyOnce = exactlyOnce;
        }
    }

    @Override
    public List<String> names() {
        return Collections.singletonList(write.name);
    }

    @Override
    public List<Figure> run() throws Exception {
        return measure(data.oneSubtask(true, write.exactlyOnce ? "500 ms" : null), write);
    }

    private List<Figure> measure(Flink flink, Case c) throws Exception {
        String columns = c.upsert ? Tables.USERS : Tables.EVENTS;
        String table = c.upsert ? "users" : "written_events";
        if (c.upsert) {
            data.needUsers();
        } else {
            data.streaming().sql(Tables.events("IF NOT EXISTS " + table));
        }
        flink.sql(Tables.ready("ready", columns, data.rows, c.upsert ? data.rows : 0));
        flink.sql(Tables.ready("few", columns, data.warmRows(), c.upsert ? data.rows : 0));
        // Without checkpoints: a job with some ends only with the next one, whatever its sink.
        FloorProcess without = data.floors();
        String rows = Tables.ready("IF NOT EXISTS ready_" + table, columns, data.rows, c.upsert ? data.rows : 0);
        without.sql(true, rows);
        without.sql(true, Tables.sink("IF NOT EXISTS hole_" + table, columns, "blackhole"));
        String into = "INSERT INTO " + table + (c.exactlyOnce ? EXACTLY_ONCE : "") + " SELECT * FROM ";
        String hole = "INSERT INTO hole_" + table + " SELECT * FROM ready_" + table;
        flink.untilEnd(into + "few");
        without.untilEnd(true, hole);
        double[] values = new double[rounds];
        double[] floors = new double[rounds];
        double[] cpu = new double[rounds];
        double[] cpuFloors = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            Meter.Taken floor = without.untilEnd(true, hole);
            Meter.Taken taken = flink.untilEnd(into + "ready");
            values[i] = Benchmark.rate(data.rows, taken.seconds);
            floors[i] = Benchmark.rate(data.rows, floor.seconds);
            cpu[i] = taken.cpuSeconds * 1e6 / data.rows;
            cpuFloors[i] = floor.cpuSeconds * 1e6 / data.rows;
        }
        List<Figure> figures = new ArrayList<>();
        figures.add(new Figure(c.name, "rows/s", values, floors));
        figures.add(new Figure(c.name + ".cpu", "s/1M rows", cpu, cpuFloors));
        if (data.profile() != null) {
            Profile.Stacks time = Meter.profiled(data.profile(), Profile.Kind.CPU, c.name, () -> flink.untilEnd(into + "ready"));
            figures.add(Figure.single(c.name + ".samples", "samples", time.total(), Double.NaN).note(time.shares()));
        }
        return figures;
    }
}
