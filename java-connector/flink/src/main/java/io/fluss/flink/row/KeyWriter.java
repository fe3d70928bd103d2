package io.fluss.flink.row;

import io.fluss.client.WriteBatch;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;

/** Writes fields of a row, chosen in any order, and constants as the columns of a key. The fields must not be null. */
public final class KeyWriter {
    private final WriteBatch batch;
    private final List<FieldWriter> writers = new ArrayList<>();
    private final List<Integer> fields = new ArrayList<>();
    /** The rows of constants; null: the row that is written. */
    private final List<RowData> constants = new ArrayList<>();

    public KeyWriter(WriteBatch batch) {
        this.batch = batch;
    }

    /** The next key column comes from {@code field}. */
    public void add(LogicalType type, int field) {
        writers.add(FieldWriter.of(type, batch.column(writers.size())));
        fields.add(field);
        constants.add(null);
    }

    /** The next key column is always the same. @param value as rows have it */
    public void addConstant(LogicalType type, Object value) {
        add(type, 0);
        constants.set(constants.size() - 1, GenericRowData.of(value));
    }

    public void write(int row, RowData source) {
        for (int i = 0; i < writers.size(); i++) {
            RowData constant = constants.get(i);
            writers.get(i).write(row, constant == null ? source : constant, fields.get(i));
        }
    }
}
