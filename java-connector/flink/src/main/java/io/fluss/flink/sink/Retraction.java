package io.fluss.flink.sink;

import java.util.Objects;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalSerializers;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/**
 * The key of a -U until it is known what follows: before the +U of the same key it says nothing, else it is a delete. Alone it comes where
 * an update takes a row out of a filter, or gives it another key.
 */
final class Retraction {
    private final int[] keyIndexes;
    private final RowData.FieldGetter[] getters;
    private final TypeSerializer<Object>[] serializers;
    private final GenericRowData row;
    private boolean waiting;

    @SuppressWarnings({"unchecked", "rawtypes"})
    Retraction(RowType rowType, int[] keyIndexes) {
        this.keyIndexes = keyIndexes.clone();
        this.getters = new RowData.FieldGetter[keyIndexes.length];
        this.serializers = new TypeSerializer[keyIndexes.length];
        this.row = new GenericRowData(rowType.getFieldCount());
        for (int i = 0; i < keyIndexes.length; i++) {
            LogicalType type = rowType.getTypeAt(keyIndexes[i]);
            getters[i] = RowData.createFieldGetter(type, keyIndexes[i]);
            serializers[i] = InternalSerializers.create(type);
        }
    }

    boolean isWaiting() {
        return waiting;
    }

    void await(RowData updateBefore) {
        for (int i = 0; i < keyIndexes.length; i++) {
            Object value = getters[i].getFieldOrNull(updateBefore);
            row.setField(keyIndexes[i], value == null ? null : serializers[i].copy(value));
        }
        waiting = true;
    }

    boolean hasKeyOf(RowData updateAfter) {
        for (int i = 0; i < keyIndexes.length; i++) {
            if (!Objects.deepEquals(row.getField(keyIndexes[i]), getters[i].getFieldOrNull(updateAfter))) {
                return false;
            }
        }
        return true;
    }

    /** Ends the waiting. @return a row of which the key is there, until the next -U */
    RowData take() {
        waiting = false;
        return row;
    }
}
