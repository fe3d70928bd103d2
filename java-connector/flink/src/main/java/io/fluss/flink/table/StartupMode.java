package io.fluss.flink.table;

/** Where a scan begins; values of {@code scan.startup.mode}. */
public enum StartupMode {
    /** A primary-key table's snapshot, then its log from exactly there; a log table from its first row. */
    FULL,
    /** The log from its first offset that is still there. */
    EARLIEST,
    /** The log from its end when the job starts. */
    LATEST,
    /** The log from the first row committed at or after a time. */
    TIMESTAMP
}
