package io.fluss.client;

import io.fluss.jni.Native;

/** Writes rows that others see as soon as they are durable. Closing does not flush: rows not yet flushed may or may not become durable. */
public final class TableWriter extends RowWriter {
    TableWriter(long handle, TableInfo info, WriteBatch batch) {
        super(handle, info, batch);
    }

    /** Returns when every row written before is durable and visible to readers and lookups. Reports what went wrong with them. */
    public void flush() {
        Native.flush(handle());
    }
}
