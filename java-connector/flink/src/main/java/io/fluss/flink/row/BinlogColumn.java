package io.fluss.flink.row;

import io.fluss.client.ColumnBatch;

import org.apache.flink.table.data.columnar.ColumnarRowData;
import org.apache.flink.table.data.columnar.vector.ColumnVector;
import org.apache.flink.table.data.columnar.vector.RowColumnVector;
import org.apache.flink.table.data.columnar.vector.VectorizedColumnBatch;

/** What a row of a binlog has of the table's columns: all of them, twice; in this order. */
public enum BinlogColumn {
    /** NULL where the change is an insert. */
    BEFORE,
    /** NULL where it is a delete. */
    AFTER;

    /** Views like {@link ColumnVectors}. @param table all columns of the table */
    static ColumnVector[] of(ColumnBatch batch, ColumnVector[] table, BinlogColumn[] wanted) {
        VectorizedColumnBatch fields = new VectorizedColumnBatch(table);
        ColumnVector[] halves = new ColumnVector[wanted.length];
        for (int i = 0; i < halves.length; i++) {
            halves[i] = new Half(batch, fields, wanted[i]);
        }
        return halves;
    }

    private static final class Half implements RowColumnVector {
        private final ColumnBatch batch;
        private final VectorizedColumnBatch fields;
        private final BinlogColumn half;

        Half(ColumnBatch batch, VectorizedColumnBatch fields, BinlogColumn half) {
            this.batch = batch;
            this.fields = fields;
            this.half = half;
        }

        @Override
        public ColumnarRowData getRow(int row) {
            boolean next = half == AFTER && batch.changeType(row) == ColumnBatch.UPDATE_BEFORE;
            return new ColumnarRowData(fields, next ? row + 1 : row);
        }

        @Override
        public boolean isNullAt(int row) {
            return batch.changeType(row) == (half == BEFORE ? ColumnBatch.INSERT : ColumnBatch.DELETE);
        }
    }
}
