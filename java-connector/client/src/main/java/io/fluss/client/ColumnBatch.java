package io.fluss.client;

import io.fluss.jni.Native;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Rows by column, as the native side gives them: views over its memory, nothing copied but variable-width columns, once, when
 * they are first used. {@link #close()} gives the memory back; until then it counts against the native budget. One thread.
 */
public final class ColumnBatch implements AutoCloseable {
    /** Change types, as {@link #changeType} gives them. */
    public static final byte APPEND = 0;

    public static final byte INSERT = 1;
    public static final byte UPDATE_BEFORE = 2;
    public static final byte UPDATE_AFTER = 3;
    public static final byte DELETE = 4;

    private static final int HEAD = 12;
    /** Descriptor entries a node. */
    static final int PER_NODE = 4;

    private final long handle;
    private final int partition;
    private final int bucket;
    private final int rowCount;
    private final int firstRow;
    private final int endRow;
    private final long baseOffset;
    private final long commitTimestamp;
    private final int rowBytes;
    private final int schemaId;
    /** Position of the number of selected rows, their numbers behind it; -1: all from {@link #firstRow} to {@link #endRow}. */
    private final int selection;

    /** Prefix lookup: position of the rows where the rows of each key end; else -1. */
    private final int ends;

    private final ColumnView[] columns;
    private ByteBuffer buffer;
    private boolean closed;

    ColumnBatch(ByteBuffer buffer, long[] descriptor, DataType[] types) {
        buffer.order(ByteOrder.LITTLE_ENDIAN);
        this.buffer = buffer;
        handle = descriptor[0];
        bucket = (int) descriptor[1];
        rowCount = (int) descriptor[2];
        firstRow = (int) descriptor[3];
        endRow = (int) descriptor[4];
        baseOffset = descriptor[5];
        commitTimestamp = descriptor[6];
        rowBytes = (int) descriptor[7];
        schemaId = (int) descriptor[8];
        selection = (int) descriptor[9];
        partition = (int) descriptor[10];
        ends = (int) descriptor[11];
        columns = new ColumnView[types.length];
        int at = HEAD;
        for (int i = 0; i < types.length; i++) {
            columns[i] = ColumnView.of(types[i], buffer, descriptor, at, rowCount);
            at += PER_NODE * types[i].nodeCount();
        }
    }

    private ColumnBatch(ColumnBatch other, ByteBuffer copy) {
        buffer = copy;
        handle = 0;
        partition = other.partition;
        bucket = other.bucket;
        rowCount = other.rowCount;
        firstRow = other.firstRow;
        endRow = other.endRow;
        baseOffset = other.baseOffset;
        commitTimestamp = other.commitTimestamp;
        rowBytes = other.rowBytes;
        schemaId = other.schemaId;
        selection = other.selection;
        ends = other.ends;
        columns = new ColumnView[other.columns.length];
        for (int i = 0; i < columns.length; i++) {
            columns[i] = new ColumnView(other.columns[i], copy);
        }
    }

    static long[] newDescriptor(DataType[] types) {
        int nodes = 0;
        for (DataType type : types) {
            nodes += type.nodeCount();
        }
        return new long[HEAD + PER_NODE * nodes];
    }

    /** Id of the partition that {@link #bucket()} is of; 0: the table has none, or for lookups. */
    public int partition() {
        return partition;
    }

    /** -1 for lookups. */
    public int bucket() {
        return bucket;
    }

    /** Rows in the batch; emit only {@link #firstRow()} to {@link #endRow()}, and of these the selected ones if there is a selection. */
    public int rowCount() {
        return rowCount;
    }

    /** First row to emit: greater than 0 when a log read starts inside the batch. */
    public int firstRow() {
        return firstRow;
    }

    /** Exclusive. */
    public int endRow() {
        return endRow;
    }

    /** Whether a filter has chosen among the rows. */
    public boolean hasSelection() {
        return selection >= 0;
    }

    /** With a selection: how many rows it has. */
    public int selectedCount() {
        return buffer.getInt(selection);
    }

    /** With a selection: its row number {@code index}, ascending, within {@link #firstRow()} to {@link #endRow()}. */
    public int selectedRow(int index) {
        return buffer.getInt(selection + 4 + (index << 2));
    }

    /** Log: the offset of row 0; snapshot: the snapshot's log offset. */
    public long baseOffset() {
        return baseOffset;
    }

    /** Log: milliseconds since the epoch; else -1. */
    public long commitTimestamp() {
        return commitTimestamp;
    }

    public int schemaId() {
        return schemaId;
    }

    public int columnCount() {
        return columns.length;
    }

    /** A column of the projection. */
    public ColumnView column(int index) {
        return columns[index];
    }

    /** Bytes of memory that it has. */
    public int sizeInBytes() {
        return buffer.capacity();
    }

    /** Log: {@link #APPEND}, {@link #INSERT}, {@link #UPDATE_BEFORE}, {@link #UPDATE_AFTER} or {@link #DELETE}. */
    public byte changeType(int row) {
        return rowBytes < 0 ? APPEND : buffer.get(rowBytes + row);
    }

    /** Lookup: whether the key of that row was found. */
    public boolean isFound(int row) {
        return rowBytes < 0 || buffer.get(rowBytes + row) != 0;
    }

    /**
     * Lookup: the first row of a key, by its number among the keys; {@link #endRowOf} is the row after its last. A key that was not found
     * has none. By primary key a key has one row at most, and the row has the key's number.
     */
    public int firstRowOf(int key) {
        if (ends < 0) {
            return key;
        }
        return key == 0 ? 0 : endRowOf(key - 1);
    }

    /** Lookup: the row after the last one of a key. */
    public int endRowOf(int key) {
        if (ends < 0) {
            return isFound(key) ? key + 1 : key;
        }
        return buffer.getInt(ends + (key << 2));
    }

    public boolean isNull(int column, int row) {
        return columns[column].isNull(row);
    }

    /** A copy on the Java heap, which needs no closing and can outlive the connection. */
    public ColumnBatch toHeap() {
        byte[] copy = new byte[buffer.capacity()];
        ByteBuffer source = buffer.duplicate();
        source.clear();
        source.get(copy);
        return new ColumnBatch(this, ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN));
    }

    /** Idempotent. Views and rows of the batch must not be used afterwards; they throw NullPointerException. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        // First the references, then the memory: a late read is an exception and never touches freed memory.
        buffer = null;
        for (ColumnView column : columns) {
            column.drop();
        }
        if (handle != 0) {
            Native.releaseBatch(handle);
        }
    }
}
