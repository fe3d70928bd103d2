package io.fluss.flink.row;

import io.fluss.flink.adapter.RowDataAdapter;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RawValueData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.types.RowKind;

/** The elements of an array as the fields of a row, so that one kind of {@link FieldWriter} writes both. */
final class ElementsAsFields implements RowDataAdapter {
    private ArrayData array;

    /** Writes all elements into the rows of a column from {@code first} on. */
    void write(ArrayData elements, FieldWriter writer, int first) {
        // An array within an element of this one has an object of its own.
        array = elements;
        for (int i = 0; i < elements.size(); i++) {
            writer.write(first + i, this, i);
        }
    }

    @Override
    public int getArity() {
        return array.size();
    }

    @Override
    public RowKind getRowKind() {
        return RowKind.INSERT;
    }

    @Override
    public void setRowKind(RowKind kind) {
        throw new UnsupportedOperationException("elements have no row kind");
    }

    @Override
    public boolean isNullAt(int field) {
        return array.isNullAt(field);
    }

    @Override
    public boolean getBoolean(int field) {
        return array.getBoolean(field);
    }

    @Override
    public byte getByte(int field) {
        return array.getByte(field);
    }

    @Override
    public short getShort(int field) {
        return array.getShort(field);
    }

    @Override
    public int getInt(int field) {
        return array.getInt(field);
    }

    @Override
    public long getLong(int field) {
        return array.getLong(field);
    }

    @Override
    public float getFloat(int field) {
        return array.getFloat(field);
    }

    @Override
    public double getDouble(int field) {
        return array.getDouble(field);
    }

    @Override
    public StringData getString(int field) {
        return array.getString(field);
    }

    @Override
    public byte[] getBinary(int field) {
        return array.getBinary(field);
    }

    @Override
    public ArrayData getArray(int field) {
        return array.getArray(field);
    }

    @Override
    public MapData getMap(int field) {
        return array.getMap(field);
    }

    @Override
    public DecimalData getDecimal(int field, int precision, int scale) {
        return array.getDecimal(field, precision, scale);
    }

    @Override
    public TimestampData getTimestamp(int field, int precision) {
        return array.getTimestamp(field, precision);
    }

    @Override
    public <T> RawValueData<T> getRawValue(int field) {
        return array.getRawValue(field);
    }

    @Override
    public RowData getRow(int field, int fields) {
        return array.getRow(field, fields);
    }
}
