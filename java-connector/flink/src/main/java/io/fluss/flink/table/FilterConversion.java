package io.fluss.flink.table;

import io.fluss.client.Predicate;
import io.fluss.client.Predicate.Comparison;
import io.fluss.flink.row.PartitionTexts;
import io.fluss.flink.row.TypeConversion;
import io.fluss.flink.source.PartitionFilter;

import org.apache.flink.table.expressions.CallExpression;
import org.apache.flink.table.expressions.FieldReferenceExpression;
import org.apache.flink.table.expressions.NestedFieldReferenceExpression;
import org.apache.flink.table.expressions.ResolvedExpression;
import org.apache.flink.table.expressions.ValueLiteralExpression;
import org.apache.flink.table.functions.BuiltInFunctionDefinitions;
import org.apache.flink.table.functions.FunctionDefinition;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.utils.LogicalTypeChecks;

import java.io.Serializable;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Filters of the planner as those of the store. */
final class FilterConversion {
    /** Decides by the values of the partition keys: null: it depends on the row. */
    private interface Decision extends Serializable {
        Boolean decide(List<String> partition);
    }

    /** A filter of the store. */
    static final class Converted implements Serializable {
        private static final long serialVersionUID = 1L;

        private final Predicate predicate;
        private final Decision decision;
        /** The store lets rows through that Flink would not: NaN is greater than any number there. */
        private final boolean wider;
        private final int[] columns;
        /** The value that the only column must have; null: it does not say one. */
        private Serializable value;

        private Converted(Predicate predicate, Decision decision, boolean wider, int... columns) {
            this.predicate = predicate;
            this.decision = decision;
            this.wider = wider;
            this.columns = columns;
        }

        Predicate predicate() {
            return predicate;
        }

        /** Whether the planner still has to filter. */
        boolean isWider() {
            return wider;
        }

        /** Columns of the table that it asks of. */
        int[] columns() {
            return columns;
        }
    }

    /** What all filters together ask of rows; null: nothing. */
    static Predicate all(List<Converted> filters) {
        List<Predicate> predicates = new ArrayList<>();
        filters.forEach(filter -> predicates.add(filter.predicate));
        return predicates.isEmpty() ? null : predicates.size() == 1 ? predicates.get(0) : Predicate.and(predicates);
    }

    /** The values that filters ask for by {@code column = value}, by name of the column. */
    static Map<String, Serializable> values(RowType rowType, List<Converted> filters) {
        Map<String, Serializable> values = new HashMap<>();
        for (Converted filter : filters) {
            if (filter.value != null) {
                values.put(rowType.getFieldNames().get(filter.columns[0]), filter.value);
            }
        }
        return values;
    }

    private final RowType rowType;
    private final int[] partitionKeys;
    private final int[][] produced;

    /**
     * @param rowType all physical columns of the table
     * @param partitionKeys positions of the partition keys, in their order
     * @param produced paths into {@code rowType} of the fields that filters refer to
     */
    FilterConversion(RowType rowType, int[] partitionKeys, int[][] produced) {
        this.rowType = rowType;
        this.partitionKeys = partitionKeys;
        this.produced = produced;
    }

    /** The partitions that rows fulfilling all of the filters can be in. */
    static PartitionFilter partitions(List<Converted> filters) {
        ArrayList<Decision> decisions = new ArrayList<>();
        filters.forEach(filter -> decisions.add(filter.decision));
        return values -> decisions.stream().noneMatch(d -> Boolean.FALSE.equals(d.decide(values)));
    }

    /** Null: the store has no such filter. */
    Converted convert(ResolvedExpression filter) {
        if (!(filter instanceof CallExpression)) {
            Column column = column(filter);
            return column != null && column.type.is(LogicalTypeRoot.BOOLEAN)
                    ? compare(column, Comparison.EQUAL, true)
                    : null;
        }
        FunctionDefinition function = ((CallExpression) filter).getFunctionDefinition();
        List<ResolvedExpression> arguments = filter.getResolvedChildren();
        if (function == BuiltInFunctionDefinitions.AND || function == BuiltInFunctionDefinitions.OR) {
            return junction(function == BuiltInFunctionDefinitions.AND, arguments);
        } else if (function == BuiltInFunctionDefinitions.NOT) {
            return not(convert(arguments.get(0)));
        } else if (function == BuiltInFunctionDefinitions.IS_NULL) {
            return isNull(column(arguments.get(0)));
        } else if (function == BuiltInFunctionDefinitions.IS_NOT_NULL) {
            return not(isNull(column(arguments.get(0))));
        } else if (function == BuiltInFunctionDefinitions.LIKE) {
            return like(arguments);
        } else if (function == BuiltInFunctionDefinitions.EQUALS) {
            return comparison(Comparison.EQUAL, Comparison.EQUAL, arguments);
        } else if (function == BuiltInFunctionDefinitions.NOT_EQUALS) {
            return comparison(Comparison.NOT_EQUAL, Comparison.NOT_EQUAL, arguments);
        } else if (function == BuiltInFunctionDefinitions.LESS_THAN) {
            return comparison(Comparison.LESS, Comparison.GREATER, arguments);
        } else if (function == BuiltInFunctionDefinitions.LESS_THAN_OR_EQUAL) {
            return comparison(Comparison.LESS_OR_EQUAL, Comparison.GREATER_OR_EQUAL, arguments);
        } else if (function == BuiltInFunctionDefinitions.GREATER_THAN) {
            return comparison(Comparison.GREATER, Comparison.LESS, arguments);
        } else if (function == BuiltInFunctionDefinitions.GREATER_THAN_OR_EQUAL) {
            return comparison(Comparison.GREATER_OR_EQUAL, Comparison.LESS_OR_EQUAL, arguments);
        }
        return null;
    }

