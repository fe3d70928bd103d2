package io.fluss.flink.row;

import org.apache.flink.table.data.RowData;

import java.util.Objects;

/**
 * A row with all columns of the table, and what is done with it. Its row kind counts for a -U, to be deleted, and a +U, to be upserted: both of
 * one key are one update.
 */
public final class RowWithOp {
    private final RowData row;
    private final OperationType operation;

    public RowWithOp(RowData row, OperationType operation) {
        this.row = Objects.requireNonNull(row, "row");
        this.operation = Objects.requireNonNull(operation, "operation");
    }

    public RowData getRow() {
        return row;
    }

    public OperationType getOperationType() {
        return operation;
    }
}
