package io.fluss.flink.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.client.Connection;
import io.fluss.client.DataType;
import io.fluss.client.DatabaseInfo;
import io.fluss.client.Table;
import io.fluss.client.TableDescriptor;
import io.fluss.client.TablePath;
import io.fluss.client.TableWriter;
import io.fluss.client.WriteBatch;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

class NativeMetricsTest {
    @TempDir
    Path directory;

    @Test
    void theGaugesAreThoseOfTheStoreWhileItIsOpen() {
        Map<String, Gauge<?>> gauges = new HashMap<>();
        NativeMetrics memory = new NativeMetrics(new Group("", gauges));
        assertThat(gauges.values()).allSatisfy(gauge -> assertThat(gauge.getValue()).isEqualTo(0L));
        try (Connection connection = Connection.open(Map.of("data.dir", directory.toString()))) {
            memory.connected(connection, new Configuration());
            writeARow(connection);
            assertThat((Long) gauges.get("fluss.kv.tables").getValue()).isPositive();
            Map<String, Long> metrics = connection.metrics();
            assertThat(gauges).hasSize(15);
            assertThat(gauges.keySet()).allSatisfy(name -> assertThat(metrics).containsKey(name.substring("fluss.".length())));
            for (String name : List.of("memory.budget", "kv.tables", "tablets.open")) {
                assertThat(gauges.get("fluss." + name).getValue()).as(name).isEqualTo(metrics.get(name));
            }
            assertThat((Long) gauges.get("fluss.memory.budget").getValue()).isPositive();
        }
        assertThat(gauges.values()).allSatisfy(gauge -> assertThat(gauge.getValue()).isEqualTo(0L));
    }

    private static void writeARow(Connection connection) {
        TablePath path = TablePath.of("d", "t");
        connection.admin().createDatabase(new DatabaseInfo("d", "", Map.of()), false);
        connection.admin().createTable(
                path,
                TableDescriptor.builder().column("id", DataType.of(DataType.Kind.INT).withNullable(false)).primaryKey("id").build(),
                false);
        try (Table table = connection.table(path); TableWriter writer = table.newWriter()) {
            WriteBatch batch = writer.batch();
            batch.column(0).setInt(batch.beginRow(), 1);
            batch.endRow(WriteBatch.UPSERT);
            writer.write(batch);
            writer.flush();
        }
    }

    private static final class Group extends UnregisteredMetricsGroup {
        private final String path;
        private final Map<String, Gauge<?>> gauges;

        private Group(String path, Map<String, Gauge<?>> gauges) {
            this.path = path;
            this.gauges = gauges;
        }

        @Override
        public MetricGroup addGroup(String name) {
            return new Group(path + name + ".", gauges);
        }

        @Override
        public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
            gauges.put(path + name, gauge);
            return gauge;
        }
    }
}
