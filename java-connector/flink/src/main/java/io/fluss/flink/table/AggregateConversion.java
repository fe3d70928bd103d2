package io.fluss.flink.table;

import io.fluss.client.Aggregate;
import io.fluss.client.Aggregate.Function;
import io.fluss.flink.row.TypeConversion;

import org.apache.flink.table.expressions.AggregateExpression;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.DoubleType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeFamily;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;

import java.util.ArrayList;
import java.util.List;

/**
 * Local aggregates of the planner as those of the store. Every split gives a row of them, behind the columns by which they are
 * grouped; one without rows gives none.
 */
final class AggregateConversion {
    /** Of the planner's functions, which are not on a connector's class path. */
    private static final String FUNCTIONS = "org.apache.flink.table.planner.functions.aggfunctions.";

    private final RowType rowType;
    private final int[] partitionKeys;
    private final int[][] produced;

    /**
     * @param rowType all physical columns of the table
     * @param partitionKeys positions of the partition keys
     * @param produced paths into {@code rowType} of the fields that aggregates refer to
     */
    AggregateConversion(RowType rowType, int[] partitionKeys, int[][] produced) {
        this.rowType = rowType;
        this.partitionKeys = partitionKeys;
        this.produced = produced;
    }

    /** Whether it is the one that counts all rows. */
    static boolean isCountOfAll(List<AggregateExpression> aggregates) {
        return aggregates.size() == 1 && isCountOfRows(aggregates.get(0));
    }

    /**
     * Null: the store has not all of them.
     *
     * @param grouping positions among the produced fields
     * @param result type of the row
     */
    List<Aggregate> convert(int[] grouping, List<AggregateExpression> asked, RowType result) {
        if (grouping.length + asked.size() != result.getFieldCount()) {
            return null;
        }
        // Of counts alone Flink 2.2 does not look whether what is counted, or grouped by, is a column of the scan or an expression above it.
        boolean columns = asked.stream().anyMatch(aggregate -> !nameOf(aggregate).startsWith("Count"));
        if (!columns && (grouping.length > 0 || !asked.stream().allMatch(AggregateConversion::isCountOfRows))) {
            return null;
        }
        List<Aggregate> aggregates = new ArrayList<>();
        for (int field : grouping) {
            if (!isPartitionKey(field)) {
                return null;
            }
            aggregates.add(Aggregate.of(Function.ANY, field));
        }
        for (AggregateExpression aggregate : asked) {
            Aggregate converted = convert(aggregate, result.getTypeAt(aggregates.size()));
            if (converted == null) {
                return null;
            }
            aggregates.add(converted);
        }
        return aggregates;
    }

    /** Whose value is the same in all rows of a split. Of floating point numbers 0.0 and -0.0 are in one partition. */
    private boolean isPartitionKey(int field) {
        boolean found = false;
        for (int key : partitionKeys) {
            found |= field < produced.length && produced[field].length == 1 && produced[field][0] == key;
        }
        return found && !rowType.getTypeAt(produced[field][0]).is(LogicalTypeFamily.APPROXIMATE_NUMERIC);
    }

    private Aggregate convert(AggregateExpression aggregate, LogicalType result) {
        if (isCountOfRows(aggregate)) {
            return Aggregate.countRows();
        }
        if (isOfSomeRows(aggregate)) {
            return null;
        }
        String name = nameOf(aggregate);
        int field = aggregate.getArgs().size() == 1 ? aggregate.getArgs().get(0).getFieldIndex() : produced.length;
        if (field >= produced.length) {
            return null;
        }
        LogicalType column = TypeConversion.typeOf(rowType, produced[field]);
        if (name.equals("CountAggFunction")) {
            return Aggregate.of(Function.COUNT, field);
        } else if (name.endsWith("MinAggFunction")) {
            return sameType(column, result) ? Aggregate.of(Function.MIN, field) : null;
        } else if (name.endsWith("MaxAggFunction")) {
            return sameType(column, result) ? Aggregate.of(Function.MAX, field) : null;
        } else if (name.endsWith("SumAggFunction")) {
            return sameType(sum(column), result) ? Aggregate.of(Function.SUM, field) : null;
        } else if (name.endsWith("Sum0AggFunction")) {
            // Of AVG, which is a sum and a count: the function says the column's type, the row has a wider one.
            return sameType(wideSum(column), result) ? Aggregate.of(Function.WIDE_SUM, field) : null;
        }
        return null;
    }

    private static boolean isCountOfRows(AggregateExpression aggregate) {
        return nameOf(aggregate).equals("Count1AggFunction") && !isOfSomeRows(aggregate);
    }

    private static boolean isOfSomeRows(AggregateExpression aggregate) {
        return aggregate.isDistinct() || aggregate.isApproximate() || aggregate.getFilterExpression().isPresent();
    }

    private static String nameOf(AggregateExpression aggregate) {
        String name = aggregate.getFunctionDefinition().getClass().getName();
        return name.startsWith(FUNCTIONS) ? name.substring(Math.max(FUNCTIONS.length(), name.indexOf('$') + 1)) : "";
    }

    /** Whether rows have both in the same form. */
    private static boolean sameType(LogicalType column, LogicalType result) {
        boolean text = column.is(LogicalTypeFamily.CHARACTER_STRING) && result.is(LogicalTypeFamily.CHARACTER_STRING);
        boolean time = column.is(LogicalTypeRoot.TIME_WITHOUT_TIME_ZONE) && result.is(LogicalTypeRoot.TIME_WITHOUT_TIME_ZONE);
        return text || time || column.copy(true).equals(result.copy(true));
    }

    private static LogicalType sum(LogicalType column) {
        return column.is(LogicalTypeRoot.DECIMAL)
                ? new DecimalType(DecimalType.MAX_PRECISION, ((DecimalType) column).getScale())
                : column;
    }

    private static LogicalType wideSum(LogicalType column) {
        if (column.is(LogicalTypeFamily.INTEGER_NUMERIC)) {
            return new BigIntType();
        }
        return column.is(LogicalTypeFamily.APPROXIMATE_NUMERIC)
                ? new DoubleType()
                : sum(column);
    }
}
