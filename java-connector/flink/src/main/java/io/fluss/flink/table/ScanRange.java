package io.fluss.flink.table;

import io.fluss.client.TablePath;
import io.fluss.flink.catalog.TableMapping;
import io.fluss.flink.source.OffsetChoice;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.config.TableConfigOptions;

import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import static io.fluss.flink.table.FlussConnectorOptions.LOOKUP_WAIT_FOR_SPECIFIC_OFFSETS;
import static io.fluss.flink.table.FlussConnectorOptions.LOOKUP_WAIT_FOR_TIMESTAMP;
import static io.fluss.flink.table.FlussConnectorOptions.SCAN_BOUNDED_MODE;
import static io.fluss.flink.table.FlussConnectorOptions.SCAN_BOUNDED_SPECIFIC_OFFSETS;
import static io.fluss.flink.table.FlussConnectorOptions.SCAN_BOUNDED_TIMESTAMP;
import static io.fluss.flink.table.FlussConnectorOptions.SCAN_SNAPSHOT_SPECIFIC_OFFSETS;
import static io.fluss.flink.table.FlussConnectorOptions.SCAN_SNAPSHOT_TIMESTAMP;
import static io.fluss.flink.table.FlussConnectorOptions.SCAN_STARTUP_MODE;
import static io.fluss.flink.table.FlussConnectorOptions.SCAN_STARTUP_SPECIFIC_OFFSETS;
import static io.fluss.flink.table.FlussConnectorOptions.SCAN_STARTUP_TIMESTAMP;

/** Reads the options of where a scan begins and ends, and of what lookups wait for. */
final class ScanRange {
    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");
    private static final Pattern OFFSET =
            Pattern.compile("(?:partition:(?<partition>[^,;]+),)?bucket:(?<bucket>\\d{1,9}),offset:(?<offset>\\d{1,18})");

    private final TablePath path;
    private final ReadableConfig options;
    private final ReadableConfig session;

    /** @param options of the table and its hints */
    ScanRange(TablePath path, ReadableConfig options, ReadableConfig session) {
        this.path = path;
        this.options = options;
        this.session = session;
    }

    /** Where logs are read from. */
    OffsetChoice start() {
        StartupMode mode = options.get(SCAN_STARTUP_MODE);
        switch (mode) {
            case LATEST:
                return OffsetChoice.LATEST;
            case TIMESTAMP:
                return OffsetChoice.timestamp(timestamp(SCAN_STARTUP_TIMESTAMP, "'timestamp' startup mode"));
            case SPECIFIC_OFFSETS:
                return OffsetChoice.offsets(offsets(SCAN_STARTUP_SPECIFIC_OFFSETS, "'specific-offsets' startup mode"));
            default:
                return OffsetChoice.EARLIEST;
        }
    }

    /** Where logs are read to; null: the scan never ends. */
    OffsetChoice stop(boolean batch) {
        BoundedMode mode = options.get(SCAN_BOUNDED_MODE);
        switch (mode) {
            case TIMESTAMP:
                return OffsetChoice.timestamp(timestamp(SCAN_BOUNDED_TIMESTAMP, "'timestamp' bounded mode"));
            case SPECIFIC_OFFSETS:
                return OffsetChoice.offsets(offsets(SCAN_BOUNDED_SPECIFIC_OFFSETS, "'specific-offsets' bounded mode"));
            case LATEST_OFFSET:
                return OffsetChoice.LATEST;
            default:
                return batch ? OffsetChoice.LATEST : null;
        }
    }

    /** When the table is read as it was; null: the options do not say. */
    OffsetChoice asOf() {
        return either(SCAN_SNAPSHOT_TIMESTAMP, OffsetChoice::asOf, SCAN_SNAPSHOT_SPECIFIC_OFFSETS, "a snapshot");
    }

    /** What lookups wait for; null: nothing. */
    OffsetChoice waitFor() {
        return either(LOOKUP_WAIT_FOR_TIMESTAMP, OffsetChoice::timestamp, LOOKUP_WAIT_FOR_SPECIFIC_OFFSETS, "a lookup that waits");
    }

