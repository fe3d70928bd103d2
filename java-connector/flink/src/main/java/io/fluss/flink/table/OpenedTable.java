package io.fluss.flink.table;

import io.fluss.client.Connection;
import io.fluss.client.FlussException;
import io.fluss.client.InvalidArgumentException;
import io.fluss.client.TableInfo;
import io.fluss.client.TablePath;
import io.fluss.flink.catalog.TableMapping;
import io.fluss.flink.catalog.ViewMapping;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.ValidationException;

import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A table that a job names, and what opens its store. */
public final class OpenedTable {
    private final Map<String, String> connectionOptions;
    private final TableInfo table;
    private final Map<String, String> options;

    private OpenedTable(Map<String, String> connectionOptions, TableInfo table, Map<String, String> options) {
        this.connectionOptions = connectionOptions;
        this.table = table;
        this.options = options;
    }

    /**
     * Of a DataStream job.
     *
     * @param where the object that names it, in errors
     * @param options {@code data.dir}, those of the engine, of scans and sinks
     * @throws ValidationException saying what is missing or wrong
     */
    public static OpenedTable find(String where, String database, String name, Map<String, String> options) {
        if (database == null || name == null) {
            throw new ValidationException(where + " needs setDatabase(…) and setTable(…): which table is it of?");
        }
        TablePath path = TablePath.of(database, name);
        Set<ConfigOption<?>> known = FlussConnectorOptions.connectionAndEngineOptions();
        known.addAll(FlussConnectorOptions.useOptions());
        FlussOptionsValidation.validate(TableMapping.describe(path), options, known, Collections.emptyList());
        Map<String, String> connectionOptions = FlussOptionsValidation.connectionOptions(TableMapping.describe(path), options);
        TableInfo table = find(path, connectionOptions);
        Map<String, String> all = new HashMap<>(table.descriptor().customProperties());
        all.keySet().retainAll(FlussConnectorOptions.useOptions().stream().map(ConfigOption::key).collect(Collectors.toSet()));
        all.putAll(options);
        return new OpenedTable(connectionOptions, table, all);
    }

    private static TableInfo find(TablePath path, Map<String, String> connectionOptions) {
        try (Connection connection = Connection.open(connectionOptions)) {
            TableInfo table = connection.admin().getTable(path);
            if (ViewMapping.isView(table.descriptor())) {
                throw new ValidationException("'" + path + "' of the store is a view; only SQL can read it. Use another table name.");
            }
            return table;
        } catch (FlussException e) {
            throw new ValidationException(
                    TableMapping.describe(path) + " of the store in '"
                            + connectionOptions.get(FlussConnectorOptions.DATA_DIR.key()) + "' could not be opened: "
                            + e.getMessage(),
                    e);
        }
    }

    /** {@code data.dir} and engine options. */
    public Map<String, String> connectionOptions() {
        return connectionOptions;
    }

    public TableInfo table() {
        return table;
    }

    /** Options of scans and sinks: those that were declared with the table, and over them those of the job. */
    public Configuration options() {
        return Configuration.fromMap(options);
    }

    /** Positions of columns. @param setter what names them, in errors */
    public int[] columns(String setter, List<String> names) {
        try {
            return table.descriptor().columnIndexes(names);
        } catch (InvalidArgumentException e) {
            throw new ValidationException(setter + names + " of " + TableMapping.describe(table.path()) + ": " + e.getMessage() + ".", e);
        }
    }
}
