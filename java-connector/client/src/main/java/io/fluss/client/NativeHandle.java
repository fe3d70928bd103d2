package io.fluss.client;

import java.util.concurrent.atomic.AtomicLong;

/** An object of the native side. Closing is idempotent, allowed from any thread, and safe during a call. */
public abstract class NativeHandle implements AutoCloseable {
    private final AtomicLong handle;

    NativeHandle(long handle) {
        this.handle = new AtomicLong(handle);
    }

    /** The live handle. @throws ClosedException after {@link #close()} */
    final long handle() {
        long value = handle.get();
        if (value == 0) {
            throw FlussException.closed(describe());
        }
        return value;
    }

    /** Whether {@link #close()} was called. */
    public final boolean isClosed() {
        return handle.get() == 0;
    }

    @Override
    public final void close() {
        long value = handle.getAndSet(0);
        if (value != 0) {
            free(value);
        }
    }

    /** Frees the native object; called once. */
    abstract void free(long value);

    /** Names the object in errors, for example {@code log scanner of db.t}. */
    abstract String describe();
}
