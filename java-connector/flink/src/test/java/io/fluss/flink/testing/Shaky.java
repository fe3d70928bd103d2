package io.fluss.flink.testing;

import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.table.functions.ScalarFunction;

/** Passes its argument on, slowly, and sometimes throws instead. All jobs of the JVM share what is set here. */
public final class Shaky extends ScalarFunction {
    private static final long serialVersionUID = 1L;
    private static final AtomicInteger FAILURES_LEFT = new AtomicInteger();
    private static volatile Random random = new Random(0);
    private static volatile int least = 1;
    private static volatile int spread = 1;
    private static volatile int slowEvery;
    private static volatile int slowMillis;

    private transient int untilFailure;

    /** @param every values that are multiples of it take a millisecond; 0: none does */
    public static void slow(int every) {
        slow(every, 1);
    }

    /** @param millis what the values take that are multiples of it */
    public static void slow(int every, int millis) {
        slowMillis = millis;
        slowEvery = every;
    }

    /**
     * @param failures how often it throws
     * @param when chooses after how many values of an instance it does
     * @param from at least so many
     * @param choices how many numbers of values there are to choose from
     */
    public static void fail(int failures, Random when, int from, int choices) {
        random = when;
        least = from;
        spread = choices;
        FAILURES_LEFT.set(failures);
    }

    public static int failuresLeft() {
        return FAILURES_LEFT.get();
    }

    public Integer eval(Integer value) throws InterruptedException {
        if (slowEvery > 0 && value % slowEvery == 0) {
            Thread.sleep(slowMillis);
        }
        if (FAILURES_LEFT.get() > 0) {
            if (untilFailure == 0) {
                untilFailure = least + random.nextInt(spread);
            }
            if (--untilFailure == 0 && FAILURES_LEFT.getAndDecrement() > 0) {
                throw new IllegalStateException("thrown by the test");
            }
        }
        return value;
    }

    @Override
    public boolean isDeterministic() {
        return false;
    }
}
