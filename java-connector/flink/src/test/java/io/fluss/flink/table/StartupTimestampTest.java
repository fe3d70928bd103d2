package io.fluss.flink.table;

import io.fluss.client.TablePath;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.config.TableConfigOptions;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class StartupTimestampTest {
    private static long read(String value, String zone) {
        Configuration options = new Configuration();
        options.set(FlussConnectorOptions.SCAN_STARTUP_TIMESTAMP, value);
        Configuration session = new Configuration();
        session.set(TableConfigOptions.LOCAL_TIME_ZONE, zone);
        return StartupTimestamp.of(TablePath.of("d", "t"), StartupMode.TIMESTAMP, options, session);
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
}
