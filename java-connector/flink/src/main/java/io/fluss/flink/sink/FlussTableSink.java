package io.fluss.flink.sink;

import io.fluss.client.Connection;
import io.fluss.client.TableDescriptor;
import io.fluss.client.TablePath;
import io.fluss.flink.adapter.TargetColumnWritingAdapter;
import io.fluss.flink.row.TypeConversion;
import io.fluss.flink.sink.serializer.FlussSerializationSchema;
import io.fluss.flink.sink.serializer.RowDataSerializationSchema;
import io.fluss.flink.table.FlussConnectorOptions;
import io.fluss.flink.table.FlussConnectorOptions.DeleteBehavior;
import io.fluss.flink.table.FlussConnectorOptions.DeliveryGuarantee;
import io.fluss.flink.table.FlussConnectorOptions.DistributionMode;
import io.fluss.flink.table.FlussConnectorOptions.MergeEngine;
import io.fluss.flink.table.MergeBehavior;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.RowLevelModificationScanContext;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.connector.sink.abilities.SupportsDeletePushDown;
import org.apache.flink.table.connector.sink.abilities.SupportsOverwrite;
import org.apache.flink.table.connector.sink.abilities.SupportsPartitioning;
import org.apache.flink.table.connector.sink.abilities.SupportsRowLevelDelete;
import org.apache.flink.table.connector.sink.abilities.SupportsRowLevelUpdate;
import org.apache.flink.table.connector.sink.abilities.SupportsTruncate;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.expressions.ResolvedExpression;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.utils.TypeConversions;
import org.apache.flink.types.RowKind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code INSERT INTO}, and in batch mode {@code INSERT OVERWRITE}, {@code TRUNCATE TABLE}, and {@code UPDATE} and {@code DELETE} of primary-key
 * tables by any predicate.
 */
