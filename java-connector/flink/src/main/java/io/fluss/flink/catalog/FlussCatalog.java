package io.fluss.flink.catalog;

import io.fluss.client.Admin;
import io.fluss.client.Connection;
import io.fluss.client.DatabaseInfo;
import io.fluss.client.FlussException;
import io.fluss.client.PartitionInfo;
import io.fluss.client.TableAlteration;
import io.fluss.client.TableDescriptor;
import io.fluss.client.TableInfo;
import io.fluss.client.TablePath;
import io.fluss.flink.table.FlussOptionsValidation;
import io.fluss.flink.table.FlussTableFactory;
import io.fluss.flink.table.MergeBehavior;

import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.AbstractCatalog;
import org.apache.flink.table.catalog.CatalogBaseTable;
import org.apache.flink.table.catalog.CatalogDatabase;
import org.apache.flink.table.catalog.CatalogDatabaseImpl;
import org.apache.flink.table.catalog.CatalogFunction;
import org.apache.flink.table.catalog.CatalogPartition;
import org.apache.flink.table.catalog.CatalogPartitionImpl;
import org.apache.flink.table.catalog.CatalogPartitionSpec;
import org.apache.flink.table.catalog.ObjectPath;
import org.apache.flink.table.catalog.ResolvedCatalogBaseTable;
import org.apache.flink.table.catalog.ResolvedCatalogMaterializedTable;
import org.apache.flink.table.catalog.ResolvedCatalogTable;
import org.apache.flink.table.catalog.ResolvedCatalogView;
import org.apache.flink.table.catalog.TableChange;
import org.apache.flink.table.catalog.exceptions.CatalogException;
import org.apache.flink.table.catalog.exceptions.DatabaseAlreadyExistException;
import org.apache.flink.table.catalog.exceptions.DatabaseNotEmptyException;
import org.apache.flink.table.catalog.exceptions.DatabaseNotExistException;
import org.apache.flink.table.catalog.exceptions.FunctionAlreadyExistException;
import org.apache.flink.table.catalog.exceptions.FunctionNotExistException;
import org.apache.flink.table.catalog.exceptions.PartitionAlreadyExistsException;
import org.apache.flink.table.catalog.exceptions.PartitionNotExistException;
import org.apache.flink.table.catalog.exceptions.PartitionSpecInvalidException;
import org.apache.flink.table.catalog.exceptions.ProcedureNotExistException;
import org.apache.flink.table.catalog.exceptions.TableAlreadyExistException;
import org.apache.flink.table.catalog.exceptions.TableNotExistException;
import org.apache.flink.table.catalog.exceptions.TableNotPartitionedException;
import org.apache.flink.table.catalog.stats.CatalogColumnStatistics;
import org.apache.flink.table.catalog.stats.CatalogTableStatistics;
import org.apache.flink.table.expressions.Expression;
import org.apache.flink.table.factories.Factory;
import org.apache.flink.table.procedures.Procedure;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/** Databases and tables of a store. It holds the store open from {@link #open()} to {@link #close()}. */
public final class FlussCatalog extends AbstractCatalog {
    private final Map<String, String> connectionOptions;
    private volatile Connection connection;

    /** @param connectionOptions normalised {@code data.dir} and engine options */
    public FlussCatalog(String name, String defaultDatabase, Map<String, String> connectionOptions) {
        super(name, defaultDatabase);
        this.connectionOptions = Collections.unmodifiableMap(new HashMap<>(connectionOptions));
    }

    @Override
    public void open() {
        if (connection != null) {
            return;
        }
        Connection opened = null;
        try {
            opened = Connection.open(connectionOptions);
            opened.admin().createDatabase(new DatabaseInfo(getDefaultDatabase(), "", Collections.emptyMap()), true);
            connection = opened;
        } catch (FlussException e) {
            if (opened != null) {
                opened.close();
            }
            throw failed("open", e);
        }
    }

    @Override
    public void close() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public Optional<Factory> getFactory() {
        return Optional.of(new FlussTableFactory());
    }

    // ------------------------------------------------------------------ databases

    @Override
    public List<String> listDatabases() {
        try {
            return admin().listDatabases();
        } catch (FlussException e) {
            throw failed("list the databases", e);
        }
    }

