package io.fluss.demo;

import java.util.Locale;

/** What the person in front of the terminal sees. */
final class Console {
    private final int steps;
    private int step;
    private boolean open;

    Console(int steps) {
        this.steps = steps;
    }

    /** Begins a step: {@code [3/8] text}. */
    void step(String text) {
        line(String.format(Locale.ROOT, "%n[%d/%d] %s", ++step, steps, text));
    }

    void line(String text) {
        if (open) {
            System.out.println();
            open = false;
        }
        System.out.println(text);
    }

    /** Shows how far it is; over the last such line on a terminal, below it in a file. */
    void progress(String text) {
        if (System.console() == null) {
            line("      " + text);
            return;
        }
        System.out.print("\r      " + text + "\u001b[K");
        System.out.flush();
        open = true;
    }

    /** {@code 336,776 rows in 4.1 s (82,140 rows/s)}. */
    static String rate(long rows, long nanos) {
        double seconds = Math.max(nanos, 1) / 1e9;
        return String.format(Locale.ROOT, "%,d rows in %.1f s (%,.0f rows/s)", rows, seconds, rows / seconds);
    }
}
