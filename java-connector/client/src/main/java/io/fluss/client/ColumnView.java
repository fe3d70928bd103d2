package io.fluss.client;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * One column of a {@link ColumnBatch}, or what is in one: an element, a key or value, a field. Getters must fit the column's type, which is not checked, and the row must not be null.
 * After the batch was closed every getter throws a NullPointerException.
 */
public final class ColumnView {
    private final DataType type;
    private final ColumnLayout layout;
    private final int validity;
    private final int data;
    private final int aux;
    private final int rows;
    private final ColumnView[] children;
    private ByteBuffer buffer;
    /** The variable-width values of the whole column, once somebody asked for one; {@link #heapStart} is offset 0's place. */
    private byte[] heap;

    private int heapStart;

    private ColumnView(DataType type, ByteBuffer buffer, long[] descriptor, int at, int rows, ColumnView[] children) {
        this.type = type;
        this.layout = ColumnLayout.of(type);
        this.buffer = buffer;
        this.validity = (int) descriptor[at];
        this.data = (int) descriptor[at + 1];
        this.aux = (int) descriptor[at + 2];
        this.rows = rows;
        this.children = children;
    }

    /** @param at where the column's nodes begin in the descriptor */
    static ColumnView of(DataType type, ByteBuffer buffer, long[] descriptor, int at, int rows) {
        List<DataType> types = type.children();
        ColumnView[] children = new ColumnView[types.size()];
        // ARRAY and MAP say how many rows their children have where others say how many bytes they have.
        int childRows = type.kind() == DataType.Kind.ROW ? rows : (int) descriptor[at + 3];
        int next = at + ColumnBatch.PER_NODE;
        for (int i = 0; i < children.length; i++) {
            children[i] = of(types.get(i), buffer, descriptor, next, childRows);
            next += ColumnBatch.PER_NODE * types.get(i).nodeCount();
        }
        return new ColumnView(type, buffer, descriptor, at, rows, children);
    }

    /** The same column in another copy of the buffer. */
    ColumnView(ColumnView other, ByteBuffer buffer) {
        this.type = other.type;
        this.layout = other.layout;
        this.buffer = buffer;
        this.validity = other.validity;
        this.data = other.data;
        this.aux = other.aux;
        this.rows = other.rows;
        this.children = new ColumnView[other.children.length];
        for (int i = 0; i < children.length; i++) {
            children[i] = new ColumnView(other.children[i], buffer);
        }
        if (buffer.hasArray()) {
            heap = buffer.array();
            heapStart = data;
        }
    }

    /** ARRAY: 0 is the element; MAP: 0 is the key, 1 the value; ROW: the fields, whose rows are those of the ROW. */
    public ColumnView child(int index) {
        return children[index];
    }

    public int childCount() {
        return children.length;
    }

    /** ARRAY, MAP: where a row's values begin among those of the children. */
    public int listStart(int row) {
        return buffer.getInt(aux + (row << 2));
    }

    /** ARRAY, MAP: how many values a row has. */
    public int listLength(int row) {
        int at = aux + (row << 2);
        return buffer.getInt(at + 4) - buffer.getInt(at);
    }

    public DataType type() {
        return type;
    }

    public boolean hasNulls() {
        return validity >= 0;
    }

    public boolean isNull(int row) {
        return validity >= 0 && (buffer.get(validity + (row >> 3)) & (1 << (row & 7))) == 0;
    }

    public boolean getBoolean(int row) {
        return (buffer.get(data + (row >> 3)) & (1 << (row & 7))) != 0;
    }

    public byte getByte(int row) {
        return buffer.get(data + row);
    }

    public short getShort(int row) {
        return buffer.getShort(data + (row << 1));
    }

    /** INT; DATE: days since 1970-01-01; TIME: milliseconds of the day. */
    public int getInt(int row) {
        return buffer.getInt(data + (row << 2));
    }

    public long getLong(int row) {
        return buffer.getLong(data + (row << 3));
    }

    public float getFloat(int row) {
        return buffer.getFloat(data + (row << 2));
    }

    public double getDouble(int row) {
        return buffer.getDouble(data + (row << 3));
    }

    /** Low 64 bits of a DECIMAL's unscaled value: the whole value if the precision is at most 18. */
    public long getDecimalLong(int row) {
        return buffer.getLong(data + (row << 4));
    }

    /** Unscaled value of a DECIMAL of any precision. */
    public BigInteger getDecimal(int row) {
        long low = buffer.getLong(data + (row << 4));
        long high = buffer.getLong(data + (row << 4) + 8);
        if (high == low >> 63) {
            return BigInteger.valueOf(low);
        }
        byte[] bytes = new byte[16];
        for (int i = 0; i < 8; i++) {
            bytes[7 - i] = (byte) (high >>> (8 * i));
            bytes[15 - i] = (byte) (low >>> (8 * i));
        }
        return new BigInteger(bytes);
    }

    /** Milliseconds since the epoch of a TIMESTAMP or TIMESTAMP_LTZ of any precision. */
    public long getTimestampMillis(int row) {
        long value = buffer.getLong(data + (row << 3));
        return layout == ColumnLayout.MICROS ? Math.floorDiv(value, 1000L) : value;
    }

    /** Nanoseconds of the millisecond, 0 to 999,999. */
    public int getTimestampNanoOfMilli(int row) {
        switch (layout) {
            case MILLIS:
                return 0;
            case MICROS:
                return (int) Math.floorMod(buffer.getLong(data + (row << 3)), 1000L) * 1000;
            default:
                return buffer.getInt(aux + (row << 2));
        }
    }

    /** The array that holds the bytes of every row: use with {@link #bytesStart} and {@link #bytesLength}. */
    public byte[] bytesArray() {
        if (heap == null) {
            copyVariableWidth();
        }
        return heap;
    }

    /** Where a row's bytes start in {@link #bytesArray()}, which must have been called. */
    public int bytesStart(int row) {
        return heapStart + buffer.getInt(aux + (row << 2));
    }

    public int bytesLength(int row) {
        int at = aux + (row << 2);
        return buffer.getInt(at + 4) - buffer.getInt(at);
    }

    /** A copy of one row's bytes: CHAR and VARCHAR (UTF-8), BINARY and VARBINARY. */
    public byte[] getBytes(int row) {
        byte[] all = bytesArray();
        int start = bytesStart(row);
        return java.util.Arrays.copyOfRange(all, start, start + bytesLength(row));
    }

    private void copyVariableWidth() {
        int from = buffer.getInt(aux);
        int to = buffer.getInt(aux + (rows << 2));
        byte[] copy = new byte[to - from];
        ByteBuffer source = buffer.duplicate();
        source.position(data + from);
        source.get(copy);
        heapStart = -from;
        heap = copy;
    }

    void drop() {
        buffer = null;
        heap = null;
        for (ColumnView child : children) {
            child.drop();
        }
    }
}
