package io.fluss.flink.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.client.Connection;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

class NativeMemoryTest {
    @TempDir
    Path directory;

    @Test
    void theGaugesAreThoseOfTheStoreWhileItIsOpen() {
        Map<String, Gauge<?>> gauges = new HashMap<>();
        NativeMemory memory = new NativeMemory(new Group("", gauges));
        assertThat(gauges).containsOnlyKeys(
                "fluss.memory.budget", "fluss.memory.block-cache", "fluss.memory.write-buffers", "fluss.memory.writers", "fluss.memory.readers",
                "fluss.memory.copies");
        assertThat(gauges.values()).allSatisfy(gauge -> assertThat(gauge.getValue()).isEqualTo(0L));
        try (Connection connection = Connection.open(Map.of("data.dir", directory.toString()))) {
            memory.connected(connection, new Configuration());
            connection.metrics().forEach((name, value) -> {
                if (name.startsWith("memory.")) {
                    assertThat(gauges.get("fluss." + name).getValue()).as(name).isEqualTo(value);
                }
            });
            assertThat((Long) gauges.get("fluss.memory.budget").getValue()).isPositive();
        }
        assertThat(gauges.values()).allSatisfy(gauge -> assertThat(gauge.getValue()).isEqualTo(0L));
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
