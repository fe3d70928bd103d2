package io.fluss.record;

import org.apache.flink.table.data.RowData;

/** A row as it was read, and where it comes from. Both are views: the next row overwrites them. */
public interface LogRecord {
    /** In the log of its bucket; -1: the row is of a snapshot. */
    long logOffset();

    /** When it was committed, in milliseconds since the epoch; -1: the row is of a snapshot. */
    long timestamp();

    /** {@link ChangeType#INSERT} of a row of a snapshot. */
    ChangeType getChangeType();

    /** The columns that are read, with the row kind. */
    RowData getRow();
}
