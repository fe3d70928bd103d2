package io.fluss.flink.catalog;

import io.fluss.client.Column;
import io.fluss.client.DataType;
import io.fluss.client.TableAlteration;
import io.fluss.client.TableInfo;
import io.fluss.client.TablePath;
import io.fluss.flink.row.TypeConversion;
import io.fluss.flink.table.FlussConnectorOptions;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.ResolvedCatalogBaseTable;
import org.apache.flink.table.catalog.ResolvedCatalogMaterializedTable;
import org.apache.flink.table.catalog.TableChange;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * ALTER TABLE as Flink says it, for the store. Physical columns are the store's: rows stay as they are, columns keep their ids. Computed
 * and metadata columns, watermarks and the options of scans, lookups and sinks are properties of the table.
 */
final class TableChanges {
    private final TablePath path;
    private final TableAlteration.Builder alteration = TableAlteration.builder();
    private final Map<String, String> properties;
    /** Physical columns in the order that the changes so far make. */
    private final List<String> order = new ArrayList<>();

    private TableChanges(TablePath path, TableInfo stored) {
        this.path = path;
        properties = new LinkedHashMap<>(stored.descriptor().customProperties());
        stored.descriptor().columns().forEach(column -> order.add(column.name()));
    }

    /**
     * @param stored the table as it is
     * @param altered the table as it shall be
     * @param changes what is to be done, in order
     * @throws ValidationException for a change that a table does not take
     */
    static TableAlteration of(
            TablePath path, TableInfo stored, ResolvedCatalogBaseTable<?> altered, List<TableChange> changes) {
        TableMapping.requireColumns(path, altered.getResolvedSchema());
        TableChanges all = new TableChanges(path, stored);
        changes.forEach(all::add);
        all.reorder(physical(altered));
        // Flink goes on with the name that it made up of the key columns, also when one of them is renamed.
        String keyName = all.properties.get(SchemaProperties.PRIMARY_KEY_NAME);
        SchemaProperties.take(all.properties);
        if (changes.stream().anyMatch(TableChanges::isOfStoredColumn)) {
            // They are by the names of columns.
            CatalogStatistics.remove(all.properties);
        }
        all.properties.putAll(SchemaProperties.of(altered.getResolvedSchema()));
        all.properties.compute(SchemaProperties.PRIMARY_KEY_NAME, (key, name) -> keyName);
        if (altered instanceof ResolvedCatalogMaterializedTable) {
            all.properties.putAll(
                    MaterializedTables.properties(path.toString(), (ResolvedCatalogMaterializedTable) altered));
        }
        return all.alteration.customProperties(all.properties).expectedSchemaId(stored.schemaId()).build();
    }

    private static boolean isOfStoredColumn(TableChange change) {
        return change instanceof TableChange.ModifyColumn || change instanceof TableChange.DropColumn;
    }

    private static List<String> physical(ResolvedCatalogBaseTable<?> table) {
        List<String> names = new ArrayList<>();
        table.getResolvedSchema().getColumns().stream()
                .filter(org.apache.flink.table.catalog.Column::isPhysical)
                .forEach(column -> names.add(column.getName()));
        return names;
    }

    private void add(TableChange change) {
        if (change instanceof TableChange.AddColumn) {
            addColumn(((TableChange.AddColumn) change).getColumn());
        } else if (change instanceof TableChange.ModifyColumn) {
            modify((TableChange.ModifyColumn) change);
        } else if (change instanceof TableChange.DropColumn) {
            String name = ((TableChange.DropColumn) change).getColumnName();
            if (order.remove(name)) {
                alteration.drop(name);
            }
        } else if (change instanceof TableChange.SetOption) {
            set(((TableChange.SetOption) change).getKey(), ((TableChange.SetOption) change).getValue());
        } else if (change instanceof TableChange.ResetOption) {
            set(((TableChange.ResetOption) change).getKey(), null);
        } else if (!isOfProperties(change)) {
            throw new ValidationException(
                    "ALTER of " + TableMapping.describe(path) + ": " + change + " is not possible: the primary key and the"
                            + " distribution of a table stand for good. Create another table and INSERT the rows into it.");
        }
    }

    /** Watermarks and what a materialized table has are taken from the table as it shall be. */
    private static boolean isOfProperties(TableChange change) {
        return change instanceof TableChange.MaterializedTableChange
                || change instanceof TableChange.AddWatermark
                || change instanceof TableChange.ModifyWatermark
                || change instanceof TableChange.DropWatermark;
    }

    private void addColumn(org.apache.flink.table.catalog.Column column) {
        if (column.isPhysical()) {
            alteration.addColumn(new Column(column.getName(), type(column), column.getComment().orElse("")));
            order.add(column.getName());
        }
    }

    private DataType type(org.apache.flink.table.catalog.Column column) {
        return TypeConversion.toFluss(path.toString(), column.getName(), column.getDataType().getLogicalType());
    }

    private void modify(TableChange.ModifyColumn change) {
        org.apache.flink.table.catalog.Column before = change.getOldColumn();
        org.apache.flink.table.catalog.Column after = change.getNewColumn();
        List<String> name = Collections.singletonList(before.getName());
        if (!before.isPhysical()) {
            if (after != null && after.isPhysical()) {
                addColumn(after);
            }
        } else if (change instanceof TableChange.ModifyColumnName) {
            String renamed = ((TableChange.ModifyColumnName) change).getNewColumnName();
            alteration.rename(name, renamed);
            order.set(order.indexOf(before.getName()), renamed);
        } else if (change instanceof TableChange.ModifyColumnComment) {
            String comment = ((TableChange.ModifyColumnComment) change).getNewComment();
            alteration.describe(name, comment == null ? "" : comment);
        } else if (change instanceof TableChange.ModifyPhysicalColumnType) {
            modifyType(name, type(before), type(after));
        } else if (!(change instanceof TableChange.ModifyColumnPosition)) {
            throw new ValidationException(
                    "Column '" + before.getName() + "' of " + TableMapping.describe(path)
                            + " is stored and cannot become a computed one. DROP it first, then ADD the computed one.");
        }
    }

