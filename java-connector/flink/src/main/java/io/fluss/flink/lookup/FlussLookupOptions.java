package io.fluss.flink.lookup;

import io.fluss.client.AsyncLookupOptions;
import io.fluss.flink.source.OffsetChoice;
import io.fluss.flink.table.FlussConnectorOptions;
import java.io.Serializable;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.connector.source.lookup.LookupOptions;
import org.apache.flink.table.connector.source.lookup.cache.DefaultLookupCache;
import org.apache.flink.table.connector.source.lookup.cache.LookupCache;

/** Options of lookup joins with one table. */
public final class FlussLookupOptions implements Serializable {
    private static final long serialVersionUID = 1L;

    private final boolean async;
    private final LookupOptions.LookupCacheType cacheType;
    private final LookupCache cache;
    private final int maxBatchSize;
    private final int maxInFlight;
    private final int queueSize;
    private final long batchTimeoutMs;
    private final int maxRetries;
    private final boolean insertsMissing;
    private final WaitFor waitFor;

    private FlussLookupOptions(ReadableConfig options, WaitFor waitFor) {
        async = options.get(FlussConnectorOptions.LOOKUP_ASYNC);
        cacheType = options.get(LookupOptions.CACHE_TYPE);
        cache = cacheType == LookupOptions.LookupCacheType.PARTIAL ? DefaultLookupCache.fromConfig(options) : null;
        maxBatchSize = options.get(FlussConnectorOptions.CLIENT_LOOKUP_MAX_BATCH_SIZE);
        maxInFlight = options.get(FlussConnectorOptions.CLIENT_LOOKUP_MAX_INFLIGHT_REQUESTS);
        queueSize = options.get(FlussConnectorOptions.CLIENT_LOOKUP_QUEUE_SIZE);
        batchTimeoutMs = options.get(FlussConnectorOptions.CLIENT_LOOKUP_BATCH_TIMEOUT).toMillis();
        maxRetries = Math.min(options.get(LookupOptions.MAX_RETRIES), options.get(FlussConnectorOptions.CLIENT_LOOKUP_MAX_RETRIES));
        insertsMissing = options.get(FlussConnectorOptions.LOOKUP_INSERT_IF_NOT_EXISTS);
        this.waitFor = waitFor;
    }

    /** @param waitFor a timestamp or offsets that the table must have reached; null: lookups do not wait for it */
    public static FlussLookupOptions from(ReadableConfig options, OffsetChoice waitFor) {
        return new FlussLookupOptions(
                options, waitFor == null ? null : new WaitFor(waitFor, options.get(FlussConnectorOptions.LOOKUP_WAIT_FOR_TIMEOUT)));
    }

    /** Whether the planner is offered an asynchronous function beside the synchronous one. */
    public boolean async() {
        return async;
    }

    public LookupOptions.LookupCacheType cacheType() {
        return cacheType;
    }

    /** Null without a partial cache. */
    public LookupCache cache() {
        return cache;
    }

    AsyncLookupOptions asyncOptions() {
        return AsyncLookupOptions.defaults()
                .fullBatch(maxBatchSize)
                .maxInFlight(maxInFlight)
                .queueSize(queueSize)
                .batchTimeoutMs(batchTimeoutMs)
                .maxRetries(maxRetries);
    }

    /** Of a lookup whose error can pass. */
    int maxRetries() {
        return maxRetries;
    }

    /** Whether a key that has no row gets one. */
    public boolean insertsMissing() {
        return insertsMissing;
    }

    /** What the table must have before the first lookup; null: nothing. */
    WaitFor waitFor() {
        return waitFor;
    }
}
