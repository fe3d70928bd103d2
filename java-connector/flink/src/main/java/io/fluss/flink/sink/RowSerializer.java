package io.fluss.flink.sink;

import io.fluss.flink.row.OperationType;
import io.fluss.flink.row.RowWithOp;
import io.fluss.flink.sink.serializer.FlussSerializationSchema;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.FlinkRuntimeException;

/** An open schema. */
final class RowSerializer<IN> {
    private final FlussSerializationSchema<IN> schema;

    /** @param rowType all columns of the table */
    RowSerializer(FlussSerializationSchema<IN> schema, RowType rowType) {
        this.schema = schema;
        try {
            schema.open(() -> rowType);
        } catch (Exception e) {
            throw new FlinkRuntimeException("The serialization schema " + schema.getClass().getName() + " cannot be opened: " + e, e);
        }
    }

    RowWithOp serialize(IN element) {
        try {
            return schema.serialize(element);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new FlinkRuntimeException("The serialization schema " + schema.getClass().getName() + " failed: " + e, e);
        }
    }

    /** As what a row is written. Not of {@link OperationType#IGNORE}. */
    static RowKind kind(RowWithOp row) {
        RowKind kind = row.getRow().getRowKind();
        switch (row.getOperationType()) {
            case UPSERT:
                return kind == RowKind.UPDATE_AFTER ? kind : RowKind.INSERT;
            case DELETE:
                return kind == RowKind.UPDATE_BEFORE ? kind : RowKind.DELETE;
            default:
                return RowKind.INSERT;
        }
    }
}
