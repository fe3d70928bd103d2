package io.fluss.flink.sink;

import io.fluss.client.TablePath;
import io.fluss.flink.table.FlussConnectorOptions.DeleteBehavior;
import io.fluss.flink.table.MergeBehavior;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.RowLevelModificationScanContext;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.connector.sink.abilities.SupportsPartitioning;
import org.apache.flink.table.connector.sink.abilities.SupportsRowLevelDelete;
import org.apache.flink.table.connector.sink.abilities.SupportsRowLevelUpdate;
import org.apache.flink.table.connector.sink.abilities.SupportsTargetColumnWriting;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.utils.TypeConversions;
import org.apache.flink.types.RowKind;

/** {@code INSERT INTO}, and in batch mode {@code UPDATE} and {@code DELETE} of primary-key tables by any predicate. */
public final class FlussTableSink
        implements DynamicTableSink,
                SupportsPartitioning,
                SupportsRowLevelDelete,
                SupportsRowLevelUpdate,
                SupportsTargetColumnWriting {
    private final Map<String, String> connectionOptions;
    private final TablePath path;
    private final RowType rowType;
    private final int[] primaryKeyIndexes;
    private final MergeBehavior merge;
    private final FlussSinkOptions options;
    /** Set by UPDATE and DELETE, which write whole rows whatever columns they name. */
    private boolean modifiesRows;
    /** Columns that an INSERT names; -1: none are named, it writes all. */
    private int targetColumns = -1;

    /**
     * @param connectionOptions {@code data.dir} and engine options
     * @param rowType the physical columns, in the table's order
     * @param primaryKeyIndexes positions in {@code rowType}, in key order; empty for a log table
     */
    public FlussTableSink(
            Map<String, String> connectionOptions,
            TablePath path,
            RowType rowType,
            int[] primaryKeyIndexes,
            MergeBehavior merge,
            FlussSinkOptions options) {
        this.connectionOptions = new HashMap<>(connectionOptions);
        this.path = path;
        this.rowType = rowType;
        this.primaryKeyIndexes = primaryKeyIndexes.clone();
        this.merge = merge;
        this.options = options;
    }

    @Override
    public ChangelogMode getChangelogMode(ChangelogMode requestedMode) {
        if (primaryKeyIndexes.length == 0 && !options.ignoreDelete()) {
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
        if (!modifiesRows && targetColumns >= 0 && targetColumns < rowType.getFieldCount()) {
            throw new ValidationException(String.format(
                    "INSERT INTO table %s names %d of its %d columns. Partial updates are not supported yet, and the other"
                            + " columns would be overwritten with NULL; give all of %s (NULL where it is meant).",
                    path, targetColumns, rowType.getFieldCount(), rowType.getFieldNames()));
        }
        FlussSink sink = new FlussSink(connectionOptions, path, rowType, primaryKeyIndexes, options);
        return SinkV2Provider.of(sink, options.parallelism());
    }

    @Override
    public RowLevelDeleteInfo applyRowLevelDelete(RowLevelModificationScanContext context) {
        requireModifiable();
        if (merge.deletes() != DeleteBehavior.ALLOW) {
            throw new UnsupportedOperationException(String.format(
                    "Table %s has delete behavior set to '%s' which does not support DELETE statements.",
                    path, merge.deletes().name().toLowerCase(Locale.ROOT)));
        }
        if (options.ignoreDelete()) {
            throw new UnsupportedOperationException("Table " + path
                    + " is opened with 'sink.ignore-delete' = 'true', which drops deletes; a DELETE statement would do nothing.");
        }
        modifiesRows = true;
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
        for (int index : primaryKeyIndexes) {
            keys.add(rowType.getFieldNames().get(index));
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
                    keys, names, path));
        }
        modifiesRows = true;
        return new RowLevelUpdateInfo() {
            @Override
            public Optional<List<Column>> requiredColumns() {
                return Optional.of(physicalColumns());
            }
        };
    }

    /** What UPDATE and DELETE write; unless told, the planner gives the computed columns too. */
    private List<Column> physicalColumns() {
        List<Column> columns = new ArrayList<>();
        for (RowType.RowField field : rowType.getFields()) {
            columns.add(Column.physical(field.getName(), TypeConversions.fromLogicalToDataType(field.getType())));
        }
        return columns;
    }

    /** Flink has put the values into the rows, by which they find their partition. */
    @Override
    public void applyStaticPartition(Map<String, String> partition) {}

    @Override
    public boolean applyTargetColumns(int[][] columns) {
        targetColumns = columns.length;
        return true;
    }

    @Override
    public DynamicTableSink copy() {
        FlussTableSink copy = new FlussTableSink(connectionOptions, path, rowType, primaryKeyIndexes, merge, options);
        copy.modifiesRows = modifiesRows;
        copy.targetColumns = targetColumns;
        return copy;
    }

    @Override
    public String asSummaryString() {
        return "Fluss table " + path;
    }

    private void requireModifiable() {
        if (primaryKeyIndexes.length == 0) {
            throw new UnsupportedOperationException("Table " + path
                    + " is a Log Table. Log Table doesn't support DELETE and UPDATE statements.");
        }
        if (merge.engine() != null) {
            throw new UnsupportedOperationException(String.format(
                    "Table %s uses the '%s' merge engine which does not support DELETE or UPDATE statements.",
                    path, merge.engine()));
        }
    }
}
