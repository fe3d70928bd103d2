package io.fluss.client.initializer;

import io.fluss.flink.table.StartupMode;

import java.util.Collections;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;

/** Where a read begins, or ends, in the log of every bucket; as the options {@code scan.startup.*} and {@code scan.bounded.*}. */
public final class OffsetsInitializer {
    private final StartupMode mode;
    private final String value;

    private OffsetsInitializer(StartupMode mode, String value) {
        this.mode = mode;
        this.value = value;
    }

    /** A primary-key table's snapshot, then its log from exactly there; a log table's first row. */
    public static OffsetsInitializer full() {
        return new OffsetsInitializer(StartupMode.FULL, null);
    }

    /** The first offset that is still there. */
    public static OffsetsInitializer earliest() {
        return new OffsetsInitializer(StartupMode.EARLIEST, null);
    }

    /** The end when the job starts. */
    public static OffsetsInitializer latest() {
        return new OffsetsInitializer(StartupMode.LATEST, null);
    }

    /** The first row committed at or after a time, in milliseconds since the epoch; the end if there is none. */
    public static OffsetsInitializer timestamp(long timestamp) {
        return new OffsetsInitializer(StartupMode.TIMESTAMP, String.valueOf(timestamp));
    }

    /** Of a table without partitions. @param offsets by bucket; one that is not named is not read */
    public static OffsetsInitializer offsets(Map<Integer, Long> offsets) {
        return ofPartitions(Collections.singletonMap("", offsets));
    }

    /** @param offsets by name of the partition, then by bucket; one that is not named is not read */
    public static OffsetsInitializer ofPartitions(Map<String, Map<Integer, Long>> offsets) {
        StringJoiner text = new StringJoiner(";");
        new TreeMap<>(offsets).forEach((partition, buckets) -> new TreeMap<>(buckets).forEach((bucket, offset) -> text.add(
                (partition.isEmpty() ? "" : "partition:" + partition + ",") + "bucket:" + bucket + ",offset:" + offset)));
        return new OffsetsInitializer(StartupMode.SPECIFIC_OFFSETS, text.toString());
    }

    public StartupMode mode() {
        return mode;
    }

    /** The time or the offsets, as the options have them; null: the mode has neither. */
    public String value() {
        return value;
    }

    @Override
    public String toString() {
        return value == null ? mode.toString() : mode + " " + value;
    }
}
