package io.fluss.client;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A partition of a table. Its buckets have the numbers 0 to {@link TableInfo#bucketCount()} - 1, as those of every other partition. */
public final class PartitionInfo {
    private final int partitionId;
    private final List<String> values;
    private final long createdMs;

    PartitionInfo(int partitionId, List<String> values, long createdMs) {
        this.partitionId = partitionId;
        this.values = List.copyOf(values);
        this.createdMs = createdMs;
    }

    /** From 1, never used again in its table. 0 stands for a table without partitions. */
    public int partitionId() {
        return partitionId;
    }

    /** The values of the partition keys as text ({@code native/docs/format.md}, "Partition names"), in the order of the keys. */
    public List<String> values() {
        return values;
    }

    /** The values, joined by {@code $}: unique in the table. */
    public String name() {
        return String.join("$", values);
    }

    /** The values by partition key. @param partitionKeys {@link TableDescriptor#partitionKeys()} of the table */
    public Map<String, String> spec(List<String> partitionKeys) {
        Map<String, String> spec = new LinkedHashMap<>();
        for (int i = 0; i < partitionKeys.size(); i++) {
            spec.put(partitionKeys.get(i), values.get(i));
        }
        return spec;
    }

    /** Milliseconds since the epoch. */
    public long createdMs() {
        return createdMs;
    }

    @Override
    public String toString() {
        return name() + " (id " + partitionId + ")";
    }
}
