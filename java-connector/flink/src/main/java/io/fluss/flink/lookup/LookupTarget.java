package io.fluss.flink.lookup;

import io.fluss.client.ColumnBatch;
import io.fluss.client.Predicate;
import io.fluss.client.Projection;
import io.fluss.client.TablePath;
import io.fluss.flink.row.ColumnBatchRows;
import io.fluss.flink.row.RowCopier;
import io.fluss.flink.row.TypeConversion;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
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
    final long tableId;
    final RowType rowType;
    final Projection projection;
    /** What rows must fulfil; null: nothing. */
    final Predicate filter;
    private final LogicalType[] types;
    final LookupKeys keys;
    final FlussLookupOptions options;

    LookupTarget(
            Map<String, String> connectionOptions,
            TablePath path,
            long tableId,
            RowType rowType,
            int[][] projection,
            Predicate filter,
            LookupKeys keys,
            FlussLookupOptions options) {
        this.connectionOptions = new HashMap<>(connectionOptions);
        this.path = path;
        this.tableId = tableId;
        this.rowType = rowType;
        this.projection = Projection.ofPaths(projection);
        this.filter = filter;
        this.types = new LogicalType[projection.length];
        Arrays.setAll(types, i -> TypeConversion.typeOf(rowType, projection[i]));
        this.keys = keys;
        this.options = options;
    }

    /** Fields of a row that is found. */
    int arity() {
        return types.length;
    }

    /**
     * Of an answer that is on the heap, what each key found. Without a cache the rows are views that go with the joined row; a
     * cache would keep the whole answer alive for each of its rows, so it gets copies.
     */
    IntFunction<Collection<RowData>> found(ColumnBatch answer) {
        ColumnBatchRows views = ColumnBatchRows.of(answer);
        RowCopier copier = options.cache() == null ? null : new RowCopier(types);
        IntFunction<RowData> rows = copier == null ? views::newRow : row -> copier.copy(views.newRow(row));
        return key -> {
            int first = answer.firstRowOf(key);
            int count = answer.endRowOf(key) - first;
            if (count == 1) {
                return Collections.singletonList(rows.apply(first));
            }
            List<RowData> found = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                found.add(rows.apply(first + i));
            }
            return found;
        };
    }
}