    @Override
    public CatalogDatabase getDatabase(String name) throws DatabaseNotExistException {
        DatabaseInfo database = database(name);
        return new CatalogDatabaseImpl(CatalogFunctions.select(database.properties(), false), database.comment());
    }

    private DatabaseInfo database(String name) throws DatabaseNotExistException {
        try {
            return admin().getDatabase(name);
        } catch (FlussException e) {
            if (Codes.noDatabase(e)) {
                throw new DatabaseNotExistException(getName(), name, e);
            }
            throw failed("read database '" + name + "'", e);
        }
    }

    @Override
    public boolean databaseExists(String name) {
        try {
            getDatabase(name);
            return true;
        } catch (DatabaseNotExistException e) {
            return false;
        }
    }

    @Override
    public void createDatabase(String name, CatalogDatabase database, boolean ignoreIfExists)
            throws DatabaseAlreadyExistException {
        IdentifierRules.check("database", name);
        try {
            String comment = database.getComment();
            admin().createDatabase(new DatabaseInfo(name, comment, database.getProperties()), ignoreIfExists);
        } catch (FlussException e) {
            if (Codes.databaseExists(e)) {
                throw new DatabaseAlreadyExistException(getName(), name, e);
            }
            throw failed("create database '" + name + "'", e);
        }
    }

    @Override
    public void alterDatabase(String name, CatalogDatabase database, boolean ignoreIfNotExists)
            throws DatabaseNotExistException {
        try {
            synchronized (CatalogFunctions.class) {
                Map<String, String> properties = CatalogFunctions.select(admin().getDatabase(name).properties(), true);
                properties.putAll(database.getProperties());
                admin().alterDatabase(new DatabaseInfo(name, database.getComment(), properties));
            }
        } catch (FlussException e) {
            if (!Codes.noDatabase(e)) {
                throw failed("alter database '" + name + "'", e);
            }
            if (!ignoreIfNotExists) {
                throw new DatabaseNotExistException(getName(), name, e);
            }
        }
    }

    @Override
    public void dropDatabase(String name, boolean ignoreIfNotExists, boolean cascade)
            throws DatabaseNotExistException, DatabaseNotEmptyException {
        try {
            if (!cascade && databaseExists(name)
                    && !CatalogFunctions.select(database(name).properties(), true).isEmpty()) {
                throw new DatabaseNotEmptyException(getName(), name);
            }
            admin().dropDatabase(name, ignoreIfNotExists, cascade);
        } catch (FlussException e) {
            if (Codes.noDatabase(e)) {
                throw new DatabaseNotExistException(getName(), name, e);
            }
            if (Codes.databaseNotEmpty(e)) {
                throw new DatabaseNotEmptyException(getName(), name, e);
            }
            throw failed("drop database '" + name + "'", e);
        }
    }

    // ------------------------------------------------------------------ tables

    @Override
    public List<String> listTables(String database) throws DatabaseNotExistException {
        try {
            return admin().listTables(database);
        } catch (FlussException e) {
            if (Codes.noDatabase(e)) {
                throw new DatabaseNotExistException(getName(), database, e);
            }
            throw failed("list the tables of database '" + database + "'", e);
        }
    }

    @Override
    public List<String> listViews(String database) throws DatabaseNotExistException {
        return listTables(database, ViewMapping::isView);
    }

    // Not an override in Flink 1.20.
    public List<String> listMaterializedTables(String database) throws DatabaseNotExistException {
        return listTables(database, MaterializedTables::isOne);
    }

    private List<String> listTables(String database, Predicate<TableDescriptor> which) throws DatabaseNotExistException {
        List<String> tables = new ArrayList<>(listTables(database));
        tables.removeIf(name -> !isThere(TablePath.of(database, name), which));
        return tables;
    }

    private boolean isThere(TablePath path, Predicate<TableDescriptor> which) {
        try {
            return which.test(admin().getTable(path).descriptor());
        } catch (FlussException e) {
            if (Codes.noDatabase(e) || Codes.noTable(e)) {
                // Dropped in between.
                return false;
            }
            throw failed("read table '" + path + "'", e);
        }
    }

