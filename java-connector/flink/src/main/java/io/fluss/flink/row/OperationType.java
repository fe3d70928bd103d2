package io.fluss.flink.row;

/** What is done with a row in a table. */
public enum OperationType {
    /** It is added to a log table. */
    APPEND,
    /** It replaces the row of its key. */
    UPSERT,
    /** The row of its key is removed. */
    DELETE,
    /** Nothing. */
    IGNORE
}
