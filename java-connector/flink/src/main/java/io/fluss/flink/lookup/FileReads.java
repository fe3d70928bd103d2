package io.fluss.flink.lookup;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Whether a key that memory cannot answer is better read from the files by the thread that asks. It is while that takes no longer than to hand the
 * key to another thread: of a file in the system's cache. Where files are slow the caller's thread is kept from them, and tries again at
 * growing intervals.
 */
final class FileReads {
    /** Less than it costs to hand a key over when two threads have to be woken for it. */
    private static final long ALLOWED_NANOS = TimeUnit.MICROSECONDS.toNanos(100);
    /** One read does not count for more: it may have waited for a processor instead. */
    private static final long LONGEST_NANOS = TimeUnit.MILLISECONDS.toNanos(4);
    /** How far the time of reads may exceed what is allowed for them. */
    private static final long MOST_NANOS = TimeUnit.MILLISECONDS.toNanos(8);

    private static final long FIRST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LAST_PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final LongSupplier clock;
    private long excess;
    private long pause = FIRST_PAUSE_NANOS;
    /** Meanwhile others read files; 0: nobody said so. */
    private long pauseEnds;
    private long begun;

    FileReads(LongSupplier nanoClock) {
        clock = nanoClock;
    }

    /** @return true: the caller does it, and then calls {@link #end} */
    boolean begin() {
        begun = clock.getAsLong();
        return pauseEnds == 0 || begun - pauseEnds >= 0;
    }

    void end() {
        long now = clock.getAsLong();
        excess = Math.max(0, excess + Math.min(now - begun, LONGEST_NANOS) - ALLOWED_NANOS);
        if (excess > MOST_NANOS) {
            excess = 0;
            pauseEnds = now + pause;
            pause = Math.min(2 * pause, LAST_PAUSE_NANOS);
        } else if (excess == 0 && pauseEnds != 0 && now - pauseEnds >= pause) {
            // Fast for as long as it was left alone.
            pause = FIRST_PAUSE_NANOS;
        }
    }
}
