package io.fluss.bench;

import java.util.Collections;
import java.util.List;

/** Lookup joins a second with random keys that all exist, every column read; floor: the same probes without the join. */
final class LookupJoin implements Benchmark {
    private static final String JOINED = Tables.USERS.replaceFirst("id BIGINT", "id BIGINT, found BIGINT");

    private final Data data;
    private final String name;
    private final int rounds;
    private final String hint;

    LookupJoin(Data data, String name, int rounds, String hint) {
        this.data = data;
        this.name = name;
        this.rounds = rounds;
        this.hint = hint;
    }

    @Override
    public List<String> names() {
        return Collections.singletonList(name);
    }

    @Override
    public List<Figure> run() throws Exception {
        data.needUsers();
        Flink flink = data.streaming();
        String id = name.replace('-', '_');
        flink.sql(Tables.probes("few_" + id, data.warmRows(), data.rows));
        flink.sql(Tables.probes("probes_" + id, data.rows, data.rows));
        flink.sql(Tables.sink("joined_" + id, JOINED, "consume"));
        flink.sql(Tables.sink("probed_" + id, "id BIGINT", "consume"));
        flink.seconds(join(id, "few_"));
        double[] values = new double[rounds];
        double[] floors = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            floors[i] = Benchmark.rate(data.rows, flink.seconds("INSERT INTO probed_" + id + " SELECT id FROM probes_" + id));
            values[i] = Benchmark.rate(data.rows, flink.seconds(join(id, "probes_")));
        }
        return Collections.singletonList(new Figure(name, "lookups/s", values, floors));
    }

    private String join(String id, String probes) {
        return "INSERT INTO joined_" + id + " SELECT p.id, u.id, u.name, u.email, u.country, u.balance, u.score, u.updated, u.bio FROM " + probes + id
                + " AS p JOIN users " + hint + " FOR SYSTEM_TIME AS OF p.proc AS u ON p.id = u.id";
    }
}