    private Converted junction(boolean and, List<ResolvedExpression> arguments) {
        List<Converted> parts = arguments.stream().map(this::convert).collect(Collectors.toList());
        if (parts.contains(null)) {
            return null;
        }
        List<Predicate> predicates = parts.stream().map(Converted::predicate).collect(Collectors.toList());
        ArrayList<Decision> decisions = new ArrayList<>();
        parts.forEach(part -> decisions.add(part.decision));
        Boolean absorbing = !and;
        Decision decision = values -> {
            Boolean all = and;
            for (Decision part : decisions) {
                Boolean decided = part.decide(values);
                if (absorbing.equals(decided)) {
                    return absorbing;
                }
                all = decided == null ? null : all;
            }
            return all;
        };
        return new Converted(
                and ? Predicate.and(predicates) : Predicate.or(predicates),
                decision,
                parts.stream().anyMatch(Converted::isWider),
                parts.stream().flatMapToInt(part -> Arrays.stream(part.columns)).toArray());
    }

    private static Converted not(Converted filter) {
        if (filter == null || filter.wider) {
            return null;
        }
        Decision inner = filter.decision;
        Decision decision = values -> {
            Boolean decided = inner.decide(values);
            return decided == null ? null : !decided;
        };
        return new Converted(Predicate.not(filter.predicate), decision, false, filter.columns);
    }

    private Converted isNull(Column column) {
        if (column == null) {
            return null;
        }
        boolean partitionKey = column.partitionKey >= 0;
        return new Converted(Predicate.isNull(column.path), values -> partitionKey ? false : null, false, column.path[0]);
    }

    private Converted like(List<ResolvedExpression> arguments) {
        Column column = column(arguments.get(0));
        if (arguments.size() != 2 || column == null || !column.type.is(LogicalTypeRoot.VARCHAR)) {
            return null;
        }
        Object literal = literal(arguments.get(1), column.type);
        String pattern = literal instanceof String ? (String) literal : "";
        String prefix = pattern.isEmpty() ? "" : pattern.substring(0, pattern.length() - 1);
        if (!pattern.endsWith("%") || prefix.matches("(?s).*[%_\\\\].*")) {
            return null;
        }
        int key = column.partitionKey;
        Decision decision = values -> key < 0 ? null : (Boolean) values.get(key).startsWith(prefix);
        return new Converted(Predicate.startsWith(column.path, prefix), decision, false, column.path[0]);
    }

    private Converted comparison(Comparison comparison, Comparison turned, List<ResolvedExpression> arguments) {
        boolean literalFirst = arguments.get(0) instanceof ValueLiteralExpression;
        Column column = column(arguments.get(literalFirst ? 1 : 0));
        if (column == null) {
            return null;
        }
        Object literal = literal(arguments.get(literalFirst ? 0 : 1), column.type);
        return literal == null ? null : compare(column, literalFirst ? turned : comparison, literal);
    }

    private static Converted compare(Column column, Comparison comparison, Object literal) {
        boolean wider = column.type.is(LogicalTypeRoot.FLOAT) || column.type.is(LogicalTypeRoot.DOUBLE);
        int key = column.partitionKey;
        LogicalTypeRoot root = column.type.getTypeRoot();
        Serializable wanted = (Serializable) literal;
        Decision decision = values -> key < 0 ? null : decide(values.get(key), root, comparison, wanted);
        Predicate predicate = Predicate.compare(column.path, comparison, literal);
        Converted converted = new Converted(predicate, decision, wider, column.path[0]);
        converted.value = comparison == Comparison.EQUAL && column.path.length == 1 ? wanted : null;
        return converted;
    }

