package io.fluss.flink.row;

import io.fluss.client.ColumnBatch;
import org.apache.flink.table.data.columnar.ColumnarRowData;
import org.apache.flink.table.data.columnar.vector.ColumnVector;
import org.apache.flink.table.data.columnar.vector.VectorizedColumnBatch;
import org.apache.flink.types.RowKind;

/** A {@link ColumnBatch} as Flink's rows: views, valid until the batch is closed. */
public final class ColumnBatchRows {
    private static final MetadataColumn[] NONE = {};

    private final ColumnBatch batch;
    private final VectorizedColumnBatch vectors;
    private final ColumnarRowData row;

    private ColumnBatchRows(ColumnBatch batch, VectorizedColumnBatch vectors) {
        this.batch = batch;
        this.vectors = vectors;
        this.row = new ColumnarRowData(vectors);
    }

    public static ColumnBatchRows of(ColumnBatch batch) {
        return of(batch, NONE, false);
    }

    /**
     * @param metadata what comes behind the columns of the batch
     * @param snapshot whether the batch is of a snapshot
     */
    public static ColumnBatchRows of(ColumnBatch batch, MetadataColumn[] metadata, boolean snapshot) {
        int physical = batch.columnCount();
        ColumnVector[] columns = new ColumnVector[physical + metadata.length];
        for (int i = 0; i < physical; i++) {
            columns[i] = ColumnVectors.of(batch.column(i));
        }
        for (int i = 0; i < metadata.length; i++) {
            columns[physical + i] = metadata[i].of(batch, snapshot);
        }
        VectorizedColumnBatch vectors = new VectorizedColumnBatch(columns);
        vectors.setNumRows(batch.rowCount());
        return new ColumnBatchRows(batch, vectors);
    }

    public ColumnBatch batch() {
        return batch;
    }

    /** Row {@code index} with its row kind (snapshots: +I), in the one object that every call gives back. */
    public ColumnarRowData row(int index) {
        row.setRowId(index);
        row.setRowKind(rowKind(batch.changeType(index)));
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
