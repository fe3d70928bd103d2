package io.fluss.bench;

import io.fluss.client.ColumnBatch;
import io.fluss.client.Connection;
import io.fluss.client.Lookuper;
import io.fluss.client.Table;
import io.fluss.client.TablePath;
import io.fluss.client.WriteBatch;
import io.fluss.jni.Native;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Time of one lookup of one key through the Java client, one at a time, all columns, each string read; no Flink in between. Floor: a
 * native call that does nothing, timed in the same way.
 */
final class LookupLatency implements Benchmark {
    private static final int LOOKUPS = 200_000;
    private static final int WARM = 50_000;

    private final Data data;
    private final int rounds;

    LookupLatency(Data data, int rounds) {
        this.data = data;
        this.rounds = rounds;
    }

    @Override
    public List<String> names() {
        return Arrays.asList("lookup-latency-p50", "lookup-latency-p99");
    }

    @Override
    public List<Figure> run() throws Exception {
        data.needUsers();
        double[] p50 = new double[rounds];
        double[] p99 = new double[rounds];
        double[] floor50 = new double[rounds];
        double[] floor99 = new double[rounds];
        try (Connection connection = Connection.open(data.store);
                Table table = connection.table(TablePath.of("fluss", "users"));
                Lookuper lookuper = table.newLookuper(new int[] {0, 1, 2, 3, 4, 5, 6, 7})) {
            measure(lookuper, WARM);
            calls(WARM);
            for (int i = 0; i < rounds; i++) {
                long[] floor = calls(LOOKUPS);
                long[] times = measure(lookuper, LOOKUPS);
                floor50[i] = percentile(floor, 0.5);
                floor99[i] = percentile(floor, 0.99);
                p50[i] = percentile(times, 0.5);
                p99[i] = percentile(times, 0.99);
            }
        }
        return Arrays.asList(
                new Figure("lookup-latency-p50", "us", p50, floor50), new Figure("lookup-latency-p99", "us", p99, floor99));
    }

    private long[] measure(Lookuper lookuper, int lookups) {
        SplittableRandom random = new SplittableRandom(lookups);
        long[] times = new long[lookups];
        WriteBatch keys = lookuper.newKeys();
        for (int i = 0; i < lookups; i++) {
            long key = random.nextLong(data.rows);
            long start = System.nanoTime();
            keys.clear();
            keys.column(0).setLong(keys.beginRow(), key);
            keys.endRow();
            try (ColumnBatch found = lookuper.lookup(keys)) {
                if (!found.isFound(0) || found.column(0).getLong(0) != key || found.column(7).getBytes(0).length == 0) {
                    throw new IllegalStateException("key " + key + " has not its row");
                }
            }
            times[i] = System.nanoTime() - start;
        }
        Arrays.sort(times);
        return times;
    }

    private static long[] calls(int calls) {
        long[] times = new long[calls];
        for (int i = 0; i < calls; i++) {
            long start = System.nanoTime();
            Native.abiVersion();
            times[i] = System.nanoTime() - start;
        }
        Arrays.sort(times);
        return times;
    }

    static double percentile(long[] sorted, double p) {
        return sorted[(int) Math.min(sorted.length - 1, Math.round(p * sorted.length))] / 1e3;
    }
}
