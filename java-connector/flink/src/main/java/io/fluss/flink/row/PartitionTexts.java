package io.fluss.flink.row;

import org.apache.flink.table.types.logical.LogicalTypeRoot;

import java.time.LocalDate;

/** Values of partition keys from their texts, of those types whose texts are read in one way only. */
public final class PartitionTexts {
    private PartitionTexts() {}

    public static boolean reads(LogicalTypeRoot root) {
        switch (root) {
            case VARCHAR:
            case TINYINT:
            case SMALLINT:
            case INTEGER:
            case BIGINT:
            case DATE:
                return true;
            default:
                return false;
        }
    }

    /** String, Long or LocalDate; null if the type is no such. */
    public static Comparable<?> read(String value, LogicalTypeRoot root) {
        if (!reads(root)) {
            return null;
        }
        return root == LogicalTypeRoot.VARCHAR
                ? value
                : root == LogicalTypeRoot.DATE ? (Comparable<?>) LocalDate.parse(value) : (Comparable<?>) Long.valueOf(value);
    }
}
