package io.fluss.flink.row;

import io.fluss.client.ColumnView;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.columnar.ColumnarArrayData;
import org.apache.flink.table.data.columnar.ColumnarMapData;
import org.apache.flink.table.data.columnar.ColumnarRowData;
import org.apache.flink.table.data.columnar.vector.ArrayColumnVector;
import org.apache.flink.table.data.columnar.vector.BooleanColumnVector;
import org.apache.flink.table.data.columnar.vector.ByteColumnVector;
import org.apache.flink.table.data.columnar.vector.BytesColumnVector;
import org.apache.flink.table.data.columnar.vector.ColumnVector;
import org.apache.flink.table.data.columnar.vector.DecimalColumnVector;
import org.apache.flink.table.data.columnar.vector.DoubleColumnVector;
import org.apache.flink.table.data.columnar.vector.FloatColumnVector;
import org.apache.flink.table.data.columnar.vector.IntColumnVector;
import org.apache.flink.table.data.columnar.vector.LongColumnVector;
import org.apache.flink.table.data.columnar.vector.MapColumnVector;
import org.apache.flink.table.data.columnar.vector.RowColumnVector;
import org.apache.flink.table.data.columnar.vector.ShortColumnVector;
import org.apache.flink.table.data.columnar.vector.TimestampColumnVector;
import org.apache.flink.table.data.columnar.vector.VectorizedColumnBatch;

import java.math.BigDecimal;

/** Flink's column vectors as thin views over the columns of a native batch. Only nested values make an object each. */
final class ColumnVectors {
    private ColumnVectors() {}

    static ColumnVector of(ColumnView view) {
        switch (view.type().kind()) {
            case BOOLEAN:
                return new Booleans(view);
            case TINYINT:
                return new Bytes1(view);
            case SMALLINT:
                return new Shorts(view);
            case INT:
            case DATE:
            case TIME:
                return new Ints(view);
            case BIGINT:
                return new Longs(view);
            case FLOAT:
                return new Floats(view);
            case DOUBLE:
                return new Doubles(view);
            case DECIMAL:
                return new Decimals(view);
            case TIMESTAMP:
            case TIMESTAMP_LTZ:
                return new Timestamps(view);
            case CHAR:
            case VARCHAR:
            case BINARY:
            case VARBINARY:
                return new Variable(view);
            case ARRAY:
                return new Arrays(view);
            case MAP:
                return new Maps(view);
            case ROW:
                return new Rows(view);
            default:
                throw new IllegalStateException("no column vector for type " + view.type());
        }
    }

    private abstract static class View implements ColumnVector {
        final ColumnView view;

        View(ColumnView view) {
            this.view = view;
        }

        @Override
        public final boolean isNullAt(int row) {
            return view.isNull(row);
        }
    }

    private static final class Booleans extends View implements BooleanColumnVector {
        Booleans(ColumnView view) {
            super(view);
        }

        @Override
        public boolean getBoolean(int row) {
            return view.getBoolean(row);
        }
    }

    private static final class Bytes1 extends View implements ByteColumnVector {
        Bytes1(ColumnView view) {
            super(view);
        }

        @Override
        public byte getByte(int row) {
            return view.getByte(row);
        }
    }

    private static final class Shorts extends View implements ShortColumnVector {
        Shorts(ColumnView view) {
            super(view);
        }

        @Override
        public short getShort(int row) {
            return view.getShort(row);
        }
    }

    private static final class Ints extends View implements IntColumnVector {
        Ints(ColumnView view) {
            super(view);
        }

        @Override
        public int getInt(int row) {
            return view.getInt(row);
        }
    }

    private static final class Longs extends View implements LongColumnVector {
        Longs(ColumnView view) {
            super(view);
        }

        @Override
        public long getLong(int row) {
            return view.getLong(row);
        }
    }

    private static final class Floats extends View implements FloatColumnVector {
        Floats(ColumnView view) {
            super(view);
        }

        @Override
        public float getFloat(int row) {
            return view.getFloat(row);
        }
    }

    private static final class Doubles extends View implements DoubleColumnVector {
        Doubles(ColumnView view) {
            super(view);
        }

        @Override
        public double getDouble(int row) {
            return view.getDouble(row);
        }
    }

    private static final class Decimals extends View implements DecimalColumnVector {
        Decimals(ColumnView view) {
            super(view);
        }

        @Override
        public DecimalData getDecimal(int row, int precision, int scale) {
            if (DecimalData.isCompact(precision)) {
                return DecimalData.fromUnscaledLong(view.getDecimalLong(row), precision, scale);
            }
            return DecimalData.fromBigDecimal(new BigDecimal(view.getDecimal(row), scale), precision, scale);
        }
    }

    private static final class Timestamps extends View implements TimestampColumnVector {
        Timestamps(ColumnView view) {
            super(view);
        }

        @Override
        public TimestampData getTimestamp(int row, int precision) {
            return TimestampData.fromEpochMillis(view.getTimestampMillis(row), view.getTimestampNanoOfMilli(row));
        }
    }

    private static final class Variable extends View implements BytesColumnVector {
        private final byte[] array;

        /** Copies the column to the heap at once: in a source that is the fetcher's thread, while the task's reads the batch before. */
        Variable(ColumnView view) {
            super(view);
            array = view.bytesArray();
        }

        @Override
        public Bytes getBytes(int row) {
            return new Bytes(array, view.bytesStart(row), view.bytesLength(row));
        }
    }

    private static final class Arrays extends View implements ArrayColumnVector {
        private final ColumnVector elements;

        Arrays(ColumnView view) {
            super(view);
            elements = of(view.child(0));
        }

        @Override
        public ArrayData getArray(int row) {
            return new ColumnarArrayData(elements, view.listStart(row), view.listLength(row));
        }
    }

    private static final class Maps extends View implements MapColumnVector {
        private final ColumnVector keys;
        private final ColumnVector values;

        Maps(ColumnView view) {
            super(view);
            keys = of(view.child(0));
            values = of(view.child(1));
        }

        @Override
        public MapData getMap(int row) {
            return new ColumnarMapData(keys, values, view.listStart(row), view.listLength(row));
        }
    }

    private static final class Rows extends View implements RowColumnVector {
        private final VectorizedColumnBatch fields;

        Rows(ColumnView view) {
            super(view);
            ColumnVector[] vectors = new ColumnVector[view.childCount()];
            for (int i = 0; i < vectors.length; i++) {
                vectors[i] = of(view.child(i));
            }
            fields = new VectorizedColumnBatch(vectors);
        }

        @Override
        public ColumnarRowData getRow(int row) {
            return new ColumnarRowData(fields, row);
        }
    }
}
