package io.fluss.flink.function;

import org.apache.flink.table.api.ValidationException;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.function.LongBinaryOperator;

/**
 * A set of 32-bit numbers, which it takes as unsigned, as a Roaring bitmap: the numbers that share their upper 16 bits are one container. It is read
 * from, and written in, the portable format (github.com/RoaringBitmap/RoaringFormatSpec), as {@code rbm32} columns of aggregation tables have it.
 */
public final class Bitmap {
    private static final int COOKIE = 12346;
    private static final int COOKIE_WITH_RUNS = 12347;
    /** With runs, fewer containers than this have no table of offsets. */
    private static final int OFFSETS_FROM = 4;
    private static final int MOST_CONTAINERS = 1 << 16;

    /** By the upper 16 bits; none is empty. */
    private final TreeMap<Character, Container> containers = new TreeMap<>();

    public static Bitmap of(Integer... values) {
        Bitmap bitmap = new Bitmap();
        for (Integer value : values) {
            if (value != null) {
                bitmap.add(value);
            }
        }
        return bitmap;
    }

    public void add(int value) {
        containers.computeIfAbsent((char) (value >>> 16), key -> new Container()).add((char) value);
    }

    public boolean contains(int value) {
        Container container = containers.get((char) (value >>> 16));
        return container != null && container.contains((char) value);
    }

    public long cardinality() {
        return containers.values().stream().mapToLong(Container::size).sum();
    }

    public boolean isEmpty() {
        return containers.isEmpty();
    }

    public void or(Bitmap other) {
        combine(other, (a, b) -> a | b);
    }

    public void and(Bitmap other) {
        combine(other, (a, b) -> a & b);
    }

    public void xor(Bitmap other) {
        combine(other, (a, b) -> a ^ b);
    }

    public void andNot(Bitmap other) {
        combine(other, (a, b) -> a & ~b);
    }

    /** @param operator of words of bits; of zeros it makes zeros */
    private void combine(Bitmap other, LongBinaryOperator operator) {
        if (operator.applyAsLong(-1, 0) == 0) {
            containers.keySet().retainAll(other.containers.keySet());
        }
        boolean keepsOthers = operator.applyAsLong(0, -1) != 0;
        for (Map.Entry<Character, Container> entry : other.containers.entrySet()) {
            Container mine = containers.get(entry.getKey());
            if (mine == null) {
                if (keepsOthers) {
                    containers.put(entry.getKey(), entry.getValue().copy());
                }
            } else {
                mine.combine(entry.getValue(), operator);
                if (mine.size() == 0) {
                    containers.remove(entry.getKey());
                }
            }
        }
    }

    /** The numbers in ascending order, those that are negative as {@code int} last. */
    public Integer[] toArray() {
        Integer[] all = new Integer[Math.toIntExact(cardinality())];
        int[] next = {0};
        containers.forEach((key, container) -> container.forEach(low -> all[next[0]++] = key << 16 | low));
        return all;
    }

    public Bitmap copy() {
        Bitmap copy = new Bitmap();
        containers.forEach((key, container) -> copy.containers.put(key, container.copy()));
        return copy;
    }

    /** Without runs. */
    public byte[] toBytes() {
        int header = 8 + 8 * containers.size();
        int length = containers.values().stream().mapToInt(Container::bytes).reduce(header, Math::addExact);
        ByteBuffer out = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(COOKIE).putInt(containers.size());
        containers.forEach((key, container) -> out.putChar(key).putChar((char) (container.size() - 1)));
        int offset = header;
        for (Container container : containers.values()) {
            out.putInt(offset);
            offset += container.bytes();
        }
        containers.values().forEach(container -> container.write(out));
        return out.array();
    }

    /** @throws ValidationException if the bytes are something else */
    public static Bitmap fromBytes(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        try {
            Bitmap bitmap = read(in);
            if (in.hasRemaining()) {
                throw refused(in.remaining() + " bytes are left behind it");
            }
            return bitmap;
        } catch (BufferUnderflowException e) {
            throw refused("it ends too early");
        }
    }

    private static Bitmap read(ByteBuffer in) {
        int cookie = in.getInt();
        boolean runs = (cookie & 0xffff) == COOKIE_WITH_RUNS;
        if (!runs && cookie != COOKIE) {
            throw refused("it begins with " + Integer.toUnsignedString(cookie));
        }
        int count = runs ? (cookie >>> 16) + 1 : in.getInt();
        if (count < 0 || count > MOST_CONTAINERS) {
            throw refused("it would have " + Integer.toUnsignedString(count) + " containers");
        }
        byte[] isRun = new byte[runs ? (count + 7) / 8 : 0];
        in.get(isRun);
        char[] header = new char[2 * count];
        for (int i = 0; i < header.length; i++) {
            header[i] = in.getChar();
        }
        if (!runs || count >= OFFSETS_FROM) {
            for (int i = 0; i < count; i++) {
                in.getInt();
            }
        }
        Bitmap bitmap = new Bitmap();
        for (int i = 0; i < count; i++) {
            char key = header[2 * i];
            if (i > 0 && key <= header[2 * i - 2]) {
                throw refused("its containers are not in order");
            }
            int size = header[2 * i + 1] + 1;
            Container container = runs && (isRun[i / 8] >> (i % 8) & 1) == 1
                    ? Container.readRuns(in)
                    : Container.read(in, size);
            if (container.size() != size) {
                throw refused("a container has " + container.size() + " numbers instead of " + size);
            }
            bitmap.containers.put(key, container);
        }
        return bitmap;
    }

