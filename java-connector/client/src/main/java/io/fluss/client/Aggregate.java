package io.fluss.client;

import io.fluss.client.proto.ProtoWriter;
import java.io.Serializable;
import java.util.List;

/**
 * What a scan gives in place of rows: a value made of those of a column in all rows, NULLs left out. A scan is of one bucket, or gives a
 * row for each; who asks combines them.
 */
public final class Aggregate implements Serializable {
    private static final long serialVersionUID = 1L;

    private static final int ALL_ROWS = -1;
    private static final int MOST_DIGITS = 38;

    /** The numbers are those of {@code fluss.proto}. */
    public enum Function {
        /** How many values are not NULL, BIGINT. */
        COUNT(1),
        /** The smallest in the order of {@link Predicate}; not of ARRAY, MAP, ROW. */
        MIN(2),
        MAX(3),
        /** In the type of the column, in which integers wrap; of DECIMAL(p, s): DECIMAL(38, s); NULL of no values. */
        SUM(4),
        /** BIGINT, DOUBLE or DECIMAL(38, s); 0 of no values. */
        WIDE_SUM(5),
        /** The first, be it NULL: of a column that has the same value in all rows. */
        ANY(6);

        private final int number;

        Function(int number) {
            this.number = number;
        }
    }

    private final Function function;
    private final int column;

    private Aggregate(Function function, int column) {
        this.function = function;
        this.column = column;
    }

    /** The number of rows. */
    public static Aggregate countRows() {
        return new Aggregate(Function.COUNT, ALL_ROWS);
    }

    /** @param column position in the projection of the scan */
    public static Aggregate of(Function function, int column) {
        return new Aggregate(function, column);
    }

    /** The types of the row that a scan gives. @param columns types of the projection */
    static DataType[] types(List<Aggregate> aggregates, DataType[] columns) {
        return aggregates.stream()
                .map(a -> a.type(a.column == ALL_ROWS ? null : columns[a.column]))
                .toArray(DataType[]::new);
    }

    private DataType type(DataType column) {
        if (function == Function.COUNT) {
            return DataType.of(DataType.Kind.BIGINT);
        }
        boolean sum = function == Function.SUM || function == Function.WIDE_SUM;
        if (sum && column.kind() == DataType.Kind.DECIMAL) {
            return DataType.decimal(MOST_DIGITS, column.scale());
        } else if (function == Function.WIDE_SUM) {
            boolean floating = column.kind() == DataType.Kind.FLOAT || column.kind() == DataType.Kind.DOUBLE;
            return DataType.of(floating ? DataType.Kind.DOUBLE : DataType.Kind.BIGINT);
        }
        return column.withNullable(true);
    }

    /** Writes {@code repeated Aggregate}. */
    static void write(List<Aggregate> aggregates, ProtoWriter writer, int field) {
        for (Aggregate aggregate : aggregates) {
            ProtoWriter message = new ProtoWriter().varint(1, aggregate.function.number);
            writer.message(field, aggregate.column == ALL_ROWS ? message : message.present(2, aggregate.column));
        }
    }

    @Override
    public String toString() {
        return function + (column == ALL_ROWS ? "(*)" : "(" + column + ")");
    }
}