    /** Fields within ROW types are changed one by one, so that they keep their ids and with them what is stored. */
    private void modifyType(List<String> name, DataType before, DataType after) {
        if (before.kind() == DataType.Kind.ROW && after.kind() == DataType.Kind.ROW
                && before.isNullable() == after.isNullable()) {
            modifyFields(name, before.fields(), after.fields());
        } else if (before.kind() == DataType.Kind.ARRAY && stepsInto(before, after, 0)) {
            modifyType(child(name, "element"), before.children().get(0), after.children().get(0));
        } else if (before.kind() == DataType.Kind.MAP
                && stepsInto(before, after, 1)
                && before.children().get(0).equals(after.children().get(0))) {
            modifyType(child(name, "value"), before.children().get(1), after.children().get(1));
        } else if (!before.equals(after)) {
            alteration.widen(name, after);
        }
    }

    /** Whether the change is of fields within; what an ARRAY or MAP holds otherwise has no name in the store. */
    private static boolean stepsInto(DataType before, DataType after, int child) {
        if (before.kind() != after.kind() || before.isNullable() != after.isNullable()) {
            return false;
        }
        DataType within = before.children().get(child);
        DataType becomes = after.children().get(child);
        switch (within.kind()) {
            case ROW:
                return becomes.kind() == DataType.Kind.ROW && within.isNullable() == becomes.isNullable();
            case ARRAY:
                return stepsInto(within, becomes, 0);
            case MAP:
                return stepsInto(within, becomes, 1);
            default:
                return false;
        }
    }

    private void modifyFields(List<String> row, List<Column> before, List<Column> after) {
        Map<String, Column> gone = new LinkedHashMap<>();
        before.forEach(field -> gone.put(field.name(), field));
        List<Column> added = new ArrayList<>();
        List<String> fields = new ArrayList<>(gone.keySet());
        for (Column field : after) {
            Column old = gone.remove(field.name());
            if (old == null) {
                added.add(field);
                continue;
            }
            modifyType(child(row, field.name()), old.type(), field.type());
            if (!old.comment().equals(field.comment())) {
                alteration.describe(child(row, field.name()), field.comment());
            }
        }
        if (!gone.isEmpty() && !added.isEmpty()) {
            throw new ValidationException(
                    "'" + String.join(".", row) + "' of " + TableMapping.describe(path) + ": its ROW type loses the fields "
                            + gone.keySet() + " and gets " + names(added) + ". Whether that renames them cannot be told;"
                            + " drop and add fields in two statements.");
        }
        fields.removeAll(gone.keySet());
        gone.keySet().forEach(name -> alteration.drop(child(row, name).toArray(new String[0])));
        for (Column field : added) {
            alteration.addField(row, field);
            fields.add(field.name());
        }
        move(row, fields, names(after));
    }

    private static List<String> names(List<Column> columns) {
        List<String> names = new ArrayList<>();
        columns.forEach(column -> names.add(column.name()));
        return names;
    }

    private void reorder(List<String> wanted) {
        if (!new HashSet<>(order).equals(new HashSet<>(wanted))) {
            throw new ValidationException(
                    TableMapping.describe(path) + " has the columns " + order + " after this change, but " + wanted
                            + " are wanted: it was altered by somebody else. Repeat the statement.");
        }
        move(Collections.emptyList(), order, wanted);
    }

    /** Makes {@code present} the order {@code wanted}, of the same names, each move putting one in its place for good. */
    private void move(List<String> parent, List<String> present, List<String> wanted) {
        for (int i = 0; i < wanted.size(); i++) {
            String name = wanted.get(i);
            if (!name.equals(present.get(i))) {
                present.remove(name);
                present.add(i, name);
                alteration.move(child(parent, name), i == 0 ? null : wanted.get(i - 1));
            }
        }
    }

    private static List<String> child(List<String> path, String name) {
        List<String> child = new ArrayList<>(path);
        child.add(name);
        return child;
    }

    /** @param value null: back to the default */
    private void set(String key, String value) {
        if (value == null) {
            TableMapping.requireKnownOptions(path, Collections.singleton(key));
        } else {
            TableMapping.validateOptions(path, Collections.singletonMap(key, value));
        }
        if (keys(FlussConnectorOptions.connectionAndEngineOptions()).contains(key)) {
            throw new ValidationException(
                    "'" + key + "' of " + TableMapping.describe(path)
                            + " is an option of its catalog, not of the table. Say it in CREATE CATALOG.");
        }
        if (keys(FlussConnectorOptions.useOptions()).contains(key)) {
            if (value == null) {
                properties.remove(key);
            } else {
                properties.put(key, value);
            }
        } else if (value == null) {
            alteration.resetOption(key);
        } else {
            // The store knows which of them stand for good.
            alteration.setOption(key, value);
        }
    }

    private static Set<String> keys(Iterable<ConfigOption<?>> options) {
        Set<String> keys = new LinkedHashSet<>();
        options.forEach(option -> keys.add(option.key()));
        return keys;
    }
}
