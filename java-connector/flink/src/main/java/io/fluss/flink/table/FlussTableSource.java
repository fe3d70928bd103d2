package io.fluss.flink.table;

import io.fluss.client.Aggregate;
import io.fluss.client.Projection;
import io.fluss.client.TableDescriptor;
import io.fluss.flink.adapter.LookupShuffleAdapter;
import io.fluss.flink.catalog.CatalogStatistics;
import io.fluss.flink.catalog.TableMapping;
import io.fluss.flink.lookup.FlussLookup;
import io.fluss.flink.lookup.FlussLookupOptions;
import io.fluss.flink.row.BucketSpread;
import io.fluss.flink.row.BinlogColumn;
import io.fluss.flink.row.MetadataColumn;
import io.fluss.flink.row.PartitionTexts;
import io.fluss.flink.row.RowForm;
import io.fluss.flink.source.DynamicPartitionFilter;
import io.fluss.flink.source.FlussSource;
import io.fluss.flink.source.OffsetChoice;
import io.fluss.flink.source.PartitionFilter;
import io.fluss.flink.source.ScanSpec;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.RowLevelModificationScanContext;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.LookupTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.SourceProvider;
import org.apache.flink.table.connector.source.abilities.SupportsDynamicFiltering;
import org.apache.flink.table.connector.source.abilities.SupportsFilterPushDown;
import org.apache.flink.table.connector.source.abilities.SupportsLimitPushDown;
import org.apache.flink.table.connector.source.abilities.SupportsProjectionPushDown;
import org.apache.flink.table.connector.source.abilities.SupportsReadingMetadata;
import org.apache.flink.table.connector.source.abilities.SupportsRowLevelModificationScan;
import org.apache.flink.table.connector.source.abilities.SupportsStatisticReport;
import org.apache.flink.table.connector.source.abilities.SupportsWatermarkPushDown;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.expressions.AggregateExpression;
import org.apache.flink.table.expressions.ResolvedExpression;
import org.apache.flink.table.plan.stats.TableStats;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.RowKind;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A table to read: as a stream, in batch, or by lookup joins. */
public class FlussTableSource
        implements ScanTableSource,
                LookupTableSource,
                LookupShuffleAdapter,
                SupportsProjectionPushDown,
                SupportsFilterPushDown,
                SupportsDynamicFiltering,
                SupportsLimitPushDown,
                SupportsWatermarkPushDown,
                SupportsReadingMetadata,
                SupportsRowLevelModificationScan,
                SupportsStatisticReport {
    private final ScanSpec scan;
    private final TableDescriptor table;
    private final MergeBehavior behavior;
    private final ChangelogMode kinds;
    private final boolean batch;
    /** Its columns are not those of the table, but both halves of changes. */
    private final boolean binlog;
    private final int[] primaryKeyIndexes;
    private final int[] partitionKeyIndexes;
    private final FlussLookupOptions lookupOptions;
    private final Integer parallelism;
    private int[][] projection;
    private List<FilterConversion.Converted> filters = Collections.emptyList();
    private long limit = Long.MAX_VALUE;
    private WatermarkStrategy<RowData> watermarks;
    private MetadataColumn[] metadata = {};
    /** Type of the one row that says how many there are; null: the rows are read. */
    private DataType count;
    /** What is read in place of rows; none: the rows. */
    private List<Aggregate> aggregates = Collections.emptyList();
    private DynamicPartitionFilter dynamicFilter;
    private boolean modification;
    /** Of the lookup function that was made first. */
    private int[] lookupKeys;
    private BucketSpread lookupSpread;

    /**
     * @param scan what is read, but for the projection
     * @param table as the store has it
     * @param batch whether it is a batch read
     * @param parallelism of scans; null: the planner's choice
     */
    FlussTableSource(
            ScanSpec scan,
            TableDescriptor table,
            boolean batch,
            FlussLookupOptions lookupOptions,
            Integer parallelism) {
        this.scan = scan;
        this.table = table;
        this.behavior = MergeBehavior.of(table);
        boolean changes = scan.logForm() != RowForm.CHANGE;
        boolean snapshot = scan.readsSnapshots() && scan.isBounded();
        this.binlog = scan.logForm() == RowForm.BINLOG_ROW;
        this.kinds = batch || changes || snapshot ? ChangelogMode.insertOnly() : behavior.changelogMode();
        this.batch = batch;
        this.primaryKeyIndexes = changes ? new int[0] : table.primaryKeyIndexes();
        this.partitionKeyIndexes = table.columnIndexes(table.partitionKeys());
        this.lookupOptions = lookupOptions;
        this.parallelism = parallelism;
        this.projection = new int[binlog ? BinlogColumn.values().length : scan.rowType().getFieldCount()][];
        Arrays.setAll(projection, i -> new int[] {i});
    }

    @Override
    public ChangelogMode getChangelogMode() {
        return kinds;
    }

    @Override
    public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
        if (count != null) {
            return RowCount.of(scan, context.createTypeInformation(count));
        }
        ScanSpec.Builder spec = columns()
                .filter(FilterConversion.all(filters), FilterConversion.partitions(filters))
                .dynamicFilter(dynamicFilter)
                .aggregates(aggregates)
                .limit(limit)
                .metadata(metadata);
        if (modification) {
            // UPDATE and DELETE are of the table's rows, wherever its readers begin and end.
            spec.startup(StartupMode.FULL, OffsetChoice.EARLIEST).stop(OffsetChoice.LATEST);
        } else if (batch && scan.isPrimaryKeyTable() && scan.startupMode() != StartupMode.FULL) {
            throw new ValidationException(
                    "'scan.startup.mode' = '" + scan.startupMode() + "' of " + TableMapping.describe(scan.path())
                            + ": a batch scan of a primary-key table only supports the mode 'full'.");
        } else {
            ScanOptions.requireReadable(scan, behavior);
        }
        FlussSource<RowData> source = FlussSource.ofRows(spec.build());
        return watermarks == null
                ? SourceProvider.of(source, parallelism)
                : new WatermarkedSource(source, watermarks, scan.path(), parallelism);
    }

    /** What the rows have of the table. */
    private ScanSpec.Builder columns() {
        if (!binlog) {
            return scan.toBuilder().projection(Projection.ofPaths(projection));
        }
        BinlogColumn[] halves =
                Arrays.stream(projection).map(path -> BinlogColumn.values()[path[0]]).toArray(BinlogColumn[]::new);
        int[] needed = halves.length == 0 ? new int[0] : IntStream.range(0, scan.rowType().getFieldCount()).toArray();
        return scan.toBuilder().projection(Projection.of(needed)).binlog(halves);
    }

    @Override
    public LookupRuntimeProvider getLookupRuntimeProvider(LookupContext context) {
        if (lookupOptions == null) {
            throw new ValidationException(
                    "A lookup join with a virtual table of " + TableMapping.describe(scan.path())
                            + " is not supported: only the rows as they are now are looked up. Join it without FOR"
                            + " SYSTEM_TIME AS OF, or look up the table itself.");
        }
        if (metadata.length > 0) {
            throw new ValidationException(
                    "A lookup join with " + TableMapping.describe(scan.path()) + " has no metadata columns "
                            + Arrays.toString(metadata).toLowerCase(Locale.ROOT) + "; select others.");
        }
        int[] keys = new int[context.getKeys().length];
        for (int i = 0; i < keys.length; i++) {
            if (context.getKeys()[i].length != 1) {
                throw new ValidationException(
                        "A lookup join with " + TableMapping.describe(scan.path())
                                + " by a nested field is not supported; join on columns.");
            }
            keys[i] = context.getKeys()[i][0];
        }
        if (lookupKeys == null) {
            lookupKeys = keys;
            lookupSpread = FlussLookup.spread(table, scan.rowType(), projection, keys);
        } else if (!Arrays.equals(lookupKeys, keys)) {
            // Joins of one query may share a source, and it is not said for which of them the spread is asked: Flink hashes the keys.
            lookupSpread = null;
        }
        return FlussLookup.runtimeProvider(
                scan.connectionOptions(),
                scan.path(),
                scan.tableId(),
                table,
                scan.rowType(),
                projection,
                FilterConversion.all(filters),
                FilterConversion.values(scan.rowType(), filters),
                keys,
                lookupOptions);
    }

    @Override
    public BucketSpread lookupSpread() {
        return lookupSpread;
    }

    @Override
    public boolean supportsNestedProjection() {
        return !binlog;
    }

    @Override
    public void applyProjection(int[][] projectedFields, DataType producedDataType) {
        projection = projectedFields;
    }

    @Override
    public Result applyFilters(List<ResolvedExpression> asked) {
        if (binlog) {
            return Result.of(Collections.emptyList(), asked);
        }
        FilterConversion conversion = new FilterConversion(scan.rowType(), partitionKeyIndexes, projection);
        List<FilterConversion.Converted> converted = new ArrayList<>(filters);
        List<ResolvedExpression> accepted = new ArrayList<>();
        List<ResolvedExpression> remaining = new ArrayList<>();
        for (ResolvedExpression filter : asked) {
            FilterConversion.Converted of = conversion.convert(filter);
            if (of == null || !mayDropRows(of)) {
                remaining.add(filter);
                continue;
            }
            converted.add(of);
            accepted.add(filter);
            // Of a row that an update takes out of the filter the store gives the -U alone. The planner drops -U where nothing asks for
            // them, and does not know of the store's filter: that it has the filter too makes it ask.
            if (of.isWider() || kinds.contains(RowKind.UPDATE_AFTER) && !isOfTheKey(of)) {
                remaining.add(filter);
            }
        }
        filters = converted;
        return Result.of(accepted, remaining);
    }

    /** Where +U comes without -U before it, one that does not match says that the row before is there no more. */
    private boolean mayDropRows(FilterConversion.Converted filter) {
        return !kinds.contains(RowKind.UPDATE_AFTER)
                || kinds.contains(RowKind.UPDATE_BEFORE)
                || isOfTheKey(filter);
    }

    private boolean isOfTheKey(FilterConversion.Converted filter) {
        return Arrays.stream(filter.columns())
                .allMatch(column -> Arrays.stream(primaryKeyIndexes).anyMatch(key -> key == column));
    }

    @Override
    public List<String> listAcceptedFilterFields() {
        return table.partitionKeys().stream()
                .filter(key -> PartitionTexts.reads(typeOf(key).getTypeRoot()))
                .collect(Collectors.toList());
    }

    @Override
    public void applyDynamicFiltering(List<String> keys) {
        dynamicFilter = new DynamicPartitionFilter(
                keys.stream().mapToInt(table.partitionKeys()::indexOf).toArray(),
                keys.stream().map(this::typeOf).toArray(LogicalType[]::new));
    }

    private LogicalType typeOf(String column) {
        return scan.rowType().getTypeAt(table.columnIndex(column));
    }

    @Override
    public void applyLimit(long rows) {
        // The planner keeps its own limit: this one is of each reader.
        limit = batch && !binlog ? rows : Long.MAX_VALUE;
    }

    /** As {@link AggregatingTableSource#applyAggregates}. */
    final boolean takeAggregates(List<int[]> groupings, List<AggregateExpression> asked, DataType producedDataType) {
        if (modification || groupings.size() != 1 || limit != Long.MAX_VALUE) {
            return false;
        }
        int[] grouping = groupings.get(0);
        boolean wholeTable = grouping.length == 0
                && filters.isEmpty()
                && readsWholeTable();
        if (wholeTable && behavior.countsRows() && AggregateConversion.isCountOfAll(asked)) {
            count = producedDataType;
            return true;
        }
        List<Aggregate> converted = new AggregateConversion(scan.rowType(), partitionKeyIndexes, projection)
                .convert(grouping, asked, (RowType) producedDataType.getLogicalType());
        if (converted == null) {
            return false;
        }
        aggregates = converted;
        return true;
    }

    private boolean readsWholeTable() {
        return scan.start() == OffsetChoice.EARLIEST
                && scan.stop() == OffsetChoice.LATEST
                && scan.logForm() == RowForm.CHANGE
                && (scan.readsSnapshots() || !scan.isPrimaryKeyTable());
    }

    /** Of all rows of the table, or of the partitions that are read: how many of them a filter leaves is not known. */
    @Override
    public TableStats reportStatistics() {
        if (!batch || !readsWholeTable()) {
            return TableStats.UNKNOWN;
        }
        PartitionFilter partitions = partitionKeyIndexes.length == 0 || filters.isEmpty()
                ? PartitionFilter.ALL
                : FilterConversion.partitions(filters);
        return CatalogStatistics.tableStats(table, behavior.countsRows() ? RowCount.estimate(scan, partitions) : -1);
    }

    @Override
    public void applyWatermark(WatermarkStrategy<RowData> strategy) {
        watermarks = strategy;
    }

    @Override
    public Map<String, DataType> listReadableMetadata() {
        return MetadataColumn.all(scan.logForm());
    }

    @Override
    public void applyReadableMetadata(List<String> keys, DataType producedDataType) {
        metadata = keys.stream().map(MetadataColumn::of).toArray(MetadataColumn[]::new);
    }

    @Override
    public RowLevelModificationScanContext applyRowLevelModificationScan(
            RowLevelModificationType type, RowLevelModificationScanContext previous) {
        // Flink asks every source of the statement, those of its subqueries too, which say themselves what they read.
        modification = scan.isPrimaryKeyTable() && lookupOptions != null;
        // The sink needs nothing of the scan: it writes the rows it is given by their keys.
        return null;
    }

    /** One of the same class. */
    FlussTableSource anew(
            ScanSpec of, TableDescriptor as, boolean isBatch, FlussLookupOptions lookups, Integer readers) {
        return new FlussTableSource(of, as, isBatch, lookups, readers);
    }

    @Override
    public final DynamicTableSource copy() {
        FlussTableSource copy = anew(scan, table, batch, lookupOptions, parallelism);
        copy.projection = projection;
        copy.filters = filters;
        copy.limit = limit;
        copy.watermarks = watermarks;
        copy.count = count;
        copy.aggregates = aggregates;
        copy.metadata = metadata;
        copy.dynamicFilter = dynamicFilter;
        copy.modification = modification;
        return copy;
    }

    @Override
    public String asSummaryString() {
        return "Fluss table " + scan.path();
    }
}