public final class FlussTableSink
        implements DynamicTableSink,
                SupportsDeletePushDown,
                SupportsOverwrite,
                SupportsPartitioning,
                SupportsRowLevelDelete,
                SupportsRowLevelUpdate,
                SupportsTruncate,
                TargetColumnWritingAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(FlussTableSink.class);

    private final SinkSpec spec;
    private final MergeBehavior merge;
    /** Null: the store numbers no column. */
    private final String numberedColumn;

    private final boolean checkpointing;
    /** Set by UPDATE and DELETE: what they write whatever columns they name; null: an INSERT. */
    private int[] modifiedColumns;
    /** Columns that an INSERT names; empty: none are named, it writes all. */
    private int[] targetColumns = new int[0];

    private boolean overwrites;
    /** Values of partition keys that an INSERT gives, as text. */
    private Map<String, String> staticPartition = Map.of();

    /**
     * @param connectionOptions {@code data.dir} and engine options
     * @param tableId its id
     * @param table as the store has it
     * @param checkpointing whether streaming jobs of the session make checkpoints
     */
    public FlussTableSink(
            Map<String, String> connectionOptions,
            TablePath path,
            long tableId,
            TableDescriptor table,
            FlussSinkOptions options,
            boolean checkpointing) {
        this(
                SinkSpec.of(connectionOptions, path, tableId, table, TypeConversion.toRowType(table.columns()), options),
                MergeBehavior.of(table),
                table.options().get(FlussConnectorOptions.AUTO_INCREMENT_FIELDS.key()),
                checkpointing);
    }

    private FlussTableSink(SinkSpec spec, MergeBehavior merge, String numberedColumn, boolean checkpointing) {
        this.spec = spec;
        this.merge = merge;
        this.numberedColumn = numberedColumn;
        this.checkpointing = checkpointing;
    }

    @Override
    public ChangelogMode getChangelogMode(ChangelogMode requestedMode) {
        if (!spec.isPrimaryKeyTable() && !spec.options().ignoreDelete()) {
            return ChangelogMode.insertOnly();
        }
        ChangelogMode.Builder accepted = ChangelogMode.newBuilder();
        for (RowKind kind : requestedMode.getContainedKinds()) {
            if (kind != RowKind.UPDATE_BEFORE) {
                accepted.addContainedKind(kind);
            }
        }
        return accepted.build();
    }

    @Override
    public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
        takeTargetColumns(context);
        FlussSink<RowData> sink = overwrites
                ? overwriteSink(context.isBounded())
                : sink(new RowDataSerializationSchema(false, false), context.isBounded());
        return SinkV2Provider.of(sink, spec.options().parallelism());
    }

    /** @param bounded a batch job */
    <IN> FlussSink<IN> sink(FlussSerializationSchema<IN> schema, boolean bounded) {
        checkDistribution();
        SinkSpec written = spec.withTargetColumns(modifiedColumns != null ? modifiedColumns : insertedColumns());
        return exactlyOnce(bounded)
                ? new FlussTransactionalSink<>(written, schema, bounded)
                : new FlussAtLeastOnceSink<>(written, schema, bounded);
    }

    private void checkDistribution() {
        DistributionMode mode = spec.options().distributionMode();
        String option = "'sink.distribution-mode' = '" + mode + "' of table " + spec.path() + ": ";
        if (mode == DistributionMode.BUCKET && spec.bucketKey().length == 0) {
            throw new ValidationException(
                    option + "BUCKET mode is only supported for log tables with bucket keys; use AUTO or NONE.");
        }
        if (mode == DistributionMode.PARTITION_DYNAMIC && spec.isPrimaryKeyTable()) {
            throw new ValidationException(option + "Unsupported distribution mode: PARTITION_DYNAMIC for primary key table,"
                    + " whose rows of one key must keep their order; use AUTO or BUCKET.");
        }
        if (mode == DistributionMode.PARTITION_DYNAMIC && spec.partitionKeys().length == 0) {
            throw new ValidationException(
                    option + "PARTITION_DYNAMIC is only supported for partitioned tables; use AUTO or NONE.");
        }
    }

    /** Rows are written as a whole: columns that are not named are NULL in them. */
    private FlussSink<RowData> overwriteSink(boolean bounded) {
        checkDistribution();
        if (!bounded) {
            throw new ValidationException("INSERT OVERWRITE of table " + spec.path()
                    + " replaces its rows when all new ones are there, which a streaming job never says;"
                    + " SET 'execution.runtime-mode' = 'batch'.");
        }
        // Of some of the partition keys only: the partitions that get rows are replaced.
        boolean isPartition = staticPartition.size() == spec.partitionKeys().length;
        return new FlussOverwriteSink(spec, isPartition ? staticPartition : Map.of());
    }

    /** Where a merge engine adds up, rows that come again after a failure would count twice. */
    private boolean exactlyOnce(boolean bounded) {
        DeliveryGuarantee guarantee = spec.options()
                .deliveryGuarantee()
                .orElse(
                        merge.engine() == MergeEngine.AGGREGATION
                                ? DeliveryGuarantee.EXACTLY_ONCE
                                : DeliveryGuarantee.AT_LEAST_ONCE);
        if (guarantee == DeliveryGuarantee.EXACTLY_ONCE && !bounded && !checkpointing) {
            LOG.warn(
                    "The streaming job that writes table {} makes no checkpoints, with which rows could be committed: it is"
                            + " 'at-least-once' and not 'exactly-once'; set 'execution.checkpointing.interval'",
                    spec.path());
            return false;
        }
        return guarantee == DeliveryGuarantee.EXACTLY_ONCE;
    }

    /** @return empty: all columns @throws ValidationException if the table cannot be written by part of them */
    private int[] insertedColumns() {
        List<String> names = spec.rowType().getFieldNames();
        if (targetColumns.length == 0 || targetColumns.length == names.size()) {
            return new int[0];
        }
        String part = String.format(
                "INSERT INTO table %s names %d of its %d columns %s", spec.path(), targetColumns.length, names.size(), names);
        if (!spec.isPrimaryKeyTable()) {
            throw new ValidationException(part + ", but it is a log table, where the others cannot stay as they are; give all"
                    + " of them (NULL where it is meant).");
        }
        if (merge.engine() == MergeEngine.FIRST_ROW || merge.engine() == MergeEngine.VERSIONED) {
            throw new ValidationException(String.format(
                    "Table %s uses the '%s' merge engine which does not support partial updates. Please make sure the number of"
                            + " specified columns in INSERT INTO matches columns of the Fluss table: %s.",
                    spec.path(), merge.engine(), names));
        }
        for (int key : spec.primaryKey()) {
            if (IntStream.of(targetColumns).noneMatch(column -> column == key)) {
                throw new ValidationException(part + ", but not '" + names.get(key)
                        + "' of its primary key; a partial update needs all columns of the primary key.");
            }
        }
        return targetColumns.clone();
    }

    @Override
    public RowLevelDeleteInfo applyRowLevelDelete(RowLevelModificationScanContext context) {
        requireModifiable();
        if (merge.deletes() != DeleteBehavior.ALLOW) {
            throw new UnsupportedOperationException(String.format(
                    "Table %s has delete behavior set to '%s' which does not support DELETE statements.",
                    spec.path(), merge.deletes().name().toLowerCase(Locale.ROOT)));
        }
        if (spec.options().ignoreDelete()) {
            throw new UnsupportedOperationException("Table " + spec.path()
                    + " is opened with 'sink.ignore-delete' = 'true', which drops deletes; a DELETE statement would do nothing.");
        }
        modifiedColumns = new int[0];
        return new RowLevelDeleteInfo() {
            @Override
            public Optional<List<Column>> requiredColumns() {
                return Optional.of(physicalColumns());
            }
        };
    }

    @Override
    public RowLevelUpdateInfo applyRowLevelUpdate(List<Column> updated, RowLevelModificationScanContext context) {
        requireModifiable();
        List<String> keys = new ArrayList<>();
        for (int index : spec.primaryKey()) {
            keys.add(spec.rowType().getFieldNames().get(index));
        }
        List<String> names = new ArrayList<>();
        boolean touchesKey = false;
        for (Column column : updated) {
            names.add(column.getName());
            touchesKey |= keys.contains(column.getName());
        }
        if (touchesKey) {
            throw new UnsupportedOperationException(String.format(
                    "Updates to primary keys are not supported, primaryKeys (%s), updatedColumns (%s); table %s",
                    keys, names, spec.path()));
        }
        modifiedColumns = allBut(names.contains(numberedColumn) ? null : numberedColumn);
        return new RowLevelUpdateInfo() {
            @Override
            public Optional<List<Column>> requiredColumns() {
                return Optional.of(physicalColumns());
            }
        };
    }

    /** @param kept a column that is not written, as it is the store's; null: all are @return empty: all */
    private int[] allBut(String kept) {
        if (kept == null) {
            return new int[0];
        }
        List<String> names = spec.rowType().getFieldNames();
        return IntStream.range(0, names.size())
                .filter(i -> !names.get(i).equals(kept))
                .toArray();
    }

    /** What UPDATE and DELETE are given; unless told, the planner gives the computed columns too. */
    private List<Column> physicalColumns() {
        List<Column> columns = new ArrayList<>();
        for (RowType.RowField field : spec.rowType().getFields()) {
            columns.add(Column.physical(field.getName(), TypeConversions.fromLogicalToDataType(field.getType())));
        }
        return columns;
    }

    @Override
    public void applyOverwrite(boolean overwrite) {
        overwrites = overwrite;
    }

    /** Flink has put the values into the rows, by which they find their partition. */
    @Override
    public void applyStaticPartition(Map<String, String> partition) {
        staticPartition = Map.copyOf(partition);
    }

    @Override
    public void executeTruncation() {
        try (Connection connection = Connection.open(spec.connectionOptions())) {
            connection.admin().truncateTable(spec.path());
        }
    }

    /** All rows or none: other deletes are for {@link #applyRowLevelDelete}. */
    @Override
    public boolean applyDeleteFilters(List<ResolvedExpression> filters) {
        return filters.isEmpty()
                && spec.isPrimaryKeyTable()
                && merge.engine() == null
                && merge.deletes() == DeleteBehavior.ALLOW
                && !spec.options().ignoreDelete();
    }

    /** @return how many rows there were is not known */
    @Override
    public Optional<Long> executeDeletion() {
        executeTruncation();
        return Optional.empty();
    }

    @Override
    public boolean applyTargetColumns(int[][] columns) {
        targetColumns = new int[columns.length];
        for (int i = 0; i < columns.length; i++) {
            if (columns[i].length != 1) {
                throw new ValidationException("INSERT INTO table " + spec.path()
                        + " names a field within a column; only whole columns can be written.");
            }
            targetColumns[i] = columns[i][0];
        }
        return true;
    }

    @Override
    public DynamicTableSink copy() {
        FlussTableSink copy = new FlussTableSink(spec, merge, numberedColumn, checkpointing);
        copy.modifiedColumns = modifiedColumns;
        copy.targetColumns = targetColumns;
        copy.overwrites = overwrites;
        copy.staticPartition = staticPartition;
        return copy;
    }

    @Override
    public String asSummaryString() {
        return "Fluss table " + spec.path();
    }

    private void requireModifiable() {
        if (!spec.isPrimaryKeyTable()) {
            throw new UnsupportedOperationException("Table " + spec.path()
                    + " is a Log Table. Log Table doesn't support DELETE and UPDATE statements.");
        }
        if (merge.engine() != null) {
            throw new UnsupportedOperationException(String.format(
                    "Table %s uses the '%s' merge engine which does not support DELETE or UPDATE statements.",
                    spec.path(), merge.engine()));
        }
    }
}
