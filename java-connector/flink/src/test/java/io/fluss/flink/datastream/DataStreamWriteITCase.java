package io.fluss.flink.datastream;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.client.initializer.OffsetsInitializer;
import io.fluss.flink.sink.FlussSinkBuilder;
import io.fluss.flink.sink.serializer.RowDataSerializationSchema;
import io.fluss.flink.source.deserializer.JsonStringDeserializationSchema;
import io.fluss.flink.source.deserializer.RowDataDeserializationSchema;
import io.fluss.flink.testing.Shaky;
import io.fluss.flink.testing.Sql;

import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarCharType;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

class DataStreamWriteITCase {
    private static final int ROWS = 10_000;
    /** Of a row in one of two subtasks: to the middle of all rows it is 10 seconds. */
    private static final int SLOW_MS = 4;
    private static final RowType USERS = RowType.of(
            new LogicalType[] {new IntType(false), new VarCharType(Integer.MAX_VALUE)},
            new String[] {"id", "name"});

    @TempDir Path directory;
    @TempDir Path savepoints;
    private Sql batch;
    private Streams streams;

    private static final class Pass implements MapFunction<RowData, RowData> {
        private static final long serialVersionUID = 1L;

        private final Shaky shaky = new Shaky();

        @Override
        public RowData map(RowData row) throws Exception {
            shaky.eval(row.getInt(0));
            return row;
        }
    }

    @BeforeEach
    void open() {
        batch = Sql.batch().on(directory);
        streams = new Streams(directory);
    }

    private static RowData row(RowKind kind, Integer id, String name) {
        return GenericRowData.ofKind(kind, id, StringData.fromString(name));
    }

    private void write(FlussSinkBuilder<RowData> sink, RowData... rows) throws Exception {
        StreamExecutionEnvironment env = Streams.environment("parallelism.default", "1");
        env.fromData(List.of(rows), InternalTypeInfo.of(USERS)).sinkTo(sink.build());
        env.execute();
    }

    @Test
    void elementsOfAUsersClass() throws Exception {
        batch.run("CREATE TABLE orders (id BIGINT, item STRING, price DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED)"
                + " WITH ('bucket.num' = '3')");
        StreamExecutionEnvironment env = Streams.environment();
        env.fromData(new Order(1, "apple", "0.25"), new Order(2, "pear", "12.50"), new Order(3, "fig", "1.00"))
                .sinkTo(streams.sink("orders", new Order.Writer()).build());
        env.execute();
        assertThat(Streams.all(streams.source("orders", new Order.Reader())))
                .containsExactly("1 apple 0.25", "2 pear 12.50", "3 fig 1.00");
    }

    @Test
    void rowsOfEachKind() throws Exception {
        batch.run("CREATE TABLE users (id INT NOT NULL, name STRING, PRIMARY KEY (id) NOT ENFORCED)");
        write(
                streams.sink("users", new RowDataSerializationSchema(false, false)),
                row(RowKind.INSERT, 1, "ann"),
                row(RowKind.INSERT, 2, "bob"),
                row(RowKind.UPDATE_BEFORE, 1, "ann"),
                row(RowKind.UPDATE_AFTER, 1, "anna"),
                row(RowKind.DELETE, 2, "bob"));
        assertThat(batch.rows("SELECT * FROM users")).containsExactly("+I[1, anna]");
        List<String> changes = new ArrayList<>();
        Streams.all(streams.source("users", new JsonStringDeserializationSchema())
                        .setStartingOffsets(OffsetsInitializer.earliest()))
                .forEach(json -> changes.add(json.replaceAll(".*\"change_type\":\"(\\w+)\",\"row\":\\{\"id\":(.*)}}", "$1 $2")));
        assertThat(changes).containsExactly(
                "INSERT 1,\"name\":\"ann\"",
                "INSERT 2,\"name\":\"bob\"",
                "UPDATE_BEFORE 1,\"name\":\"ann\"",
                "UPDATE_AFTER 1,\"name\":\"anna\"",
                "DELETE 2,\"name\":\"bob\"");
        write(
                streams.sink("users", new RowDataSerializationSchema(false, true)).setShuffleByBucketId(false),
                row(RowKind.DELETE, 1, "anna"),
                row(RowKind.INSERT, 3, "cem"));
        assertThat(batch.rows("SELECT * FROM users")).containsExactly("+I[1, anna]", "+I[3, cem]");
        batch.run("CREATE TABLE log (id INT NOT NULL, name STRING)");
        write(
                streams.sink("log", new RowDataSerializationSchema(true, false)),
                row(RowKind.INSERT, 1, "ann"),
                row(RowKind.DELETE, 1, "ann"));
        assertThat(batch.rows("SELECT * FROM log")).containsExactly("+I[1, ann]", "+I[1, ann]");
    }

