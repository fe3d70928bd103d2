package io.fluss.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One benchmark: a job, and mostly the same job without the store beside it, alternately, after a warm-up. */
interface Benchmark {
    /** Names of the figures it makes, for {@code ONLY}. */
    List<String> names();

    List<Figure> run() throws Exception;

    /** Whether it needs more than the {@code memory.size} that ships, which a process has one of. */
    default boolean needsMemory() {
        return false;
    }

    static List<Benchmark> all(Data data, int rounds) {
        List<Benchmark> all = new ArrayList<>(Arrays.asList(
                new Write(data, "upsert", rounds, true),
                new Write(data, "append", rounds, false),
                new LookupLatency(data, rounds),
                new Scan(data, rounds),
                new ScanJava(data, rounds)));
        ConnectorSource.all(data, rounds).forEach(all::add);
        ConnectorSink.all(data, rounds).forEach(all::add);
        ConnectorLookup.all(data, rounds).forEach(all::add);
        all.add(new ConnectorLookupLatency(data, rounds));
        return all;
    }

    /** rows/s of a job that takes {@code seconds}. */
    static double rate(long rows, double seconds) {
        return rows / Math.max(seconds, 1e-3);
    }
}
