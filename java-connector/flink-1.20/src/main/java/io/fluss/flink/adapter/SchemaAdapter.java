package io.fluss.flink.adapter;

import java.util.List;
import org.apache.flink.table.api.Schema;

/** Flink 1.20 knows no indexes, and no delta joins. */
public final class SchemaAdapter {
    private SchemaAdapter() {}

    public static void addIndex(Schema.Builder schema, List<String> columns) {}
}
