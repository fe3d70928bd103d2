package io.fluss.flink.sink.serializer;

import io.fluss.flink.row.RowWithOp;

import org.apache.flink.table.types.logical.RowType;

import java.io.Serializable;

/** Makes rows of a table of the elements of a stream: where they are written, and once more where they are spread over buckets. */
public interface FlussSerializationSchema<T> extends Serializable {
    /** Called before the first element. */
    default void open(InitializationContext context) throws Exception {}

    /** @return used before the next call only */
    RowWithOp serialize(T element) throws Exception;

    /** What a writer knows. */
    interface InitializationContext {
        /** All columns of the table, those too that are not written ({@code setPartialUpdateColumns}). */
        RowType getRowSchema();
    }
}
