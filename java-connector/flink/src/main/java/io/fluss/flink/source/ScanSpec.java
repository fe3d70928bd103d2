package io.fluss.flink.source;

import io.fluss.client.Aggregate;
import io.fluss.client.ColumnBatch;
import io.fluss.client.Predicate;
import io.fluss.client.Projection;
import io.fluss.client.TablePath;
import io.fluss.flink.row.BinlogColumn;
import io.fluss.flink.row.ColumnBatchRows;
import io.fluss.flink.row.MetadataColumn;
import io.fluss.flink.row.RowForm;
import io.fluss.flink.table.StartupMode;

import org.apache.flink.table.types.logical.RowType;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Everything that says what a source reads; travels with the job. */
public final class ScanSpec implements Serializable {
    private static final long serialVersionUID = 1L;

    private final HashMap<String, String> connectionOptions;
    private final TablePath path;
    private final long tableId;
    private final boolean primaryKeyTable;
    private final boolean partitioned;
    private final RowType rowType;
    private final Projection projection;
    private final Predicate filter;
    private final PartitionFilter partitionFilter;
    private final DynamicPartitionFilter dynamicFilter;
    private final ArrayList<Aggregate> aggregates;
    private final long limit;
    private final RowForm logForm;
    private final BinlogColumn[] binlog;
    private final MetadataColumn[] metadata;
    private final StartupMode startupMode;
    private final OffsetChoice start;
    private final OffsetChoice stop;
    private final Duration partitionDiscovery;
    private final Duration snapshotLease;
    private final boolean batch;
    private final boolean checkpointing;

    private ScanSpec(Builder builder) {
        connectionOptions = new HashMap<>(builder.connectionOptions);
        path = Objects.requireNonNull(builder.path, "path");
        tableId = builder.tableId;
        primaryKeyTable = builder.primaryKeyTable;
        partitioned = builder.partitioned;
        rowType = Objects.requireNonNull(builder.rowType, "rowType");
        projection = builder.projection;
        filter = builder.filter;
        partitionFilter = builder.partitionFilter;
        dynamicFilter = builder.dynamicFilter;
        aggregates = new ArrayList<>(builder.aggregates);
        limit = builder.limit;
        logForm = builder.logForm;
        binlog = builder.binlog.clone();
        metadata = builder.metadata.clone();
        startupMode = builder.startupMode;
        start = builder.start;
        stop = builder.stop;
        partitionDiscovery = builder.partitionDiscovery;
        snapshotLease = builder.snapshotLease;
        batch = builder.batch;
        checkpointing = builder.checkpointing;
    }

    public static Builder builder() {
        return new Builder();
    }