    @Override
    public CatalogBaseTable getTable(ObjectPath path) throws TableNotExistException {
        TableInfo table = stored(path);
        VirtualTable virtual = VirtualTable.of(path.getObjectName());
        if (virtual != null && ViewMapping.isView(table.descriptor())) {
            throw new TableNotExistException(getName(), path);
        }
        if (virtual != null) {
            return virtual.toCatalogTable(table, connectionOptions);
        }
        return ViewMapping.isView(table.descriptor())
                ? ViewMapping.toCatalogView(table.descriptor())
                : TableMapping.toCatalogTable(table, connectionOptions);
    }

    /** As it was at a time, which a query gives with FOR SYSTEM_TIME AS OF. */
    @Override
    public CatalogBaseTable getTable(ObjectPath path, long timestamp) throws TableNotExistException {
        TableInfo table = stored(path);
        if (ViewMapping.isView(table.descriptor()) || VirtualTable.of(path.getObjectName()) != null) {
            throw new ValidationException("FOR SYSTEM_TIME AS OF is of tables, and '" + path + "' is none.");
        }
        return VirtualTable.snapshot(table, connectionOptions, timestamp);
    }

    /** The table with this name, or that which is read under it. */
    private TableInfo stored(ObjectPath path) throws TableNotExistException {
        try {
            return admin().getTable(toBase(path));
        } catch (FlussException e) {
            if (Codes.noDatabase(e) || Codes.noTable(e)) {
                throw new TableNotExistException(getName(), path, e);
            }
            throw failed("read table '" + path + "'", e);
        }
    }

    @Override
    public boolean tableExists(ObjectPath path) {
        try {
            getTable(path);
            return true;
        } catch (TableNotExistException e) {
            return false;
        }
    }

    @Override
    public void createTable(ObjectPath path, CatalogBaseTable table, boolean ignoreIfExists)
            throws TableAlreadyExistException, DatabaseNotExistException {
        TablePath flussPath = toPath(path);
        TableDescriptor descriptor = descriptor(flussPath, table);
        try {
            admin().createTable(flussPath, descriptor, ignoreIfExists);
        } catch (FlussException e) {
            if (Codes.noDatabase(e)) {
                throw new DatabaseNotExistException(getName(), path.getDatabaseName(), e);
            }
            if (Codes.tableExists(e)) {
                throw new TableAlreadyExistException(getName(), path, e);
            }
            throw failed("create table '" + path + "'", e);
        }
    }

    private TableDescriptor descriptor(TablePath path, CatalogBaseTable table) {
        if (table instanceof ResolvedCatalogView) {
            IdentifierRules.check("database", path.database());
            IdentifierRules.check("view", path.table());
            return ViewMapping.toDescriptor((ResolvedCatalogView) table);
        }
        TableMapping.validateOptions(path, table.getOptions());
        requireOwnStore(path, table.getOptions());
        if (table instanceof ResolvedCatalogMaterializedTable) {
            ResolvedCatalogMaterializedTable materialized = (ResolvedCatalogMaterializedTable) table;
            return TableMapping.toDescriptor(
                    path, materialized.toResolvedCatalogTable(), MaterializedTables.properties(path.toString(), materialized));
        }
        return TableMapping.toDescriptor(path, (ResolvedCatalogTable) table, Collections.emptyMap());
    }

    /** Views; of a table Flink says what changes. */
    @Override
    public void alterTable(ObjectPath path, CatalogBaseTable table, boolean ignoreIfNotExists)
            throws TableNotExistException {
        if (!(table instanceof ResolvedCatalogView)) {
            throw new UnsupportedOperationException(
                    "'" + path + "' cannot be altered without saying what changes; use ALTER TABLE in SQL.");
        }
        alter(path, ignoreIfNotExists, stored -> ViewMapping.toAlteration((ResolvedCatalogView) table));
    }

    @Override
    public void alterTable(
            ObjectPath path, CatalogBaseTable table, List<TableChange> changes, boolean ignoreIfNotExists)
            throws TableNotExistException {
        alter(
                path,
                ignoreIfNotExists,
                stored -> TableChanges.of(toPath(path), stored, (ResolvedCatalogBaseTable<?>) table, changes));
    }