    private OffsetChoice either(
            ConfigOption<String> time, LongFunction<OffsetChoice> ofTime, ConfigOption<String> offsets, String by) {
        if (options.get(time) != null && options.get(offsets) != null) {
            throw new ValidationException(
                    "'" + time.key() + "' and '" + offsets.key() + "' are both given for " + TableMapping.describe(path) + "; give one.");
        }
        if (options.get(time) != null) {
            return ofTime.apply(timestamp(time, by));
        }
        return options.get(offsets) == null ? null : OffsetChoice.offsets(offsets(offsets, by));
    }

    /**
     * Where a scan ends; null: it never does.
     *
     * @param batch whether it ends though the options do not say where
     * @param snapshot whether it is of the table as it is, though the options do not say so
     */
    OffsetChoice end(boolean batch, boolean snapshot) {
        OffsetChoice asOf = asOf();
        if (asOf == null && !snapshot) {
            return stop(batch);
        }
        requireNoOther();
        return asOf == null ? OffsetChoice.LATEST : asOf;
    }

    /** Refuses another beginning or end than that of a snapshot. */
    private void requireNoOther() {
        for (ConfigOption<?> option : new ConfigOption<?>[] {SCAN_STARTUP_MODE, SCAN_BOUNDED_MODE}) {
            if (options.get(option) != option.defaultValue()) {
                throw new ValidationException(
                        "'" + option.key() + "' = '" + options.get(option) + "' of " + TableMapping.describe(path)
                                + ": a snapshot of a table has no other beginning or end; leave the option out, or read '"
                                + path.table() + "$snapshot'.");
            }
        }
    }

    private String required(ConfigOption<String> option, String by) {
        String value = options.get(option);
        if (value == null) {
            throw new ValidationException(
                    "'" + option.key() + "' is required in " + by + " but missing, of " + TableMapping.describe(path)
                            + ".");
        }
        return value.trim();
    }

    /** Milliseconds since the epoch. */
    private long timestamp(ConfigOption<String> option, String by) {
        String value = required(option, by);
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException notMillis) {
            try {
                return LocalDateTime.parse(value, FORMAT).atZone(zone()).toInstant().toEpochMilli();
            } catch (DateTimeParseException e) {
                throw new ValidationException(
                        "'" + option.key() + "' = '" + value + "' of " + TableMapping.describe(path)
                                + " is neither milliseconds since the epoch nor of the form 'yyyy-MM-dd HH:mm:ss'.",
                        e);
            }
        }
    }

    private ZoneId zone() {
        String zone = session.get(TableConfigOptions.LOCAL_TIME_ZONE);
        return TableConfigOptions.LOCAL_TIME_ZONE.defaultValue().equals(zone) ? ZoneId.systemDefault() : ZoneId.of(zone);
    }

    private Map<String, Long> offsets(ConfigOption<String> option, String by) {
        String value = required(option, by);
        Map<String, Long> offsets = new HashMap<>();
        for (String part : value.split(";")) {
            Matcher matcher = OFFSET.matcher(part.trim());
            if (!matcher.matches()) {
                throw new ValidationException(
                        "'" + option.key() + "' = '" + value + "' of " + TableMapping.describe(path) + ": '" + part
                                + "' is not of the form 'bucket:0,offset:42' (or"
                                + " 'partition:NAME,bucket:0,offset:42').");
            }
            String partition = matcher.group("partition") == null ? "" : matcher.group("partition");
            String bucket = OffsetChoice.bucketName(partition, Integer.parseInt(matcher.group("bucket")));
            if (offsets.put(bucket, Long.parseLong(matcher.group("offset"))) != null) {
                throw new ValidationException(
                        "'" + option.key() + "' = '" + value + "' of " + TableMapping.describe(path)
                                + " names a bucket twice.");
            }
        }
        return offsets;
    }
}