    @SuppressWarnings("unchecked")
    private static Boolean decide(String value, LogicalTypeRoot root, Comparison comparison, Object literal) {
        Comparable<Object> typed;
        try {
            typed = (Comparable<Object>) PartitionTexts.read(value, root);
        } catch (NumberFormatException | DateTimeException e) {
            return null;
        }
        if (typed == null) {
            return null;
        }
        int order = typed.compareTo(literal instanceof Number ? (Object) ((Number) literal).longValue() : literal);
        switch (comparison) {
            case EQUAL:
                return order == 0;
            case NOT_EQUAL:
                return order != 0;
            case LESS:
                return order < 0;
            case LESS_OR_EQUAL:
                return order <= 0;
            case GREATER:
                return order > 0;
            default:
                return order >= 0;
        }
    }

    /** A field that a filter refers to. */
    private static final class Column {
        private final int[] path;
        private final LogicalType type;
        /** Position among the partition keys; -1: it is none. */
        private final int partitionKey;

        Column(int[] path, LogicalType type, int partitionKey) {
            this.path = path;
            this.type = type;
            this.partitionKey = partitionKey;
        }
    }

    /** Null: no column of the table. */
    private Column column(ResolvedExpression expression) {
        int field;
        int[] within = {};
        if (expression instanceof FieldReferenceExpression) {
            field = ((FieldReferenceExpression) expression).getFieldIndex();
        } else if (expression instanceof NestedFieldReferenceExpression) {
            int[] indexes = ((NestedFieldReferenceExpression) expression).getFieldIndices();
            field = indexes[0];
            within = Arrays.copyOfRange(indexes, 1, indexes.length);
        } else {
            return null;
        }
        if (field >= produced.length) {
            return null;
        }
        int[] path = Arrays.copyOf(produced[field], produced[field].length + within.length);
        System.arraycopy(within, 0, path, produced[field].length, within.length);
        int key = -1;
        for (int i = 0; i < partitionKeys.length && path.length == 1; i++) {
            key = partitionKeys[i] == path[0] ? i : key;
        }
        return new Column(path, TypeConversion.typeOf(rowType, path), key);
    }

    /** As a Java object that {@link Predicate} takes; null: not a literal, or none that a value of the type can equal. */
    private static Object literal(ResolvedExpression expression, LogicalType type) {
        if (!(expression instanceof ValueLiteralExpression)) {
            return null;
        }
        ValueLiteralExpression literal = (ValueLiteralExpression) expression;
        switch (type.getTypeRoot()) {
            case BOOLEAN:
                return literal.getValueAs(Boolean.class).orElse(null);
            case TINYINT:
                return whole(literal, Byte.MIN_VALUE, Byte.MAX_VALUE);
            case SMALLINT:
                return whole(literal, Short.MIN_VALUE, Short.MAX_VALUE);
            case INTEGER:
                return whole(literal, Integer.MIN_VALUE, Integer.MAX_VALUE);
            case BIGINT:
                return whole(literal, Long.MIN_VALUE, Long.MAX_VALUE);
            case FLOAT:
                return literal.getValueAs(Float.class).filter(v -> !v.isNaN()).orElse(null);
            case DOUBLE:
                return literal.getValueAs(Double.class).filter(v -> !v.isNaN()).orElse(null);
            case DECIMAL:
                return literal.getValueAs(BigDecimal.class).map(v -> decimal(v, (DecimalType) type)).orElse(null);
            case CHAR:
            case VARCHAR:
                return literal.getValueAs(String.class).orElse(null);
            case DATE:
                return literal.getValueAs(LocalDate.class).orElse(null);
            case TIME_WITHOUT_TIME_ZONE:
                return literal.getValueAs(LocalTime.class).filter(v -> fits(v.getNano(), 3)).orElse(null);
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                return literal.getValueAs(LocalDateTime.class)
                        .filter(v -> fits(v.getNano(), LogicalTypeChecks.getPrecision(type)))
                        .orElse(null);
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return literal.getValueAs(Instant.class)
                        .filter(v -> fits(v.getNano(), LogicalTypeChecks.getPrecision(type)))
                        .orElse(null);
            default:
                return null;
        }
    }

    private static Long whole(ValueLiteralExpression literal, long min, long max) {
        return literal.getValueAs(BigDecimal.class)
                .filter(v -> v.stripTrailingZeros().scale() <= 0)
                .filter(v -> v.compareTo(BigDecimal.valueOf(min)) >= 0 && v.compareTo(BigDecimal.valueOf(max)) <= 0)
                .map(BigDecimal::longValueExact)
                .orElse(null);
    }

    private static BigDecimal decimal(BigDecimal value, DecimalType type) {
        BigDecimal scaled = value.setScale(type.getScale(), RoundingMode.DOWN);
        return scaled.compareTo(value) == 0 && scaled.precision() <= type.getPrecision() ? scaled : null;
    }

    private static boolean fits(int nanos, int precision) {
        int unit = 1;
        for (int i = precision; i < 9; i++) {
            unit *= 10;
        }
        return nanos % unit == 0;
    }
}