    /** A builder of the same, to change a part. */
    public Builder toBuilder() {
        return new Builder()
                .connectionOptions(connectionOptions)
                .table(path, tableId, primaryKeyTable, partitioned, rowType)
                .projection(projection)
                .filter(filter, partitionFilter)
                .dynamicFilter(dynamicFilter)
                .aggregates(aggregates)
                .limit(limit)
                .logForm(logForm)
                .binlog(binlog)
                .metadata(metadata)
                .startup(startupMode, start)
                .stop(stop)
                .partitionDiscovery(partitionDiscovery)
                .snapshotLease(snapshotLease)
                .batch(batch)
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

    /** Whether it has partitions. */
    public boolean isPartitioned() {
        return partitioned;
    }

    /** All physical columns of the table. */
    public RowType rowType() {
        return rowType;
    }

    /** Into {@link #rowType()}; may be empty. */
    public Projection projection() {
        return projection;
    }

    /** What rows must fulfil; null: nothing. */
    public Predicate filter() {
        return filter;
    }

    /** Which partitions are read. */
    public PartitionFilter partitionFilter() {
        return partitionFilter;
    }

    /** Which partitions are read, when the job runs and knows it; null: those of {@link #partitionFilter()}. */
    public DynamicPartitionFilter dynamicFilter() {
        return dynamicFilter;
    }

    /** What a split gives in place of its rows, of columns of the projection, if it has rows; none: the rows. */
    public List<Aggregate> aggregates() {
        return Collections.unmodifiableList(aggregates);
    }

    /** No reader needs to give more rows. */
    public long limit() {
        return limit;
    }

    /** What the rows are that come from logs. */
    public RowForm logForm() {
        return logForm;
    }

    /** The rows of a batch of a log. */
    public ColumnBatchRows logRows(ColumnBatch batch) {
        return ColumnBatchRows.of(batch, logForm, binlog, metadata);
    }

    /** The rows of a batch of a snapshot. */
    public ColumnBatchRows snapshotRows(ColumnBatch batch) {
        return ColumnBatchRows.of(batch, RowForm.SNAPSHOT, binlog, metadata);
    }

    public StartupMode startupMode() {
        return startupMode;
    }

    /** Where the log of a bucket is read from, but in mode {@link StartupMode#FULL} of a primary-key table. */
    public OffsetChoice start() {
        return start;
    }

    /** Where the log of a bucket is read to; null: the scan never ends. */
    public OffsetChoice stop() {
        return stop;
    }

    /** How often a scan that never ends looks for partitions; zero: once, at its start. */
    public Duration partitionDiscovery() {
        return partitionDiscovery;
    }

    public Duration snapshotLease() {
        return snapshotLease;
    }

    public boolean isBounded() {
        return stop != null;
    }

    /** Whether the job is a batch: then no checkpoint or savepoint is taken of it, and a split is read from its start or not at all. */
    public boolean isBatch() {
        return batch;
    }

    /** Whether the job takes checkpoints by itself: then a snapshot is released only when one holds its end. */
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
        private boolean partitioned;
        private RowType rowType;
        private Projection projection = Projection.of();
        private Predicate filter;
        private PartitionFilter partitionFilter = PartitionFilter.ALL;
        private DynamicPartitionFilter dynamicFilter;
        private List<Aggregate> aggregates = Collections.emptyList();
        private long limit = Long.MAX_VALUE;
        private RowForm logForm = RowForm.CHANGE;
        private BinlogColumn[] binlog = new BinlogColumn[0];
        private MetadataColumn[] metadata = new MetadataColumn[0];
        private StartupMode startupMode = StartupMode.FULL;
        private OffsetChoice start = OffsetChoice.EARLIEST;
        private OffsetChoice stop;
        private Duration partitionDiscovery = Duration.ZERO;
        private Duration snapshotLease = Duration.ofDays(1);
        private boolean batch;
        private boolean checkpointing;

        private Builder() {}

        public Builder connectionOptions(Map<String, String> options) {
            connectionOptions = options;
            return this;
        }

        public Builder table(TablePath tablePath, long id, boolean hasPrimaryKey, boolean hasPartitions, RowType columns) {
            path = tablePath;
            tableId = id;
            primaryKeyTable = hasPrimaryKey;
            partitioned = hasPartitions;
            rowType = columns;
            return this;
        }

        /** @param value false: its rows are read as if they had no key */
        public Builder keyed(boolean value) {
            primaryKeyTable = value;
            return this;
        }

        public Builder projection(Projection columns) {
            projection = columns;
            return this;
        }

        /**
         * @param rows what rows must fulfil; null: nothing
         * @param partitions which of them are read
         */
        public Builder filter(Predicate rows, PartitionFilter partitions) {
            filter = rows;
            partitionFilter = partitions;
            return this;
        }

        public Builder dynamicFilter(DynamicPartitionFilter partitions) {
            dynamicFilter = partitions;
            return this;
        }

        public Builder aggregates(List<Aggregate> ofColumns) {
            aggregates = ofColumns;
            return this;
        }

        public Builder limit(long rows) {
            limit = rows;
            return this;
        }

        /** @param form of the rows that come from logs */
        public Builder logForm(RowForm form) {
            logForm = form;
            return this;
        }

        /** @param columns that a binlog's rows have in place of those of the projection */
        public Builder binlog(BinlogColumn[] columns) {
            binlog = columns;
            return this;
        }

        /** @param columns that rows have behind those of the projection, or of the binlog */
        public Builder metadata(MetadataColumn[] columns) {
            metadata = columns;
            return this;
        }

        /** @param from where the log is read from; of mode FULL: {@link OffsetChoice#EARLIEST} */
        public Builder startup(StartupMode mode, OffsetChoice from) {
            startupMode = mode;
            start = from;
            return this;
        }

        /** @param end null: never */
        public Builder stop(OffsetChoice end) {
            stop = end;
            return this;
        }

        public Builder partitionDiscovery(Duration interval) {
            partitionDiscovery = interval;
            return this;
        }

        public Builder snapshotLease(Duration lease) {
            snapshotLease = lease;
            return this;
        }

        public Builder batch(boolean value) {
            batch = value;
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
