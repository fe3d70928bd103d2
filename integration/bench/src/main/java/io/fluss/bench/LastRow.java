package io.fluss.bench;

import java.util.ArrayList;
import java.util.List;

/** A job of one subtask against its floor, both from the first row to the last, in turn. */
final class LastRow {
    /** What the JIT compiler needs before it has seen the most of a job. */
    private static final int WARM_ROUNDS = 2;

    private static final double WARM_SECONDS = 3;

    private final Data data;
    private final int rounds;
    private final boolean streaming;

    LastRow(Data data, int rounds, boolean streaming) {
        this.data = data;
        this.rounds = rounds;
        this.streaming = streaming;
    }

    /**
     * The figures {@code name}, {@code .cpu} and, where there are profiles, {@code .alloc} and whose the samples are.
     *
     * @param endless the job goes on after the last row
     * @param floor a job in the process of the floors
     */
    List<Figure> measure(String name, String unit, long rows, Flink flink, String job, boolean endless, String floor) throws Exception {
        FloorProcess floors = data.floors();
        double[] values = new double[rounds];
        double[] leasts = new double[rounds];
        double[] cpu = new double[rounds];
        double[] cpuLeast = new double[rounds];
        double warm = 0;
        for (int i = 0; i < WARM_ROUNDS || warm < WARM_SECONDS; i++) {
            floors.untilLastRow(streaming, floor);
            warm += flink.untilLastRow(job, endless).seconds;
        }
        for (int i = 0; i < rounds; i++) {
            Meter.Taken least = floors.untilLastRow(streaming, floor);
            Meter.Taken taken = flink.untilLastRow(job, endless);
            values[i] = Benchmark.rate(rows, taken.seconds);
            leasts[i] = Benchmark.rate(rows, least.seconds);
            cpu[i] = taken.cpuSeconds * 1e6 / rows;
            cpuLeast[i] = least.cpuSeconds * 1e6 / rows;
        }
        List<Figure> figures = new ArrayList<>();
        figures.add(new Figure(name, unit, values, leasts));
        figures.add(new Figure(name + ".cpu", "s/1M rows", cpu, cpuLeast));
        if (data.profile() != null) {
            double least = floors.allocated(streaming, floor);
            Profile.Stacks heap = Meter.profiled(data.profile(), Profile.Kind.ALLOC, name, () -> flink.untilLastRow(job, endless));
            Profile.Stacks time = Meter.profiled(data.profile(), Profile.Kind.CPU, name, () -> flink.untilLastRow(job, endless));
            figures.add(Figure.single(name + ".alloc", "B/row", (double) heap.total() / rows, least / rows));
            figures.add(Figure.single(name + ".alloc.connector", "B/row", (double) heap.of("connector") / rows, Double.NaN).note(heap.classes(12, rows)));
            figures.add(Figure.single(name + ".samples", "samples", time.total(), Double.NaN).note(time.shares()));
        }
        return figures;
    }
}
