package io.fluss.client;

/** What the copy of a table is that lookups are made in. */
public final class CopyState {
    private final long stalenessMillis;
    private final long rows;
    private final long bytes;

    CopyState(long stalenessMillis, long rows, long bytes) {
        this.stalenessMillis = stalenessMillis;
        this.rows = rows;
        this.bytes = bytes;
    }

    /** Between now and the commit timestamp up to which it has followed the changes; 0: to the end. */
    public long stalenessMillis() {
        return stalenessMillis;
    }

    public long rows() {
        return rows;
    }

    /** Memory that it takes, which counts towards {@code memory.size}. */
    public long bytes() {
        return bytes;
    }
}
