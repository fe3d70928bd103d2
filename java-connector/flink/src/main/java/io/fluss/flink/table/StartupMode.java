package io.fluss.flink.table;

import java.util.Locale;

/** Where a scan begins; values of {@code scan.startup.mode}. */
public enum StartupMode {
    /** A primary-key table's snapshot, then its log from exactly there; a log table from its first row. */
    FULL,
    /** The log from its first offset that is still there. */
    EARLIEST,
    /** The log from its end when the job starts. */
    LATEST,
    /** The log from the first row committed at or after a time. */
    TIMESTAMP,
    /** The log of each bucket from an offset. */
    SPECIFIC_OFFSETS;

    /** As users write it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
