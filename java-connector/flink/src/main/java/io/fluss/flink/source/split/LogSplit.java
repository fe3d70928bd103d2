package io.fluss.flink.source.split;

import java.util.Objects;

/** The log of a bucket from one offset to another. */
public final class LogSplit extends FlussSplit {
    /** Stopping offset of a split that never ends. */
    public static final long UNBOUNDED = Long.MAX_VALUE;

    private final long startingOffset;
    private final long stoppingOffset;

    /**
     * @param startingOffset of the first row to read
     * @param stoppingOffset exclusive; {@link #UNBOUNDED}: never
     */
    public LogSplit(long tableId, TableBucket bucket, long startingOffset, long stoppingOffset) {
        super(tableId, bucket);
        this.startingOffset = startingOffset;
        this.stoppingOffset = stoppingOffset;
    }

    public long startingOffset() {
        return startingOffset;
    }

    public long stoppingOffset() {
        return stoppingOffset;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof LogSplit)) {
            return false;
        }
        LogSplit that = (LogSplit) other;
        return tableId() == that.tableId()
                && bucket().equals(that.bucket())
                && startingOffset == that.startingOffset
                && stoppingOffset == that.stoppingOffset;
    }

    @Override
    public int hashCode() {
        return Objects.hash(tableId(), bucket(), startingOffset, stoppingOffset);
    }

    @Override
    public String toString() {
        return "log of " + bucket() + " from offset " + startingOffset
                + (stoppingOffset == UNBOUNDED ? "" : " to " + stoppingOffset);
    }
}
