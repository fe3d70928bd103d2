package io.fluss.client;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What a user declares of a table; as the store gives it back in {@link TableInfo}, its defaults are filled in. */
public final class TableDescriptor {
    private final List<Column> columns;
    private final List<String> primaryKey;
    private final List<String> bucketKey;
    private final List<String> partitionKeys;
    private final int bucketCount;
    private final String comment;
    private final Map<String, String> options;
    private final Map<String, String> customProperties;

    private TableDescriptor(Builder builder) {
        columns = Collections.unmodifiableList(new ArrayList<>(builder.columns));
        primaryKey = Collections.unmodifiableList(new ArrayList<>(builder.primaryKey));
        bucketKey = Collections.unmodifiableList(new ArrayList<>(builder.bucketKey));
        partitionKeys = Collections.unmodifiableList(new ArrayList<>(builder.partitionKeys));
        bucketCount = builder.bucketCount;
        comment = builder.comment;
        options = Collections.unmodifiableMap(new LinkedHashMap<>(builder.options));
        customProperties = Collections.unmodifiableMap(new LinkedHashMap<>(builder.customProperties));
    }

    public static Builder builder() {
        return new Builder();
    }

    public List<Column> columns() {
        return columns;
    }

    /** Names in key order; empty for a log table. */
    public List<String> primaryKey() {
        return primaryKey;
    }

    /** Empty: the primary key without the partition keys; for a log table: none, batches go round the buckets. */
    public List<String> bucketKey() {
        return bucketKey;
    }

    /** Empty: the table has no partitions. */
    public List<String> partitionKeys() {
        return partitionKeys;
    }

    /** 0: the engine's {@code default.bucket.number}. */
    public int bucketCount() {
        return bucketCount;
    }

    /** May be empty. */
    public String comment() {
        return comment;
    }

    /** {@code table.*} options. */
    public Map<String, String> options() {
        return options;
    }

    /** Kept by the store as they are, never interpreted. */
    public Map<String, String> customProperties() {
        return customProperties;
    }

    public boolean hasPrimaryKey() {
        return !primaryKey.isEmpty();
    }

    /**
     * The columns of a prefix lookup ({@link Table#newPrefixLookuper}): the bucket key, and the partition keys; empty where the bucket key is
     * no beginning of the primary key, or all of it.
     */
    public List<String> prefixKey() {
        List<String> keys = new ArrayList<>(primaryKey);
        keys.removeAll(partitionKeys);
        if (bucketKey.size() >= keys.size() || !keys.subList(0, bucketKey.size()).equals(bucketKey)) {
            return List.of();
        }
        List<String> prefix = new ArrayList<>(bucketKey);
        prefix.addAll(partitionKeys);
        return prefix;
    }

    /** Positions of the key columns in key order; empty for a log table. */
    public int[] primaryKeyIndexes() {
        return columnIndexes(primaryKey);
    }

    /** Positions of columns, in the order of their names. @throws InvalidArgumentException if there is no such column */
    public int[] columnIndexes(List<String> names) {
        return names.stream().mapToInt(this::columnIndex).toArray();
    }

    /** @throws InvalidArgumentException if there is no such column */
    public int columnIndex(String name) {
        for (int i = 0; i < columns.size(); i++) {
            if (columns.get(i).name().equals(name)) {
                return i;
            }
        }
        throw FlussException.invalid("there is no column '" + name + "'; the columns are " + columns);
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof TableDescriptor)) {
            return false;
        }
        TableDescriptor that = (TableDescriptor) other;
        return columns.equals(that.columns)
                && primaryKey.equals(that.primaryKey)
                && bucketKey.equals(that.bucketKey)
                && partitionKeys.equals(that.partitionKeys)
                && bucketCount == that.bucketCount
                && comment.equals(that.comment)
                && options.equals(that.options)
                && customProperties.equals(that.customProperties);
    }

    @Override
    public int hashCode() {
        return Objects.hash(columns, primaryKey, bucketKey, partitionKeys, bucketCount, comment, options, customProperties);
    }

    @Override
    public String toString() {
        return columns
                + (primaryKey.isEmpty() ? "" : " PRIMARY KEY " + primaryKey)
                + (partitionKeys.isEmpty() ? "" : " PARTITIONED BY " + partitionKeys)
                + " bucket key " + bucketKey + ", " + bucketCount + " buckets, options " + options;
    }

    /** Collects a descriptor; everything but the columns is optional. */
    public static final class Builder {
        private final List<Column> columns = new ArrayList<>();
        private final List<String> primaryKey = new ArrayList<>();
        private final List<String> bucketKey = new ArrayList<>();
        private final List<String> partitionKeys = new ArrayList<>();
        private int bucketCount;
        private String comment = "";
        private final Map<String, String> options = new LinkedHashMap<>();
        private final Map<String, String> customProperties = new LinkedHashMap<>();

        private Builder() {}

        public Builder column(String name, DataType type) {
            return column(new Column(name, type));
        }

        public Builder column(Column column) {
            columns.add(column);
            return this;
        }

        public Builder primaryKey(String... names) {
            return primaryKey(List.of(names));
        }

        public Builder primaryKey(List<String> names) {
            primaryKey.addAll(names);
            return this;
        }

        public Builder bucketKey(List<String> names) {
            bucketKey.addAll(names);
            return this;
        }

        public Builder partitionKeys(List<String> names) {
            partitionKeys.addAll(names);
            return this;
        }

        public Builder bucketCount(int count) {
            bucketCount = count;
            return this;
        }

        public Builder comment(String text) {
            comment = text == null ? "" : text;
            return this;
        }

        public Builder option(String name, String value) {
            options.put(name, value);
            return this;
        }

        public Builder options(Map<String, String> values) {
            options.putAll(values);
            return this;
        }

        public Builder customProperties(Map<String, String> values) {
            customProperties.putAll(values);
            return this;
        }

        public TableDescriptor build() {
            return new TableDescriptor(this);
        }
    }
}
