package io.fluss.flink.datastream;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.client.Predicate;
import io.fluss.client.Predicate.Comparison;
import io.fluss.client.initializer.OffsetsInitializer;
import io.fluss.flink.source.FlussSourceBuilder;
import io.fluss.flink.source.deserializer.FlussDeserializationSchema;
import io.fluss.flink.source.deserializer.JsonStringDeserializationSchema;
import io.fluss.flink.testing.Sql;
import io.fluss.record.LogRecord;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

class DataStreamReadITCase {
    @TempDir Path directory;
    private Sql batch;
    private Streams streams;

    /** What a record says of itself, with the time as which it came. */
    private static final class Origin implements FlussDeserializationSchema<String> {
        private static final long serialVersionUID = 1L;

        private transient int columns;

        @Override
        public void open(InitializationContext context) {
            columns = context.getRowSchema().getFieldCount();
        }

        @Override
        public String deserialize(LogRecord record) {
            RowData row = record.getRow();
            return record.logOffset() + " " + record.timestamp() + " " + record.getChangeType() + " " + row.getInt(0) + " of " + columns;
        }

        @Override
        public TypeInformation<String> getProducedType(RowType rowSchema) {
            return Types.STRING;
        }
    }

    @BeforeEach
    void open() {
        batch = Sql.batch().on(directory);
        streams = new Streams(directory);
        batch.run("CREATE TABLE users (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED)");
        batch.run("INSERT INTO users VALUES (1, 'ann')").run("INSERT INTO users VALUES (2, 'bob')");
        batch.run("INSERT INTO users VALUES (1, 'anna')");
    }

    private FlussSourceBuilder<String> origins() {
        return streams.source("users", new Origin());
    }

    @Test
    void theRowsAsTheyAreThenTheirChanges() throws Exception {
        assertThat(Streams.all(origins())).containsExactly("-1 -1 INSERT 1 of 2", "-1 -1 INSERT 2 of 2");
        StreamExecutionEnvironment env = Streams.environment();
        try (CloseableIterator<String> rows = Streams.stream(env, origins()).executeAndCollect()) {
            assertThat(List.of(rows.next(), rows.next())).containsExactly("-1 -1 INSERT 1 of 2", "-1 -1 INSERT 2 of 2");
            batch.run("INSERT INTO users VALUES (2, 'bobby')").run("DELETE FROM users WHERE id = 1");
            assertThat(rows.next()).matches("4 \\d+ UPDATE_BEFORE 2 of 2");
            assertThat(rows.next()).matches("5 \\d+ UPDATE_AFTER 2 of 2");
            assertThat(rows.next()).matches("6 \\d+ DELETE 1 of 2");
        }
    }

    @Test
    void theRowsAsTheyWere() throws Exception {
        FlussSourceBuilder<String> before = origins().setOption("scan.snapshot.specific-offsets", "bucket:0,offset:1");
        assertThat(Streams.take(99, before)).containsExactly("-1 -1 INSERT 1 of 2");
    }

    @Test
    void theLogFromItsStartFromATimeAndFromOffsets() throws Exception {
        List<String> log = Streams.all(origins().setStartingOffsets(OffsetsInitializer.earliest()));
        List<String> kinds = new ArrayList<>();
        log.forEach(row -> kinds.add(row.replaceFirst(" \\d+ ", " ")));
        assertThat(kinds).containsExactly(
                "0 INSERT 1 of 2", "1 INSERT 2 of 2", "2 UPDATE_BEFORE 1 of 2", "3 UPDATE_AFTER 1 of 2");
        long second = Long.parseLong(log.get(1).split(" ")[1]);
        assertThat(Streams.all(origins().setStartingOffsets(OffsetsInitializer.timestamp(second))))
                .isEqualTo(log.subList(1, 4));
        OffsetsInitializer third = OffsetsInitializer.offsets(Map.of(0, 2L));
        assertThat(Streams.all(origins().setStartingOffsets(third))).isEqualTo(log.subList(2, 4));
        FlussSourceBuilder<String> part = origins().setStartingOffsets(OffsetsInitializer.offsets(Map.of(0, 1L))).setBounded(third);
        assertThat(Streams.take(99, part)).isEqualTo(log.subList(1, 2));
    }

    @Test
    void theLogFromItsEnd() throws Exception {
        FlussSourceBuilder<String> latest = origins().setStartingOffsets(OffsetsInitializer.latest());
        CompletableFuture<List<String>> taken = CompletableFuture.supplyAsync(() -> {
            try {
                return Streams.take(1, latest);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        int id = 10;
        while (!taken.isDone()) {
            batch.run("INSERT INTO users VALUES (%d, 'new')", id++);
        }
        assertThat(taken.get().get(0)).matches("\\d+ \\d+ INSERT \\d\\d of 2");
    }

    @Test
    void someColumnsOfSomeRows() throws Exception {
        batch.run("CREATE TABLE t (a INT, b STRING, c DOUBLE, p STRING) PARTITIONED BY (p)");
        // A statement a row of a partition: rows of one statement have no order.
        batch.run("INSERT INTO t VALUES (1, 'x', 0.5, 'P'), (3, CAST(NULL AS STRING), 2.5, 'Q')");
        batch.run("INSERT INTO t VALUES (2, 'y', 1.5, 'P'), (4, 'z', 3.5, 'Q')");
        Predicate filter = Predicate.compare(new int[] {0}, Comparison.GREATER, 1);
        FlussSourceBuilder<String> json = streams.source("t", new JsonStringDeserializationSchema())
                .setProjectedFields("c", "b")
                .setFilter(Predicate.and(List.of(filter, Predicate.compare(new int[] {2}, Comparison.LESS, 3.0))));
        List<String> rows = new ArrayList<>();
        Streams.all(json).forEach(row -> rows.add(row.replaceFirst("\"timestamp\":\\d{13}", "\"timestamp\":T")));
        assertThat(rows).containsExactly(
                "{\"offset\":0,\"timestamp\":T,\"change_type\":\"APPEND_ONLY\",\"row\":{\"c\":2.5,\"b\":null}}",
                "{\"offset\":1,\"timestamp\":T,\"change_type\":\"APPEND_ONLY\",\"row\":{\"c\":1.5,\"b\":\"y\"}}");
        OffsetsInitializer ofQ = OffsetsInitializer.ofPartitions(Map.of("Q", Map.of(0, 1L)));
        assertThat(Streams.all(streams.source("t", new Origin()).setStartingOffsets(ofQ)))
                .singleElement().asString().endsWith("4 of 4");
    }
}
