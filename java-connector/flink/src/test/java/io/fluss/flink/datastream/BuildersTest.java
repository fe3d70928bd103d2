package io.fluss.flink.datastream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.client.Admin;
import io.fluss.client.Column;
import io.fluss.client.Connection;
import io.fluss.client.DataType;
import io.fluss.client.DatabaseInfo;
import io.fluss.client.Predicate;
import io.fluss.client.Predicate.Comparison;
import io.fluss.client.TableDescriptor;
import io.fluss.client.TablePath;
import io.fluss.client.initializer.OffsetsInitializer;
import io.fluss.flink.sink.FlussSink;
import io.fluss.flink.sink.FlussSinkBuilder;
import io.fluss.flink.sink.serializer.RowDataSerializationSchema;
import io.fluss.flink.source.FlussSource;
import io.fluss.flink.source.FlussSourceBuilder;
import io.fluss.flink.source.deserializer.RowDataDeserializationSchema;

import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;

/** What builders refuse, and what they say then. */
class BuildersTest {
    @TempDir Path directory;

    @BeforeEach
    void createTables() {
        try (Connection connection = Connection.open(Map.of("data.dir", directory.toString()))) {
            Admin admin = connection.admin();
            admin.createDatabase(new DatabaseInfo("d", "", Collections.emptyMap()), true);
            admin.createTable(TablePath.of("d", "log"), columns().build(), false);
            admin.createTable(
                    TablePath.of("d", "wal"),
                    columns().primaryKey(Collections.singletonList("id")).option("table.changelog.image", "WAL").build(),
                    false);
            admin.createTable(
                    TablePath.of("d", "declared"),
                    columns().customProperties(Map.of("scan.bounded.mode", "latest-offset", "sink.delivery-guarantee", "exactly-once", "mine", "1")).build(),
                    false);
        }
    }

    private static TableDescriptor.Builder columns() {
        return TableDescriptor.builder()
                .column(new Column("id", DataType.of(DataType.Kind.INT).withNullable(false), ""))
                .column(new Column("v", DataType.of(DataType.Kind.BIGINT), ""));
    }

    private FlussSourceBuilder<RowData> source(String table) {
        return FlussSource.<RowData>builder()
                .setOption("data.dir", directory.toString())
                .setDatabase("d")
                .setTable(table)
                .setDeserializationSchema(new RowDataDeserializationSchema());
    }

    private FlussSinkBuilder<RowData> sink(String table) {
        return FlussSink.<RowData>builder()
                .setOption("data.dir", directory.toString())
                .setDatabase("d")
                .setTable(table)
                .setSerializationSchema(new RowDataSerializationSchema(false, false));
    }

    private static void refused(FlussSourceBuilder<?> builder, String... says) {
        assertThatThrownBy(builder::build).isInstanceOf(ValidationException.class).hasMessageContainingAll(says);
    }

    private static void refused(FlussSinkBuilder<?> builder, String... says) {
        assertThatThrownBy(builder::build).isInstanceOf(ValidationException.class).hasMessageContainingAll(says);
    }

    @Test
    void whatIsMissing() {
        refused(FlussSource.builder(), "setDeserializationSchema");
        refused(FlussSink.builder(), "setSerializationSchema");
        refused(FlussSource.<RowData>builder().setDeserializationSchema(new RowDataDeserializationSchema()), "setDatabase", "setTable");
        refused(
                FlussSource.<RowData>builder()
                        .setDatabase("d")
                        .setTable("log")
                        .setDeserializationSchema(new RowDataDeserializationSchema()),
                "Neither 'data.dir' nor 'bootstrap.servers'", "table 'd.log'");
        refused(source("none"), "table 'd.none' of the store in '" + directory);
    }

    @Test
    void options() {
        refused(source("log").setBootstrapServers("localhost:9123"), "Both 'data.dir' and 'bootstrap.servers'");
        refused(
                FlussSink.<RowData>builder()
                        .setBootstrapServers("localhost:9123")
                        .setDatabase("d")
                        .setTable("log")
                        .setSerializationSchema(new RowDataSerializationSchema(true, false)),
                "server mode is not in this version", "data.dir");
        refused(source("log").setOption("scan.partition.discovery.intervall", "1 s"), "Did you mean 'scan.partition.discovery.interval'");
        refused(sink("log").setOption("table.log.ttl", "1 d"), "Unknown option 'table.log.ttl' of table 'd.log'");
        refused(sink("log").setDeliveryGuarantee(DeliveryGuarantee.NONE), "sink.delivery-guarantee", "at-least-once");
    }

    @Test
    void columnsAndFilters() {
        refused(source("log").setProjectedFields("id", "w"), "setProjectedFields[id, w] of table 'd.log'", "no column 'w'");
        Predicate value = Predicate.compare(new int[] {1}, Comparison.EQUAL, 7L);
        refused(source("wal").setFilter(value), "column 1 EQUAL 7", "table 'd.wal'", "no -U", "[id]");
        source("wal").setFilter(Predicate.compare(new int[] {0}, Comparison.EQUAL, 7)).build();
        source("wal").setFilter(value).setBounded(OffsetsInitializer.latest()).build();
        refused(source("log").setFilter(Predicate.compare(new int[] {1}, Comparison.EQUAL, "text")), "table 'd.log'", "column");
        refused(source("log").setFilter(Predicate.isNull(5)), "table 'd.log'", "5");
        refused(sink("log").setPartialUpdateColumns("id"), "log table");
        refused(sink("wal").setPartialUpdateColumns("v"), "but not 'id' of its primary key");
        refused(sink("wal").setPartialUpdateColumns("w"), "setPartialUpdateColumns[w] of table 'd.wal'", "no column 'w'");
    }

    @Test
    void beginningsAndEnds() {
        assertThatThrownBy(() -> source("log").setBounded(OffsetsInitializer.earliest()))
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("setBounded(earliest)");
        refused(source("wal").setBounded(OffsetsInitializer.timestamp(1)), "table 'd.wal' cannot be read as it was earlier");
        refused(source("wal").setOption("scan.snapshot.timestamp", "1"), "table 'd.wal' cannot be read as it was earlier");
        refused(
                source("log").setOption("scan.snapshot.timestamp", "1").setBounded(OffsetsInitializer.latest()),
                "'scan.bounded.mode' = 'latest-offset' of table 'd.log'", "has no other beginning or end");
    }

    @Test
    void optionsOfTheTableHoldWhereTheBuilderSaysNothingElse() {
        assertThat(source("log").build().getBoundedness()).isEqualTo(Boundedness.CONTINUOUS_UNBOUNDED);
        assertThat(source("declared").build().getBoundedness()).isEqualTo(Boundedness.BOUNDED);
        assertThat(source("declared").setOption("scan.bounded.mode", "unbounded").build().getBoundedness())
                .isEqualTo(Boundedness.CONTINUOUS_UNBOUNDED);
        assertThat(sink("log").build().getClass().getSimpleName()).isEqualTo("FlussAtLeastOnceSink");
        assertThat(sink("declared").build().getClass().getSimpleName()).isEqualTo("FlussTransactionalSink");
        assertThat(sink("declared").setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE).build().getClass().getSimpleName())
                .isEqualTo("FlussAtLeastOnceSink");
    }
}
