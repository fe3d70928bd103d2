package io.fluss.client;

import java.util.OptionalLong;

/** A transaction that has rows in a table and is not committed. */
public final class TransactionInfo {
    private final long transactionId;
    private final Long preparedMs;
    private final byte[] committable;
    private final boolean overwrites;

    TransactionInfo(long transactionId, Long preparedMs, byte[] committable, boolean overwrites) {
        this.transactionId = transactionId;
        this.preparedMs = preparedMs;
        this.committable = committable;
        this.overwrites = overwrites;
    }

    public long transactionId() {
        return transactionId;
    }

    /** When it was prepared, milliseconds since the epoch; empty: it still takes rows, or was never prepared in all buckets. */
    public OptionalLong preparedMs() {
        return preparedMs == null ? OptionalLong.empty() : OptionalLong.of(preparedMs);
    }

    /**
     * What {@link Admin#abortTransaction} and {@link Admin#skipTransaction} take. Not for a commit: of a prepare that was cut short it may lack buckets. Only what
     * {@link TransactionalWriter#prepare()} gave commits all of it.
     */
    public byte[] committable() {
        return committable.clone();
    }

    /** Whether its rows replace those that are there; it is a part of what {@link Admin#commitOverwrite} commits. */
    public boolean overwrites() {
        return overwrites;
    }
}
