package io.fluss.flink.lookup;

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
    private final boolean insertsMissing;

    /** @param cache of cache type PARTIAL, else null */
    public FlussLookupOptions(
            boolean async,
            LookupOptions.LookupCacheType cacheType,
            LookupCache cache,
            int maxBatchSize,
            int maxInFlight,
            boolean insertsMissing) {
        this.async = async;
        this.cacheType = cacheType;
        this.cache = cache;
        this.maxBatchSize = maxBatchSize;
        this.maxInFlight = maxInFlight;
        this.insertsMissing = insertsMissing;
    }

    public static FlussLookupOptions from(ReadableConfig options) {
        LookupOptions.LookupCacheType type = options.get(LookupOptions.CACHE_TYPE);
        return new FlussLookupOptions(
                options.get(FlussConnectorOptions.LOOKUP_ASYNC),
                type,
                type == LookupOptions.LookupCacheType.PARTIAL ? DefaultLookupCache.fromConfig(options) : null,
                options.get(FlussConnectorOptions.CLIENT_LOOKUP_MAX_BATCH_SIZE),
                options.get(FlussConnectorOptions.CLIENT_LOOKUP_MAX_INFLIGHT_REQUESTS),
                options.get(FlussConnectorOptions.LOOKUP_INSERT_IF_NOT_EXISTS));
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

    /** Keys that are sent without waiting for an answer that is on its way. */
    public int maxBatchSize() {
        return maxBatchSize;
    }

    /** Requests on their way at a time, of one task. */
    public int maxInFlight() {
        return maxInFlight;
    }

    /** Whether a key that has no row gets one. */
    public boolean insertsMissing() {
        return insertsMissing;
    }
}
