package io.fluss.flink.row;

/** What the rows are that a scan makes of a batch. */
public enum RowForm {
    /** Of a log, each with its row kind. */
    CHANGE,
    /** Of a snapshot: they have no place in the log. */
    SNAPSHOT,
    /** Of a log, all as +I: what each does to the table is said by a column of it. */
    CHANGELOG_ROW,
    /**
     * One for both halves of an update, all as +I: what was before, and what is after. It stands where the -U stands, which is always in the
     * batch of its +U.
     */
    BINLOG_ROW
}
