package io.fluss.flink.datastream;

import io.fluss.client.initializer.OffsetsInitializer;
import io.fluss.flink.sink.FlussSink;
import io.fluss.flink.sink.FlussSinkBuilder;
import io.fluss.flink.sink.serializer.FlussSerializationSchema;
import io.fluss.flink.source.FlussSource;
import io.fluss.flink.source.FlussSourceBuilder;
import io.fluss.flink.source.deserializer.FlussDeserializationSchema;
import io.fluss.flink.testing.SharedCluster;
import io.fluss.flink.testing.Sql;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStreamSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.CloseableIterator;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** DataStream jobs on a store, in the MiniCluster that SQL sessions share; the tables are those of the database {@code fluss}. */
final class Streams {
    private final Path directory;

    Streams(Path directory) {
        this.directory = directory;
    }

    static StreamExecutionEnvironment environment(String... keysAndValues) {
        Configuration configuration = SharedCluster.configuration();
        configuration.setString("parallelism.default", "2");
        // execute() waits for the end of the job.
        configuration.setString("execution.attached", "true");
        for (int i = 0; i < keysAndValues.length; i += 2) {
            configuration.setString(keysAndValues[i], keysAndValues[i + 1]);
        }
        return new StreamExecutionEnvironment(configuration);
    }

    <T> FlussSourceBuilder<T> source(String table, FlussDeserializationSchema<T> schema) {
        return FlussSource.<T>builder()
                .setOption("data.dir", directory.toString())
                .setDatabase("fluss")
                .setTable(table)
                .setDeserializationSchema(schema);
    }

    <T> FlussSinkBuilder<T> sink(String table, FlussSerializationSchema<T> schema) {
        return FlussSink.<T>builder()
                .setOption("data.dir", directory.toString())
                .setDatabase("fluss")
                .setTable(table)
                .setSerializationSchema(schema);
    }

    static <T> DataStreamSource<T> stream(StreamExecutionEnvironment env, FlussSourceBuilder<T> source) {
        return env.fromSource(source.build(), WatermarkStrategy.noWatermarks(), "rows");
    }

    /** All elements of a source that ends where the table ends now, as text, sorted. */
    static <T> List<String> all(FlussSourceBuilder<T> source) throws Exception {
        return take(Integer.MAX_VALUE, source.setBounded(OffsetsInitializer.latest()));
    }

    /** The first elements of a source, as text, sorted. */
    static <T> List<String> take(int most, FlussSourceBuilder<T> source) throws Exception {
        List<String> elements = new ArrayList<>();
        try (CloseableIterator<T> rows = stream(environment(), source).executeAndCollect()) {
            while (elements.size() < most && rows.hasNext()) {
                elements.add(String.valueOf(rows.next()));
            }
        }
        return Sql.sorted(elements);
    }
}
