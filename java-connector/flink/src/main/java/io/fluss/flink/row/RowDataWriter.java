package io.fluss.flink.row;

import io.fluss.client.FlussException;
import io.fluss.client.WriteBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;

/**
 * Copies Flink's rows into a {@link WriteBatch}, column by column with writers that are chosen once by type. Columns that the batch
 * has beyond those of the rows get NULL; one of some columns gets those. A NULL in a key column is refused; lengths of CHAR, VARCHAR, BINARY and VARBINARY are Flink's sink constraint enforcer's business.
 */
public final class RowDataWriter {
    private final String table;
    private final RowType rowType;
    private final int[] keyIndexes;
    /** Positions in the rows of the batch's columns. */
    private final int[] columns;
    private final boolean[] isKey;
    private final WriteBatch batch;
    private final FieldWriter[] fields;

    /**
     * @param table for errors, for example {@code db.t}
     * @param keyIndexes columns of the primary key; empty for a log table
     * @param targetColumns those that the batch has, in its order; empty: all
     */
    public RowDataWriter(String table, RowType rowType, int[] keyIndexes, int[] targetColumns, WriteBatch batch) {
        this.table = table;
        this.rowType = rowType;
        this.keyIndexes = keyIndexes.clone();
        this.columns = targetColumns.length > 0
                ? targetColumns.clone()
                : IntStream.range(0, rowType.getFieldCount()).toArray();
        this.batch = batch;
        this.isKey = new boolean[columns.length];
        this.fields = new FieldWriter[columns.length];
        for (int i = 0; i < columns.length; i++) {
            int column = columns[i];
            isKey[i] = IntStream.of(keyIndexes).anyMatch(key -> key == column);
            fields[i] = FieldWriter.of(rowType.getTypeAt(column), batch.column(i));
        }
    }

    /** @throws FlussException code 104 for a NULL in a key column; the batch is as it was before */
    public void upsert(RowData source) {
        int row = batch.beginRow();
        for (int i = 0; i < fields.length; i++) {
            if (!source.isNullAt(columns[i])) {
                fields[i].write(row, source, columns[i]);
            } else if (isKey[i]) {
                throw nullKey(source, columns[i]);
            } else {
                batch.column(i).setNull(row);
            }
        }
        addedColumns(row);
        batch.endRow(WriteBatch.UPSERT);
    }

    /** Writes the key alone: nothing else of a deleted row is read. @throws FlussException as {@link #upsert} */
    public void delete(RowData source) {
        int row = batch.beginRow();
        for (int i = 0; i < fields.length; i++) {
            if (!isKey[i]) {
                batch.column(i).setNull(row);
            } else if (!source.isNullAt(columns[i])) {
                fields[i].write(row, source, columns[i]);
            } else {
                throw nullKey(source, columns[i]);
            }
        }
        addedColumns(row);
        batch.endRow(WriteBatch.DELETE);
    }

    /** The table has got columns since the job was planned: they are nullable and behind the others. */
    private void addedColumns(int row) {
        for (int i = fields.length; i < batch.columnCount(); i++) {
            batch.column(i).setNull(row);
        }
    }

    private FlussException nullKey(RowData source, int column) {
        List<String> names = new ArrayList<>();
        List<String> values = new ArrayList<>();
        for (int index : keyIndexes) {
            names.add(rowType.getFieldNames().get(index));
            Object value =
                    RowData.createFieldGetter(rowType.getTypeAt(index), index).getFieldOrNull(source);
            values.add(value == null ? "NULL" : value.toString());
        }
        return FlussException.of(
                FlussException.NULL_KEY,
                false,
                "NULL in column '" + rowType.getFieldNames().get(column) + "' of the primary key of table " + table
                        + ": the key (" + String.join(", ", names) + ") of the row is (" + String.join(", ", values)
                        + "); a key column must have a value");
    }
}
