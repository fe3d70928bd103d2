package io.fluss.bench;

import java.util.Arrays;
import java.util.Locale;

/** One measured figure: the median over the rounds, beside what the same job costs without the store (its floor). */
final class Figure {
    final String name;
    final String unit;
    private final double[] values;
    private final double[] floors;
    /** What is to be said beside the numbers; empty: nothing. */
    String note = "";

    /** @param floors one a round, or empty if there is none */
    Figure(String name, String unit, double[] values, double[] floors) {
        this.name = name;
        this.unit = unit;
        this.values = values;
        this.floors = floors;
    }

    /** Of one round. @param floor NaN: there is none */
    static Figure single(String name, String unit, double value, double floor) {
        return new Figure(name, unit, new double[] {value}, Double.isNaN(floor) ? new double[0] : new double[] {floor});
    }

    Figure note(String text) {
        note = text;
        return this;
    }

    double value() {
        return median(values);
    }

    double floor() {
        return median(floors);
    }

    /** Value over floor; NaN without a floor, or if it is 0. */
    double ratio() {
        return floor() == 0 ? Double.NaN : value() / floor();
    }

    /** Greatest minus least value, as a share of the median. */
    double spread() {
        double[] sorted = sorted(values);
        return (sorted[sorted.length - 1] - sorted[0]) / value();
    }

    int rounds() {
        return values.length;
    }

    String json(String commit) {
        return String.format(Locale.ROOT,
                "{\"name\":\"%s\",\"value\":%s,\"unit\":\"%s\",\"floor\":%s,\"ratio\":%s,\"rounds\":%d,\"spread\":%s,\"commit\":\"%s\",\"note\":\"%s\"}",
                name, number(value()), unit, number(floor()), number(ratio()), rounds(), number(spread()), commit, note.replace("\\", "").replace("\"", ""));
    }

    private static String number(double d) {
        return Double.isNaN(d) || Double.isInfinite(d) ? "null" : String.format(Locale.ROOT, "%.4g", d).contains("e")
                ? String.format(Locale.ROOT, "%.1f", d) : String.format(Locale.ROOT, "%.4f", d);
    }

    private static double median(double[] values) {
        if (values.length == 0) {
            return Double.NaN;
        }
        double[] sorted = sorted(values);
        int n = sorted.length;
        return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    }

    private static double[] sorted(double[] values) {
        double[] copy = values.clone();
        Arrays.sort(copy);
        return copy;
    }
}
