package io.fluss.flink.table;

import io.fluss.client.Admin;
import io.fluss.client.Connection;
import io.fluss.client.DatabaseInfo;
import io.fluss.client.FlussException;
import io.fluss.client.NotFoundException;
import io.fluss.client.TableDescriptor;
import io.fluss.client.TableInfo;
import io.fluss.client.TablePath;
import io.fluss.flink.catalog.MaterializedTables;
import io.fluss.flink.catalog.TableMapping;
import io.fluss.flink.catalog.ViewMapping;
import io.fluss.flink.catalog.VirtualTable;
import io.fluss.flink.lookup.FlussLookupOptions;
import io.fluss.flink.row.RowForm;
import io.fluss.flink.sink.FlussSinkOptions;
import io.fluss.flink.sink.FlussTableSink;
import io.fluss.flink.source.OffsetChoice;
import io.fluss.flink.source.ScanSpec;

import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.config.TableConfigOptions;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * {@code 'connector' = 'fluss'}: tables of a Fluss catalog, and of any other catalog and temporary ones. The table of the
 * store is the database and table of Flink's name; it is made on first use.
 */
public final class FlussTableFactory implements DynamicTableSourceFactory, DynamicTableSinkFactory {
    @Override
    public String factoryIdentifier() {
        return TableMapping.IDENTIFIER;
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Collections.emptySet();
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return FlussConnectorOptions.allTableOptions();
    }

    @Override
    public Set<ConfigOption<?>> forwardOptions() {
        return new LinkedHashSet<>(FlussConnectorOptions.useOptions());
    }

    @Override
    public DynamicTableSource createDynamicTableSource(Context context) {
        Map<String, String> options = context.getCatalogTable().getOptions();
        if (!options.getOrDefault(FactoryUtil.CONNECTOR.key(), TableMapping.IDENTIFIER).equals(TableMapping.IDENTIFIER)) {
            // When it makes one scan of several of a table, the planner asks the catalog's factory, also for a temporary table of others.
            return FactoryUtil.createDynamicTableSource(
                    null,
                    context.getObjectIdentifier(),
                    context.getCatalogTable(),
                    context.getEnrichmentOptions(),
                    context.getConfiguration(),
                    context.getClassLoader(),
                    context.isTemporary());
        }
        Opened opened = open(context, options);
        Configuration config = Configuration.fromMap(options);
        ReadableConfig session = context.getConfiguration();
        boolean batch = isBatch(session);
        TableDescriptor table = opened.table.descriptor();
        RowForm form = opened.virtual == null ? RowForm.CHANGE : opened.virtual.form();
        // A virtual table has no key: its rows are changes.
        boolean keyed = table.hasPrimaryKey() && form == RowForm.CHANGE;
        ScanRange range = new ScanRange(opened.table.path(), config, session);
        OffsetChoice end = range.end(batch, opened.virtual == VirtualTable.SNAPSHOT);
        boolean asOf = range.asOf() != null;
        if (asOf && form != RowForm.CHANGE) {
            throw new ValidationException(
                    "'" + opened.virtual.named(opened.table.path().table())
                            + "' is about changes, of which there is no snapshot; leave 'scan.snapshot.timestamp' and"
                            + " 'scan.snapshot.specific-offsets' out, or give 'scan.bounded.mode'.");
        }
        ScanSpec scan = ScanOptions.scan(opened.connectionOptions, opened.table, config, range, end)
                .keyed(keyed)
                .batch(batch)
                .checkpointing(!batch && checkpointing(session))
                .logForm(form)
                .build();
        return AggregatingTableSource.orNot(
                scan,
                table,
                batch,
                opened.virtual == null && !asOf ? FlussLookupOptions.from(config, range.waitFor()) : null,
                config.getOptional(FlussConnectorOptions.SCAN_PARALLELISM).orElse(null));
    }

