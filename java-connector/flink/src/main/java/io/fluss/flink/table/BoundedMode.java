package io.fluss.flink.table;

import java.util.Locale;

/** Where a scan ends; values of {@code scan.bounded.mode}. */
public enum BoundedMode {
    /** Never; a batch read as {@link #LATEST_OFFSET}. */
    UNBOUNDED,
    /** At what is there when the job starts. */
    LATEST_OFFSET,
    /** Before the first row committed at or after a time. */
    TIMESTAMP,
    /** Before an offset of each bucket. */
    SPECIFIC_OFFSETS;

    /** As users write it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
