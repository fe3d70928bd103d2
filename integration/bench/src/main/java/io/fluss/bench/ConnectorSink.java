package io.fluss.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Rows a second of the connector's sink in a job of one subtask, from the first row until all are durable and visible; floor: the same rows,
 * which are ready, into Flink's {@code blackhole}. Exactly-once jobs take a checkpoint every half second and end with one.
 */
final class ConnectorSink implements Benchmark {
    private static final String PREFIX = "connector.sink.";
    private static final String EXACTLY_ONCE = " /*+ OPTIONS('sink.delivery-guarantee' = 'exactly-once') */";

    private final Data data;
    private final int rounds;
    private final List<Case> cases = Arrays.asList(
            new Case("append", false, false),
            new Case("append-exactly-once", false, true),
            new Case("upsert", true, false),
            new Case("upsert-exactly-once", true, true));

    ConnectorSink(Data data, int rounds) {
        this.data = data;
        this.rounds = rounds;
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
        return cases.stream().map(c -> c.name).collect(Collectors.toList());
    }

    @Override
    public List<Figure> run() throws Exception {
        List<Figure> figures = new ArrayList<>();
        for (Case c : cases) {
            if (data.wanted(c.name)) {
                figures.addAll(measure(data.oneSubtask(true, c.exactlyOnce ? "500 ms" : null), c));
            }
        }
        return figures;
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
        Flink plain = data.oneSubtask(true, null);
        plain.sql(Tables.ready("ready", columns, data.rows, c.upsert ? data.rows : 0));
        plain.sql(Tables.sink("hole", columns, "blackhole"));
        String into = "INSERT INTO " + table + (c.exactlyOnce ? EXACTLY_ONCE : "") + " SELECT * FROM ";
        String hole = "INSERT INTO hole SELECT * FROM ";
        flink.untilEnd(into + "few");
        plain.untilEnd(hole + "ready");
        double[] values = new double[rounds];
        double[] floors = new double[rounds];
        double[] cpu = new double[rounds];
        double[] cpuFloors = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            Meter.Taken floor = plain.untilEnd(hole + "ready");
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
            figures.add(Figure.single(c.name + ".samples", "ms", time.total(), Double.NaN).note(time.shares()));
        }
        return figures;
    }
}
