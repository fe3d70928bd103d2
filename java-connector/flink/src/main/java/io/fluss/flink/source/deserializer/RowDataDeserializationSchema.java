package io.fluss.flink.source.deserializer;

import io.fluss.record.LogRecord;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.RowType;

/**
 * Rows as they are, with their kinds. They are views that the next row overwrites: Flink copies them for the operators of a chain
 * unless object reuse is enabled, where an operator must copy what it keeps.
 */
public final class RowDataDeserializationSchema implements FlussDeserializationSchema<RowData> {
    private static final long serialVersionUID = 1L;

    @Override
    public RowData deserialize(LogRecord record) {
        return record.getRow();
    }

    @Override
    public TypeInformation<RowData> getProducedType(RowType rowSchema) {
        return InternalTypeInfo.of(rowSchema);
    }
}
