package io.fluss.flink.row;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.TimestampType;

/**
 * The bucket of a row, as the store computes it: {@code murmur3-v1} of {@code native/docs/format.md}, "Bucket function". Keeps a buffer, so one a
 * thread.
 */
public final class BucketFunction {
    private final List<Field> fields = new ArrayList<>();
    private ByteBuffer canonical = allocate(64);

    /** Puts a field, which is not null, behind what is there. */
    private interface Field {
        void put(RowData row);
    }

    /** @param keys positions of the bucket key, in its order */
    public BucketFunction(RowType rowType, int[] keys) {
        for (int key : keys) {
            Field field = field(rowType.getTypeAt(key), key);
            fields.add(row -> {
                boolean isNull = row.isNullAt(key);
                room(1).put((byte) (isNull ? 0 : 1));
                if (!isNull) {
                    field.put(row);
                }
            });
        }
    }

    public int bucket(RowData row, int buckets) {
        if (buckets == 1) {
            return 0;
        }
        canonical.clear();
        for (Field field : fields) {
            field.put(row);
        }
        return (murmur3(canonical.array(), canonical.position()) & Integer.MAX_VALUE) % buckets;
    }

    private Field field(LogicalType type, int i) {
        switch (type.getTypeRoot()) {
            case BOOLEAN:
                return row -> room(1).put((byte) (row.getBoolean(i) ? 1 : 0));
            case TINYINT:
                return row -> room(1).put(row.getByte(i));
            case SMALLINT:
                return row -> room(2).putShort(row.getShort(i));
            case INTEGER:
            case DATE:
            case TIME_WITHOUT_TIME_ZONE:
                return row -> room(4).putInt(row.getInt(i));
            case BIGINT:
                return row -> room(8).putLong(row.getLong(i));
            case FLOAT:
                // One NaN, and no negative zero.
                return row -> room(4).putInt(Float.floatToIntBits(row.getFloat(i) + 0.0f));
            case DOUBLE:
                return row -> room(8).putLong(Double.doubleToLongBits(row.getDouble(i) + 0.0));
            case CHAR:
            case VARCHAR:
                return row -> putBytes(row.getString(i).toBytes());
            case BINARY:
            case VARBINARY:
                return row -> putBytes(row.getBinary(i));
            case DECIMAL:
                DecimalType decimal = (DecimalType) type;
                return row -> putDecimal(row.getDecimal(i, decimal.getPrecision(), decimal.getScale()));
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                return timestamp(((TimestampType) type).getPrecision(), i);
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return timestamp(((LocalZonedTimestampType) type).getPrecision(), i);
            default:
                throw new IllegalStateException("no bucket or partition key is of type " + type);
        }
    }

    private Field timestamp(int precision, int i) {
        return row -> {
            TimestampData value = row.getTimestamp(i, precision);
            if (precision <= 6) {
                room(8).putLong(time(value, precision));
            } else {
                room(12).putLong(value.getMillisecond()).putInt(value.getNanoOfMillisecond());
            }
        };
    }

    /** Milliseconds, of a precision of more than 3 microseconds; at most 6. */
    static long time(TimestampData value, int precision) {
        return precision <= 3
                ? value.getMillisecond()
                : Math.addExact(Math.multiplyExact(value.getMillisecond(), 1000L), value.getNanoOfMillisecond() / 1000);
    }

    private void putBytes(byte[] value) {
        room(4 + value.length).putInt(value.length).put(value);
    }

    /** 16 bytes, two's complement. */
    private void putDecimal(DecimalData value) {
        byte[] bigEndian = value.toUnscaledBytes();
        ByteBuffer out = room(16);
        for (int i = 1; i <= 16; i++) {
            out.put(i <= bigEndian.length ? bigEndian[bigEndian.length - i] : (byte) (bigEndian[0] < 0 ? -1 : 0));
        }
    }

    private ByteBuffer room(int bytes) {
        if (canonical.remaining() < bytes) {
            ByteBuffer larger = allocate(Math.max(canonical.position() + bytes, 2 * canonical.capacity()));
            canonical.flip();
            canonical = larger.put(canonical);
        }
        return canonical;
    }

    private static ByteBuffer allocate(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** MurmurHash3_x86_32, seed 0 (Austin Appleby, public domain). */
    static int murmur3(byte[] data, int length) {
        ByteBuffer blocks = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        int hash = 0;
        int at = 0;
        for (; at + 4 <= length; at += 4) {
            hash = Integer.rotateLeft(hash ^ mixed(blocks.getInt(at)), 13) * 5 + 0xe6546b64;
        }
        if (at < length) {
            byte[] tail = Arrays.copyOf(Arrays.copyOfRange(data, at, length), 4);
            hash ^= mixed(ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN).getInt());
        }
        hash ^= length;
        hash = (hash ^ hash >>> 16) * 0x85ebca6b;
        hash = (hash ^ hash >>> 13) * 0xc2b2ae35;
        return hash ^ hash >>> 16;
    }

    private static int mixed(int block) {
        return Integer.rotateLeft(block * 0xcc9e2d51, 15) * 0x1b873593;
    }
}
