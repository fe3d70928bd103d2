package io.fluss.flink.catalog;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.catalog.UniqueConstraint;
import org.apache.flink.table.catalog.WatermarkSpec;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What of a schema only Flink understands, as properties that the store keeps: {@code schema.<position>.name}, {@code .expr},
 * {@code .data-type} and {@code .comment} of computed columns, with {@code .metadata} in place of {@code .expr} those of metadata columns,
 * {@code schema.watermark.<n>.rowtime}, {@code .strategy.expr} and {@code .strategy.data-type} of watermarks,
 * {@code schema.primary-key.name}.
 */
final class SchemaProperties {
    private static final String NOT_NULL = " NOT NULL";
    private static final String PREFIX = "schema.";
    private static final String WATERMARK = PREFIX + "watermark.";
    static final String PRIMARY_KEY_NAME = PREFIX + "primary-key.name";

    private final Map<Integer, Map<String, String>> columns = new TreeMap<>();
    private final Map<Integer, Map<String, String>> watermarks = new TreeMap<>();
    private String primaryKeyName;

    private SchemaProperties() {}

    /** The properties of a schema; with physical columns only, none. */
    static Map<String, String> of(ResolvedSchema schema) {
        Map<String, String> properties = new LinkedHashMap<>();
        for (int i = 0; i < schema.getColumnCount(); i++) {
            Column column = schema.getColumns().get(i);
            if (!column.isPhysical()) {
                String key = PREFIX + i;
                properties.put(key + ".name", column.getName());
                if (column instanceof Column.ComputedColumn) {
                    properties.put(
                            key + ".expr",
                            ((Column.ComputedColumn) column)
                                    .getExpression().asSerializableString());
                } else {
                    properties.put(
                            key + ".metadata",
                            ((Column.MetadataColumn) column).getMetadataKey().orElse(column.getName()));
                }
                properties.put(
                        key + ".data-type", column.getDataType().getLogicalType().asSerializableString());
                column.getComment().ifPresent(comment -> properties.put(key + ".comment", comment));
            }
        }
        List<WatermarkSpec> specs = schema.getWatermarkSpecs();
        for (int i = 0; i < specs.size(); i++) {
            WatermarkSpec spec = specs.get(i);
            String key = WATERMARK + i;
            properties.put(key + ".rowtime", spec.getRowtimeAttribute());
            properties.put(
                    key + ".strategy.expr",
                    spec.getWatermarkExpression().asSerializableString());
            properties.put(
                    key + ".strategy.data-type",
                    spec.getWatermarkExpression().getOutputDataType().getLogicalType().asSerializableString());
        }
        schema.getPrimaryKey()
                .map(UniqueConstraint::getName)
                .filter(name -> !name.equals(defaultName(schema.getPrimaryKey().get().getColumns())))
                .ifPresent(name -> properties.put(PRIMARY_KEY_NAME, name));
        return properties;
    }

    /** As Flink names a primary key that has no name. */
    private static String defaultName(List<String> primaryKey) {
        return "PK_" + String.join("_", primaryKey);
    }

    /** Reads the properties and removes them from {@code properties}. */
    static SchemaProperties take(Map<String, String> properties) {
        SchemaProperties taken = new SchemaProperties();
        properties.entrySet().removeIf(entry -> taken.add(entry.getKey(), entry.getValue()));
        return taken;
    }

    private boolean add(String key, String value) {
        if (!key.startsWith(PREFIX)) {
            return false;
        }
        if (key.equals(PRIMARY_KEY_NAME)) {
            primaryKeyName = value;
            return true;
        }
        boolean watermark = key.startsWith(WATERMARK);
        String rest = key.substring(watermark ? WATERMARK.length() : PREFIX.length());
        int dot = rest.indexOf('.');
        if (dot < 0) {
            return false;
        }
        int index;
        try {
            index = Integer.parseInt(rest.substring(0, dot));
        } catch (NumberFormatException e) {
            // Not one of ours: it stays what it is.
            return false;
        }
        (watermark ? watermarks : columns)
                .computeIfAbsent(index, i -> new LinkedHashMap<>())
                .put(rest.substring(dot + 1), value);
        return true;
    }

    /**
     * Adds the computed and metadata columns that stand at {@code position} and right after.
     *
     * @return the position behind them
     */
    int addColumnsAt(Schema.Builder schema, int position) {
        int next = position;
        for (Map<String, String> column = columns.get(next); column != null; column = columns.get(next)) {
            if (column.containsKey("metadata")) {
                String key = column.get("metadata");
                schema.columnByMetadata(
                        column.get("name"),
                        DataTypes.of(column.get("data-type")),
                        key.equals(column.get("name")) ? null : key,
                        true);
            } else {
                schema.columnByExpression(column.get("name"), column.get("expr"));
            }
            if (column.containsKey("comment")) {
                schema.withComment(column.get("comment"));
            }
            next++;
        }
        return next;
    }

    /** Of a metadata column, as SQL writes it; nullable. */
    String metadataType(String column) {
        String type = columns.values().stream()
                .filter(properties -> column.equals(properties.get("name")))
                .map(properties -> properties.get("data-type"))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no type of the column '" + column + "'"));
        return type.endsWith(NOT_NULL) ? type.substring(0, type.length() - NOT_NULL.length()) : type;
    }

    void addPrimaryKey(Schema.Builder schema, List<String> columns) {
        schema.primaryKeyNamed(primaryKeyName == null ? defaultName(columns) : primaryKeyName, columns);
    }

    void addWatermarks(Schema.Builder schema) {
        for (Map<String, String> watermark : watermarks.values()) {
            schema.watermark(watermark.get("rowtime"), watermark.get("strategy.expr"));
        }
    }
}