    private void alter(ObjectPath path, boolean ignoreIfNotExists, Function<TableInfo, TableAlteration> alteration)
            throws TableNotExistException {
        VirtualTable.requireTable(path, "cannot be altered");
        try {
            TableInfo stored = admin().getTable(toPath(path));
            admin().alterTable(toPath(path), alteration.apply(stored));
        } catch (FlussException e) {
            if (!Codes.noDatabase(e) && !Codes.noTable(e)) {
                throw failed("alter table '" + path + "'", e);
            }
            if (!ignoreIfNotExists) {
                throw new TableNotExistException(getName(), path, e);
            }
        }
    }

    @Override
    public void renameTable(ObjectPath path, String newName, boolean ignoreIfNotExists)
            throws TableNotExistException, TableAlreadyExistException {
        VirtualTable.requireTable(path, "cannot be renamed");
        IdentifierRules.check("table", newName);
        try {
            admin().renameTable(toPath(path), newName);
        } catch (FlussException e) {
            if (Codes.tableExists(e)) {
                throw new TableAlreadyExistException(getName(), new ObjectPath(path.getDatabaseName(), newName), e);
            }
            if (!Codes.noDatabase(e) && !Codes.noTable(e)) {
                throw failed("rename table '" + path + "' to '" + newName + "'", e);
            }
            if (!ignoreIfNotExists) {
                throw new TableNotExistException(getName(), path, e);
            }
        }
    }

    /** A table that names the store it is in may do so: {@code CREATE TABLE … LIKE} copies these options. */
    private void requireOwnStore(TablePath path, Map<String, String> options) {
        Map<String, String> named = new HashMap<>(connectionOptions);
        named.putAll(options);
        named = FlussOptionsValidation.connectionOptions(TableMapping.describe(path), named);
        for (String name : new TreeSet<>(named.keySet())) {
            String value = named.get(name);
            String own = connectionOptions.get(name);
            if (!value.equals(own)) {
                throw new ValidationException(
                        "'" + name + "' = '" + value + "' of " + TableMapping.describe(path)
                                + (own == null ? " is not an option of" : " differs from '" + own + "' of")
                                + " its catalog '" + getName()
                                + "'. Say it in CREATE CATALOG, or leave it out of CREATE TABLE"
                                + " (LIKE copies it: add EXCLUDING OPTIONS).");
            }
        }
    }

    @Override
    public void dropTable(ObjectPath path, boolean ignoreIfNotExists) throws TableNotExistException {
        VirtualTable.requireTable(path, "cannot be dropped");
        try {
            admin().dropTable(toPath(path), ignoreIfNotExists);
        } catch (FlussException e) {
            if (Codes.noDatabase(e) || Codes.noTable(e)) {
                if (ignoreIfNotExists) {
                    return;
                }
                throw new TableNotExistException(getName(), path, e);
            }
            throw failed("drop table '" + path + "'", e);
        }
    }

    // ------------------------------------------------------------------ partitions

    @Override
    public List<CatalogPartitionSpec> listPartitions(ObjectPath path)
            throws TableNotExistException, TableNotPartitionedException {
        return partitions(path, partitioned(path), Collections.emptyMap());
    }

    @Override
    public List<CatalogPartitionSpec> listPartitions(ObjectPath path, CatalogPartitionSpec spec)
            throws TableNotExistException, TableNotPartitionedException, PartitionSpecInvalidException {
        TableDescriptor table = partitioned(path);
        if (!table.partitionKeys().containsAll(spec.getPartitionSpec().keySet())) {
            throw new PartitionSpecInvalidException(getName(), table.partitionKeys(), path, spec);
        }
        return partitions(path, table, spec.getPartitionSpec());
    }

    @Override
    public List<CatalogPartitionSpec> listPartitionsByFilter(ObjectPath path, List<Expression> filters)
            throws TableNotExistException, TableNotPartitionedException {
        TableDescriptor table = partitioned(path);
        Map<String, String> values = CatalogPartitions.valuesOf(table, filters);
        return values == null ? Collections.emptyList() : partitions(path, table, values);
    }

    private List<CatalogPartitionSpec> partitions(ObjectPath path, TableDescriptor table, Map<String, String> values) {
        try {
            return CatalogPartitions.list(admin(), toBase(path), table.partitionKeys(), values);
        } catch (FlussException e) {
            throw failed("list the partitions of table '" + path + "'", e);
        }
    }

