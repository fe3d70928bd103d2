package io.fluss.flink.table;

import io.fluss.client.TablePath;
import io.fluss.flink.catalog.TableMapping;

import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.config.TableConfigOptions;

import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;

import static io.fluss.flink.table.FlussConnectorOptions.SCAN_STARTUP_TIMESTAMP;

/** Reads {@code scan.startup.timestamp}. */
final class StartupTimestamp {
    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");

    private StartupTimestamp() {}

    /** Milliseconds since the epoch; 0 in another mode than TIMESTAMP. */
    static long of(TablePath path, StartupMode mode, ReadableConfig options, ReadableConfig session) {
        if (mode != StartupMode.TIMESTAMP) {
            return 0;
        }
        String value = options.get(SCAN_STARTUP_TIMESTAMP);
        if (value == null) {
            throw new ValidationException(
                    "'scan.startup.timestamp' is required in 'timestamp' startup mode but missing, of "
                            + TableMapping.describe(path) + ".");
        }
        try {
            return Long.parseLong(value.trim());
        } catch (NumberFormatException notMillis) {
            try {
                return LocalDateTime.parse(value.trim(), FORMAT).atZone(zone(session)).toInstant().toEpochMilli();
            } catch (DateTimeParseException e) {
                throw new ValidationException(
                        "'scan.startup.timestamp' = '" + value + "' of " + TableMapping.describe(path)
                                + " is neither milliseconds since the epoch nor of the form 'yyyy-MM-dd HH:mm:ss'.",
                        e);
            }
        }
    }

    private static ZoneId zone(ReadableConfig session) {
        String zone = session.get(TableConfigOptions.LOCAL_TIME_ZONE);
        return TableConfigOptions.LOCAL_TIME_ZONE.defaultValue().equals(zone) ? ZoneId.systemDefault() : ZoneId.of(zone);
    }
}
