package io.fluss.bench;

import io.fluss.client.Connection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.flink.core.execution.JobClient;

/**
 * Lookup joins a second of one subtask at Flink's defaults: random keys, every column read; the table has the even keys, so that those that
 * miss lie between others. Floor: the same probes without the join; of misses, the hits.
 */
final class ConnectorLookup implements Benchmark {
    private static final String PREFIX = "connector.lookup.";
    private static final String TABLE = "even_users";
    /** Probes a second of the job that keeps the copy. */
    private static final int HOLDING_RATE = 10;
    /** Of the values of a row of {@link Tables#USERS}: four numbers and four strings. */
    private static final double ROW_BYTES = 8 + 8 + 4 + 8 + Stream.of("name", "email", "country", "bio").mapToInt(Tables::length).sum();

    /** One way to look up. */
    private enum Case {
        ASYNC("'lookup.async' = 'true'", 1, true),
        SYNC("'lookup.async' = 'false'", 1, true),
        FULL("'lookup.cache' = 'FULL'", 5, true),
        MISS("'lookup.async' = 'true'", 1, false);

        private final String options;
        /** Probes by keys of the table. */
        private final int times;

        private final boolean hits;

        Case(String options, int times, boolean hits) {
            this.options = options;
            this.times = times;
            this.hits = hits;
        }

        String lower() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Data data;
    private final int rounds;
    private final Case lookup;

    private ConnectorLookup(Data data, int rounds, Case lookup) {
        this.data = data;
        this.rounds = rounds;
        this.lookup = lookup;
    }

    static Stream<Benchmark> all(Data data, int rounds) {
        return Arrays.stream(Case.values()).map(c -> new ConnectorLookup(data, rounds, c));
    }

    @Override
    public List<String> names() {
        return Collections.singletonList(PREFIX + lookup.lower());
    }

    @Override
    public boolean needsMemory() {
        return lookup == Case.FULL;
    }

    @Override
    public List<Figure> run() throws Exception {
        data.needEvenUsers(TABLE);
        Flink flink = data.oneSubtask(true, null);
        long rows = lookup.times * data.rows;
        flink.sql(Tables.timed("joined", Tables.USERS, rows, true));
        flink.sql(probes("hits", rows, ""));
        flink.sql(probes("misses", rows, " + 1"));
        String join = join("joined", "", lookup.hits ? "hits" : "misses", lookup.options);
        if (!lookup.hits) {
            return misses(flink, join, join("joined", "", "hits", lookup.options));
        }
        FloorProcess floors = data.floors();
        floors.sql(true, Tables.timed("probed_" + lookup.lower(), "id BIGINT", rows, true));
        floors.sql(true, probes("hits_" + lookup.lower(), rows, ""));
        String floor = "INSERT INTO probed_" + lookup.lower() + " SELECT id FROM hits_" + lookup.lower();
        if (lookup == Case.FULL) {
            return withCopy(flink, join, floor, rows);
        }
        return new LastRow(data, rounds, true).measure(PREFIX + lookup.lower(), "lookups/s", rows, flink, join, false, floor);
    }

    /** Another job keeps the copy, so that it is not loaded anew by each job that is measured. */
    private List<Figure> withCopy(Flink flink, String join, String floor, long rows) throws Exception {
        flink.sql(Tables.paced("holding", "k BIGINT, emitted BIGINT, id AS k * 2, proc AS PROCTIME()", Long.MAX_VALUE, data.rows, HOLDING_RATE));
        flink.sql(Tables.sink("held", Tables.USERS, "blackhole"));
        JobClient holder = flink.start(join("held", "", "holding", lookup.options));
        try {
            List<Figure> figures = new LastRow(data, rounds, true).measure(PREFIX + "full", "lookups/s", rows, flink, join, false, floor);
            try (Connection connection = Connection.open(data.store)) {
                double copies = connection.metrics().get("memory.copies");
                figures.add(Figure.single(PREFIX + "full.memory", "B/row", copies / data.rows, ROW_BYTES));
            }
            return figures;
        } finally {
            holder.cancel().get(1, TimeUnit.MINUTES);
        }
    }

    private List<Figure> misses(Flink flink, String misses, String hits) throws Exception {
        double[] values = new double[rounds];
        double[] floors = new double[rounds];
        for (int i = -1; i < rounds; i++) {
            double hit = Benchmark.rate(data.rows, flink.untilLastRow(hits, false).seconds);
            double miss = Benchmark.rate(data.rows, flink.untilLastRow(misses, false).seconds);
            if (i >= 0) {
                values[i] = miss;
                floors[i] = hit;
            }
        }
        return Collections.singletonList(new Figure(PREFIX + "miss", "lookups/s", values, floors));
    }

    private String probes(String name, long rows, String odd) {
        return Tables.ready(name, "k BIGINT, id AS k * 2" + odd + ", proc AS PROCTIME()", rows, data.rows);
    }

    /** @param before columns of the probe that the sink has too, each with a comma */
    static String join(String sink, String before, String probes, String options) {
        List<String> columns = new ArrayList<>();
        for (String column : Tables.names(Tables.USERS).split(", ")) {
            columns.add("u." + column);
        }
        return "INSERT INTO " + sink + " SELECT " + before + String.join(", ", columns) + " FROM " + probes + " AS p LEFT JOIN " + TABLE + " /*+ OPTIONS("
                + options + ") */ FOR SYSTEM_TIME AS OF p.proc AS u ON p.id = u.id";
    }

    static void needTable(Data data) throws Exception {
        data.needEvenUsers(TABLE);
    }
}
