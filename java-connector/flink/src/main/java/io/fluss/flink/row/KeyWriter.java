package io.fluss.flink.row;

import io.fluss.client.WriteBatch;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;

/** Writes fields of a row, chosen in any order, as the columns of a key. The fields must not be null. */
public final class KeyWriter {
    private final WriteBatch batch;
    private final List<FieldWriter> writers = new ArrayList<>();
    private final List<Integer> fields = new ArrayList<>();

    public KeyWriter(WriteBatch batch) {
        this.batch = batch;
    }

    /** The next key column comes from {@code field}. */
    public void add(LogicalType type, int field) {
        writers.add(FieldWriter.of(type, batch.column(writers.size())));
        fields.add(field);
    }

    public void write(int row, RowData source) {
        for (int i = 0; i < writers.size(); i++) {
            writers.get(i).write(row, source, fields.get(i));
        }
    }
}
