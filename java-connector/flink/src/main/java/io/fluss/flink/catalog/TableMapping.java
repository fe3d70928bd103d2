package io.fluss.flink.catalog;

import io.fluss.client.TableDescriptor;
import io.fluss.client.TableInfo;
import io.fluss.client.TablePath;
import io.fluss.flink.adapter.SchemaAdapter;
import io.fluss.flink.row.MetadataColumn;
import io.fluss.flink.row.TypeConversion;
import io.fluss.flink.table.FlussConnectorOptions;
import io.fluss.flink.table.FlussOptionsValidation;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.CatalogBaseTable;
import org.apache.flink.table.catalog.CatalogTable;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedCatalogTable;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.utils.TypeConversions;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import static io.fluss.flink.table.FlussConnectorOptions.BUCKET_KEY;
import static io.fluss.flink.table.FlussConnectorOptions.BUCKET_NUM;

/** A table as Flink declares it, and as the store keeps it. */
public final class TableMapping {
    /** Identifier of the connector and of the catalog. */
    public static final String IDENTIFIER = "fluss";

    private static final List<String> FLINK_OPTIONS = Arrays.asList(FactoryUtil.CONNECTOR.key(), "property-version");

    private static final Set<String> RESERVED_COLUMNS =
            Collections.unmodifiableSet(
                    new HashSet<>(
                            Arrays.asList(
                                    "__offset",
                                    "__timestamp",
                                    "__bucket",
                                    "_change_type",
                                    "_log_offset",
                                    "_commit_timestamp")));

    private TableMapping() {}

    /** How errors name a table. */
    public static String describe(TablePath path) {
        return "table '" + path + "'";
    }

    /** Refuses options that no table has, and values that cannot be read. */
    public static void validateOptions(TablePath path, Map<String, String> options) {
        // What they say of which column the store checks.
        Map<String, String> others = new LinkedHashMap<>(options);
        others.keySet().removeIf(FlussConnectorOptions::isColumnOption);
        FlussOptionsValidation.validate(
                describe(path), others, FlussConnectorOptions.allTableOptions(), FLINK_OPTIONS);
        String connector = options.get(FactoryUtil.CONNECTOR.key());
        if (connector != null && !connector.equals(IDENTIFIER)) {
            throw new ValidationException(
                    "A Fluss catalog has only Fluss tables, but " + describe(path) + " says 'connector' = '" + connector
                            + "'. Create it in another catalog, or as a temporary table, or leave 'connector' out.");
        }
    }

    /** Refuses names of options that no table has. */
    static void requireKnownOptions(TablePath path, Collection<String> names) {
        List<String> others = new ArrayList<>(names);
        others.removeIf(FlussConnectorOptions::isColumnOption);
        FlussOptionsValidation.requireKnown(
                describe(path), others, FlussConnectorOptions.allTableOptions(), FLINK_OPTIONS);
    }

    /** Refuses columns that no table has. */
    static void requireColumns(TablePath path, ResolvedSchema schema) {
        for (Column column : schema.getColumns()) {
            if (RESERVED_COLUMNS.contains(column.getName())) {
                throw new ValidationException(
                        "Column '" + column.getName() + "' of " + describe(path)
                                + " has a name that is reserved; reserved are " + RESERVED_COLUMNS + ".");
            }
            if (column instanceof Column.MetadataColumn) {
                requireMetadata(path, (Column.MetadataColumn) column);
            }
        }
    }

    private static void requireMetadata(TablePath path, Column.MetadataColumn column) {
        String key = column.getMetadataKey().orElse(column.getName());
        if (!MetadataColumn.all().containsKey(key)) {
            throw new ValidationException(
                    "Column '" + column.getName() + "' of " + describe(path) + " is the metadata '" + key
                            + "', which there is not; there are " + MetadataColumn.all().keySet()
                            + ". Say which with METADATA FROM '…' VIRTUAL.");
        }
        if (!column.isVirtual()) {
            throw new ValidationException(
                    "Metadata column '" + column.getName() + "' of " + describe(path)
                            + " cannot be written, the store gives its values: declare it METADATA VIRTUAL.");
        }
    }

    /**
     * A table that only its columns, keys and table options describe; the options must have passed {@link #validateOptions}.
     *
     * @throws ValidationException naming the column or option that cannot be
     */
    public static TableDescriptor toDescriptor(TablePath path, ResolvedCatalogTable table) {
        return builder(path, table).build();
    }

