package io.fluss.flink.lookup;

import io.fluss.client.ColumnBatch;
import io.fluss.client.TablePath;
import io.fluss.flink.row.ColumnBatchRows;
import io.fluss.flink.row.RowCopier;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntFunction;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/** What a lookup function has to know, in the form that travels to the tasks. */
final class LookupTarget implements Serializable {
    private static final long serialVersionUID = 1L;

    final HashMap<String, String> connectionOptions;
    final TablePath path;
    final RowType rowType;
    final int[] projection;
    final LookupKeys keys;
    final FlussLookupOptions options;

    LookupTarget(
            Map<String, String> connectionOptions,
            TablePath path,
            RowType rowType,
            int[] projection,
            LookupKeys keys,
            FlussLookupOptions options) {
        this.connectionOptions = new HashMap<>(connectionOptions);
        this.path = path;
        this.rowType = rowType;
        this.projection = projection.clone();
        this.keys = keys;
        this.options = options;
    }

    /**
     * The rows of an answer that is on the heap. Without a cache they are views that go with the joined row; a cache would
     * keep the whole answer alive for each of its rows, so it gets copies.
     */
    IntFunction<RowData> rows(ColumnBatch answer) {
        ColumnBatchRows rows = ColumnBatchRows.of(answer);
        if (options.cache() == null) {
            return rows::newRow;
        }
        LogicalType[] types = new LogicalType[projection.length];
        for (int i = 0; i < types.length; i++) {
            types[i] = rowType.getTypeAt(projection[i]);
        }
        RowCopier copier = new RowCopier(types);
        return row -> copier.copy(rows.newRow(row));
    }
}
