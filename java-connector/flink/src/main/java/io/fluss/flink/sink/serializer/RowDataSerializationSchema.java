package io.fluss.flink.sink.serializer;

import io.fluss.flink.row.OperationType;
import io.fluss.flink.row.RowWithOp;

import org.apache.flink.table.data.RowData;
import org.apache.flink.types.RowKind;

/** Rows as they are, with all columns of the table. */
public final class RowDataSerializationSchema implements FlussSerializationSchema<RowData> {
    private static final long serialVersionUID = 1L;

    private final boolean appendOnly;
    private final boolean ignoreDelete;

    /**
     * @param appendOnly rows of each kind are added, as to a log table
     * @param ignoreDelete -D and -U are dropped
     */
    public RowDataSerializationSchema(boolean appendOnly, boolean ignoreDelete) {
        this.appendOnly = appendOnly;
        this.ignoreDelete = ignoreDelete;
    }

    @Override
    public RowWithOp serialize(RowData row) {
        return new RowWithOp(row, operation(row.getRowKind()));
    }

    private OperationType operation(RowKind kind) {
        boolean delete = kind == RowKind.DELETE || kind == RowKind.UPDATE_BEFORE;
        if (delete && ignoreDelete) {
            return OperationType.IGNORE;
        }
        if (appendOnly) {
            return OperationType.APPEND;
        }
        return delete ? OperationType.DELETE : OperationType.UPSERT;
    }
}
