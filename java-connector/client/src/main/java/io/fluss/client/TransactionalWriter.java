package io.fluss.client;

import io.fluss.jni.Native;

/**
 * Writes rows in transactions, one after the other: what is written until {@link #prepare()} is one. Others see its rows when
 * {@link Admin#commitTransaction} was called. Rows that were not prepared are gone when the writer is closed.
 */
public final class TransactionalWriter extends RowWriter {
    TransactionalWriter(long handle, TableInfo info, WriteBatch batch) {
        super(handle, info, batch);
    }

    /**
     * Returns when all that was written since the last time is durable; the next write begins a new transaction. May be repeated after an
     * error.
     *
     * @return what {@link Admin#commitTransaction} takes, in this process or a later one, within {@code transaction.timeout}
     */
    public byte[] prepare() {
        return Native.prepare(handle());
    }

    /** Forgets what was written since the last {@link #prepare()}. */
    public void abort() {
        Native.abort(handle());
    }
}
