package io.fluss.client;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Fills one column of a {@link WriteBatch}, or what is in one: direct little-endian buffers in Arrow layout. Every row between
 * {@link WriteBatch#beginRow()} and {@link WriteBatch#endRow} gets exactly one call a column. Calling a setter that does not
 * fit the column's type writes nonsense; it is not checked, a row's setters are chosen once by type.
 *
 * <p>ARRAY and MAP: {@link #beginElements}, then one call for each of these rows of {@link #child} 0, and of 1 for the values of a
 * MAP. ROW: one call a field, with the same row.
 */
public final class ColumnWriter {
    private static final int INITIAL_BYTES_A_VALUE = 16;

    private final WriteBatch batch;
    private final DataType type;
    private final ColumnLayout layout;
    private ByteBuffer validity;
    private ByteBuffer data;
    private ByteBuffer aux;
    private final ColumnWriter[] children;
    /** Rows that there is room for. */
    private int capacity;

    private boolean hasNulls;

    ColumnWriter(WriteBatch batch, DataType type, int rows) {
        this.batch = batch;
        this.type = type;
        this.layout = ColumnLayout.of(type);
        capacity = rows;
        validity = ones(null, bitmapBytes(rows));
        data = layout.hasData()
                ? grown(null, layout == ColumnLayout.VARIABLE ? rows * INITIAL_BYTES_A_VALUE : dataBytes(rows))
                : null;
        aux = layout.hasAux() ? grown(null, auxBytes(rows)) : null;
        List<DataType> types = type.children();
        children = new ColumnWriter[types.size()];
        for (int i = 0; i < children.length; i++) {
            children[i] = new ColumnWriter(batch, types.get(i), rows);
        }
    }

    public DataType type() {
        return type;
    }

    public void setNull(int row) {
        int index = row >> 3;
        validity.put(index, (byte) (validity.get(index) & ~(1 << (row & 7))));
        hasNulls = true;
        if (layout.hasOffsets()) {
            aux.putInt((row + 1) << 2, aux.getInt(row << 2));
        } else if (layout == ColumnLayout.ROW) {
            for (ColumnWriter field : children) {
                field.setNull(row);
            }
        }
    }

    /** ARRAY: 0 is the element; MAP: 0 is the key, 1 the value; ROW: the fields. */
    public ColumnWriter child(int index) {
        return children[index];
    }

    public int childCount() {
        return children.length;
    }

    /**
     * ARRAY, MAP: begins a row's values.
     *
     * @return the row of the first one in the children; the others follow
     */
    public int beginElements(int row, int count) {
        int start = aux.getInt(row << 2);
        int end = Math.addExact(start, count);
        for (ColumnWriter child : children) {
            if (end > child.capacity) {
                child.reserveRows((int) Math.max(end, Math.min(Integer.MAX_VALUE - 8L, 2L * child.capacity)));
            }
            // A row that was begun and not ended may have left something here.
            for (int i = start; i < end; i++) {
                child.forgetRow(i);
            }
            batch.addVariableBytes((long) count * child.fixedBytes());
        }
        aux.putInt((row + 1) << 2, end);
        return start;
    }

    public void setBoolean(int row, boolean value) {
        int index = row >> 3;
        int bit = 1 << (row & 7);
        int old = data.get(index);
        data.put(index, (byte) (value ? old | bit : old & ~bit));
    }

    public void setByte(int row, byte value) {
        data.put(row, value);
    }

    public void setShort(int row, short value) {
        data.putShort(row << 1, value);
    }

    /** INT; DATE: days since 1970-01-01; TIME: milliseconds of the day. */
    public void setInt(int row, int value) {
        data.putInt(row << 2, value);
    }

    public void setLong(int row, long value) {
        data.putLong(row << 3, value);
    }

    public void setFloat(int row, float value) {
        data.putFloat(row << 2, value);
    }

    public void setDouble(int row, double value) {
        data.putDouble(row << 3, value);
    }

    /** A DECIMAL whose unscaled value fits a long. */
    public void setDecimal(int row, long unscaled) {
        data.putLong(row << 4, unscaled);
        data.putLong((row << 4) + 8, unscaled >> 63);
    }

    /** @param unscaled big-endian two's complement, as {@link java.math.BigInteger#toByteArray()} gives it; 1 to 16 bytes */
    public void setDecimal(int row, byte[] unscaled) {
        if (unscaled.length > 16) {
            throw FlussException.invalid("a decimal of " + unscaled.length + " bytes does not fit " + type);
        }
        long high = unscaled[0] < 0 ? -1 : 0;
        long low = high;
        for (byte b : unscaled) {
            high = (high << 8) | (low >>> 56);
            low = (low << 8) | (b & 0xFF);
        }
        data.putLong(row << 4, low);
        data.putLong((row << 4) + 8, high);
    }

    /** TIMESTAMP and TIMESTAMP_LTZ of any precision. @param nanoOfMilli 0 to 999,999 */
    public void setTimestamp(int row, long millis, int nanoOfMilli) {
        switch (layout) {
            case MILLIS:
                data.putLong(row << 3, millis);
                return;
            case MICROS:
                data.putLong(row << 3, Math.addExact(Math.multiplyExact(millis, 1000L), nanoOfMilli / 1000));
                return;
            default:
                data.putLong(row << 3, millis);
                aux.putInt(row << 2, nanoOfMilli);
        }
    }

    /** CHAR and VARCHAR (UTF-8), BINARY and VARBINARY. */
    public void setBytes(int row, byte[] value, int offset, int length) {
        int start = aux.getInt(row << 2);
        int end = Math.addExact(start, length);
        if (end > data.capacity()) {
            data = grown(data, Math.max(end, (int) Math.min(Integer.MAX_VALUE - 8L, 2L * data.capacity())));
        }
        data.position(start);
        data.put(value, offset, length);
        aux.putInt((row + 1) << 2, end);
        batch.addVariableBytes(length);
    }

    public void setBytes(int row, byte[] value) {
        setBytes(row, value, 0, value.length);
    }

    /** Bytes a row that do not depend on the value. */
    int fixedBytes() {
        switch (layout) {
            case MILLIS_AND_NANOS:
                return 12;
            case VARIABLE:
            case LIST:
                return 4;
            case ROW:
                int bytes = 1;
                for (ColumnWriter field : children) {
                    bytes += field.fixedBytes();
                }
                return bytes;
            default:
                return Math.max(1, layout.width);
        }
    }

    void reserveRows(int rows) {
        validity = ones(validity, bitmapBytes(rows));
        if (layout.hasData() && layout != ColumnLayout.VARIABLE) {
            data = grown(data, dataBytes(rows));
        }
        if (aux != null) {
            aux = grown(aux, auxBytes(rows));
        }
        if (layout == ColumnLayout.ROW) {
            for (ColumnWriter field : children) {
                field.reserveRows(rows);
            }
        }
        capacity = rows;
    }

    /** Makes a row that was begun and not ended look as if it had never been begun. */
    void forgetRow(int row) {
        if (hasNulls) {
            int index = row >> 3;
            validity.put(index, (byte) (validity.get(index) | (1 << (row & 7))));
        }
        if (layout == ColumnLayout.ROW) {
            for (ColumnWriter field : children) {
                field.forgetRow(row);
            }
        }
    }

    void clear() {
        for (ColumnWriter child : children) {
            child.clear();
        }
        if (hasNulls) {
            for (int i = 0; i < validity.capacity(); i++) {
                validity.put(i, (byte) -1);
            }
            hasNulls = false;
        }
        // Offsets begin at 0 in every batch: aux[0] is never written.
    }

    /** @return where the next column's buffers go */
    int buffers(ByteBuffer[] into, int at) {
        into[at] = hasNulls ? validity : null;
        if (data != null) {
            data.clear();
        }
        into[at + 1] = data;
        into[at + 2] = aux;
        int next = at + 3;
        for (ColumnWriter child : children) {
            next = child.buffers(into, next);
        }
        return next;
    }

    private int dataBytes(int rows) {
        return layout == ColumnLayout.BITS ? bitmapBytes(rows) : Math.multiplyExact(rows, layout.width);
    }

    private int auxBytes(int rows) {
        return Math.multiplyExact(layout.hasOffsets() ? rows + 1 : rows, 4);
    }

    private static int bitmapBytes(int rows) {
        return (rows + 7) >> 3;
    }

    private static ByteBuffer ones(ByteBuffer old, int bytes) {
        ByteBuffer buffer = grown(old, bytes);
        for (int i = old == null ? 0 : old.capacity(); i < bytes; i++) {
            buffer.put(i, (byte) -1);
        }
        return buffer;
    }

    private static ByteBuffer grown(ByteBuffer old, int bytes) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (old != null) {
            old.clear();
            buffer.put(old);
            buffer.clear();
        }
        return buffer;
    }
}
