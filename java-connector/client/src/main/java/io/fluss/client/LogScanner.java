package io.fluss.client;

import io.fluss.jni.Native;
import java.nio.ByteBuffer;

/** Reads the log of a table. One thread polls; {@link #wakeUp()} and {@link #close()} are allowed from any thread. */
public final class LogScanner extends NativeHandle {
    private final TablePath path;
    private final DataType[] types;
    private final long[] descriptor;

    LogScanner(long handle, TablePath path, DataType[] types) {
        super(handle);
        this.path = path;
        this.types = types;
        this.descriptor = ColumnBatch.newDescriptor(types);
    }

    /** As {@link #subscribe(int, int, long, long)}, of a table without partitions. */
    public void subscribe(int bucket, long startOffset, long stopOffset) {
        subscribe(0, bucket, startOffset, stopOffset);
    }

    /**
     * Adds a bucket, or moves it.
     *
     * @param partitionId 0: the table has no partitions
     * @param stopOffset exclusive; {@link Long#MAX_VALUE}: never stop
     * @throws NotFoundException code 206: the partition was dropped; when that happens later, {@link #poll} throws it
     */
    public void subscribe(int partitionId, int bucket, long startOffset, long stopOffset) {
        Native.subscribe(handle(), partitionId, bucket, startOffset, stopOffset);
    }

    public void unsubscribe(int bucket) {
        unsubscribe(0, bucket);
    }

    public void unsubscribe(int partitionId, int bucket) {
        Native.unsubscribe(handle(), partitionId, bucket);
    }

    /**
     * The next batch of any subscribed bucket, in offset order within a bucket; the caller closes it. While the readers' share of
     * the native memory budget is used up, batches given out have to be closed before there is another one.
     *
     * @param timeoutMs how long to wait for one
     * @return null after the timeout or {@link #wakeUp()}, or when every bucket was read up to its stop. With a filter only batches with
     *     rows that match ({@link ColumnBatch#selectedRow})
     */
    public ColumnBatch poll(long timeoutMs) {
        ByteBuffer buffer = Native.pollLog(handle(), timeoutMs, descriptor);
        return buffer == null ? null : new ColumnBatch(buffer, descriptor, types);
    }

    /**
     * The offset up to which a bucket was read: all before it was given out, or does not match the filter.
     *
     * @param partitionId 0: the table has no partitions
     * @throws InvalidArgumentException if the bucket is not subscribed
     */
    public long position(int partitionId, int bucket) {
        return Native.logPosition(handle(), partitionId, bucket);
    }

    /** Makes the {@link #poll} that runs, or else the next one, return at once. */
    public void wakeUp() {
        Native.wakeUp(handle());
    }

    @Override
    void free(long value) {
        Native.closeLogScanner(value);
    }

    @Override
    String describe() {
        return "a log scanner of table " + path;
    }
}
