package io.fluss.record;

import org.apache.flink.types.RowKind;

/** What a row of a log says. */
public enum ChangeType {
    /** A row of a log table. */
    APPEND_ONLY,
    /** A key has its first row. */
    INSERT,
    /** The row that an update replaces. */
    UPDATE_BEFORE,
    /** The row that replaces it. */
    UPDATE_AFTER,
    /** The row that is no more. */
    DELETE;

    /** @param appendOnly whether it is a row of a log table */
    public static ChangeType of(RowKind kind, boolean appendOnly) {
        switch (kind) {
            case INSERT:
                return appendOnly ? APPEND_ONLY : INSERT;
            case UPDATE_BEFORE:
                return UPDATE_BEFORE;
            case UPDATE_AFTER:
                return UPDATE_AFTER;
            default:
                return DELETE;
        }
    }
}
