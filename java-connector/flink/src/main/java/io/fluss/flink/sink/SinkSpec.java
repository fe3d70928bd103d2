package io.fluss.flink.sink;

import io.fluss.client.TableDescriptor;
import io.fluss.client.TablePath;
import java.io.Serializable;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.table.types.logical.RowType;

/** Everything that says what a sink writes; travels with the job. */
final class SinkSpec implements Serializable {
    private static final long serialVersionUID = 1L;

    private final HashMap<String, String> connectionOptions;
    private final TablePath path;
    private final long tableId;
    private final RowType rowType;
    private final int[] primaryKey;
    private final int[] bucketKey;
    private final int[] partitionKeys;
    private final int buckets;
    private final FlussSinkOptions options;
    /** Empty: all columns. */
    private final int[] targetColumns;

    private SinkSpec(
            Map<String, String> connectionOptions,
            TablePath path,
            long tableId,
            RowType rowType,
            int[] primaryKey,
            int[] bucketKey,
            int[] partitionKeys,
            int buckets,
            FlussSinkOptions options,
            int[] targetColumns) {
        this.connectionOptions = new HashMap<>(connectionOptions);
        this.path = path;
        this.tableId = tableId;
        this.rowType = rowType;
        this.primaryKey = primaryKey;
        this.bucketKey = bucketKey;
        this.partitionKeys = partitionKeys;
        this.buckets = buckets;
        this.options = options;
        this.targetColumns = targetColumns;
    }

    /**
     * Writes whole rows.
     *
     * @param connectionOptions {@code data.dir} and engine options
     * @param tableId of the table that the job is planned with
     * @param table as the store has it
     * @param rowType its columns, as Flink's types
     */
    static SinkSpec of(
            Map<String, String> connectionOptions,
            TablePath path,
            long tableId,
            TableDescriptor table,
            RowType rowType,
            FlussSinkOptions options) {
        return new SinkSpec(
                connectionOptions,
                path,
                tableId,
                rowType,
                table.primaryKeyIndexes(),
                table.columnIndexes(table.bucketKey()),
                table.columnIndexes(table.partitionKeys()),
                table.bucketCount(),
                options,
                new int[0]);
    }

    /** The same, but of some columns. @param columns positions; none: all columns */
    SinkSpec withTargetColumns(int... columns) {
        return new SinkSpec(
                connectionOptions,
                path,
                tableId,
                rowType,
                primaryKey,
                bucketKey,
                partitionKeys,
                buckets,
                options,
                columns.clone());
    }

    Map<String, String> connectionOptions() {
        return Collections.unmodifiableMap(connectionOptions);
    }

    TablePath path() {
        return path;
    }

    /** Of the table that the job was planned with. */
    long tableId() {
        return tableId;
    }

    /** The physical columns of the table, in its order, which are those of the rows that come. */
    RowType rowType() {
        return rowType;
    }

    boolean isPrimaryKeyTable() {
        return primaryKey.length > 0;
    }

    /** Positions, in key order; empty for a log table. */
    int[] primaryKey() {
        return primaryKey.clone();
    }

    /** Positions; empty: a log table whose rows go to any bucket. */
    int[] bucketKey() {
        return bucketKey.clone();
    }

    /** Positions; empty: the table has no partitions. */
    int[] partitionKeys() {
        return partitionKeys.clone();
    }

    /** Of the table, or of each partition. */
    int buckets() {
        return buckets;
    }

    FlussSinkOptions options() {
        return options;
    }

    /** Positions of the columns that are written; empty: all. */
    int[] targetColumns() {
        return targetColumns.clone();
    }
}
