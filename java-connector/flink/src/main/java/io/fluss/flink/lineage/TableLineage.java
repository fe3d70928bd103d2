package io.fluss.flink.lineage;

import io.fluss.client.TablePath;
import io.fluss.flink.table.FlussConnectorOptions;

import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.streaming.api.lineage.DatasetConfigFacet;
import org.apache.flink.streaming.api.lineage.DatasetSchemaFacet;
import org.apache.flink.streaming.api.lineage.DatasetSchemaField;
import org.apache.flink.streaming.api.lineage.LineageDataset;
import org.apache.flink.streaming.api.lineage.LineageDatasetFacet;
import org.apache.flink.streaming.api.lineage.LineageVertex;
import org.apache.flink.streaming.api.lineage.SourceLineageVertex;
import org.apache.flink.table.types.logical.RowType;

import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What listeners of Flink are told of a table that a job reads or writes: its name, {@code db.t}, in the namespace {@code fluss://<data.dir>}. */
public final class TableLineage {
    private TableLineage() {}

    /** @param columns that are read */
    public static SourceLineageVertex source(
            Map<String, String> connectionOptions, TablePath path, RowType columns, Boundedness boundedness) {
        List<LineageDataset> datasets = Collections.singletonList(new Table(connectionOptions, path, columns));
        return new SourceLineageVertex() {
            @Override
            public Boundedness boundedness() {
                return boundedness;
            }

            @Override
            public List<LineageDataset> datasets() {
                return datasets;
            }
        };
    }

    /** @param columns of the table */
    public static LineageVertex sink(Map<String, String> connectionOptions, TablePath path, RowType columns) {
        List<LineageDataset> datasets = Collections.singletonList(new Table(connectionOptions, path, columns));
        return () -> datasets;
    }

    private static final class Table implements LineageDataset {
        private final Map<String, String> connectionOptions;
        private final TablePath path;
        private final RowType columns;

        Table(Map<String, String> connectionOptions, TablePath path, RowType columns) {
            this.connectionOptions = connectionOptions;
            this.path = path;
            this.columns = columns;
        }

        @Override
        public String name() {
            return path.toString();
        }

        @Override
        public String namespace() {
            return "fluss://" + connectionOptions.get(FlussConnectorOptions.DATA_DIR.key());
        }

        @Override
        public Map<String, LineageDatasetFacet> facets() {
            Map<String, LineageDatasetFacet> facets = new HashMap<>();
            facets.put("schema", new Schema(columns));
            facets.put("config", new Config(connectionOptions));
            return facets;
        }
    }

    /** Columns with their types as SQL has them. */
    private static final class Schema implements DatasetSchemaFacet {
        private final RowType columns;

        Schema(RowType columns) {
            this.columns = columns;
        }

        @Override
        public String name() {
            return "schema";
        }

        // The type is the caller's to choose, whatever types are.
        @SuppressWarnings("unchecked")
        @Override
        public <T> Map<String, DatasetSchemaField<T>> fields() {
            Map<String, DatasetSchemaField<T>> fields = new LinkedHashMap<>();
            columns.getFields().forEach(column -> fields.put(
                    column.getName(), new Field<>(column.getName(), (T) column.getType().asSerializableString())));
            return fields;
        }
    }

    private static final class Field<T> implements DatasetSchemaField<T> {
        private final String name;
        private final T type;

        Field(String name, T type) {
            this.name = name;
            this.type = type;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public T type() {
            return type;
        }
    }

    /** What opens the store. */
    private static final class Config implements DatasetConfigFacet {
        private final Map<String, String> options;

        Config(Map<String, String> options) {
            this.options = options;
        }

        @Override
        public String name() {
            return "config";
        }

        @Override
        public Map<String, String> config() {
            return options;
        }
    }
}
