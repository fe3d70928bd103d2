package io.fluss.flink.table;

import io.fluss.client.TablePath;
import io.fluss.flink.source.OffsetChoice;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.config.TableConfigOptions;
import java.util.Map;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ScanRangeTest {
    private static long read(String value, String zone) {
        Configuration options = new Configuration();
        options.set(FlussConnectorOptions.SCAN_STARTUP_TIMESTAMP, value);
        Configuration session = new Configuration();
        session.set(TableConfigOptions.LOCAL_TIME_ZONE, zone);
        options.set(FlussConnectorOptions.SCAN_STARTUP_MODE, StartupMode.TIMESTAMP);
        return new ScanRange(TablePath.of("d", "t"), options, session).start().timestamp();
    }

    @Test
    void millisecondsOrATimeInTheSessionsZone() {
        assertThat(read("1678883047356", "UTC")).isEqualTo(1678883047356L);
        assertThat(read("1970-01-02 00:00:00", "UTC")).isEqualTo(86_400_000L);
        assertThat(read("1970-01-02 01:00:00", "Europe/Berlin")).isEqualTo(86_400_000L);
    }

    @Test
    void anythingElseIsRefused() {
        assertThatThrownBy(() -> read("yesterday", "UTC"))
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("'yesterday'")
                .hasMessageContaining("d.t");
    }

    private static Map<String, Long> offsets(String value) {
        Configuration options = new Configuration();
        options.set(FlussConnectorOptions.SCAN_BOUNDED_MODE, BoundedMode.SPECIFIC_OFFSETS);
        options.set(FlussConnectorOptions.SCAN_BOUNDED_SPECIFIC_OFFSETS, value);
        return new ScanRange(TablePath.of("d", "t"), options, new Configuration()).stop(false).offsets();
    }

    @Test
    void offsetsOfBuckets() {
        assertThat(offsets("bucket:0,offset:42; bucket:11,offset:0")).isEqualTo(Map.of("0", 42L, "11", 0L));
        assertThat(offsets("partition:eu$2024,bucket:0,offset:7")).isEqualTo(Map.of("eu$2024/0", 7L));
        assertThatThrownBy(() -> offsets("0:42")).isInstanceOf(ValidationException.class).hasMessageContaining("'0:42'");
        assertThatThrownBy(() -> offsets("bucket:0,offset:1;bucket:0,offset:2"))
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("twice");
    }

    @Test
    void aBatchReadEndsAndAStreamDoesNotUnlessItIsSaid() {
        ScanRange range = new ScanRange(TablePath.of("d", "t"), new Configuration(), new Configuration());
        assertThat(range.stop(true)).isSameAs(OffsetChoice.LATEST);
        assertThat(range.stop(false)).isNull();
    }
}
