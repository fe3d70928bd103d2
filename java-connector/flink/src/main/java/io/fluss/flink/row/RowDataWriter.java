package io.fluss.flink.row;

import io.fluss.client.FlussException;
import io.fluss.client.WriteBatch;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;

/**
 * Copies Flink's rows into a {@link WriteBatch}, column by column with writers that are chosen once by type. Columns that the batch
 * has beyond those of the rows get NULL. A NULL in a key column is refused; lengths of CHAR, VARCHAR, BINARY and VARBINARY are Flink's sink constraint enforcer's business.
 */
public final class RowDataWriter {
    private final String table;
    private final RowType rowType;
    private final int[] keyIndexes;
    private final boolean[] isKey;
    private final WriteBatch batch;
    private final FieldWriter[] fields;

    /** @param table for errors, for example {@code db.t} @param keyIndexes columns of the primary key; empty for a log table */
    public RowDataWriter(String table, RowType rowType, int[] keyIndexes, WriteBatch batch) {
        this.table = table;
        this.rowType = rowType;
        this.keyIndexes = keyIndexes.clone();
        this.isKey = new boolean[rowType.getFieldCount()];
        for (int index : keyIndexes) {
            isKey[index] = true;
        }
        this.batch = batch;
        this.fields = new FieldWriter[rowType.getFieldCount()];
        for (int i = 0; i < fields.length; i++) {
            fields[i] = FieldWriter.of(rowType.getTypeAt(i), batch.column(i));
        }
    }

    /** @throws FlussException code 104 for a NULL in a key column; the batch is as it was before */
    public void upsert(RowData source) {
        int row = batch.beginRow();
        for (int i = 0; i < fields.length; i++) {
            if (!source.isNullAt(i)) {
                fields[i].write(row, source, i);
            } else if (isKey[i]) {
                throw nullKey(source, i);
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
            } else if (!source.isNullAt(i)) {
                fields[i].write(row, source, i);
            } else {
                throw nullKey(source, i);
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
