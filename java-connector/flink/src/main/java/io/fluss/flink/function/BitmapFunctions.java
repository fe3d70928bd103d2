package io.fluss.flink.function;

import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.functions.AggregateFunction;
import org.apache.flink.table.functions.ScalarFunction;
import org.apache.flink.table.functions.UserDefinedFunction;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** The functions of Apache Fluss over {@code BYTES} that hold a {@link Bitmap}: NULL of NULL, and aggregates pass NULLs over. */
public final class BitmapFunctions {
    private static final Map<String, Class<? extends UserDefinedFunction>> ALL = new TreeMap<>();

    static {
        ALL.put("rb_build", Build.class);
        ALL.put("rb_cardinality", Cardinality.class);
        ALL.put("rb_contains", Contains.class);
        ALL.put("rb_to_array", ToArray.class);
        ALL.put("rb_or", Or.class);
        ALL.put("rb_and", And.class);
        ALL.put("rb_xor", Xor.class);
        ALL.put("rb_andnot", AndNot.class);
        ALL.put("rb_build_agg", BuildAgg.class);
        ALL.put("rb_or_agg", OrAgg.class);
        ALL.put("rb_and_agg", AndAgg.class);
        ALL.put("rb_xor_agg", XorAgg.class);
    }

    private BitmapFunctions() {}

    /** By the names that SQL has for them, sorted. */
    public static Map<String, Class<? extends UserDefinedFunction>> all() {
        return Collections.unmodifiableMap(ALL);
    }

    /** {@code rb_build(ARRAY<INT>)}. */
    public static final class Build extends ScalarFunction {
        public byte[] eval(Integer[] values) {
            return values == null ? null : Bitmap.of(values).toBytes();
        }
    }

    /** {@code rb_cardinality(BYTES)}. */
    public static final class Cardinality extends ScalarFunction {
        public Long eval(byte[] bitmap) {
            return bitmap == null ? null : Bitmap.fromBytes(bitmap).cardinality();
        }
    }

    /** {@code rb_contains(BYTES, INT)}. */
    public static final class Contains extends ScalarFunction {
        public Boolean eval(byte[] bitmap, Integer value) {
            return bitmap == null || value == null ? null : Bitmap.fromBytes(bitmap).contains(value);
        }
    }

    /** {@code rb_to_array(BYTES)}. */
    public static final class ToArray extends ScalarFunction {
        public Integer[] eval(byte[] bitmap) {
            return bitmap == null ? null : Bitmap.fromBytes(bitmap).toArray();
        }
    }

    /** Of two bitmaps a third. */
    public abstract static class Combination extends ScalarFunction {
        public byte[] eval(byte[] left, byte[] right) {
            if (left == null || right == null) {
                return null;
            }
            Bitmap bitmap = Bitmap.fromBytes(left);
            combine(bitmap, Bitmap.fromBytes(right));
            return bitmap.toBytes();
        }

        abstract void combine(Bitmap left, Bitmap right);
    }

    /** {@code rb_or(BYTES, BYTES)}. */
    public static final class Or extends Combination {
        @Override
        void combine(Bitmap left, Bitmap right) {
            left.or(right);
        }
    }

    /** {@code rb_and(BYTES, BYTES)}. */
    public static final class And extends Combination {
        @Override
        void combine(Bitmap left, Bitmap right) {
            left.and(right);
        }
    }

    /** {@code rb_xor(BYTES, BYTES)}. */
    public static final class Xor extends Combination {
        @Override
        void combine(Bitmap left, Bitmap right) {
            left.xor(right);
        }
    }

    /** {@code rb_andnot(BYTES, BYTES)}. */
    public static final class AndNot extends Combination {
        @Override
        void combine(Bitmap left, Bitmap right) {
            left.andNot(right);
        }
    }

    /** What an aggregate has of the rows so far. */
    public static final class Accumulator {
        /** Null: no row had a value. */
        @DataTypeHint(value = "RAW", bridgedTo = Bitmap.class, rawSerializer = BitmapSerializer.class)
        public Bitmap bitmap;
        /** How many values {@link #bitmap} is made of. */
        public long values;
    }

    /** Of bitmaps in a group of rows one. */
    public abstract static class Aggregation extends AggregateFunction<byte[], Accumulator> {
        @Override
        public Accumulator createAccumulator() {
            return new Accumulator();
        }

        @Override
        public byte[] getValue(Accumulator accumulator) {
            return accumulator.values == 0 ? null : accumulator.bitmap.toBytes();
        }

        public void merge(Accumulator accumulator, Iterable<Accumulator> others) {
            for (Accumulator other : others) {
                if (other.bitmap != null) {
                    add(accumulator, other.bitmap, other.values);
                }
            }
        }

        public void resetAccumulator(Accumulator accumulator) {
            accumulator.bitmap = null;
            accumulator.values = 0;
        }

        final void add(Accumulator accumulator, Bitmap bitmap, long values) {
            if (accumulator.bitmap == null) {
                accumulator.bitmap = bitmap.copy();
            } else {
                combine(accumulator.bitmap, bitmap);
            }
            accumulator.values += values;
        }

        abstract void combine(Bitmap left, Bitmap right);
    }

    /** {@code rb_build_agg(INT)}. */
    public static final class BuildAgg extends Aggregation {
        public void accumulate(Accumulator accumulator, Integer value) {
            if (value != null) {
                if (accumulator.bitmap == null) {
                    accumulator.bitmap = new Bitmap();
                }
                accumulator.bitmap.add(value);
                accumulator.values++;
            }
        }

        @Override
        void combine(Bitmap left, Bitmap right) {
            left.or(right);
        }
    }

    /** {@code rb_or_agg(BYTES)}. */
    public static final class OrAgg extends Aggregation {
        public void accumulate(Accumulator accumulator, byte[] bitmap) {
            if (bitmap != null) {
                add(accumulator, Bitmap.fromBytes(bitmap), 1);
            }
        }

        @Override
        void combine(Bitmap left, Bitmap right) {
            left.or(right);
        }
    }

    /** {@code rb_and_agg(BYTES)}: NULL also when nothing is in all of them. */
    public static final class AndAgg extends Aggregation {
        public void accumulate(Accumulator accumulator, byte[] bitmap) {
            if (bitmap != null) {
                add(accumulator, Bitmap.fromBytes(bitmap), 1);
            }
        }

        @Override
        public byte[] getValue(Accumulator accumulator) {
            return accumulator.bitmap == null || accumulator.bitmap.isEmpty() ? null : accumulator.bitmap.toBytes();
        }

        @Override
        void combine(Bitmap left, Bitmap right) {
            left.and(right);
        }
    }

    /** {@code rb_xor_agg(BYTES)}: what undoes a value is the value itself, so updates may be aggregated too. */
    public static final class XorAgg extends Aggregation {
        public void accumulate(Accumulator accumulator, byte[] bitmap) {
            if (bitmap != null) {
                add(accumulator, Bitmap.fromBytes(bitmap), 1);
            }
        }

        public void retract(Accumulator accumulator, byte[] bitmap) {
            if (bitmap != null) {
                add(accumulator, Bitmap.fromBytes(bitmap), -1);
            }
        }

        @Override
        void combine(Bitmap left, Bitmap right) {
            left.xor(right);
        }
    }
}
