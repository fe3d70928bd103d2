package io.fluss.flink.lookup;

import io.fluss.client.Admin;
import io.fluss.client.ColumnBatch;
import io.fluss.client.LogScanner;
import io.fluss.client.Lookuper;
import io.fluss.client.OffsetSpec;
import io.fluss.client.PartitionInfo;
import io.fluss.client.Table;
import io.fluss.client.TableDescriptor;
import io.fluss.client.TablePath;
import io.fluss.flink.catalog.CatalogStatistics;
import io.fluss.flink.catalog.TableMapping;
import io.fluss.flink.row.UnrecoverableException;
import io.fluss.flink.source.OffsetChoice;
import io.fluss.flink.table.FlussConnectorOptions;
import java.io.Serializable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.util.TimeUtils;

/** What the table must have before a lookup join asks for its first key: {@code lookup.wait-for.*}. */
final class WaitFor implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final long POLL_MS = 100;
    /** For one row that is there already. */
    private static final long READ_MS = 10_000;

    private final OffsetChoice until;
    private final Duration timeout;

    /** @param until a timestamp or offsets */
    WaitFor(OffsetChoice until, Duration timeout) {
        this.until = until;
        this.timeout = timeout;
    }

    /** Refuses buckets that the table does not have. */
    void requireBuckets(TablePath path, TableDescriptor table) {
        if (until.offsets() == null) {
            return;
        }
        boolean partitioned = !table.partitionKeys().isEmpty();
        for (String name : until.offsets().keySet()) {
            String problem = null;
            if (partitioned == partition(name).isEmpty()) {
                problem = partitioned ? "the table has partitions: 'partition:NAME,bucket:0,offset:42'" : "the table has no partitions";
            } else if (bucket(name) >= table.bucketCount()) {
                problem = "the table has " + table.bucketCount() + " buckets, from 0";
            }
            if (problem != null) {
                throw new ValidationException("'" + FlussConnectorOptions.LOOKUP_WAIT_FOR_SPECIFIC_OFFSETS.key() + "' of "
                        + TableMapping.describe(path) + " names bucket " + describe(name) + ", but " + problem + ".");
            }
        }
    }

    /**
     * @return when the time is over that may be waited, in {@link System#nanoTime}
     * @throws TimeoutException that says how far the buckets are that lag
     */
    long await(Table table) throws InterruptedException, TimeoutException {
        long end = System.nanoTime() + timeout.toNanos();
        requireFewPartitions(table);
        List<String> lagging = lagging(table, false);
        while (!lagging.isEmpty()) {
            if (System.nanoTime() - end >= 0) {
                throw new TimeoutException("The lookup join has waited " + TimeUtils.formatWithHighestUnit(timeout) + " ('"
                        + FlussConnectorOptions.LOOKUP_WAIT_FOR_TIMEOUT.key() + "') for " + TableMapping.describe(table.info().path()) + " to reach "
                        + (until.timestamp() == null
                                ? "the offsets of '" + FlussConnectorOptions.LOOKUP_WAIT_FOR_SPECIFIC_OFFSETS.key() + "'"
                                : "the time " + Instant.ofEpochMilli(until.timestamp()) + " of '"
                                        + FlussConnectorOptions.LOOKUP_WAIT_FOR_TIMESTAMP.key() + "'")
                        + "; not there yet: " + String.join("; ", lagging(table, true)) + ".");
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
            lagging = lagging(table, false);
        }
        return end;
    }

    /** A time is asked of every bucket of every partition, again and again. */
    private void requireFewPartitions(Table table) {
        if (until.timestamp() == null || table.info().descriptor().partitionKeys().isEmpty()) {
            return;
        }
        int partitions = table.connection().admin().listPartitions(table.info().path()).size();
        if (partitions > CatalogStatistics.MOST_PARTITIONS) {
            throw new UnrecoverableException("'" + FlussConnectorOptions.LOOKUP_WAIT_FOR_TIMESTAMP.key() + "' of "
                    + TableMapping.describe(table.info().path()) + " would look into all of its " + partitions + " partitions, and at most "
                    + CatalogStatistics.MOST_PARTITIONS + " are looked into; name those that matter by '"
                    + FlussConnectorOptions.LOOKUP_WAIT_FOR_SPECIFIC_OFFSETS.key() + "'.");
        }
    }

    /** Until the copy, which other tasks may have made before, has all that the table has now. @param end as {@link #await} gave it */
    void awaitCopy(Lookuper copy, TablePath path, long end) throws InterruptedException, TimeoutException {
        long reached = System.currentTimeMillis();
        // The time is read before the state, so that the copy never seems newer than it is.
        while (System.currentTimeMillis() - reached <= copy.copyState().stalenessMillis()) {
            if (System.nanoTime() - end >= 0) {
                throw new TimeoutException("The lookup join has waited " + TimeUtils.formatWithHighestUnit(timeout) + " ('"
                        + FlussConnectorOptions.LOOKUP_WAIT_FOR_TIMEOUT.key() + "') for " + TableMapping.describe(path)
                        + ", whose copy in memory ('lookup.cache' = 'FULL') is still " + copy.copyState().stalenessMillis() + " ms behind.");
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
        }
    }

    /** A text for each bucket that lags. @param details whether the texts say how far it is, which reads the table */
    private List<String> lagging(Table table, boolean details) {
        return until.timestamp() == null ? behindOffsets(table) : behindTime(table, details);
    }

    private List<String> behindOffsets(Table table) {
        Admin admin = table.connection().admin();
        TablePath path = table.info().path();
        Map<String, long[]> byName = new HashMap<>();
        if (table.info().descriptor().partitionKeys().isEmpty()) {
            byName.put("", admin.listOffsets(path, 0, OffsetSpec.LATEST));
        } else {
            Set<String> named = until.offsets().keySet().stream().map(WaitFor::partition).collect(Collectors.toSet());
            for (PartitionInfo partition : admin.listPartitions(path)) {
                if (named.contains(partition.name())) {
                    byName.put(partition.name(), admin.listOffsets(path, partition.partitionId(), OffsetSpec.LATEST));
                }
            }
        }
        List<String> lagging = new ArrayList<>();
        new TreeMap<>(until.offsets()).forEach((name, offset) -> {
            long[] there = byName.get(partition(name));
            if (there == null) {
                lagging.add("bucket " + describe(name) + " (the partition is not made)");
            } else if (there[bucket(name)] < offset) {
                lagging.add("bucket " + describe(name) + " (at offset " + there[bucket(name)] + " of " + offset + ")");
            }
        });
        return lagging;
    }

    private List<String> behindTime(Table table, boolean details) {
        // Before the offsets by time: where no row is as new, those are the ends of the logs at a later time.
        Map<Integer, long[]> ends =
                new TreeMap<>(table.connection().admin().listOffsetsByPartition(table.info().path(), OffsetSpec.LATEST));
        // A time to come is refused, and nothing can have reached it.
        Map<Integer, long[]> since = until.timestamp() > System.currentTimeMillis()
                ? Collections.emptyMap()
                : table.connection().admin().listOffsetsByPartition(table.info().path(), OffsetSpec.timestamp(until.timestamp()));
        List<String> lagging = new ArrayList<>();
        for (int bucket = 0; bucket < table.info().descriptor().bucketCount(); bucket++) {
            int number = bucket;
            boolean reached = ends.entrySet().stream().anyMatch(partition -> {
                long[] first = since.get(partition.getKey());
                return first != null && first[number] < partition.getValue()[number];
            });
            if (!reached) {
                lagging.add("bucket " + bucket + (details ? newest(table, ends, bucket) : ""));
            }
        }
        return lagging;
    }

    /** The time of the newest row of a bucket, in the youngest of its partitions that has one. */
    private static String newest(Table table, Map<Integer, long[]> ends, int bucket) {
        Map<Integer, long[]> starts = table.connection().admin().listOffsetsByPartition(table.info().path(), OffsetSpec.EARLIEST);
        int youngest = ends.keySet().stream()
                .filter(partition -> starts.containsKey(partition) && starts.get(partition)[bucket] < ends.get(partition)[bucket])
                .mapToInt(partition -> partition)
                .max()
                .orElse(-1);
        if (youngest < 0) {
            return " (no rows)";
        }
        long end = ends.get(youngest)[bucket];
        try (LogScanner scanner = table.newLogScanner(new int[0])) {
            scanner.subscribe(youngest, bucket, end - 1, end);
            try (ColumnBatch batch = scanner.poll(READ_MS)) {
                return batch == null
                        ? " (at offset " + end + ")"
                        : " (newest row committed at " + Instant.ofEpochMilli(batch.commitTimestamp()) + ", before offset " + end + ")";
            }
        }
    }

    /** Of a name of {@link OffsetChoice#bucketName}. */
    private static String partition(String name) {
        return name.substring(0, Math.max(0, name.lastIndexOf('/')));
    }

    private static int bucket(String name) {
        return Integer.parseInt(name.substring(name.lastIndexOf('/') + 1));
    }

    private static String describe(String name) {
        return bucket(name) + (partition(name).isEmpty() ? "" : " of partition " + partition(name));
    }
}
