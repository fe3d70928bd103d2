package io.fluss.flink.catalog;

import io.fluss.client.TableDescriptor;
import io.fluss.client.TableInfo;
import io.fluss.client.TablePath;
import io.fluss.flink.row.MetadataColumn;
import io.fluss.flink.row.RowForm;
import io.fluss.flink.row.TypeConversion;
import io.fluss.flink.table.FlussConnectorOptions;
import io.fluss.flink.table.MergeBehavior;

import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.CatalogBaseTable;
import org.apache.flink.table.catalog.CatalogTable;
import org.apache.flink.table.catalog.ObjectPath;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.utils.TypeConversions;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A way to read a table, which has a name of its own: that of the table, {@code $}, and which way. */
public enum VirtualTable {
    /** Every change of the table, one a row. */
    CHANGELOG(RowForm.CHANGELOG_ROW),
    /** Every change of a primary-key table, both halves of an update in one row. */
    BINLOG(RowForm.BINLOG_ROW),
    /** The rows as they were at a time or at offsets, or as they are now, also in a query that goes on. */
    SNAPSHOT(RowForm.CHANGE);

    private static final List<MetadataColumn> METADATA =
            Arrays.asList(MetadataColumn.CHANGE_TYPE, MetadataColumn.OFFSET, MetadataColumn.TIMESTAMP);
    private static final List<String> METADATA_NAMES =
            Arrays.asList("_change_type", "_log_offset", "_commit_timestamp");

    private final RowForm form;

    VirtualTable(RowForm form) {
        this.form = form;
    }

    /** What a table's name means; null: the table itself. */
    public static VirtualTable of(String name) {
        for (VirtualTable virtual : values()) {
            if (name.endsWith(virtual.suffix())) {
                return virtual;
            }
        }
        return null;
    }

    /** Refuses to change what is only read. @param what for example {@code cannot be dropped} */
    static void requireTable(ObjectPath path, String what) {
        VirtualTable virtual = of(path.getObjectName());
        if (virtual != null) {
            throw new ValidationException(
                    "'" + path + "' " + what + ": it is a virtual table, a way to read '"
                            + virtual.base(TablePath.of(path.getDatabaseName(), path.getObjectName())) + "'.");
        }
    }

    /** The name under which a table is read so. */
    public String named(String table) {
        return table + suffix();
    }

    private String suffix() {
        return "$" + name().toLowerCase(Locale.ROOT);
    }

    /** The table that is read. */
    public TablePath base(TablePath path) {
        String name = path.table();
        return TablePath.of(path.database(), name.substring(0, name.length() - suffix().length()));
    }

    /** What its rows are. */
    public RowForm form() {
        return form;
    }

    /** @throws ValidationException if this table cannot be read so */
    public void requireReadable(TablePath path, TableDescriptor table) {
        if (this != BINLOG) {
            return;
        }
        if (!table.hasPrimaryKey()) {
            throw new ValidationException(
                    "$binlog virtual tables are only supported for primary key tables, and " + TableMapping.describe(path)
                            + " is a log table; read '" + path.table() + "$changelog'.");
        }
        if (!MergeBehavior.of(table).logsRowsBefore()) {
            throw new ValidationException(
                    "'" + path.table() + "$binlog' cannot be read: the log of " + TableMapping.describe(path)
                            + " lacks the row before each change, as with 'table.changelog.image' = 'WAL' or 'table.row.ttl'; read '"
                            + path.table() + "$changelog', or make the table without them.");
        }
    }

    /** Physical columns, of a table whose own are these. */
    public RowType columns(TableDescriptor table) {
        RowType columns = TypeConversion.toRowType(table.columns());
        if (this != BINLOG) {
            return columns;
        }
        LogicalType half = columns.copy(true);
        return new RowType(
                false, Arrays.asList(new RowType.RowField("before", half), new RowType.RowField("after", half)));
    }