    /** @throws TableNotPartitionedException also for a view */
    private TableDescriptor partitioned(ObjectPath path) throws TableNotExistException, TableNotPartitionedException {
        TableDescriptor table = stored(path).descriptor();
        if (table.partitionKeys().isEmpty()) {
            throw new TableNotPartitionedException(getName(), path);
        }
        return table;
    }

    @Override
    public CatalogPartition getPartition(ObjectPath path, CatalogPartitionSpec spec)
            throws PartitionNotExistException {
        if (!partitionExists(path, spec)) {
            throw new PartitionNotExistException(getName(), path, spec);
        }
        return new CatalogPartitionImpl(Collections.emptyMap(), "");
    }

    @Override
    public boolean partitionExists(ObjectPath path, CatalogPartitionSpec spec) {
        try {
            TableDescriptor table = partitioned(path);
            return spec.getPartitionSpec().keySet().equals(new HashSet<>(table.partitionKeys()))
                    && !partitions(path, table, spec.getPartitionSpec()).isEmpty();
        } catch (TableNotExistException | TableNotPartitionedException e) {
            return false;
        }
    }

    @Override
    public void createPartition(
            ObjectPath path, CatalogPartitionSpec spec, CatalogPartition partition, boolean ignoreIfExists)
            throws TableNotExistException,
                    TableNotPartitionedException,
                    PartitionSpecInvalidException,
                    PartitionAlreadyExistsException {
        VirtualTable.requireTable(path, "gets no partitions");
        TableDescriptor table = partitioned(path);
        if (!spec.getPartitionSpec().keySet().equals(new HashSet<>(table.partitionKeys()))) {
            throw new PartitionSpecInvalidException(getName(), table.partitionKeys(), path, spec);
        }
        if (!partition.getProperties().isEmpty()) {
            throw new ValidationException(
                    "Partition " + spec + " of table '" + path + "': a partition has no options of its own, but "
                            + partition.getProperties().keySet() + " are given. Leave WITH out.");
        }
        try {
            admin().createPartition(toPath(path), spec.getPartitionSpec(), ignoreIfExists);
        } catch (FlussException e) {
            if (Codes.partitionExists(e)) {
                throw new PartitionAlreadyExistsException(getName(), path, spec, e);
            }
            throw failed("create partition " + spec + " of table '" + path + "'", e);
        }
    }

    @Override
    public void dropPartition(ObjectPath path, CatalogPartitionSpec spec, boolean ignoreIfNotExists)
            throws PartitionNotExistException {
        VirtualTable.requireTable(path, "loses no partitions");
        try {
            admin().dropPartition(toPath(path), spec.getPartitionSpec(), ignoreIfNotExists);
        } catch (FlussException e) {
            if (Codes.noPartition(e)) {
                throw new PartitionNotExistException(getName(), path, spec, e);
            }
            throw failed("drop partition " + spec + " of table '" + path + "'", e);
        }
    }

    @Override
    public void alterPartition(
            ObjectPath path, CatalogPartitionSpec spec, CatalogPartition partition, boolean ignoreIfNotExists) {
        throw new UnsupportedOperationException(
                "Partition " + spec + " of table '" + path + "' has no options that could be altered; those of the table hold"
                        + " for all its partitions (ALTER TABLE … SET).");
    }

    // ------------------------------------------------------------------ statistics

    /** Of a table with partitions its source says them: it knows which of them are read. */
    @Override
    public CatalogTableStatistics getTableStatistics(ObjectPath path) throws TableNotExistException {
        TableDescriptor table = stored(path).descriptor();
        return table.partitionKeys().isEmpty() ? statistics(path, table, 0) : CatalogTableStatistics.UNKNOWN;
    }

    @Override
    public CatalogColumnStatistics getTableColumnStatistics(ObjectPath path) throws TableNotExistException {
        return CatalogStatistics.columns(stored(path).descriptor());
    }