    /**
     * As {@link #toDescriptor}, keeping computed columns, watermarks and the options of scans, lookups and sinks too.
     *
     * @param more further properties
     */
    static TableDescriptor toDescriptor(TablePath path, ResolvedCatalogTable table, Map<String, String> more) {
        Map<String, String> properties = SchemaProperties.of(table.getResolvedSchema());
        for (ConfigOption<?> option : FlussConnectorOptions.useOptions()) {
            if (table.getOptions().containsKey(option.key())) {
                properties.put(option.key(), table.getOptions().get(option.key()));
            }
        }
        properties.putAll(more);
        return builder(path, table).customProperties(properties).build();
    }

    private static TableDescriptor.Builder builder(TablePath path, ResolvedCatalogTable table) {
        IdentifierRules.check("database", path.database());
        IdentifierRules.check("table", path.table());
        if (table.getDistribution().isPresent()) {
            throw new ValidationException(
                    "DISTRIBUTED BY of " + describe(path)
                            + " is not supported; say it with the options 'bucket.key' and 'bucket.num'.");
        }
        TableDescriptor.Builder builder = TableDescriptor.builder().comment(table.getComment());
        ResolvedSchema schema = table.getResolvedSchema();
        requireColumns(path, schema);
        Set<String> physical = new HashSet<>();
        for (Column column : schema.getColumns()) {
            if (column.isPhysical()) {
                physical.add(column.getName());
                builder.column(new io.fluss.client.Column(
                        column.getName(),
                        TypeConversion.toFluss(
                                path.toString(), column.getName(), column.getDataType().getLogicalType()),
                        column.getComment().orElse("")));
            }
        }
        List<String> primaryKey = schema.getPrimaryKey().map(key -> key.getColumns()).orElse(Collections.emptyList());
        builder.primaryKey(primaryKey);
        builder.partitionKeys(table.getPartitionKeys());
        Map<String, String> options = table.getOptions();
        Configuration configuration = Configuration.fromMap(options);
        builder.bucketKey(bucketKey(path, configuration.get(BUCKET_KEY), primaryKey, physical));
        configuration.getOptional(BUCKET_NUM).ifPresent(count -> builder.bucketCount(bucketCount(path, count)));
        for (ConfigOption<?> option : FlussConnectorOptions.tableOptions()) {
            if (options.containsKey(option.key())) {
                builder.option(option.key(), options.get(option.key()));
            }
        }
        options.forEach((key, value) -> {
            if (FlussConnectorOptions.isColumnOption(key)) {
                builder.option(key, value);
            }
        });
        return builder;
    }

    private static int bucketCount(TablePath path, int count) {
        if (count < 1) {
            throw new ValidationException(
                    "'bucket.num' = '" + count + "' of " + describe(path) + ": a table has at least one bucket.");
        }
        return count;
    }

    private static List<String> bucketKey(
            TablePath path, String option, List<String> primaryKey, Set<String> physical) {
        List<String> key = new ArrayList<>();
        if (option == null) {
            return key;
        }
        for (String part : option.split(",")) {
            String column = part.trim();
            String problem = null;
            if (!physical.contains(column)) {
                problem = "is not a physical column of it; they are " + physical;
            } else if (!primaryKey.isEmpty() && !primaryKey.contains(column)) {
                problem = "is not in the primary key " + primaryKey + ", of which a bucket key is a part";
            } else if (key.contains(column)) {
                problem = "is named twice";
            }
            if (problem != null) {
                throw new ValidationException(
                        "'bucket.key' = '" + option + "' of " + describe(path) + ": column '" + column + "' " + problem
                                + ".");
            }
            key.add(column);
        }
        return key;
    }

