package io.fluss.flink.source;

import io.fluss.client.TablePath;
import io.fluss.flink.row.MetadataColumn;
import io.fluss.flink.table.StartupMode;

import org.apache.flink.table.types.logical.RowType;

import java.io.Serializable;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** Everything that says what a source reads; travels with the job. */
public final class ScanSpec implements Serializable {
    private static final long serialVersionUID = 1L;

    private final HashMap<String, String> connectionOptions;
    private final TablePath path;
    private final long tableId;
    private final boolean primaryKeyTable;
    private final RowType rowType;
    private final int[] projection;
    private final MetadataColumn[] metadata;
    private final StartupMode startupMode;
    private final long startupTimestamp;
    private final Duration snapshotLease;
    private final boolean bounded;
    private final boolean checkpointing;

    private ScanSpec(Builder builder) {
        connectionOptions = new HashMap<>(builder.connectionOptions);
        path = Objects.requireNonNull(builder.path, "path");
        tableId = builder.tableId;
        primaryKeyTable = builder.primaryKeyTable;
        rowType = Objects.requireNonNull(builder.rowType, "rowType");
        projection = builder.projection.clone();
        metadata = builder.metadata.clone();
        startupMode = builder.startupMode;
        startupTimestamp = builder.startupTimestamp;
        snapshotLease = builder.snapshotLease;
        bounded = builder.bounded;
        checkpointing = builder.checkpointing;
    }

    public static Builder builder() {
        return new Builder();
    }

    /** A builder of the same, to change a part. */
    public Builder toBuilder() {
        return new Builder()
                .connectionOptions(connectionOptions)
                .table(path, tableId, primaryKeyTable, rowType)
                .projection(projection)
                .metadata(metadata)
                .startup(startupMode, startupTimestamp)
                .snapshotLease(snapshotLease)
                .bounded(bounded)
                .checkpointing(checkpointing);
    }

    /** {@code data.dir} and engine options. */
    public Map<String, String> connectionOptions() {
        return Collections.unmodifiableMap(connectionOptions);
    }

    public TablePath path() {
        return path;
    }

    /** Of the table that the job was planned with. */
    public long tableId() {
        return tableId;
    }

    public boolean isPrimaryKeyTable() {
        return primaryKeyTable;
    }

    /** All physical columns of the table. */
    public RowType rowType() {
        return rowType;
    }

    /** Positions in {@link #rowType()} of the columns to read, in the order wanted; may be empty. */
    public int[] projection() {
        return projection.clone();
    }

    /** What the rows have behind those columns. */
    public MetadataColumn[] metadata() {
        return metadata.clone();
    }

    public StartupMode startupMode() {
        return startupMode;
    }

    /** Milliseconds since the epoch; of mode {@link StartupMode#TIMESTAMP}. */
    public long startupTimestamp() {
        return startupTimestamp;
    }

    public Duration snapshotLease() {
        return snapshotLease;
    }

    /** A batch read: ends at what is there when it starts. */
    public boolean isBounded() {
        return bounded;
    }

    /** Whether the job takes checkpoints: then a snapshot is released only when one holds its end. */
    public boolean isCheckpointing() {
        return checkpointing;
    }

    /** Whether the scan begins with snapshots of the buckets. */
    public boolean readsSnapshots() {
        return primaryKeyTable && startupMode == StartupMode.FULL;
    }

    /** Collects a {@link ScanSpec}. */
    public static final class Builder {
        private Map<String, String> connectionOptions = Collections.emptyMap();
        private TablePath path;
        private long tableId;
        private boolean primaryKeyTable;
        private RowType rowType;
        private int[] projection = new int[0];
        private MetadataColumn[] metadata = new MetadataColumn[0];
        private StartupMode startupMode = StartupMode.FULL;
        private long startupTimestamp;
        private Duration snapshotLease = Duration.ofDays(1);
        private boolean bounded;
        private boolean checkpointing;

        private Builder() {}

        public Builder connectionOptions(Map<String, String> options) {
            connectionOptions = options;
            return this;
        }

        public Builder table(TablePath tablePath, long id, boolean hasPrimaryKey, RowType columns) {
            path = tablePath;
            tableId = id;
            primaryKeyTable = hasPrimaryKey;
            rowType = columns;
            return this;
        }

        public Builder projection(int[] columns) {
            projection = columns;
            return this;
        }

        public Builder metadata(MetadataColumn[] columns) {
            metadata = columns;
            return this;
        }

        /** @param timestamp of mode TIMESTAMP, milliseconds since the epoch; else ignored */
        public Builder startup(StartupMode mode, long timestamp) {
            startupMode = mode;
            startupTimestamp = timestamp;
            return this;
        }

        public Builder snapshotLease(Duration lease) {
            snapshotLease = lease;
            return this;
        }

        public Builder bounded(boolean value) {
            bounded = value;
            return this;
        }

        public Builder checkpointing(boolean value) {
            checkpointing = value;
            return this;
        }

        public ScanSpec build() {
            return new ScanSpec(this);
        }
    }
}
