package io.fluss.flink.table;

import io.fluss.flink.catalog.TableMapping;
import io.fluss.flink.lookup.FlussLookup;
import io.fluss.flink.lookup.FlussLookupOptions;
import io.fluss.flink.row.MetadataColumn;
import io.fluss.flink.source.FlussSource;
import io.fluss.flink.source.ScanSpec;

import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.RowLevelModificationScanContext;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.LookupTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.SourceProvider;
import org.apache.flink.table.connector.source.abilities.SupportsProjectionPushDown;
import org.apache.flink.table.connector.source.abilities.SupportsReadingMetadata;
import org.apache.flink.table.connector.source.abilities.SupportsRowLevelModificationScan;
import org.apache.flink.table.types.DataType;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** A table to read: as a stream, in batch, or by lookup joins. */
public final class FlussTableSource
        implements ScanTableSource,
                LookupTableSource,
                SupportsProjectionPushDown,
                SupportsReadingMetadata,
                SupportsRowLevelModificationScan {
    private final ScanSpec scan;
    private final ChangelogMode streamed;
    private final int[] primaryKeyIndexes;
    private final FlussLookupOptions lookupOptions;
    private final Integer parallelism;
    private int[] projection;
    private MetadataColumn[] metadata = {};
    private boolean modification;

    /**
     * @param scan what is read, but for the projection
     * @param streamed kinds of the rows of a streaming read
     * @param primaryKeyIndexes positions of the key columns, in key order; empty for a log table
     * @param parallelism of scans; null: the planner's choice
     */
    public FlussTableSource(
            ScanSpec scan,
            ChangelogMode streamed,
            int[] primaryKeyIndexes,
            FlussLookupOptions lookupOptions,
            Integer parallelism) {
        this.scan = scan;
        this.streamed = streamed;
        this.primaryKeyIndexes = primaryKeyIndexes.clone();
        this.lookupOptions = lookupOptions;
        this.parallelism = parallelism;
        this.projection = IntStream.range(0, scan.rowType().getFieldCount()).toArray();
    }

    @Override
    public ChangelogMode getChangelogMode() {
        return scan.isBounded() ? ChangelogMode.insertOnly() : streamed;
    }

    @Override
    public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
        ScanSpec.Builder spec = scan.toBuilder().projection(projection).metadata(metadata);
        if (modification) {
            // UPDATE and DELETE are of the table's rows, wherever its readers begin.
            spec.startup(StartupMode.FULL, 0);
        } else if (scan.isBounded() && scan.isPrimaryKeyTable() && scan.startupMode() != StartupMode.FULL) {
            throw new ValidationException(
                    "'scan.startup.mode' = '" + scan.startupMode().name().toLowerCase(Locale.ROOT) + "' of "
                            + TableMapping.describe(scan.path())
                            + ": a batch scan of a primary-key table only supports the mode 'full'.");
        }
        return SourceProvider.of(new FlussSource(spec.build()), parallelism);
    }

    @Override
    public LookupRuntimeProvider getLookupRuntimeProvider(LookupContext context) {
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
        return FlussLookup.runtimeProvider(
                scan.connectionOptions(), scan.path(), scan.rowType(), primaryKeyIndexes, projection, keys, lookupOptions);
    }

    @Override
    public boolean supportsNestedProjection() {
        return false;
    }

    @Override
    public void applyProjection(int[][] projectedFields, DataType producedDataType) {
        projection = new int[projectedFields.length];
        for (int i = 0; i < projection.length; i++) {
            projection[i] = projectedFields[i][0];
        }
    }

    @Override
    public Map<String, DataType> listReadableMetadata() {
        return MetadataColumn.all();
    }

    @Override
    public void applyReadableMetadata(List<String> keys, DataType producedDataType) {
        metadata = keys.stream().map(MetadataColumn::of).toArray(MetadataColumn[]::new);
    }

    @Override
    public RowLevelModificationScanContext applyRowLevelModificationScan(
            RowLevelModificationType type, RowLevelModificationScanContext previous) {
        modification = true;
        // The sink needs nothing of the scan: it writes the rows it is given by their keys.
        return null;
    }

    @Override
    public DynamicTableSource copy() {
        FlussTableSource copy = new FlussTableSource(scan, streamed, primaryKeyIndexes, lookupOptions, parallelism);
        copy.projection = projection;
        copy.metadata = metadata;
        copy.modification = modification;
        return copy;
    }

    @Override
    public String asSummaryString() {
        return "Fluss table " + scan.path();
    }
}
