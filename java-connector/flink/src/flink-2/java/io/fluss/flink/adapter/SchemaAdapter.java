package io.fluss.flink.adapter;

import java.util.List;
import org.apache.flink.table.api.Schema;

/** Indexes of a table, which the planner makes delta joins with. */
public final class SchemaAdapter {
    private SchemaAdapter() {}

    public static void addIndex(Schema.Builder schema, List<String> columns) {
        schema.index(columns);
    }
}
