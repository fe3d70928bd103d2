package io.fluss.client;

import io.fluss.jni.Native;
import java.nio.ByteBuffer;

/** Reads one bucket of a primary-key table, of a snapshot or as it was when the scan began, in key order. One thread polls; closing is allowed from any. */
public final class SnapshotScanner extends NativeHandle {
    private final TablePath path;
    private final int bucket;
    private final DataType[] types;
    private final long[] descriptor;

    SnapshotScanner(long handle, TablePath path, int bucket, DataType[] types) {
        super(handle);
        this.path = path;
        this.bucket = bucket;
        this.types = types;
        this.descriptor = ColumnBatch.newDescriptor(types);
    }

    /** The next batch, which the caller closes, or null at the end. With a filter it has the rows that match, and may have none. */
    public ColumnBatch poll() {
        ByteBuffer buffer = Native.pollSnapshot(handle(), descriptor);
        return buffer == null ? null : new ColumnBatch(buffer, descriptor, types);
    }

    /** Where the next {@link #poll()} begins: give it to {@link Table#newSnapshotScanner} to go on there, in a scan of a snapshot. */
    public byte[] position() {
        return Native.snapshotPosition(handle());
    }

    @Override
    void free(long value) {
        Native.closeSnapshotScanner(value);
    }

    @Override
    String describe() {
        return "a snapshot scanner of bucket " + bucket + " of table " + path;
    }
}
