package io.fluss.flink.testing;

import io.fluss.client.Connection;
import io.fluss.client.DatabaseInfo;
import io.fluss.client.Table;
import io.fluss.client.TableDescriptor;
import io.fluss.client.TablePath;
import java.net.URL;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** A table in a store of its own: what the external contexts of Flink's suites have in common. */
public abstract class SuiteTable {
    protected static final TablePath PATH = TablePath.of("suite", "t");

    protected final Connection connection;
    protected final Table table;
    private final Path directory;

    protected SuiteTable(Path directory, TableDescriptor descriptor) {
        this.directory = directory;
        connection = Connection.open(options());
        connection.admin().createDatabase(new DatabaseInfo("suite", "", Collections.emptyMap()), false);
        connection.admin().createTable(PATH, descriptor, false);
        table = connection.table(PATH);
    }

    /** What opens the store. */
    protected final Map<String, String> options() {
        return Map.of("data.dir", directory.toString());
    }

    /** The connector is on the class path. */
    public final List<URL> getConnectorJarPaths() {
        return Collections.emptyList();
    }

    public final void close() {
        table.close();
        connection.close();
    }
}
