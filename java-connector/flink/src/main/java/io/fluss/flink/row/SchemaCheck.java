package io.fluss.flink.row;

import io.fluss.client.Column;
import io.fluss.client.DataType;
import io.fluss.client.TableInfo;
import java.util.List;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.types.logical.RowType;

/** Refuses to read or write a table by positions of columns that it does not have (any more). */
public final class SchemaCheck {
    private SchemaCheck() {}

    /**
     * Columns that were added behind those that the job knows do not concern it: it does not read them and writes NULL into them.
     *
     * @throws ValidationException showing both, if names, order or types of the others differ; their nullability may
     */
    public static void sameColumns(TableInfo table, RowType planned) {
        List<Column> columns = table.descriptor().columns();
        boolean same = columns.size() >= planned.getFieldCount();
        for (int i = 0; same && i < planned.getFieldCount(); i++) {
            String name = columns.get(i).name();
            DataType type = TypeConversion.toFluss(table.path().toString(), name, planned.getTypeAt(i));
            same = name.equals(planned.getFieldNames().get(i))
                    && columns.get(i).type().withNullable(true).equals(type.withNullable(true));
        }
        if (!same) {
            throw new ValidationException("Table " + table.path() + " has other columns than the job was planned with;"
                    + " plan it again. The table: " + columns + "; the job: " + planned.asSummaryString());
        }
    }
}