    @Override
    public DynamicTableSink createDynamicTableSink(Context context) {
        Map<String, String> options = context.getCatalogTable().getOptions();
        Opened opened = open(context, options);
        if (opened.virtual != null) {
            throw new ValidationException(
                    TableMapping.describe(opened.table.path()) + " cannot be written under the name '"
                            + context.getObjectIdentifier().getObjectName() + "', which is only a way to read it; write into '"
                            + opened.table.path().table() + "'.");
        }
        ReadableConfig session = context.getConfiguration();
        if (MaterializedTables.isOne(opened.table.descriptor())
                && !isBatch(session)
                && session.get(TableConfigOptions.TABLE_DML_SYNC)) {
            throw new ValidationException(
                    "The statement would start the job that keeps the materialized " + TableMapping.describe(opened.table.path())
                            + " fresh, and wait for its end, which does not come: SET 'table.dml-sync' = 'false' first.");
        }
        return new FlussTableSink(
                opened.connectionOptions,
                opened.table.path(),
                opened.table.tableId(),
                opened.table.descriptor(),
                FlussSinkOptions.from(Configuration.fromMap(options)),
                checkpointing(session));
    }

    private static boolean isBatch(ReadableConfig session) {
        return session.get(ExecutionOptions.RUNTIME_MODE) == RuntimeExecutionMode.BATCH;
    }

    private static boolean checkpointing(ReadableConfig session) {
        return session.getOptional(CheckpointingOptions.CHECKPOINTING_INTERVAL).isPresent();
    }

    /** Finds the table in the store, or makes it. */
    private static Opened open(DynamicTableFactory.Context context, Map<String, String> options) {
        TablePath named = TablePath.of(
                context.getObjectIdentifier().getDatabaseName(), context.getObjectIdentifier().getObjectName());
        VirtualTable virtual = VirtualTable.of(named.table());
        TablePath path = virtual == null ? named : virtual.base(named);
        TableMapping.validateOptions(path, options);
        Map<String, String> connectionOptions =
                FlussOptionsValidation.connectionOptions(TableMapping.describe(path), options);
        try (Connection connection = Connection.open(connectionOptions)) {
            TableInfo table;
            if (virtual == null) {
                TableDescriptor declared = TableMapping.toDescriptor(path, context.getCatalogTable());
                table = findOrCreate(connection.admin(), path, declared);
                TableMapping.requireSame(table, declared);
            } else {
                table = connection.admin().getTable(path);
                virtual.requireReadable(path, table.descriptor());
                virtual.requireSame(table, context.getCatalogTable().getResolvedSchema());
            }
            return new Opened(connectionOptions, table, virtual);
        } catch (FlussException e) {
            ValidationException failure = new ValidationException(
                    TableMapping.describe(path) + " of the store in '"
                            + connectionOptions.get(FlussConnectorOptions.DATA_DIR.key()) + "' could not be opened: "
                            + e.getMessage());
            // Not as cause: Flink's SQL client shows the last cause only, which does not name the table.
            failure.addSuppressed(e);
            throw failure;
        }
    }

    private static TableInfo findOrCreate(Admin admin, TablePath path, TableDescriptor declared) {
        try {
            TableInfo table = admin.getTable(path);
            if (ViewMapping.isView(table.descriptor())) {
                throw new ValidationException(
                        "'" + path + "' of the store is a view; only a Fluss catalog can read it. Use another table name.");
            }
            return table;
        } catch (NotFoundException e) {
            admin.createDatabase(new DatabaseInfo(path.database(), "", Collections.emptyMap()), true);
            return admin.createTable(path, declared, true);
        }
    }

    /** A table of the store, and what opens the store. */
    private static final class Opened {
        private final Map<String, String> connectionOptions;
        private final TableInfo table;
        /** The way to read it that was named; null: none. */
        private final VirtualTable virtual;

        Opened(Map<String, String> connectionOptions, TableInfo table, VirtualTable virtual) {
            this.connectionOptions = connectionOptions;
            this.table = table;
            this.virtual = virtual;
        }
    }
}
