package io.fluss.client;

/** When a call that failed is made again. */
final class Retries {
    private static final long FIRST_PAUSE_MS = 10;
    private static final long LONGEST_PAUSE_MS = 1_000;

    private Retries() {}

    /** @param done retries before */
    static boolean isAnother(Throwable error, int done, int most) {
        return done < most && error instanceof FlussException && ((FlussException) error).retryable();
    }

    /** 10 ms, twice as long each time, a second at most. @param done retries before */
    static long pauseMs(int done) {
        return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS << Math.min(done, 10));
    }
}
