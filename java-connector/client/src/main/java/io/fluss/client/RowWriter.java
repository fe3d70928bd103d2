package io.fluss.client;

import io.fluss.jni.Native;

/**
 * Writes rows to one table; each goes to its bucket, and in a table with partitions to its partition, by its values. One thread at a
 * time; closing is allowed from any.
 */
public abstract class RowWriter extends NativeHandle {
    private final TableInfo info;
    private final WriteBatch batch;

    RowWriter(long handle, TableInfo info, WriteBatch batch) {
        super(handle);
        this.info = info;
        this.batch = batch;
    }

    public final TableInfo info() {
        return info;
    }

    /** The writer's own batch, of its target columns in their order, to be filled, written and cleared again and again. */
    public final WriteBatch batch() {
        return batch;
    }

    /**
     * Hands the rows over; the batch can be cleared when this returns. Blocks while too much of the table is not yet durable.
     *
     * <p>After an error some buckets may have their part of the rows: the same rows, written again as the next ones, complete it and are
     * nowhere there twice.
     */
    public final void write(WriteBatch rows) {
        if (!rows.isEmpty()) {
            Native.write(handle(), rows.buffers(), rows.rows());
        }
    }

    @Override
    final void free(long value) {
        Native.closeWriter(value);
    }

    @Override
    final String describe() {
        return "a writer of table " + info.path();
    }
}