    @Override
    public CatalogTableStatistics getPartitionStatistics(ObjectPath path, CatalogPartitionSpec spec)
            throws PartitionNotExistException {
        try {
            TableDescriptor table = partitioned(path);
            List<PartitionInfo> partitions = admin().listPartitions(toBase(path), spec.getPartitionSpec());
            if (partitions.size() == 1) {
                return statistics(path, table, partitions.get(0).partitionId());
            }
        } catch (TableNotExistException | TableNotPartitionedException e) {
            throw new PartitionNotExistException(getName(), path, spec, e);
        } catch (FlussException e) {
            throw failed("read the statistics of partition " + spec + " of table '" + path + "'", e);
        }
        throw new PartitionNotExistException(getName(), path, spec);
    }

    @Override
    public CatalogColumnStatistics getPartitionColumnStatistics(ObjectPath path, CatalogPartitionSpec spec) {
        return CatalogColumnStatistics.UNKNOWN;
    }

    /** Asked for all partitions, whichever are read; to open all of them may take long. */
    @Override
    public List<CatalogTableStatistics> bulkGetPartitionStatistics(ObjectPath path, List<CatalogPartitionSpec> specs) {
        return Collections.nCopies(specs.size(), CatalogTableStatistics.UNKNOWN);
    }

    /** The number of rows: where the store knows it without reading them, as it is now, else as ANALYZE TABLE found it. */
    private CatalogTableStatistics statistics(ObjectPath path, TableDescriptor table, int partition) {
        if (VirtualTable.of(path.getObjectName()) != null || ViewMapping.isView(table)) {
            return CatalogTableStatistics.UNKNOWN;
        }
        if (!MergeBehavior.of(table).countsRows() || partition == 0 && hasManyPartitions(path, table)) {
            long rows = partition == 0 ? CatalogStatistics.rows(table) : -1;
            return rows < 0 ? CatalogTableStatistics.UNKNOWN : new CatalogTableStatistics(rows, -1, -1, -1);
        }
        try {
            return new CatalogTableStatistics(admin().tableStats(toPath(path), partition).rowCount(), -1, -1, -1);
        } catch (FlussException e) {
            throw failed("read the statistics of table '" + path + "'", e);
        }
    }

    private boolean hasManyPartitions(ObjectPath path, TableDescriptor table) {
        return !table.partitionKeys().isEmpty()
                && admin().listPartitions(toPath(path)).size() > CatalogStatistics.MOST_PARTITIONS;
    }

    @Override
    public void alterTableStatistics(ObjectPath path, CatalogTableStatistics statistics, boolean ignoreIfNotExists)
            throws TableNotExistException {
        keep(path, ignoreIfNotExists, properties -> CatalogStatistics.putRows(properties, statistics.getRowCount()));
    }

    @Override
    public void alterTableColumnStatistics(
            ObjectPath path, CatalogColumnStatistics statistics, boolean ignoreIfNotExists)
            throws TableNotExistException {
        keep(path, ignoreIfNotExists, properties -> CatalogStatistics.putColumns(properties, statistics));
    }

    private void keep(ObjectPath path, boolean ignoreIfNotExists, Consumer<Map<String, String>> change)
            throws TableNotExistException {
        alter(path, ignoreIfNotExists, stored -> {
            Map<String, String> properties = new HashMap<>(stored.descriptor().customProperties());
            change.accept(properties);
            return TableAlteration.builder()
                    .customProperties(properties)
                    .expectedSchemaId(stored.schemaId())
                    .build();
        });
    }

    @Override
    public void alterPartitionStatistics(
            ObjectPath path, CatalogPartitionSpec spec, CatalogTableStatistics statistics, boolean ignoreIfNotExists) {
        throw new UnsupportedOperationException(
                "ANALYZE TABLE of partition " + spec + " of '" + path + "': the Fluss catalog keeps statistics of tables"
                        + " without partitions only; the number of rows is known without it.");
    }

    @Override
    public void alterPartitionColumnStatistics(
            ObjectPath path, CatalogPartitionSpec spec, CatalogColumnStatistics statistics, boolean ignoreIfNotExists) {
        alterPartitionStatistics(path, spec, CatalogTableStatistics.UNKNOWN, ignoreIfNotExists);
    }

    // ------------------------------------------------------------------ functions

    @Override
    public List<String> listFunctions(String database) throws DatabaseNotExistException {
        return CatalogFunctions.names(database(database));
    }

