package io.fluss.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Time of a row from its source through a lookup join at Flink's defaults to its sink, at 2,000 rows a second; floor: the same job without the join. */
final class ConnectorLookupLatency implements Benchmark {
    private static final String PREFIX = "connector.lookup.latency-";
    private static final int RATE = 2_000;
    private static final int SECONDS = 10;

    private final Data data;
    private final int rounds;

    ConnectorLookupLatency(Data data, int rounds) {
        this.data = data;
        this.rounds = rounds;
    }

    @Override
    public List<String> names() {
        return Arrays.asList(PREFIX + "p50", PREFIX + "p99");
    }

    @Override
    public List<Figure> run() throws Exception {
        ConnectorLookup.needTable(data);
        Flink flink = data.oneSubtask(true, null);
        FloorProcess floors = data.floors();
        long rows = Math.min(data.rows, RATE * SECONDS);
        String probes = Tables.paced("paced", "k BIGINT, emitted BIGINT, id AS k * 2, proc AS PROCTIME()", rows, data.rows, RATE);
        flink.sql(probes);
        floors.sql(true, probes);
        flink.sql(Tables.stamped("joined_late", "emitted BIGINT, " + Tables.USERS, rows));
        floors.sql(true, Tables.stamped("probed_late", "emitted BIGINT, id BIGINT", rows));
        String join = ConnectorLookup.join("joined_late", "p.emitted, ", "paced", "'lookup.async' = 'true'");
        String floor = "INSERT INTO probed_late SELECT emitted, id FROM paced";
        List<Figure> figures = new ArrayList<>();
        double[][] values = new double[2][rounds];
        double[][] least = new double[2][rounds];
        for (int i = -1; i < rounds; i++) {
            double[] without = floors.latencies(true, floor);
            double[] with = flink.latencies(join);
            for (int p = 0; p < 2 && i >= 0; p++) {
                values[p][i] = with[p];
                least[p][i] = without[p];
            }
        }
        for (int p = 0; p < 2; p++) {
            figures.add(new Figure(names().get(p), "us", values[p], least[p]));
        }
        return Collections.unmodifiableList(figures);
    }
}
