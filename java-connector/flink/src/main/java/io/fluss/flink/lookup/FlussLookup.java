package io.fluss.flink.lookup;

import io.fluss.client.Column;
import io.fluss.client.Predicate;
import io.fluss.client.TableDescriptor;
import io.fluss.client.TablePath;
import io.fluss.flink.row.BucketSpread;
import io.fluss.flink.row.TypeConversion;
import io.fluss.flink.table.FlussConnectorOptions;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.source.LookupTableSource.LookupRuntimeProvider;
import org.apache.flink.table.connector.source.lookup.AsyncLookupFunctionProvider;
import org.apache.flink.table.connector.source.lookup.LookupFunctionProvider;
import org.apache.flink.table.connector.source.lookup.LookupOptions.LookupCacheType;
import org.apache.flink.table.connector.source.lookup.PartialCachingAsyncLookupProvider;
import org.apache.flink.table.connector.source.lookup.PartialCachingLookupProvider;
import org.apache.flink.table.connector.source.lookup.cache.LookupCache;
import org.apache.flink.table.functions.AsyncLookupFunction;
import org.apache.flink.table.functions.LookupFunction;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/** Lookup joins: what a table source hands to the planner. */
public final class FlussLookup {
    private FlussLookup() {}

    /**
     * @param connectionOptions {@code data.dir} and engine options
     * @param physicalRowType all columns of the table
     * @param projection paths of the fields of the row that the planner wants, in {@code physicalRowType}
     * @param filter what rows must fulfil; null: nothing
     * @param constants by name of a column the value that the filter asks for
     * @param lookupKeys positions of the join keys in the projected row, as {@code LookupContext.getKeys()} gives them
     * @throws ValidationException if the keys do not cover the primary key or the beginning of it, if rows cannot
     *     be made of keys that are missing, or if it is to wait for buckets that there are not
     */
    public static LookupRuntimeProvider runtimeProvider(
            Map<String, String> connectionOptions,
            TablePath path,
            long tableId,
            TableDescriptor table,
            RowType physicalRowType,
            int[][] projection,
            Predicate filter,
            Map<String, Serializable> constants,
            int[] lookupKeys,
            FlussLookupOptions options) {
        LookupKeys keys = LookupKeys.of(path, table, physicalRowType, projection, constants, lookupKeys);
        if (options.insertsMissing()) {
            requireInsertable(path, table, keys, options.cacheType());
        }
        if (options.waitFor() != null) {
            options.waitFor().requireBuckets(path, table);
        }
        LookupTarget target =
                new LookupTarget(connectionOptions, path, tableId, physicalRowType, projection, filter, keys, options);
        LookupFunction sync = new FlussLookupFunction(target);
        // In memory there is nothing to wait for. Without an asynchronous function the planner makes no delta join of it either.
        boolean offersAsync = options.async() && options.cacheType() != LookupCacheType.FULL;
        AsyncLookupFunction async = offersAsync ? new FlussAsyncLookupFunction(target) : null;
        if (options.cache() == null) {
            return async == null ? LookupFunctionProvider.of(sync) : new Both(sync, async);
        }
        return async == null
                ? PartialCachingLookupProvider.of(sync, options.cache())
                : new BothCached(sync, async, options.cache());
    }

    /** Which subtask gets which keys; null: some of what says the bucket is no join key, but a constant. Parameters as for the function. */
    public static BucketSpread spread(TableDescriptor table, RowType physicalRowType, int[][] projection, int[] lookupKeys) {
        List<String> names = new ArrayList<>();
        LogicalType[] types = new LogicalType[lookupKeys.length];
        for (int i = 0; i < lookupKeys.length; i++) {
            names.add(LookupKeys.nameOf(physicalRowType, projection[lookupKeys[i]]));
            types[i] = TypeConversion.typeOf(physicalRowType, projection[lookupKeys[i]]);
        }
        int[] bucketKey = table.bucketKey().stream().mapToInt(names::indexOf).toArray();
        int[] partitionKey = table.partitionKeys().stream().mapToInt(names::indexOf).toArray();
        boolean known = IntStream.concat(Arrays.stream(bucketKey), Arrays.stream(partitionKey)).noneMatch(at -> at < 0);
        return known ? new BucketSpread(RowType.of(types), bucketKey, partitionKey, table.bucketCount()) : null;
    }

    private static void requireInsertable(TablePath path, TableDescriptor table, LookupKeys keys, LookupCacheType cache) {
        String problem = null;
        if (cache == LookupCacheType.FULL) {
            problem = "not with 'lookup.cache' = 'FULL', whose copy of the table has a new row only later; set it to 'NONE' or 'PARTIAL'";
        } else if (keys.prefix() != null) {
            problem = "the join keys are only " + keys.prefix() + " of the primary key " + table.primaryKey() + "; join on all of it";
        }
        String numbered = table.options().get(FlussConnectorOptions.AUTO_INCREMENT_FIELDS.key());
        for (Column column : table.columns()) {
            boolean filled = table.primaryKey().contains(column.name()) || column.name().equals(numbered);
            if (!filled && !column.type().isNullable()) {
                problem = "column '" + column.name() + "' would be NULL and is NOT NULL; join without the option";
            }
        }
        if (problem != null) {
            throw new ValidationException("'" + FlussConnectorOptions.LOOKUP_INSERT_IF_NOT_EXISTS.key() + "' = 'true' of table " + path
                    + ": " + problem + ".");
        }
    }

    /** Lets the planner choose, by the LOOKUP hint's 'async' for example. */
    private static class Both implements LookupFunctionProvider, AsyncLookupFunctionProvider {
        private final LookupFunction sync;
        private final AsyncLookupFunction async;

        Both(LookupFunction sync, AsyncLookupFunction async) {
            this.sync = sync;
            this.async = async;
        }

        @Override
        public LookupFunction createLookupFunction() {
            return sync;
        }

        @Override
        public AsyncLookupFunction createAsyncLookupFunction() {
            return async;
        }
    }

    private static final class BothCached extends Both
            implements PartialCachingLookupProvider, PartialCachingAsyncLookupProvider {
        private final LookupCache cache;

        BothCached(LookupFunction sync, AsyncLookupFunction async, LookupCache cache) {
            super(sync, async);
            this.cache = cache;
        }

        @Override
        public LookupCache getCache() {
            return cache;
        }
    }
}
