package io.fluss.flink.catalog;

import io.fluss.client.Column;
import io.fluss.client.DataType;
import io.fluss.client.TableAlteration;
import io.fluss.client.TableDescriptor;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.catalog.CatalogView;
import org.apache.flink.table.catalog.ResolvedCatalogView;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A view as the store keeps it: under the name of a table, so that no name is used twice, with one column that nobody writes, and what the
 * view is in the table's properties.
 */
public final class ViewMapping {
    private static final String PREFIX = "view.";
    private static final String ORIGINAL_QUERY = PREFIX + "original-query";
    private static final String EXPANDED_QUERY = PREFIX + "expanded-query";
    private static final String COLUMN = PREFIX + "column.";
    private static final String OPTION = PREFIX + "option.";

    private ViewMapping() {}

    /** Whether a table of the store is a view. */
    public static boolean isView(TableDescriptor stored) {
        return stored.customProperties().containsKey(EXPANDED_QUERY);
    }

    static TableDescriptor toDescriptor(ResolvedCatalogView view) {
        return TableDescriptor.builder()
                .column(new Column("view", DataType.of(DataType.Kind.BOOLEAN)))
                .bucketCount(1)
                .comment(view.getComment())
                .customProperties(properties(view))
                .build();
    }

    static TableAlteration toAlteration(ResolvedCatalogView view) {
        return TableAlteration.builder().comment(view.getComment()).customProperties(properties(view)).build();
    }

    private static Map<String, String> properties(ResolvedCatalogView view) {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put(ORIGINAL_QUERY, view.getOriginalQuery());
        properties.put(EXPANDED_QUERY, view.getExpandedQuery());
        List<org.apache.flink.table.catalog.Column> columns = view.getResolvedSchema().getColumns();
        for (int i = 0; i < columns.size(); i++) {
            String key = COLUMN + i;
            properties.put(key + ".name", columns.get(i).getName());
            properties.put(key + ".data-type", columns.get(i).getDataType().getLogicalType().asSerializableString());
            columns.get(i).getComment().ifPresent(comment -> properties.put(key + ".comment", comment));
        }
        view.getOptions().forEach((key, value) -> properties.put(OPTION + key, value));
        return properties;
    }

    static CatalogView toCatalogView(TableDescriptor stored) {
        Map<String, String> properties = stored.customProperties();
        Schema.Builder schema = Schema.newBuilder();
        for (int i = 0; properties.containsKey(COLUMN + i + ".name"); i++) {
            String key = COLUMN + i;
            schema.column(properties.get(key + ".name"), DataTypes.of(properties.get(key + ".data-type")));
            if (properties.containsKey(key + ".comment")) {
                schema.withComment(properties.get(key + ".comment"));
            }
        }
        Map<String, String> options = new LinkedHashMap<>();
        properties.forEach((key, value) -> {
            if (key.startsWith(OPTION)) {
                options.put(key.substring(OPTION.length()), value);
            }
        });
        return CatalogView.of(
                schema.build(), stored.comment(), properties.get(ORIGINAL_QUERY), properties.get(EXPANDED_QUERY), options);
    }
}
