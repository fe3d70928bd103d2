package io.fluss.flink.row;

import io.fluss.client.ColumnBatch;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.columnar.vector.BytesColumnVector;
import org.apache.flink.table.data.columnar.vector.ColumnVector;
import org.apache.flink.table.data.columnar.vector.IntColumnVector;
import org.apache.flink.table.data.columnar.vector.LongColumnVector;
import org.apache.flink.table.data.columnar.vector.TimestampColumnVector;
import org.apache.flink.table.types.DataType;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a row of a scan has besides its columns: {@code METADATA VIRTUAL} of a table. Views like {@link ColumnVectors}: no object a row. */
public enum MetadataColumn {
    /** Of the row in the log of its bucket; NULL for a row of a snapshot. */
    OFFSET("offset", DataTypes.BIGINT()) {
        @Override
        ColumnVector of(ColumnBatch batch, RowForm form) {
            return new Offsets(batch.baseOffset(), form == RowForm.SNAPSHOT);
        }
    },
    /** When the row was committed; NULL for a row of a snapshot. */
    TIMESTAMP("timestamp", DataTypes.TIMESTAMP_LTZ(3)) {
        @Override
        ColumnVector of(ColumnBatch batch, RowForm form) {
            return new Timestamps(batch.commitTimestamp(), form == RowForm.SNAPSHOT);
        }
    },
    /** The bucket that the row is in. */
    BUCKET("bucket", DataTypes.INT().notNull()) {
        @Override
        ColumnVector of(ColumnBatch batch, RowForm form) {
            return new Buckets(batch.bucket());
        }
    },
    /** {@code insert}, {@code update_before}, {@code update_after} or {@code delete}; {@code update} for both halves of it. */
    CHANGE_TYPE("change_type", DataTypes.STRING().notNull()) {
        @Override
        ColumnVector of(ColumnBatch batch, RowForm form) {
            return new ChangeTypes(batch, form == RowForm.BINLOG_ROW);
        }
    };

    private final String key;
    private final DataType type;

    MetadataColumn(String key, DataType type) {
        this.key = key;
        this.type = type;
    }

    abstract ColumnVector of(ColumnBatch batch, RowForm form);

    /** The key by which tables declare it. */
    public String key() {
        return key;
    }

    /** Of rows of a form. */
    public DataType type(RowForm form) {
        // A CHANGE may follow rows of a snapshot.
        return form == RowForm.CHANGELOG_ROW || form == RowForm.BINLOG_ROW ? type.notNull() : type;
    }

    /** Types by key, of rows of tables. */
    public static Map<String, DataType> all() {
        return all(RowForm.CHANGE);
    }

    /** Types by key, of rows of a form. */
    public static Map<String, DataType> all(RowForm form) {
        Map<String, DataType> all = new LinkedHashMap<>();
        for (MetadataColumn column : values()) {
            all.put(column.key, column.type(form));
        }
        return all;
    }

    /** @param key one of {@link #all()} */
    public static MetadataColumn of(String key) {
        for (MetadataColumn column : values()) {
            if (column.key.equals(key)) {
                return column;
            }
        }
        throw new IllegalArgumentException("no metadata '" + key + "'; there are " + all().keySet());
    }

    private static final class Offsets implements LongColumnVector {
        private final long base;
        private final boolean absent;

        Offsets(long base, boolean absent) {
            this.base = base;
            this.absent = absent;
        }

        @Override
        public long getLong(int row) {
            return base + row;
        }

        @Override
        public boolean isNullAt(int row) {
            return absent;
        }
    }

    private static final class Timestamps implements TimestampColumnVector {
        private final TimestampData value;
        private final boolean absent;

        Timestamps(long millis, boolean absent) {
            this.value = TimestampData.fromEpochMillis(millis);
            this.absent = absent;
        }

        @Override
        public TimestampData getTimestamp(int row, int precision) {
            return value;
        }

        @Override
        public boolean isNullAt(int row) {
            return absent;
        }
    }

    private static final class Buckets implements IntColumnVector {
        private final int bucket;

        Buckets(int bucket) {
            this.bucket = bucket;
        }

        @Override
        public int getInt(int row) {
            return bucket;
        }

        @Override
        public boolean isNullAt(int row) {
            return false;
        }
    }

    private static final class ChangeTypes implements BytesColumnVector {
        private static final Bytes INSERT = text("insert");
        private static final Bytes UPDATE_BEFORE = text("update_before");
        private static final Bytes UPDATE_AFTER = text("update_after");
        private static final Bytes UPDATE = text("update");
        private static final Bytes DELETE = text("delete");

        private final ColumnBatch batch;
        private final Bytes updateBefore;

        ChangeTypes(ColumnBatch batch, boolean wholeUpdates) {
            this.batch = batch;
            this.updateBefore = wholeUpdates ? UPDATE : UPDATE_BEFORE;
        }

        private static Bytes text(String value) {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            return new Bytes(bytes, 0, bytes.length);
        }

        @Override
        public Bytes getBytes(int row) {
            switch (ColumnBatchRows.rowKind(batch.changeType(row))) {
                case UPDATE_BEFORE:
                    return updateBefore;
                case UPDATE_AFTER:
                    return UPDATE_AFTER;
                case DELETE:
                    return DELETE;
                default:
                    return INSERT;
            }
        }

        @Override
        public boolean isNullAt(int row) {
            return false;
        }
    }
}
