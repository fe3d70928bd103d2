package io.fluss.client;

import io.fluss.jni.Native;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;

/** Looks rows up by full primary key, or by the beginning of it. Any thread, as long as each uses a key batch of its own. */
public final class Lookuper extends NativeHandle {
    private final TableInfo info;
    private final List<DataType> keyTypes;
    private final DataType[] types;
    private final Completions completions;

    Lookuper(long handle, TableInfo info, List<DataType> keyTypes, DataType[] types, Completions completions) {
        super(handle);
        this.info = info;
        this.keyTypes = List.copyOf(keyTypes);
        this.types = types;
        this.completions = completions;
    }

    public TableInfo info() {
        return info;
    }

    /** A batch to fill with keys: its columns are the primary key's in key order, or those that the prefix lookup was opened with. */
    public WriteBatch newKeys() {
        return WriteBatch.ofKeys(keyTypes);
    }

    /**
     * The rows of the keys, in the order of the keys: {@link ColumnBatch#firstRowOf} and {@link ColumnBatch#endRowOf}. By primary key the answer has
     * one row a key ({@link ColumnBatch#isFound}). The caller closes the answer.
     */
    public ColumnBatch lookup(WriteBatch keys) {
        long[] descriptor = ColumnBatch.newDescriptor(types);
        ByteBuffer buffer = Native.lookup(handle(), keys.buffers(), keys.rows(), descriptor);
        return new ColumnBatch(buffer, descriptor, types);
    }

    /** Of a lookuper in a copy of the table. @throws ClosedException after {@link #close()} */
    public CopyState copyState() {
        long[] state = new long[3];
        Native.copyState(handle(), state);
        return new CopyState(state[0], state[1], state[2]);
    }

    /** For keys one by one, of partitions that were asked for here as well; null: what is looked up here needs {@link #lookup}. The caller closes it. */
    public Probe newProbe() {
        ByteBuffer memory = ByteBuffer.allocateDirect(Probe.BYTES);
        long probe = Native.openProbe(handle(), memory);
        return probe == 0 ? null : new Probe(probe, memory, info.path());
    }

    /**
     * The same, asked again after an error that is {@link FlussException#retryable()}, at growing intervals. A thread that is interrupted in
     * between gets the error.
     */
    public ColumnBatch lookup(WriteBatch keys, int maxRetries) {
        for (int done = 0; ; done++) {
            try {
                return lookup(keys);
            } catch (FlussException e) {
                if (!Retries.isAnother(e, done, maxRetries)) {
                    throw e;
                }
                try {
                    Thread.sleep(Retries.pauseMs(done));
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                    throw e;
                }
            }
        }
    }

    /**
     * A view of this lookuper that gathers single keys into batches.
     *
     * @param reader makes, of an answer on the Java heap, the function from the number of a key that was found to what its lookup gives ({@link
     *     ColumnBatch#firstRowOf} says which rows are the key's); runs on a thread of the connection
     */
    public <T> AsyncLookuper<T> async(Function<ColumnBatch, IntFunction<T>> reader, AsyncLookupOptions options) {
        return new AsyncLookuper<>(this, reader, options);
    }

    /** Whether it is one of those that complete calls. */
    boolean completesCalls(Thread thread) {
        return completions.completesCalls(thread);
    }

    /** The keys are copied when this returns; {@code call} is then completed once, on a thread of the connection. */
    void send(WriteBatch keys, Completions.Call call) {
        long id = completions.register(call);
        try {
            Native.lookupAsync(handle(), id, keys.buffers(), keys.rows());
        } catch (Throwable t) {
            if (completions.forget(id)) {
                throw t;
            }
        }
    }

    DataType[] types() {
        return types;
    }

    @Override
    void free(long value) {
        Native.closeLookuper(value);
    }

    @Override
    String describe() {
        return "a lookuper of table " + info.path();
    }
}
