package io.fluss.client;

/** What readers find in a table, or in one of its partitions, at the time of the call. */
public final class TableStats {
    private final long rowCount;

    TableStats(long rowCount) {
        this.rowCount = rowCount;
    }

    /** Exact. */
    public long rowCount() {
        return rowCount;
    }
}