    /** Refuses a declaration whose physical columns differ from what this is of a table. */
    public void requireSame(TableInfo table, ResolvedSchema declared) {
        RowType columns = columns(table.descriptor());
        RowType physical = (RowType) declared.toPhysicalRowDataType().getLogicalType();
        if (!columns.getFieldNames().equals(physical.getFieldNames())
                || !columns.getChildren().equals(physical.getChildren())) {
            throw new ValidationException(
                    "'" + named(table.path().table()) + "' is declared with other columns than the store has: it has "
                            + columns.asSummaryString() + ", declared are " + physical.asSummaryString() + ".");
        }
    }

    /** As {@link TableMapping#toCatalogTable}. */
    CatalogTable toCatalogTable(TableInfo info, Map<String, String> connectionOptions) {
        requireReadable(info.path(), info.descriptor());
        CatalogBaseTable table = TableMapping.toCatalogTable(info, connectionOptions);
        if (this == SNAPSHOT) {
            return snapshot(info, table, null);
        }
        Schema.Builder schema = Schema.newBuilder();
        for (int i = 0; i < METADATA.size(); i++) {
            MetadataColumn column = METADATA.get(i);
            schema.columnByMetadata(METADATA_NAMES.get(i), column.type(form), column.key(), true);
        }
        if (this == BINLOG) {
            schema.fromRowDataType(TypeConversions.fromLogicalToDataType(columns(info.descriptor())));
        } else {
            SchemaProperties declared = SchemaProperties.take(new HashMap<>(info.descriptor().customProperties()));
            table.getUnresolvedSchema().getColumns().forEach(column -> add(schema, column, declared));
            table.getUnresolvedSchema().getWatermarkSpecs()
                    .forEach(spec -> schema.watermark(spec.getColumnName(), spec.getWatermarkExpression()));
        }
        return CatalogTable.newBuilder()
                .schema(schema.build())
                .comment(table.getComment())
                .partitionKeys(this == BINLOG ? Collections.emptyList() : info.descriptor().partitionKeys())
                .options(table.getOptions())
                .build();
    }

    /** Adds a column of the table. Flink knows each metadata by one name only: one that the table declares too is made of ours. */
    private static void add(Schema.Builder schema, Schema.UnresolvedColumn column, SchemaProperties declared) {
        if (column instanceof Schema.UnresolvedMetadataColumn) {
            String key = ((Schema.UnresolvedMetadataColumn) column).getMetadataKey();
            int ours = METADATA.indexOf(MetadataColumn.of(key == null ? column.getName() : key));
            if (ours >= 0) {
                String type = declared.metadataType(column.getName());
                schema.columnByExpression(column.getName(), "CAST(`" + METADATA_NAMES.get(ours) + "` AS " + type + ")");
                schema.withComment(column.getComment().orElse(null));
                return;
            }
        }
        schema.fromColumns(Collections.singletonList(column));
    }

    /** A table as it was at a time. @param timestamp milliseconds since the epoch */
    static CatalogTable snapshot(TableInfo info, Map<String, String> connectionOptions, long timestamp) {
        return snapshot(info, TableMapping.toCatalogTable(info, connectionOptions), timestamp);
    }

    private static CatalogTable snapshot(TableInfo info, CatalogBaseTable table, Long timestamp) {
        Map<String, String> options = new LinkedHashMap<>(table.getOptions());
        // What the table is read from and to elsewhere.
        options.keySet().removeIf(key -> key.startsWith("scan.startup.") || key.startsWith("scan.bounded."));
        if (timestamp != null) {
            options.put(FlussConnectorOptions.SCAN_SNAPSHOT_TIMESTAMP.key(), String.valueOf(timestamp));
        }
        return CatalogTable.newBuilder()
                .schema(table.getUnresolvedSchema())
                .comment(table.getComment())
                .partitionKeys(info.descriptor().partitionKeys())
                .options(options)
                .snapshot(timestamp)
                .build();
    }
}