    private static ValidationException refused(String why) {
        return new ValidationException("A value is no 32-bit Roaring bitmap in the portable format: " + why + ".");
    }

    /** Numbers of 16 bits: few as a sorted array, many as bits. */
    private static final class Container {
        private static final int MOST_IN_ARRAY = 4096;
        private static final int WORDS = 1024;

        /** The first {@link #size} are used; null: {@link #words} has them. */
        private char[] array = new char[4];
        private long[] words;
        private int size;

        int size() {
            return size;
        }

        void add(char value) {
            if (array == null) {
                long before = words[value >>> 6];
                words[value >>> 6] |= 1L << value;
                size += before == words[value >>> 6] ? 0 : 1;
                return;
            }
            int at = Arrays.binarySearch(array, 0, size, value);
            if (at >= 0) {
                return;
            }
            if (size == MOST_IN_ARRAY) {
                words = bits();
                array = null;
                add(value);
                return;
            }
            if (size == array.length) {
                array = Arrays.copyOf(array, Math.min(2 * size, MOST_IN_ARRAY));
            }
            System.arraycopy(array, -at - 1, array, -at, size + at + 1);
            array[-at - 1] = value;
            size++;
        }

        boolean contains(char value) {
            return array == null
                    ? (words[value >>> 6] & 1L << value) != 0
                    : Arrays.binarySearch(array, 0, size, value) >= 0;
        }

        void forEach(IntConsumer consumer) {
            if (array != null) {
                for (int i = 0; i < size; i++) {
                    consumer.accept(array[i]);
                }
                return;
            }
            for (int i = 0; i < WORDS; i++) {
                for (long word = words[i]; word != 0; word &= word - 1) {
                    consumer.accept(i << 6 | Long.numberOfTrailingZeros(word));
                }
            }
        }

        void combine(Container other, LongBinaryOperator operator) {
            long[] mine = bits();
            long[] others = other.bits();
            for (int i = 0; i < WORDS; i++) {
                mine[i] = operator.applyAsLong(mine[i], others[i]);
            }
            set(mine);
        }

        /** The words themselves, or new ones. */
        private long[] bits() {
            if (array == null) {
                return words;
            }
            long[] bits = new long[WORDS];
            for (int i = 0; i < size; i++) {
                bits[array[i] >>> 6] |= 1L << array[i];
            }
            return bits;
        }

        private void set(long[] bits) {
            words = bits;
            array = null;
            size = 0;
            for (long word : bits) {
                size += Long.bitCount(word);
            }
            if (size <= MOST_IN_ARRAY) {
                char[] few = new char[size];
                int[] next = {0};
                forEach(value -> few[next[0]++] = (char) value);
                array = few;
                words = null;
            }
        }

        Container copy() {
            Container copy = new Container();
            copy.array = array == null ? null : array.clone();
            copy.words = words == null ? null : words.clone();
            copy.size = size;
            return copy;
        }

        int bytes() {
            return array == null ? 8 * WORDS : 2 * size;
        }

        void write(ByteBuffer out) {
            if (array == null) {
                out.asLongBuffer().put(words);
            } else {
                out.asCharBuffer().put(array, 0, size);
            }
            out.position(out.position() + bytes());
        }

        /** @param size how many numbers it has, which decides whether they are an array */
        static Container read(ByteBuffer in, int size) {
            Container container = new Container();
            if (size > MOST_IN_ARRAY) {
                long[] bits = new long[WORDS];
                for (int i = 0; i < WORDS; i++) {
                    bits[i] = in.getLong();
                }
                container.set(bits);
                return container;
            }
            container.array = new char[size];
            for (int i = 0; i < size; i++) {
                container.array[i] = in.getChar();
                if (i > 0 && container.array[i] <= container.array[i - 1]) {
                    throw refused("the numbers of a container are not in order");
                }
            }
            container.size = size;
            return container;
        }

        static Container readRuns(ByteBuffer in) {
            long[] bits = new long[WORDS];
            for (int runs = in.getChar(); runs > 0; runs--) {
                int first = in.getChar();
                int last = first + in.getChar();
                if (last > Character.MAX_VALUE) {
                    throw refused("a run ends beyond its container");
                }
                for (int value = first; value <= last; value++) {
                    bits[value >>> 6] |= 1L << value;
                }
            }
            Container container = new Container();
            container.set(bits);
            return container;
        }
    }
}
