package io.fluss.client;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Rows on their way to the store, by column, in memory that the native side reads in place. Grows as needed, is filled
 * again after {@link #clear()}, and allocates nothing a row. Not thread safe.
 *
 * <pre>{@code
 * int row = batch.beginRow();
 * batch.column(0).setLong(row, 42);
 * batch.column(1).setNull(row);
 * batch.endRow(WriteBatch.UPSERT);
 * }</pre>
 */
public final class WriteBatch {
    /** Change kind: append to a log table, insert or replace in a primary-key table. */
    public static final byte UPSERT = 0;

    /** Change kind: delete by primary key; only the key columns of the row are read. */
    public static final byte DELETE = 1;

    private static final int INITIAL_ROWS = 256;

    private final ColumnWriter[] columns;
    private final ByteBuffer[] buffers;
    /** 1: {@link #buffers} starts with the change kinds; 0: a batch of keys, without kinds. */
    private final int first;
    private final int fixedBytes;
    private ByteBuffer kinds;
    private boolean hasDeletes;
    private boolean rowOpen;
    private int capacity;
    private int rows;
    private long variableBytes;

    private WriteBatch(List<DataType> types, boolean withKinds, int capacity) {
        this.capacity = capacity;
        first = withKinds ? 1 : 0;
        columns = new ColumnWriter[types.size()];
        int bytes = first;
        int nodes = 0;
        for (int i = 0; i < columns.length; i++) {
            columns[i] = new ColumnWriter(this, types.get(i), capacity);
            bytes += columns[i].fixedBytes();
            nodes += types.get(i).nodeCount();
        }
        fixedBytes = bytes;
        buffers = new ByteBuffer[first + 3 * nodes];
        kinds = withKinds ? ByteBuffer.allocateDirect(capacity) : null;
    }

    /** Rows of a table. @param types of every table column, in order */
    public static WriteBatch ofRows(List<DataType> types) {
        return new WriteBatch(types, true, INITIAL_ROWS);
    }

    /** Keys for a lookup. @param types of the primary key columns, in key order */
    public static WriteBatch ofKeys(List<DataType> types) {
        return new WriteBatch(types, false, INITIAL_ROWS / 4);
    }

    public int columnCount() {
        return columns.length;
    }

    public ColumnWriter column(int index) {
        return columns[index];
    }

    /** Finished rows. */
    public int rows() {
        return rows;
    }

    public boolean isEmpty() {
        return rows == 0;
    }

    /** About as many bytes as the finished rows take. */
    public long sizeInBytes() {
        return (long) rows * fixedBytes + variableBytes;
    }

    /** Starts a row, or starts it again if the one before was not ended. @return its number, for the columns' setters */
    public int beginRow() {
        if (rows == capacity) {
            reserve(Math.multiplyExact(capacity, 2));
        }
        if (rowOpen) {
            for (ColumnWriter column : columns) {
                column.forgetRow(rows);
            }
        }
        rowOpen = true;
        return rows;
    }

    /** @param kind {@link #UPSERT} or {@link #DELETE} */
    public void endRow(byte kind) {
        if (kinds != null) {
            kinds.put(rows, kind);
        }
        hasDeletes |= kind == DELETE;
        rowOpen = false;
        rows++;
    }

    /** Ends a row of {@link #UPSERT} kind, or a key. */
    public void endRow() {
        endRow(UPSERT);
    }

    public void clear() {
        if (rowOpen) {
            for (ColumnWriter column : columns) {
                column.forgetRow(rows);
            }
        }
        for (ColumnWriter column : columns) {
            column.clear();
        }
        rows = 0;
        variableBytes = 0;
        hasDeletes = false;
        rowOpen = false;
    }

    /** For the native call: kinds (if not a batch of keys), then validity, data and aux of every node of every column. */
    ByteBuffer[] buffers() {
        if (first == 1) {
            buffers[0] = hasDeletes ? kinds : null;
        }
        int next = first;
        for (ColumnWriter column : columns) {
            next = column.buffers(buffers, next);
        }
        return buffers;
    }

    void addVariableBytes(long count) {
        variableBytes += count;
    }

    private void reserve(int newCapacity) {
        for (ColumnWriter column : columns) {
            column.reserveRows(newCapacity);
        }
        if (kinds != null) {
            ByteBuffer grown = ByteBuffer.allocateDirect(newCapacity);
            kinds.clear();
            grown.put(kinds);
            grown.clear();
            kinds = grown;
        }
        capacity = newCapacity;
    }
}