    @Override
    public CatalogFunction getFunction(ObjectPath path) throws FunctionNotExistException {
        CatalogFunction function;
        try {
            function = CatalogFunctions.of(database(path.getDatabaseName()), path.getObjectName());
        } catch (DatabaseNotExistException e) {
            throw new FunctionNotExistException(getName(), path, e);
        }
        if (function == null) {
            throw new FunctionNotExistException(getName(), path);
        }
        return function;
    }

    @Override
    public boolean functionExists(ObjectPath path) {
        try {
            getFunction(path);
            return true;
        } catch (FunctionNotExistException e) {
            return false;
        }
    }

    @Override
    public void createFunction(ObjectPath path, CatalogFunction function, boolean ignoreIfExists)
            throws FunctionAlreadyExistException, DatabaseNotExistException {
        // A database is replaced as a whole; the lock is of one class loader, which has one session or a few.
        synchronized (CatalogFunctions.class) {
            DatabaseInfo database = database(path.getDatabaseName());
            if (CatalogFunctions.of(database, path.getObjectName()) == null) {
                putFunction(database, path, function);
            } else if (!ignoreIfExists) {
                throw new FunctionAlreadyExistException(getName(), path);
            }
        }
    }

    @Override
    public void alterFunction(ObjectPath path, CatalogFunction function, boolean ignoreIfNotExists)
            throws FunctionNotExistException {
        replaceFunction(path, function, ignoreIfNotExists);
    }

    @Override
    public void dropFunction(ObjectPath path, boolean ignoreIfNotExists) throws FunctionNotExistException {
        replaceFunction(path, null, ignoreIfNotExists);
    }

    private void replaceFunction(ObjectPath path, CatalogFunction function, boolean ignoreIfNotExists)
            throws FunctionNotExistException {
        synchronized (CatalogFunctions.class) {
            DatabaseInfo database;
            try {
                database = database(path.getDatabaseName());
            } catch (DatabaseNotExistException e) {
                if (!ignoreIfNotExists) {
                    throw new FunctionNotExistException(getName(), path, e);
                }
                return;
            }
            if (CatalogFunctions.of(database, path.getObjectName()) != null) {
                putFunction(database, path, function);
            } else if (!ignoreIfNotExists) {
                throw new FunctionNotExistException(getName(), path);
            }
        }
    }

    private void putFunction(DatabaseInfo database, ObjectPath path, CatalogFunction function) {
        try {
            CatalogFunctions.put(admin(), database, path.getObjectName(), function);
        } catch (FlussException e) {
            throw failed("keep function '" + path + "'", e);
        }
    }

    // ------------------------------------------------------------------ procedures

    @Override
    public List<String> listProcedures(String database) throws DatabaseNotExistException {
        if (database.equals(Procedures.DATABASE)) {
            return Procedures.names();
        }
        getDatabase(database);
        return Collections.emptyList();
    }

    @Override
    public Procedure getProcedure(ObjectPath path) throws ProcedureNotExistException {
        Procedure procedure = path.getDatabaseName().equals(Procedures.DATABASE)
                ? Procedures.of(path.getObjectName(), this::admin)
                : null;
        if (procedure == null) {
            throw new ProcedureNotExistException(getName(), path);
        }
        return procedure;
    }

    // ------------------------------------------------------------------

    private Admin admin() {
        Connection open = connection;
        if (open == null) {
            throw new CatalogException("Catalog '" + getName() + "' is not open.");
        }
        return open.admin();
    }

    private static TablePath toPath(ObjectPath path) {
        return TablePath.of(path.getDatabaseName(), path.getObjectName());
    }

    /** Of the table with this name, or of that which is read under it. */
    private static TablePath toBase(ObjectPath path) {
        VirtualTable virtual = VirtualTable.of(path.getObjectName());
        return virtual == null ? toPath(path) : virtual.base(toPath(path));
    }

    /** What the user has to mend is a ValidationException, everything else a CatalogException; both with the store's words. */
    private RuntimeException failed(String what, FlussException e) {
        String message = "Catalog '" + getName() + "' could not " + what + ": " + e.getMessage();
        RuntimeException failure = Codes.invalid(e) ? new ValidationException(message) : new CatalogException(message);
        // Not as cause: Flink's SQL client shows the last cause only, which does not say what was being done.
        failure.addSuppressed(e);
        return failure;
    }
}
