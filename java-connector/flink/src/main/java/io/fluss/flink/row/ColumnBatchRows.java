package io.fluss.flink.row;

import io.fluss.client.ColumnBatch;
import org.apache.flink.table.data.columnar.ColumnarRowData;
import org.apache.flink.table.data.columnar.vector.ColumnVector;
import org.apache.flink.table.data.columnar.vector.VectorizedColumnBatch;
import org.apache.flink.types.RowKind;

import java.util.Arrays;

/** A {@link ColumnBatch} as Flink's rows: views, valid until the batch is closed. */
public final class ColumnBatchRows {
    private static final BinlogColumn[] NO_BINLOG = {};
    private static final MetadataColumn[] NO_METADATA = {};

    private final ColumnBatch batch;
    private final RowForm form;
    private final VectorizedColumnBatch vectors;
    private final ColumnarRowData row;

    private ColumnBatchRows(ColumnBatch batch, RowForm form, VectorizedColumnBatch vectors) {
        this.batch = batch;
        this.form = form;
        this.vectors = vectors;
        this.row = new ColumnarRowData(vectors);
    }

    public static ColumnBatchRows of(ColumnBatch batch) {
        return of(batch, RowForm.SNAPSHOT, NO_BINLOG, NO_METADATA);
    }

    /**
     * @param binlog what rows of the form {@link RowForm#BINLOG_ROW} have in place of the columns of the batch
     * @param metadata what comes behind that
     */
    public static ColumnBatchRows of(ColumnBatch batch, RowForm form, BinlogColumn[] binlog, MetadataColumn[] metadata) {
        ColumnVector[] columns = new ColumnVector[batch.columnCount()];
        for (int i = 0; i < columns.length; i++) {
            columns[i] = ColumnVectors.of(batch.column(i));
        }
        if (form == RowForm.BINLOG_ROW) {
            columns = BinlogColumn.of(batch, columns, binlog);
        }
        int physical = columns.length;
        columns = Arrays.copyOf(columns, physical + metadata.length);
        for (int i = 0; i < metadata.length; i++) {
            columns[physical + i] = metadata[i].of(batch, form);
        }
        VectorizedColumnBatch vectors = new VectorizedColumnBatch(columns);
        vectors.setNumRows(batch.rowCount());
        return new ColumnBatchRows(batch, form, vectors);
    }

    public ColumnBatch batch() {
        return batch;
    }

    /** Whether there is a row for row {@code index} of the batch: the second half of an update has none of its own in a binlog. */
    public boolean isRow(int index) {
        return form != RowForm.BINLOG_ROW || batch.changeType(index) != ColumnBatch.UPDATE_AFTER;
    }

    /** Row {@code index} with its row kind, in the one object that every call gives back. */
    public ColumnarRowData row(int index) {
        row.setRowId(index);
        row.setRowKind(form == RowForm.CHANGE ? rowKind(batch.changeType(index)) : RowKind.INSERT);
        return row;
    }

    /** As {@link #row}, in an object of its own, as +I. */
    public ColumnarRowData newRow(int index) {
        return new ColumnarRowData(vectors, index);
    }

    public static RowKind rowKind(byte changeType) {
        switch (changeType) {
            case ColumnBatch.APPEND:
            case ColumnBatch.INSERT:
                return RowKind.INSERT;
            case ColumnBatch.UPDATE_BEFORE:
                return RowKind.UPDATE_BEFORE;
            case ColumnBatch.UPDATE_AFTER:
                return RowKind.UPDATE_AFTER;
            case ColumnBatch.DELETE:
                return RowKind.DELETE;
            default:
                throw new IllegalStateException("change type " + changeType + " is not known to this version");
        }
    }
}
