package io.fluss.flink.sink;

import io.fluss.flink.sink.serializer.FlussSerializationSchema;
import io.fluss.flink.table.FlussConnectorOptions;
import io.fluss.flink.table.OpenedTable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.table.api.ValidationException;

/**
 * A sink of a DataStream job. What it takes besides are the options of SQL's tables: {@code data.dir}, those of the engine and of sinks
 * ({@code docs/options.md}), by {@link #setOption}; those that were declared with the table hold too, where the builder says nothing else.
 */
public final class FlussSinkBuilder<IN> {
    private final Map<String, String> options = new HashMap<>();
    private String database;
    private String table;
    private List<String> partialUpdateColumns;
    private FlussSerializationSchema<IN> schema;

    FlussSinkBuilder() {}

    /** Not in this version: {@link #build} says so. The store is named by the option {@code data.dir}. */
    public FlussSinkBuilder<IN> setBootstrapServers(String bootstrapServers) {
        return setOption(FlussConnectorOptions.BOOTSTRAP_SERVERS.key(), bootstrapServers);
    }

    public FlussSinkBuilder<IN> setDatabase(String name) {
        database = name;
        return this;
    }

    public FlussSinkBuilder<IN> setTable(String name) {
        table = name;
        return this;
    }

    /** Whether rows of a bucket go to one subtask, so that those of a key keep their order; unless it is called, they do. */
    public FlussSinkBuilder<IN> setShuffleByBucketId(boolean shuffle) {
        return setOption(FlussConnectorOptions.SINK_BUCKET_SHUFFLE.key(), String.valueOf(shuffle));
    }

    /** Unless it is called: exactly once into a table whose merge engine adds up, else at least once. */
    public FlussSinkBuilder<IN> setDeliveryGuarantee(DeliveryGuarantee guarantee) {
        return setOption(FlussConnectorOptions.SINK_DELIVERY_GUARANTEE.key(), guarantee.toString());
    }

    /** Columns that are written, all of the primary key among them; the others stay as they are. */
    public FlussSinkBuilder<IN> setPartialUpdateColumns(List<String> columns) {
        partialUpdateColumns = List.copyOf(columns);
        return this;
    }

    public FlussSinkBuilder<IN> setPartialUpdateColumns(String... columns) {
        return setPartialUpdateColumns(Arrays.asList(columns));
    }

    public FlussSinkBuilder<IN> setSerializationSchema(FlussSerializationSchema<IN> serializationSchema) {
        schema = serializationSchema;
        return this;
    }

    public FlussSinkBuilder<IN> setOption(String key, String value) {
        options.put(key, value);
        return this;
    }

    public FlussSinkBuilder<IN> setOptions(Map<String, String> keysAndValues) {
        options.putAll(keysAndValues);
        return this;
    }

    /** Looks at the table as it is now. @throws ValidationException saying what is missing or wrong */
    public FlussSink<IN> build() {
        if (schema == null) {
            throw new ValidationException(
                    "A sink needs setSerializationSchema(…), for example of a new RowDataSerializationSchema(false, false).");
        }
        OpenedTable opened = OpenedTable.find("FlussSink", database, table, options);
        FlussTableSink sink = new FlussTableSink(
                opened.connectionOptions(),
                opened.table().path(),
                opened.table().tableId(),
                opened.table().descriptor(),
                FlussSinkOptions.from(opened.options()),
                // The sink looks when the job is made of it.
                true);
        if (partialUpdateColumns != null) {
            sink.applyTargetColumns(Arrays.stream(opened.columns("setPartialUpdateColumns", partialUpdateColumns))
                    .mapToObj(column -> new int[] {column})
                    .toArray(int[][]::new));
        }
        return sink.sink(schema, false);
    }
}