    @Test
    void someColumns() throws Exception {
        batch.run("CREATE TABLE users (id INT NOT NULL, name STRING, age INT, PRIMARY KEY (id) NOT ENFORCED)");
        batch.run("INSERT INTO users VALUES (1, 'ann', 30)");
        write(
                streams.sink("users", new RowDataSerializationSchema(false, false)).setPartialUpdateColumns("id", "name"),
                row(RowKind.INSERT, 1, "anna"),
                row(RowKind.INSERT, 2, "bob"));
        assertThat(batch.rows("SELECT * FROM users")).containsExactly("+I[1, anna, 30]", "+I[2, bob, null]");
    }

    private JobClient copy(String... options) throws Exception {
        StreamExecutionEnvironment env = Streams.environment(options);
        Streams.stream(env, streams.source("src", new RowDataDeserializationSchema()))
                .uid("src")
                .map(new Pass())
                .returns(InternalTypeInfo.of(USERS))
                .sinkTo(streams.sink("dst", new RowDataSerializationSchema(true, false))
                        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                        .build())
                .uid("dst");
        return env.executeAsync();
    }

    private void makeTables() {
        batch.run("CREATE TEMPORARY TABLE gen (id INT NOT NULL, name STRING) WITH ('connector' = 'datagen',"
                + " 'rows-per-second' = '1000000', 'number-of-rows' = '%d', 'fields.id.kind' = 'sequence',"
                + " 'fields.id.start' = '1', 'fields.id.end' = '%d', 'fields.name.length' = '5')", ROWS, ROWS);
        batch.run("CREATE TABLE src (id INT NOT NULL, name STRING) WITH ('bucket.num' = '2', 'bucket.key' = 'id')");
        batch.run("CREATE TABLE dst (id INT NOT NULL, name STRING)").run("INSERT INTO src SELECT * FROM gen");
    }

    private void awaitAllOnce() throws Exception {
        Sql.until("all rows are copied", () -> !batch.rows("SELECT 1 FROM dst HAVING COUNT(*) >= " + ROWS).isEmpty());
        // What comes twice would come now.
        Thread.sleep(500);
        assertThat(batch.rows("SELECT COUNT(*), COUNT(DISTINCT id) FROM dst")).containsExactly("+I[" + ROWS + ", " + ROWS + "]");
    }

    @Test
    void exactlyOnceInSpiteOfAFailure() throws Exception {
        makeTables();
        Shaky.slow(1, SLOW_MS);
        JobClient job = copy(
                "execution.checkpointing.interval", "100 ms",
                "restart-strategy.type", "fixed-delay",
                "restart-strategy.fixed-delay.delay", "10 ms");
        try {
            Sql.until("some rows are committed", () -> !batch.rows("SELECT * FROM dst LIMIT 1").isEmpty());
            Shaky.fail(1, new Random(0), 1, 1);
            Sql.until("it has failed", () -> Shaky.failuresLeft() <= 0);
            Shaky.slow(0);
            awaitAllOnce();
        } finally {
            Shaky.slow(0);
            job.cancel().get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void onFromASavepoint() throws Exception {
        makeTables();
        Shaky.slow(1, SLOW_MS);
        String savepoint;
        try {
            JobClient job = copy("execution.checkpointing.interval", "100 ms");
            Sql.until("some rows are copied", () -> !batch.rows("SELECT * FROM dst LIMIT 1").isEmpty());
            savepoint = job.stopWithSavepoint(false, savepoints.toString(), SavepointFormatType.CANONICAL).get(60, TimeUnit.SECONDS);
        } finally {
            Shaky.slow(0);
        }
        assertThat(batch.rows("SELECT 1 FROM dst HAVING COUNT(*) < " + ROWS)).as("stopped in the middle").hasSize(1);
        JobClient again = copy("execution.checkpointing.interval", "100 ms", "execution.state-recovery.path", savepoint);
        try {
            awaitAllOnce();
        } finally {
            again.cancel().get(60, TimeUnit.SECONDS);
        }
    }
}