    /**
     * A table of the store for Flink, with every option that opens it elsewhere too.
     *
     * @param connectionOptions {@code data.dir} and engine options
     */
    static CatalogBaseTable toCatalogTable(TableInfo info, Map<String, String> connectionOptions) {
        TableDescriptor descriptor = info.descriptor();
        Schema.Builder schema = Schema.newBuilder();
        Map<String, String> properties = new LinkedHashMap<>(descriptor.customProperties());
        SchemaProperties virtual = SchemaProperties.take(properties);
        CatalogStatistics.remove(properties);
        Map<String, String> materialized = MaterializedTables.take(properties);
        int position = 0;
        for (io.fluss.client.Column column : descriptor.columns()) {
            position = virtual.addColumnsAt(schema, position);
            schema.column(
                    column.name(), TypeConversions.fromLogicalToDataType(TypeConversion.toFlink(column.type())));
            if (!column.comment().isEmpty()) {
                schema.withComment(column.comment());
            }
            position++;
        }
        virtual.addColumnsAt(schema, position);
        virtual.addWatermarks(schema);
        if (descriptor.hasPrimaryKey()) {
            virtual.addPrimaryKey(schema, descriptor.primaryKey());
            addIndexes(schema, descriptor);
        }
        Map<String, String> options = new LinkedHashMap<>();
        options.put(FactoryUtil.CONNECTOR.key(), IDENTIFIER);
        options.putAll(connectionOptions);
        options.put(BUCKET_NUM.key(), String.valueOf(descriptor.bucketCount()));
        if (!descriptor.bucketKey().isEmpty()) {
            options.put(BUCKET_KEY.key(), String.join(",", descriptor.bucketKey()));
        }
        options.putAll(descriptor.options());
        options.putAll(properties);
        if (!materialized.isEmpty()) {
            return MaterializedTables.builder(materialized)
                    .schema(schema.build())
                    .comment(descriptor.comment())
                    .partitionKeys(descriptor.partitionKeys())
                    .options(options)
                    .build();
        }
        return CatalogTable.newBuilder()
                .schema(schema.build())
                .comment(descriptor.comment())
                .partitionKeys(descriptor.partitionKeys())
                .options(options)
                .build();
    }

    /** What a lookup can ask by: with that the planner may make a delta join of a join. */
    private static void addIndexes(Schema.Builder schema, TableDescriptor descriptor) {
        SchemaAdapter.addIndex(schema, descriptor.primaryKey());
        if (!descriptor.prefixKey().isEmpty()) {
            SchemaAdapter.addIndex(schema, descriptor.prefixKey());
        }
    }

    /**
     * Refuses to use a table of the store under a declaration that differs. What the declaration leaves open (bucket key,
     * number of buckets, table options) is as the table has it.
     */
    public static void requireSame(TableInfo table, TableDescriptor declared) {
        TableDescriptor stored = table.descriptor();
        List<String> differences = new ArrayList<>();
        String storedColumns = columns(stored);
        String declaredColumns = columns(declared);
        if (!storedColumns.equals(declaredColumns)) {
            differences.add("columns: the store has (" + storedColumns + "), declared are (" + declaredColumns + ")");
        }
        if (!stored.primaryKey().equals(declared.primaryKey())) {
            differences.add("primary key: the store has " + stored.primaryKey() + ", declared is " + declared.primaryKey());
        }
        if (!stored.partitionKeys().equals(declared.partitionKeys())) {
            differences.add(
                    "partition keys: the store has " + stored.partitionKeys() + ", declared are " + declared.partitionKeys());
        }
        if (!declared.bucketKey().isEmpty() && !stored.bucketKey().equals(declared.bucketKey())) {
            differences.add(
                    "'bucket.key': the store has " + stored.bucketKey() + ", declared is " + declared.bucketKey());
        }
        if (declared.bucketCount() > 0 && stored.bucketCount() != declared.bucketCount()) {
            differences.add(
                    "'bucket.num': the store has " + stored.bucketCount() + ", declared is " + declared.bucketCount());
        }
        Configuration storedOptions = Configuration.fromMap(stored.options());
        Configuration declaredOptions = Configuration.fromMap(declared.options());
        for (ConfigOption<?> option : FlussConnectorOptions.tableOptions()) {
            if (declared.options().containsKey(option.key())
                    && !declaredOptions.get(option).equals(storedOptions.get(option))) {
                differences.add(
                        "'" + option.key() + "': the store has '" + storedOptions.get(option) + "', declared is '"
                                + declaredOptions.get(option) + "'");
            }
        }
        declared.options().forEach((key, value) -> {
            String inStore = stored.options().get(key);
            if (FlussConnectorOptions.isColumnOption(key) && !value.equals(inStore)) {
                differences.add("'" + key + "': the store has '" + inStore + "', declared is '" + value + "'");
            }
        });
        if (!differences.isEmpty()) {
            throw new ValidationException(
                    "The store already has a " + describe(table.path()) + " that differs from the declared one. "
                            + String.join("; ", differences)
                            + ". Declare it as it is, or use another table or database name.");
        }
    }

    private static String columns(TableDescriptor descriptor) {
        StringBuilder text = new StringBuilder();
        for (io.fluss.client.Column column : descriptor.columns()) {
            boolean key = descriptor.primaryKey().contains(column.name());
            text.append(text.length() == 0 ? "" : ", ")
                    .append('`').append(column.name()).append("` ")
                    .append(key ? column.type().notNull() : column.type());
        }
        return text.toString();
    }
}
