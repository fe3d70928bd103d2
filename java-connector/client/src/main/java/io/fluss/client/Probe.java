package io.fluss.client;

import io.fluss.jni.Native;
import java.nio.ByteBuffer;

/** Looks keys up one by one, in memory that is used again and again. One thread. */
public final class Probe extends NativeHandle {
    /** What {@link #find} gives for a key that has no row. */
    public static final int MISSING = -1;
    /** And for one that has to be looked up by {@link Lookuper#lookup}. */
    public static final int UNKNOWN = -2;

    static final int BYTES = 1 << 16;

    private final ByteBuffer memory;
    private final TablePath path;

    Probe(long handle, ByteBuffer memory, TablePath path) {
        super(handle);
        this.memory = memory;
        this.path = path;
    }

    /** Big endian. The key is put at its beginning, as format.md, "Key", says; so is the row, in Flink's binary form. */
    public ByteBuffer memory() {
        return memory;
    }

    /** @return bytes of the row, {@link #MISSING} or {@link #UNKNOWN} */
    public int find(int keyLength) {
        return Native.probe(handle(), keyLength, false);
    }

    /** The same without reading files: {@link #UNKNOWN} if that would be needed. */
    public int findInMemory(int keyLength) {
        return Native.probe(handle(), keyLength, true);
    }

    @Override
    void free(long value) {
        Native.closeProbe(value);
    }

    @Override
    String describe() {
        return "a probe of table " + path;
    }
}
