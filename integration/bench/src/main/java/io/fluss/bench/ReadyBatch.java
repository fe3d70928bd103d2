package io.fluss.bench;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.columnar.ColumnarRowData;
import org.apache.flink.table.data.columnar.vector.ColumnVector;
import org.apache.flink.table.data.columnar.vector.DecimalColumnVector;
import org.apache.flink.table.data.columnar.vector.VectorizedColumnBatch;
import org.apache.flink.table.data.columnar.vector.heap.HeapBooleanVector;
import org.apache.flink.table.data.columnar.vector.heap.HeapBytesVector;
import org.apache.flink.table.data.columnar.vector.heap.HeapDoubleVector;
import org.apache.flink.table.data.columnar.vector.heap.HeapFloatVector;
import org.apache.flink.table.data.columnar.vector.heap.HeapIntVector;
import org.apache.flink.table.data.columnar.vector.heap.HeapLongVector;
import org.apache.flink.table.data.columnar.vector.heap.HeapTimestampVector;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/** Random rows in Flink's own vectors, like those of datagen: hexadecimal strings as long as {@link Tables} says, any numbers. */
final class ReadyBatch {
    /** About as many as the store's batches have, and so many that no batch of it has a row twice. */
    static final int ROWS = 16_384;

    private final VectorizedColumnBatch columns;
    private final Random random = new Random(42);

    ReadyBatch(RowType type) {
        ColumnVector[] vectors = new ColumnVector[type.getFieldCount()];
        for (int i = 0; i < vectors.length; i++) {
            vectors[i] = vector(type.getTypeAt(i), type.getFieldNames().get(i));
        }
        columns = new VectorizedColumnBatch(vectors);
        columns.setNumRows(ROWS);
    }

    /** One object for all rows: {@link ColumnarRowData#setRowId}. */
    ColumnarRowData row() {
        return new ColumnarRowData(columns);
    }

    /** Other values from 0 to {@code keys} - 1 in the first column. */
    void newKeys(long keys) {
        long[] values = ((HeapLongVector) columns.columns[0]).vector;
        for (int row = 0; row < ROWS; row++) {
            values[row] = (random.nextLong() >>> 1) % keys;
        }
    }

    /** Now, in the second column. */
    void stamp(int row) {
        ((HeapLongVector) columns.columns[1]).vector[row] = System.nanoTime();
    }

    private ColumnVector vector(LogicalType type, String column) {
        switch (type.getTypeRoot()) {
            case BOOLEAN:
                HeapBooleanVector booleans = new HeapBooleanVector(ROWS);
                for (int row = 0; row < ROWS; row++) {
                    booleans.vector[row] = random.nextBoolean();
                }
                return booleans;
            case INTEGER:
                HeapIntVector ints = new HeapIntVector(ROWS);
                for (int row = 0; row < ROWS; row++) {
                    ints.vector[row] = random.nextInt();
                }
                return ints;
            case BIGINT:
                return longs(Long.MAX_VALUE);
            case DECIMAL:
                return new Decimals(longs(10_000_000_000L));
            case FLOAT:
                HeapFloatVector floats = new HeapFloatVector(ROWS);
                for (int row = 0; row < ROWS; row++) {
                    floats.vector[row] = random.nextFloat();
                }
                return floats;
            case DOUBLE:
                HeapDoubleVector doubles = new HeapDoubleVector(ROWS);
                for (int row = 0; row < ROWS; row++) {
                    doubles.vector[row] = random.nextDouble();
                }
                return doubles;
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                HeapTimestampVector timestamps = new HeapTimestampVector(ROWS);
                for (int row = 0; row < ROWS; row++) {
                    timestamps.setTimestamp(row, TimestampData.fromEpochMillis(1_800_000_000_000L - random.nextInt(1_000_000)));
                }
                return timestamps;
            case VARCHAR:
                HeapBytesVector strings = new HeapBytesVector(ROWS);
                for (int row = 0; row < ROWS; row++) {
                    byte[] value = hexadecimal(Tables.length(column));
                    strings.appendBytes(row, value, 0, value.length);
                }
                return strings;
            default:
                throw new IllegalArgumentException("no column of the benchmarks is of type " + type);
        }
    }

    private HeapLongVector longs(long below) {
        HeapLongVector longs = new HeapLongVector(ROWS);
        for (int row = 0; row < ROWS; row++) {
            longs.vector[row] = (random.nextLong() >>> 1) % below;
        }
        return longs;
    }

    private byte[] hexadecimal(int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(Character.forDigit(random.nextInt(16), 16));
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** Of unscaled values that fit a long. */
    private static final class Decimals implements DecimalColumnVector {
        private final HeapLongVector unscaled;

        Decimals(HeapLongVector unscaled) {
            this.unscaled = unscaled;
        }

        @Override
        public DecimalData getDecimal(int row, int precision, int scale) {
            return DecimalData.fromUnscaledLong(unscaled.getLong(row), precision, scale);
        }

        @Override
        public boolean isNullAt(int row) {
            return unscaled.isNullAt(row);
        }
    }
}
