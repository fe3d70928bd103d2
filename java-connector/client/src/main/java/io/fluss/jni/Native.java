package io.fluss.jni;

import io.fluss.client.FlussException;
import java.nio.ByteBuffer;

/**
 * Every native method. The contract (buffer layouts, ownership, threads, errors) is {@code native/docs/jni.md}; the
 * committed list of signatures is {@code native/jni/signatures.txt}.
 *
 * <p>Requests and answers in {@code byte[]} are messages of {@code native/proto/proto/fluss.proto}. Handles are never 0; a
 * stale, closed or foreign handle is an {@link io.fluss.client.InvalidArgumentException}. Every {@code close…} is
 * idempotent and safe during a call on the same handle.
 */
public final class Native {
    private Native() {}

    static {
        NativeLibrary.load();
    }

    /** Number that the Java side and the library must agree on; see {@link NativeLibrary#ABI_VERSION}. */
    public static native int abiVersion();

    // ------------------------------------------------------------------ connection

    /** @param request OpenRequest. @return connection handle. */
    public static native long open(byte[] request);

    /** Closes what the connection opened; the last connection to a directory closes the store cleanly. */
    public static native void close(long connection);

    /** @param request AdminRequest. @return AdminResponse. */
    public static native byte[] admin(long connection, byte[] request);

    /** @param request OpenTableRequest. @return table handle. */
    public static native long openTable(long connection, byte[] request);

    public static native void closeTable(long table);

    // ------------------------------------------------------------------ write

    /** @param request WriterRequest. @return writer handle; one thread at a time may use it. */
    public static native long openWriter(long table, byte[] request);

    /**
     * Hands over one batch; the buffers are free again when the call returns. The rows are acknowledged by {@link #flush}.
     * Blocks while the writers' share of the memory budget is used up and a part of it is this table's (back-pressure).
     *
     * @param buffers direct buffers: change kinds, then validity, data, aux of every node of every column of the writer
     */
    public static native void write(long writer, ByteBuffer[] buffers, int rows);

    /** Returns when every row written through this writer is durable and visible to readers and lookups. */
    public static native void flush(long writer);

    /**
     * Of a transactional writer: returns when all that was written since the last time is durable, and begins a new transaction.
     *
     * @return a committable: for CommitTransaction and AbortTransaction
     */
    public static native byte[] prepare(long writer);

    /** Of a transactional writer: forgets what was written since the last {@link #prepare}. */
    public static native void abort(long writer);

    /** Does not flush: rows not yet flushed may or may not become durable. What a transactional writer has not prepared is gone. */
    public static native void closeWriter(long writer);

    // ------------------------------------------------------------------ read the log

    /** @param request LogScanRequest. @return scanner handle. */
    public static native long openLogScanner(long table, byte[] request);

    /** Adds a bucket, or moves it. @param partition 0: the table has none. @param stopOffset exclusive; Long.MAX_VALUE: unbounded. */
    public static native void subscribe(long scanner, int partition, int bucket, long startOffset, long stopOffset);

    public static native void unsubscribe(long scanner, int partition, int bucket);

    /** The offset up to which a subscribed bucket was read: all before it was given out, or does not match the filter. */
    public static native long logPosition(long scanner, int partition, int bucket);

    /**
     * The next batch of any subscribed bucket, in offset order within a bucket.
     *
     * @param descriptor filled as jni.md says
     * @return the batch's memory, or null: timeout, {@link #wakeUp} was called, or all buckets have reached their stop. While the readers' share of the memory budget is
     *     used up, a scanner gets its next batch only when those it gave out are released
     */
    public static native ByteBuffer pollLog(long scanner, long timeoutMs, long[] descriptor);

    /** Makes a {@link #pollLog} that runs, or else the next one, return at once. Any thread. */
    public static native void wakeUp(long scanner);

    public static native void closeLogScanner(long scanner);

    // ------------------------------------------------------------------ read a snapshot of a primary-key table, or its rows as they are

    /** @param request SnapshotScanRequest. @return scanner handle. */
    public static native long openSnapshotScanner(long table, byte[] request);

    /** The next batch in key order, or null at the end; it may have no rows. */
    public static native ByteBuffer pollSnapshot(long scanner, long[] descriptor);

    /** Where the next {@link #pollSnapshot} begins: for SnapshotScanRequest.after_position. */
    public static native byte[] snapshotPosition(long scanner);

    public static native void closeSnapshotScanner(long scanner);

    // ------------------------------------------------------------------ lookup

    /** @param request LookupRequest. @return lookuper handle; any thread. */
    public static native long openLookuper(long table, byte[] request);

    /**
     * Looks keys up. By full primary key the answer has one row a key, in order; by a prefix all rows of each key, in order.
     *
     * @param keys direct buffers: validity, data, aux of every primary key column, in key order, or of
     *     the columns that LookupRequest.prefix_key names
     */
    public static native ByteBuffer lookup(long lookuper, ByteBuffer[] keys, int rows, long[] descriptor);

    /** As {@link #lookup}; the answer comes through {@link #awaitCompletions} under {@code callId}. */
    public static native void lookupAsync(long lookuper, long callId, ByteBuffer[] keys, int rows);

    /** Of a lookuper with LookupRequest.full_copy. @param state filled: staleness in milliseconds, rows, bytes */
    public static native void copyState(long lookuper, long[] state);

    /**
     * Looks keys up one by one; one thread at a time.
     *
     * @param lookuper by full key, with LookupRequest.full_copy
     * @param memory direct, where {@link #probe} finds the key and puts the row; kept until {@link #closeProbe}
     * @return probe handle; 0: these types, or a filter, need {@link #lookup}
     */
    public static native long openProbe(long lookuper, ByteBuffer memory);

    /**
     * Looks up the key that the memory begins with, as format.md, "Key", says.
     *
     * @param inMemory without reading files
     * @return bytes of the row, which is there in its place, in Flink's binary form; -1: there is none; -2: ask {@link #lookup}
     */
    public static native int probe(long probe, int keyLength, boolean inMemory);

    public static native void closeProbe(long probe);

    public static native void closeLookuper(long lookuper);

    /**
     * Runs an asynchronous call of the connection in the calling thread, or waits for one. Any number of threads.
     *
     * @return how many of {@code callIds} and {@code results} were filled; -1: the connection is closed
     */
    public static native int awaitCompletions(long connection, long[] callIds, long[] results);

    /** The answer of an asynchronous call, as {@link #lookup} gives it; throws what the call failed with. Once a result. */
    public static native ByteBuffer takeResult(long result, long[] descriptor);

    // ------------------------------------------------------------------ memory

    /** Frees a batch (descriptor[0]). The buffer must not be touched afterwards. Idempotent. */
    public static native void releaseBatch(long batch);

    /** Bytes that batches handed to Java hold now, in the whole process. */
    public static native long batchBytes();

    /** @return Metrics: what the store holds now, by name; memory in bytes, of the whole process. */
    public static native byte[] metrics(long connection);

    // ------------------------------------------------------------------ called by the library

    /** Makes the exception of an error code; the only Java method that the library calls. */
    @SuppressWarnings("unused")
    private static Throwable toException(int code, boolean retryable, String message) {
        return FlussException.of(code, retryable, message);
    }
}
