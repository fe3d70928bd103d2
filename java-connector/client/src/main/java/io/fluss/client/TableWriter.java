package io.fluss.client;

import io.fluss.jni.Native;

/** Writes rows to one table. One thread at a time; closing is allowed from any. */
public final class TableWriter extends NativeHandle {
    private final TableInfo info;
    private final WriteBatch batch;

    TableWriter(long handle, TableInfo info, WriteBatch batch) {
        super(handle);
        this.info = info;
        this.batch = batch;
    }

    public TableInfo info() {
        return info;
    }

    /** The writer's own batch, to be filled, written and cleared again and again. */
    public WriteBatch batch() {
        return batch;
    }

    /**
     * Hands the rows over; the batch can be cleared when this returns. The rows are acknowledged by {@link #flush()}, which
     * also reports what went wrong with them. Blocks while too much of the table is not yet durable.
     */
    public void write(WriteBatch rows) {
        if (!rows.isEmpty()) {
            Native.write(handle(), rows.buffers(), rows.rows());
        }
    }

    /** Returns when every row written before is durable and visible to readers and lookups. */
    public void flush() {
        Native.flush(handle());
    }

    /** Does not flush: rows not yet flushed may or may not become durable. */
    @Override
    void free(long value) {
        Native.closeWriter(value);
    }

    @Override
    String describe() {
        return "a writer of table " + info.path();
    }
}
