package io.fluss.flink.catalog;

import io.fluss.client.Admin;
import io.fluss.client.Column;
import io.fluss.client.PartitionInfo;
import io.fluss.client.TableDescriptor;
import io.fluss.client.TablePath;

import org.apache.flink.table.catalog.CatalogPartitionSpec;
import org.apache.flink.table.expressions.CallExpression;
import org.apache.flink.table.expressions.Expression;
import org.apache.flink.table.expressions.FieldReferenceExpression;
import org.apache.flink.table.expressions.ValueLiteralExpression;
import org.apache.flink.table.functions.BuiltInFunctionDefinitions;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Partitions as Flink asks for them: values by key, as text ({@code native/docs/format.md}, "Partition names"). */
final class CatalogPartitions {
    private CatalogPartitions() {}

    /** Those that have the values of {@code spec}, which need not have all keys, by name. */
    static List<CatalogPartitionSpec> list(Admin admin, TablePath path, List<String> keys, Map<String, String> spec) {
        List<CatalogPartitionSpec> specs = new ArrayList<>();
        for (PartitionInfo partition : admin.listPartitions(path, spec)) {
            specs.add(new CatalogPartitionSpec(partition.spec(keys)));
        }
        return specs;
    }

    /**
     * Comparisons for equality as the values of a partition.
     *
     * @param filters all of which hold
     * @return null: no partition fulfils them
     * @throws UnsupportedOperationException for any other filter: Flink then lists all partitions and filters them itself
     */
    static Map<String, String> valuesOf(TableDescriptor table, List<Expression> filters) {
        Map<String, String> values = new LinkedHashMap<>();
        for (Expression filter : filters) {
            if (!(filter instanceof CallExpression)
                    || ((CallExpression) filter).getFunctionDefinition() != BuiltInFunctionDefinitions.EQUALS) {
                throw other(filter);
            }
            Expression left = filter.getChildren().get(0);
            Expression right = filter.getChildren().get(1);
            boolean turned = left instanceof ValueLiteralExpression;
            Expression field = turned ? right : left;
            Expression literal = turned ? left : right;
            if (!(field instanceof FieldReferenceExpression) || !(literal instanceof ValueLiteralExpression)) {
                throw other(filter);
            }
            String name = ((FieldReferenceExpression) field).getName();
            Column column = table.columns().get(table.columnIndex(name));
            String value = text(column, (ValueLiteralExpression) literal);
            if (value == null) {
                throw other(filter);
            }
            String before = values.put(name, value);
            if (before != null && !before.equals(value)) {
                return null;
            }
        }
        return values;
    }

    private static UnsupportedOperationException other(Expression filter) {
        return new UnsupportedOperationException("partitions are not listed by " + filter.asSummaryString());
    }

    /** Null: this literal is not of the column's type, or has no one text. */
    private static String text(Column column, ValueLiteralExpression literal) {
        switch (column.type().kind()) {
            case CHAR:
            case VARCHAR:
                return literal.getValueAs(String.class).orElse(null);
            case BOOLEAN:
                return literal.getValueAs(Boolean.class).map(String::valueOf).orElse(null);
            case TINYINT:
            case SMALLINT:
            case INT:
            case BIGINT:
                return literal.getValueAs(BigDecimal.class)
                        .filter(number -> number.stripTrailingZeros().scale() <= 0)
                        .map(number -> number.toBigInteger().toString())
                        .orElse(null);
            case DATE:
                return literal.getValueAs(LocalDate.class).map(LocalDate::toString).orElse(null);
            default:
                return null;
        }
    }
}
