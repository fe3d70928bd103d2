package io.fluss.flink.row;

import io.fluss.client.ColumnWriter;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryStringData;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.TimestampType;

/** Copies one field, which is not null, from Flink's row into a column. */
interface FieldWriter {
    /** @param row of the batch @param field of {@code source} */
    void write(int row, RowData source, int field);

    static FieldWriter of(LogicalType type, ColumnWriter column) {
        switch (type.getTypeRoot()) {
            case BOOLEAN:
                return (row, source, field) -> column.setBoolean(row, source.getBoolean(field));
            case TINYINT:
                return (row, source, field) -> column.setByte(row, source.getByte(field));
            case SMALLINT:
                return (row, source, field) -> column.setShort(row, source.getShort(field));
            case INTEGER:
            case DATE:
            case TIME_WITHOUT_TIME_ZONE:
                return (row, source, field) -> column.setInt(row, source.getInt(field));
            case BIGINT:
                return (row, source, field) -> column.setLong(row, source.getLong(field));
            case FLOAT:
                return (row, source, field) -> column.setFloat(row, source.getFloat(field));
            case DOUBLE:
                return (row, source, field) -> column.setDouble(row, source.getDouble(field));
            case CHAR:
            case VARCHAR:
                return (row, source, field) -> writeString(column, row, source.getString(field));
            case BINARY:
            case VARBINARY:
                return (row, source, field) -> column.setBytes(row, source.getBinary(field));
            case DECIMAL:
                return decimal(((DecimalType) type).getPrecision(), ((DecimalType) type).getScale(), column);
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                return timestamp(((TimestampType) type).getPrecision(), column);
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return timestamp(((LocalZonedTimestampType) type).getPrecision(), column);
            case ARRAY:
                return array(((ArrayType) type).getElementType(), column);
            case MAP:
                return map(((MapType) type).getKeyType(), ((MapType) type).getValueType(), column);
            case ROW:
                return row((RowType) type, column);
            default:
                throw new IllegalStateException("no writer for type " + type);
        }
    }

    /** The writer of a field that may be null. */
    static FieldWriter orNull(LogicalType type, ColumnWriter column) {
        FieldWriter notNull = of(type, column);
        return (row, source, field) -> {
            if (source.isNullAt(field)) {
                column.setNull(row);
            } else {
                notNull.write(row, source, field);
            }
        };
    }

    static FieldWriter array(LogicalType elementType, ColumnWriter column) {
        FieldWriter element = orNull(elementType, column.child(0));
        ElementsAsFields elements = new ElementsAsFields();
        return (row, source, field) -> {
            ArrayData array = source.getArray(field);
            elements.write(array, element, column.beginElements(row, array.size()));
        };
    }

    static FieldWriter map(LogicalType keyType, LogicalType valueType, ColumnWriter column) {
        FieldWriter key = orNull(keyType, column.child(0));
        FieldWriter value = orNull(valueType, column.child(1));
        ElementsAsFields elements = new ElementsAsFields();
        return (row, source, field) -> {
            MapData map = source.getMap(field);
            int first = column.beginElements(row, map.size());
            elements.write(map.keyArray(), key, first);
            elements.write(map.valueArray(), value, first);
        };
    }

    static FieldWriter row(RowType type, ColumnWriter column) {
        FieldWriter[] fields = new FieldWriter[type.getFieldCount()];
        for (int i = 0; i < fields.length; i++) {
            fields[i] = orNull(type.getTypeAt(i), column.child(i));
        }
        return (row, source, field) -> {
            RowData nested = source.getRow(field, fields.length);
            for (int i = 0; i < fields.length; i++) {
                fields[i].write(row, nested, i);
            }
        };
    }

    static FieldWriter decimal(int precision, int scale, ColumnWriter column) {
        if (DecimalData.isCompact(precision)) {
            return (row, source, field) ->
                    column.setDecimal(row, source.getDecimal(field, precision, scale).toUnscaledLong());
        }
        return (row, source, field) ->
                column.setDecimal(row, source.getDecimal(field, precision, scale).toUnscaledBytes());
    }

    static FieldWriter timestamp(int precision, ColumnWriter column) {
        return (row, source, field) -> {
            TimestampData value = source.getTimestamp(field, precision);
            column.setTimestamp(row, value.getMillisecond(), value.getNanoOfMillisecond());
        };
    }

    static void writeString(ColumnWriter column, int row, StringData value) {
        if (value instanceof BinaryStringData) {
            BinaryStringData binary = (BinaryStringData) value;
            binary.ensureMaterialized();
            MemorySegment[] segments = binary.getSegments();
            if (segments.length == 1 && !segments[0].isOffHeap()) {
                column.setBytes(row, segments[0].getArray(), binary.getOffset(), binary.getSizeInBytes());
                return;
            }
        }
        column.setBytes(row, value.toBytes());
    }
}
