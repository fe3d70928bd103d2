package io.fluss.flink.row;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.runtime.typeutils.InternalSerializers;
import org.apache.flink.table.types.logical.LogicalType;

/** Copies rows so that they keep nothing alive but their own values. */
public final class RowCopier {
    private final RowData.FieldGetter[] getters;
    /** For nested values; null for others. */
    private final List<TypeSerializer<Object>> nested = new ArrayList<>();

    public RowCopier(LogicalType[] types) {
        getters = new RowData.FieldGetter[types.length];
        for (int i = 0; i < types.length; i++) {
            getters[i] = RowData.createFieldGetter(types[i], i);
            nested.add(types[i].getChildren().isEmpty() ? null : InternalSerializers.create(types[i]));
        }
    }

    public GenericRowData copy(RowData source) {
        GenericRowData row = new GenericRowData(source.getRowKind(), getters.length);
        for (int i = 0; i < getters.length; i++) {
            Object value = getters[i].getFieldOrNull(source);
            if (value instanceof StringData) {
                value = StringData.fromBytes(((StringData) value).toBytes());
            } else if (value instanceof byte[]) {
                // A value that is its batch's only one comes as the batch's own array.
                value = ((byte[]) value).clone();
            } else if (value != null && nested.get(i) != null) {
                value = nested.get(i).copy(value);
            }
            row.setField(i, value);
        }
        return row;
    }
}
