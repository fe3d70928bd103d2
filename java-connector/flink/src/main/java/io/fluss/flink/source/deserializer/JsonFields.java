package io.fluss.flink.source.deserializer;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeFamily;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.RowType;

import java.io.IOException;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Writes a row as a JSON object. */
final class JsonFields {
    /** Writes a value that is not null. */
    private interface ValueWriter {
        void write(JsonGenerator json, Object value) throws IOException;
    }

    private final String[] names;
    private final RowData.FieldGetter[] getters;
    private final ValueWriter[] writers;

    private JsonFields(RowType type) {
        List<LogicalType> types = type.getChildren();
        names = type.getFieldNames().toArray(new String[0]);
        getters = new RowData.FieldGetter[names.length];
        writers = new ValueWriter[names.length];
        for (int i = 0; i < names.length; i++) {
            getters[i] = RowData.createFieldGetter(types.get(i), i);
            writers[i] = writer(types.get(i));
        }
    }

    static JsonFields of(RowType type) {
        return new JsonFields(type);
    }

    void write(JsonGenerator json, RowData row) throws IOException {
        json.writeStartObject();
        for (int i = 0; i < names.length; i++) {
            json.writeFieldName(names[i]);
            write(json, writers[i], getters[i].getFieldOrNull(row));
        }
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, ValueWriter writer, Object value) throws IOException {
        if (value == null) {
            json.writeNull();
        } else {
            writer.write(json, value);
        }
    }

    private static ValueWriter writer(LogicalType type) {
        switch (type.getTypeRoot()) {
            case BOOLEAN:
                return (json, value) -> json.writeBoolean((Boolean) value);
            case TINYINT:
            case SMALLINT:
            case INTEGER:
            case BIGINT:
                return (json, value) -> json.writeNumber(((Number) value).longValue());
            case FLOAT:
                return (json, value) -> json.writeNumber((Float) value);
            case DOUBLE:
                return (json, value) -> json.writeNumber((Double) value);
            case DECIMAL:
                return (json, value) -> json.writeNumber(((DecimalData) value).toBigDecimal());
            case BINARY:
            case VARBINARY:
                return (json, value) -> json.writeBinary((byte[]) value);
            case DATE:
                return (json, value) -> json.writeString(LocalDate.ofEpochDay((Integer) value).toString());
            case TIME_WITHOUT_TIME_ZONE:
                return (json, value) -> json.writeString(DateTimeFormatter.ISO_LOCAL_TIME.format(
                        LocalTime.ofNanoOfDay(TimeUnit.MILLISECONDS.toNanos((Integer) value))));
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                return (json, value) -> json.writeString(
                        DateTimeFormatter.ISO_LOCAL_DATE_TIME.format(((TimestampData) value).toLocalDateTime()));
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return (json, value) -> json.writeString(((TimestampData) value).toInstant().toString());
            case ARRAY:
                return array(((ArrayType) type).getElementType());
            case MAP:
                return map((MapType) type);
            case ROW:
                JsonFields fields = of((RowType) type);
                return (json, value) -> fields.write(json, (RowData) value);
            default:
                // CHAR, VARCHAR
                return (json, value) -> json.writeString(value.toString());
        }
    }

    private static ValueWriter array(LogicalType elementType) {
        ArrayData.ElementGetter getter = ArrayData.createElementGetter(elementType);
        ValueWriter element = writer(elementType);
        return (json, value) -> {
            ArrayData array = (ArrayData) value;
            json.writeStartArray();
            for (int i = 0; i < array.size(); i++) {
                write(json, element, getter.getElementOrNull(array, i));
            }
            json.writeEndArray();
        };
    }

    /** An object where the keys are text, else an array of pairs. */
    private static ValueWriter map(MapType type) {
        ArrayData.ElementGetter keys = ArrayData.createElementGetter(type.getKeyType());
        ArrayData.ElementGetter values = ArrayData.createElementGetter(type.getValueType());
        ValueWriter key = writer(type.getKeyType());
        ValueWriter element = writer(type.getValueType());
        boolean text = type.getKeyType().is(LogicalTypeFamily.CHARACTER_STRING);
        return (json, value) -> {
            MapData map = (MapData) value;
            ArrayData keyArray = map.keyArray();
            ArrayData valueArray = map.valueArray();
            if (text) {
                json.writeStartObject();
            } else {
                json.writeStartArray();
            }
            for (int i = 0; i < map.size(); i++) {
                Object one = keys.getElementOrNull(keyArray, i);
                if (text) {
                    json.writeFieldName(String.valueOf(one));
                    write(json, element, values.getElementOrNull(valueArray, i));
                } else {
                    json.writeStartArray();
                    write(json, key, one);
                    write(json, element, values.getElementOrNull(valueArray, i));
                    json.writeEndArray();
                }
            }
            if (text) {
                json.writeEndObject();
            } else {
                json.writeEndArray();
            }
        };
    }
}
