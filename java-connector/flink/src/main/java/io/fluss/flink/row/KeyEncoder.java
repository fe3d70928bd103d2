package io.fluss.flink.row;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.TimestampType;

/** Writes keys as the store orders them: {@code native/docs/format.md}, "Key". Not of DECIMAL, FLOAT, DOUBLE or timestamps of nanoseconds. */
public final class KeyEncoder {
    /** What {@link #write} gives for a key that is too long. */
    public static final int TOO_LONG = -1;

    /** No field of fixed width is longer. */
    private static final int WIDEST = 8;

    private final ByteBuffer out;
    private final List<Field> fields = new ArrayList<>();

    /** Writes a field, which is not null. */
    private interface Field {
        boolean write(RowData row);
    }

    /** @param out big endian, from its beginning */
    public KeyEncoder(ByteBuffer out) {
        this.out = out;
    }

    /** The next key column comes from {@code field}. @return false: it is of a type that is not known here */
    public boolean add(LogicalType type, int field) {
        Field writer = writer(type, field);
        return writer != null && fields.add(writer);
    }

    /** The next key column is always the same. @param value as rows have it */
    public boolean addConstant(LogicalType type, Object value) {
        Field writer = writer(type, 0);
        GenericRowData constant = GenericRowData.of(value);
        return writer != null && fields.add(row -> writer.write(constant));
    }

    /** @return how long the key is, or {@link #TOO_LONG} */
    public int write(RowData row) {
        out.clear();
        for (int i = 0; i < fields.size(); i++) {
            if (out.remaining() < WIDEST || !fields.get(i).write(row)) {
                return TOO_LONG;
            }
        }
        return out.position();
    }

    private Field writer(LogicalType type, int i) {
        switch (type.getTypeRoot()) {
            case BOOLEAN:
                return row -> put(out.put((byte) (row.getBoolean(i) ? 1 : 0)));
            case TINYINT:
                return row -> put(out.put((byte) (row.getByte(i) ^ 0x80)));
            case SMALLINT:
                return row -> put(out.putShort((short) (row.getShort(i) ^ 0x8000)));
            case INTEGER:
            case DATE:
            case TIME_WITHOUT_TIME_ZONE:
                return row -> put(out.putInt(row.getInt(i) ^ Integer.MIN_VALUE));
            case BIGINT:
                return row -> put(out.putLong(row.getLong(i) ^ Long.MIN_VALUE));
            case CHAR:
            case VARCHAR:
                return row -> escaped(row.getString(i).toBytes());
            case BINARY:
            case VARBINARY:
                return row -> escaped(row.getBinary(i));
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                return timestamp(((TimestampType) type).getPrecision(), i);
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return timestamp(((LocalZonedTimestampType) type).getPrecision(), i);
            default:
                return null;
        }
    }

    private static boolean put(ByteBuffer done) {
        return true;
    }

    private Field timestamp(int precision, int i) {
        if (precision > 6) {
            return null;
        }
        return row -> put(out.putLong(BucketFunction.time(row.getTimestamp(i, precision), precision) ^ Long.MIN_VALUE));
    }

    /** 0x00 becomes 0x00 0xFF, the end is 0x00 0x01. */
    private boolean escaped(byte[] value) {
        if (out.remaining() < 2 * (value.length + 1)) {
            return false;
        }
        int from = 0;
        for (int i = 0; i < value.length; i++) {
            if (value[i] == 0) {
                out.put(value, from, i + 1 - from).put((byte) 0xFF);
                from = i + 1;
            }
        }
        out.put(value, from, value.length - from).put((byte) 0).put((byte) 1);
        return true;
    }
}
