package io.fluss.flink.source.reader;

import io.fluss.flink.source.deserializer.FlussDeserializationSchema;
import io.fluss.record.ChangeType;
import io.fluss.record.LogRecord;

import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.table.data.RowData;

/** Gives what the schema makes of rows to an output. */
final class RowCollector<T> {
    private final FlussDeserializationSchema<T> schema;
    private final Row record;
    private SourceOutput<T> output;

    /** @param appendOnly whether the rows are those of a log table */
    RowCollector(FlussDeserializationSchema<T> schema, boolean appendOnly) {
        this.schema = schema;
        this.record = new Row(appendOnly);
    }

    /** Where the next rows go. */
    RowCollector<T> to(SourceOutput<T> split) {
        output = split;
        return this;
    }

    void collect(RowData row, long offset, long timestamp) throws Exception {
        T element = element(row, offset, timestamp);
        if (element != null) {
            output.collect(element, timestamp);
        }
    }

    /** A row of a snapshot. */
    void collect(RowData row) throws Exception {
        T element = element(row, -1, -1);
        if (element != null) {
            output.collect(element);
        }
    }

    private T element(RowData row, long offset, long timestamp) throws Exception {
        record.row = row;
        record.offset = offset;
        record.timestamp = timestamp;
        return schema.deserialize(record);
    }

    /** One object for all rows. */
    private static final class Row implements LogRecord {
        private final boolean appendOnly;
        private RowData row;
        private long offset;
        private long timestamp;

        Row(boolean appendOnly) {
            this.appendOnly = appendOnly;
        }

        @Override
        public long logOffset() {
            return offset;
        }

        @Override
        public long timestamp() {
            return timestamp;
        }

        @Override
        public ChangeType getChangeType() {
            return ChangeType.of(row.getRowKind(), appendOnly);
        }

        @Override
        public RowData getRow() {
            return row;
        }
    }
}
