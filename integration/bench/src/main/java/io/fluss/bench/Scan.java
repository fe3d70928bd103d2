package io.fluss.bench;

import java.util.Arrays;
import java.util.List;

/**
 * Rows a second of a batch scan of the log table, every value read: all 20 columns, and two of them. Floor of the latter is
 * the former: what projection gains.
 */
final class Scan implements Benchmark {
    private static final String TWO = "user_id BIGINT, price DOUBLE";

    private final Data data;
    private final int rounds;

    Scan(Data data, int rounds) {
        this.data = data;
        this.rounds = rounds;
    }

    @Override
    public List<String> names() {
        return Arrays.asList("scan-20of20", "scan-2of20");
    }

    @Override
    public List<Figure> run() throws Exception {
        data.needEvents();
        Flink flink = data.batch();
        flink.sql(Tables.sink("all_columns", Tables.EVENTS, "consume"));
        flink.sql(Tables.sink("two_columns", TWO, "consume"));
        String all = "INSERT INTO all_columns SELECT * FROM events";
        String two = "INSERT INTO two_columns SELECT user_id, price FROM events";
        flink.seconds(all);
        flink.seconds(two);
        double[] full = new double[rounds];
        double[] part = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            full[i] = Benchmark.rate(data.rows, flink.seconds(all));
            part[i] = Benchmark.rate(data.rows, flink.seconds(two));
        }
        return Arrays.asList(new Figure("scan-20of20", "rows/s", full, new double[0]), new Figure("scan-2of20", "rows/s", part, full));
    }
}
