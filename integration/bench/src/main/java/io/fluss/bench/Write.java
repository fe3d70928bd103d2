package io.fluss.bench;

import java.util.Collections;
import java.util.List;

/** Rows a second of {@code INSERT INTO … SELECT * FROM datagen}, the last flush included; floor: the same job into blackhole. */
final class Write implements Benchmark {
    private final Data data;
    private final String name;
    private final int rounds;
    private final boolean upsert;

    /** @param upsert random keys of a loaded primary-key table, else appends to a log table */
    Write(Data data, String name, int rounds, boolean upsert) {
        this.data = data;
        this.name = name;
        this.rounds = rounds;
        this.upsert = upsert;
    }

    @Override
    public List<String> names() {
        return Collections.singletonList(name);
    }

    @Override
    public List<Figure> run() throws Exception {
        Flink flink = data.streaming();
        if (upsert) {
            data.needUsers();
        } else {
            flink.sql(Tables.events("appended"));
        }
        String table = upsert ? "users" : "appended";
        flink.sql(generator("few_" + name, data.warmRows()));
        flink.sql(generator("gen_" + name, data.rows));
        flink.sql(Tables.sink("hole_" + name, upsert ? Tables.USERS : Tables.EVENTS, "blackhole"));
        flink.seconds("INSERT INTO hole_" + name + " SELECT * FROM few_" + name);
        flink.seconds("INSERT INTO " + table + " SELECT * FROM few_" + name);
        double[] values = new double[rounds];
        double[] floors = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            floors[i] = Benchmark.rate(data.rows, flink.seconds("INSERT INTO hole_" + name + " SELECT * FROM gen_" + name));
            values[i] = Benchmark.rate(data.rows, flink.seconds("INSERT INTO " + table + " SELECT * FROM gen_" + name));
        }
        return Collections.singletonList(new Figure(name, "rows/s", values, floors));
    }

    private String generator(String table, long rows) {
        return upsert ? Tables.usersGenerator(table, rows, data.rows, true) : Tables.eventsGenerator(table, rows);
    }
}
