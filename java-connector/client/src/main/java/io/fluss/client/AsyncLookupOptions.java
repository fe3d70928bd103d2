package io.fluss.client;

/** How an {@link AsyncLookuper} makes batches of keys, and what it does when one fails. Immutable; each method gives a changed copy. */
public final class AsyncLookupOptions {
    private static final AsyncLookupOptions DEFAULTS = new AsyncLookupOptions(128, 128, 25_600, 0, 0);

    private final int fullBatch;
    private final int maxInFlight;
    private final int queueSize;
    private final long batchTimeoutMs;
    private final int maxRetries;

    private AsyncLookupOptions(int fullBatch, int maxInFlight, int queueSize, long batchTimeoutMs, int maxRetries) {
        if (fullBatch < 1 || maxInFlight < 1 || queueSize < 1 || batchTimeoutMs < 0 || maxRetries < 0) {
            throw FlussException.invalid("lookups in batches of " + fullBatch + " keys, " + maxInFlight + " requests in flight, a queue of " + queueSize
                    + " keys, a wait of " + batchTimeoutMs + " ms and " + maxRetries
                    + " retries; the first three must be at least 1, the others at least 0");
        }
        this.fullBatch = fullBatch;
        this.maxInFlight = maxInFlight;
        this.queueSize = queueSize;
        this.batchTimeoutMs = batchTimeoutMs;
        this.maxRetries = maxRetries;
    }

    /** Batches of 128 keys, 128 in flight, a queue of 25,600 keys; no wait, no retries. */
    public static AsyncLookupOptions defaults() {
        return DEFAULTS;
    }

    /** Keys that are sent although earlier ones are on their way. */
    public AsyncLookupOptions fullBatch(int keys) {
        return new AsyncLookupOptions(keys, maxInFlight, queueSize, batchTimeoutMs, maxRetries);
    }

    /** Requests on their way at a time. */
    public AsyncLookupOptions maxInFlight(int requests) {
        return new AsyncLookupOptions(fullBatch, requests, queueSize, batchTimeoutMs, maxRetries);
    }

    /** Keys that are not on their way yet, or no more because they failed; who brings one more waits. */
    public AsyncLookupOptions queueSize(int keys) {
        return new AsyncLookupOptions(fullBatch, maxInFlight, keys, batchTimeoutMs, maxRetries);
    }

    /** How long a key waits for a full batch; 0: it goes as soon as nothing is on its way. */
    public AsyncLookupOptions batchTimeoutMs(long ms) {
        return new AsyncLookupOptions(fullBatch, maxInFlight, queueSize, ms, maxRetries);
    }

    /** How often a key is sent again after an error that is {@link FlussException#retryable()}, at growing intervals. */
    public AsyncLookupOptions maxRetries(int retries) {
        return new AsyncLookupOptions(fullBatch, maxInFlight, queueSize, batchTimeoutMs, retries);
    }

    int fullBatch() {
        return fullBatch;
    }

    int maxInFlight() {
        return maxInFlight;
    }

    int queueSize() {
        return queueSize;
    }

    long batchTimeoutMs() {
        return batchTimeoutMs;
    }

    int maxRetries() {
        return maxRetries;
    }
}
