package io.fluss.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * Time and processor time of the one job that runs, from its first row on: what it takes to start and to end a job is in no figure
 * that is taken with this. Sources and sinks of the benchmarks run in this JVM, and say so here.
 */
final class Meter {
    private static final OperatingSystemMXBean SYSTEM = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /** Milliseconds since the epoch, to be compared with the time that a job ended. */
    private static volatile long beginMillis;

    private static volatile long beginNanos;
    private static volatile long beginCpuNanos;
    private static volatile CompletableFuture<Taken> end = new CompletableFuture<>();

    private static volatile Runnable onBegin = () -> {};

    /** Nanoseconds of the rows of one subtask, in their order. */
    private static final List<Long> LATENCIES = Collections.synchronizedList(new ArrayList<>());

    private Meter() {}

    /** Runs a job with a profile of it from its first row on. @param name of the figure */
    static Profile.Stacks profiled(Profile profile, Profile.Kind kind, String name, Callable<Taken> job) throws Exception {
        onBegin = () -> profile.start(kind);
        try {
            job.call();
        } finally {
            onBegin = () -> {};
        }
        return profile.stop(kind, name);
    }

    /** Before a job. @return completed by {@link #end} */
    static CompletableFuture<Taken> reset() {
        beginNanos = 0;
        LATENCIES.clear();
        end = new CompletableFuture<>();
        return end;
    }

    /** The first row; later calls say nothing. */
    static void begin() {
        if (beginNanos == 0) {
            onBegin.run();
            beginMillis = System.currentTimeMillis();
            beginCpuNanos = SYSTEM.getProcessCpuTime();
            beginNanos = System.nanoTime();
        }
    }

    /** What a row took from its source to its sink. */
    static void latency(long nanos) {
        LATENCIES.add(nanos);
    }

    /** The median and the 99th percentile in microseconds, without the first rows, which meet code that is not compiled. */
    static double[] latencies() {
        long[] sorted = LATENCIES.stream().skip(LATENCIES.size() / 3).mapToLong(Long::longValue).sorted().toArray();
        return new double[] {LookupLatency.percentile(sorted, 0.5), LookupLatency.percentile(sorted, 0.99)};
    }

    /** The last row. */
    static void end() {
        end.complete(new Taken((System.nanoTime() - beginNanos) / 1e9, cpuSeconds()));
    }

    /** A job that ended at that time. */
    static Taken ended(long millis) {
        return new Taken((millis - beginMillis) / 1e3, cpuSeconds());
    }

    private static double cpuSeconds() {
        return (SYSTEM.getProcessCpuTime() - beginCpuNanos) / 1e9;
    }

    /** What a job took. */
    static final class Taken {
        final double seconds;
        /** Of the whole process. */
        final double cpuSeconds;

        Taken(double seconds, double cpuSeconds) {
            this.seconds = seconds;
            this.cpuSeconds = cpuSeconds;
        }

        double[] numbers() {
            return new double[] {seconds, cpuSeconds};
        }
    }
}
