package io.fluss.flink.table;

import io.fluss.client.TableDescriptor;
import io.fluss.flink.lookup.FlussLookupOptions;
import io.fluss.flink.row.RowForm;
import io.fluss.flink.source.ScanSpec;

import org.apache.flink.table.connector.source.abilities.SupportsAggregatePushDown;
import org.apache.flink.table.expressions.AggregateExpression;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;

import java.util.List;

/**
 * A table to read in batch, whose aggregates the store makes. Not one with a column of DECIMAL: Flink 2.2 refuses a query with AVG of it
 * as soon as the source has this ability, before it asks the source ({@code AggregateUtil.deriveSumAndCountFromAvg} knows no DECIMAL).
 */
final class AggregatingTableSource extends FlussTableSource implements SupportsAggregatePushDown {
    private AggregatingTableSource(
            ScanSpec scan, TableDescriptor table, boolean batch, FlussLookupOptions lookupOptions, Integer parallelism) {
        super(scan, table, batch, lookupOptions, parallelism);
    }

    /** The source of a table. Parameters as {@link FlussTableSource}'s. */
    static FlussTableSource orNot(
            ScanSpec scan, TableDescriptor table, boolean batch, FlussLookupOptions lookupOptions, Integer parallelism) {
        return batch && scan.logForm() == RowForm.CHANGE && !hasDecimal(scan.rowType())
                ? new AggregatingTableSource(scan, table, true, lookupOptions, parallelism)
                : new FlussTableSource(scan, table, batch, lookupOptions, parallelism);
    }

    /** Also within ROWs, whose fields are projected as columns are. */
    private static boolean hasDecimal(LogicalType type) {
        return type.is(LogicalTypeRoot.DECIMAL)
                || (type.is(LogicalTypeRoot.ROW) && type.getChildren().stream().anyMatch(AggregatingTableSource::hasDecimal));
    }

    @Override
    public boolean applyAggregates(
            List<int[]> groupings, List<AggregateExpression> aggregates, DataType producedDataType) {
        return takeAggregates(groupings, aggregates, producedDataType);
    }

    @Override
    FlussTableSource anew(
            ScanSpec of, TableDescriptor as, boolean isBatch, FlussLookupOptions lookups, Integer readers) {
        return new AggregatingTableSource(of, as, isBatch, lookups, readers);
    }
}
