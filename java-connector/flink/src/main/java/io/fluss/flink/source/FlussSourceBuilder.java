package io.fluss.flink.source;

import io.fluss.client.Column;
import io.fluss.client.Connection;
import io.fluss.client.FlussException;
import io.fluss.client.Predicate;
import io.fluss.client.Projection;
import io.fluss.client.Table;
import io.fluss.client.TableDescriptor;
import io.fluss.client.initializer.OffsetsInitializer;
import io.fluss.flink.catalog.TableMapping;
import io.fluss.flink.row.TypeConversion;
import io.fluss.flink.source.deserializer.FlussDeserializationSchema;
import io.fluss.flink.table.BoundedMode;
import io.fluss.flink.table.FlussConnectorOptions;
import io.fluss.flink.table.MergeBehavior;
import io.fluss.flink.table.OpenedTable;
import io.fluss.flink.table.ScanOptions;
import io.fluss.flink.table.StartupMode;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.RowKind;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A source of a DataStream job. What it takes besides are the options of SQL's tables: {@code data.dir}, those of the engine and of scans
 * ({@code docs/options.md}), by {@link #setOption}; those that were declared with the table hold too, where the builder says nothing else.
 */
public final class FlussSourceBuilder<OUT> {
    private final Map<String, String> options = new HashMap<>();
    private String database;
    private String table;
    private String[] projectedFields;
    private Predicate filter;
    private FlussDeserializationSchema<OUT> schema;

    FlussSourceBuilder() {}

    /** Not in this version: {@link #build} says so. The store is named by the option {@code data.dir}. */
    public FlussSourceBuilder<OUT> setBootstrapServers(String bootstrapServers) {
        return setOption(FlussConnectorOptions.BOOTSTRAP_SERVERS.key(), bootstrapServers);
    }

    public FlussSourceBuilder<OUT> setDatabase(String name) {
        database = name;
        return this;
    }

    public FlussSourceBuilder<OUT> setTable(String name) {
        table = name;
        return this;
    }

    /** Columns that rows have, in this order; unless it is called, all. */
    public FlussSourceBuilder<OUT> setProjectedFields(String... columns) {
        projectedFields = columns.clone();
        return this;
    }

    /**
     * Only rows for which it is true are read, of a primary-key table too: of a row that an update takes out of the filter comes the -U
     * without +U. Positions are those of the table's columns, whatever columns are read.
     */
    public FlussSourceBuilder<OUT> setFilter(Predicate predicate) {
        filter = predicate;
        return this;
    }

    /** Where the read begins; unless it is called, {@link OffsetsInitializer#full()}. */
    public FlussSourceBuilder<OUT> setStartingOffsets(OffsetsInitializer offsets) {
        options.put(FlussConnectorOptions.SCAN_STARTUP_MODE.key(), offsets.mode().toString());
        putValue(offsets, FlussConnectorOptions.SCAN_STARTUP_TIMESTAMP.key(), FlussConnectorOptions.SCAN_STARTUP_SPECIFIC_OFFSETS.key());
        return this;
    }

    /**
     * Where the read ends; unless it is called, it does not. One that begins with {@link OffsetsInitializer#full()} then has the rows
     * of a primary-key table as they are there.
     */
    public FlussSourceBuilder<OUT> setBounded(OffsetsInitializer offsets) {
        options.put(FlussConnectorOptions.SCAN_BOUNDED_MODE.key(), boundedMode(offsets).toString());
        putValue(offsets, FlussConnectorOptions.SCAN_BOUNDED_TIMESTAMP.key(), FlussConnectorOptions.SCAN_BOUNDED_SPECIFIC_OFFSETS.key());
        return this;
    }

    private static BoundedMode boundedMode(OffsetsInitializer offsets) {
        switch (offsets.mode()) {
            case LATEST:
                return BoundedMode.LATEST_OFFSET;
            case TIMESTAMP:
                return BoundedMode.TIMESTAMP;
            case SPECIFIC_OFFSETS:
                return BoundedMode.SPECIFIC_OFFSETS;
            default:
                throw new ValidationException("setBounded(" + offsets + "): a read cannot end there; give"
                        + " OffsetsInitializer.latest(), timestamp(…), offsets(…) or ofPartitions(…).");
        }
    }

    private void putValue(OffsetsInitializer offsets, String timestamp, String specific) {
        options.remove(timestamp);
        options.remove(specific);
        if (offsets.value() != null) {
            options.put(offsets.mode() == StartupMode.TIMESTAMP ? timestamp : specific, offsets.value());
        }
    }

    /** How often a source that never ends looks for new partitions, in milliseconds; 0: once, at its start. */
    public FlussSourceBuilder<OUT> setScanPartitionDiscoveryIntervalMs(long millis) {
        return setOption(FlussConnectorOptions.SCAN_PARTITION_DISCOVERY_INTERVAL.key(), millis + " ms");
    }

    public FlussSourceBuilder<OUT> setDeserializationSchema(FlussDeserializationSchema<OUT> deserializationSchema) {
        schema = deserializationSchema;
        return this;
    }

    /** The options in it as {@link #setOption} takes them. */
    public FlussSourceBuilder<OUT> setFlussConfig(Configuration configuration) {
        return setOptions(configuration.toMap());
    }

    public FlussSourceBuilder<OUT> setOption(String key, String value) {
        options.put(key, value);
        return this;
    }

    public FlussSourceBuilder<OUT> setOptions(Map<String, String> keysAndValues) {
        options.putAll(keysAndValues);
        return this;
    }

    /** Looks at the table as it is now. @throws ValidationException saying what is missing or wrong */
    public FlussSource<OUT> build() {
        if (schema == null) {
            throw new ValidationException("A source needs setDeserializationSchema(…), for example of a new RowDataDeserializationSchema().");
        }
        OpenedTable opened = OpenedTable.find("FlussSource", database, table, options);
        TableDescriptor descriptor = opened.table().descriptor();
        List<Column> all = descriptor.columns();
        int[] columns = projectedFields == null
                ? IntStream.range(0, all.size()).toArray()
                : opened.columns("setProjectedFields", Arrays.asList(projectedFields));
        ScanSpec spec = ScanOptions.stream(opened.connectionOptions(), opened.table(), opened.options())
                .projection(Projection.of(columns))
                .filter(filter, PartitionFilter.ALL)
                // Whether the job takes any is not known here: one that does not keeps its snapshots until it ends.
                .checkpointing(true)
                .build();
        ScanOptions.requireReadable(spec, MergeBehavior.of(descriptor));
        if (filter != null) {
            requireFilter(spec, descriptor);
        }
        RowType rowSchema =
                TypeConversion.toRowType(Arrays.stream(columns).mapToObj(all::get).collect(Collectors.toList()));
        return new FlussSource<>(spec, rowSchema, schema);
    }

    private void requireFilter(ScanSpec scan, TableDescriptor descriptor) {
        ChangelogMode kinds = scan.readsSnapshots() && scan.isBounded()
                ? ChangelogMode.insertOnly()
                : MergeBehavior.of(descriptor).changelogMode();
        boolean ofTheKey = filter.columns().stream()
                .allMatch(column -> Arrays.stream(descriptor.primaryKeyIndexes()).anyMatch(key -> key == column));
        if (kinds.contains(RowKind.UPDATE_AFTER) && !kinds.contains(RowKind.UPDATE_BEFORE) && !ofTheKey) {
            throw new ValidationException("setFilter(" + filter + ") of " + TableMapping.describe(scan.path())
                    + ": its log has no -U, which would say that a row has left the filter; filter by columns of the primary key "
                    + descriptor.primaryKey() + " here, and by others in the job.");
        }
        // The store says whether it has the columns, and their types the literals.
        try (Connection connection = Connection.open(scan.connectionOptions());
                Table opened = connection.table(scan.path())) {
            opened.newLogScanner(scan.projection(), filter, Collections.emptyList()).close();
        } catch (FlussException e) {
            throw new ValidationException("setFilter(" + filter + ") of " + TableMapping.describe(scan.path()) + ": " + e.getMessage(), e);
        }
    }
}
