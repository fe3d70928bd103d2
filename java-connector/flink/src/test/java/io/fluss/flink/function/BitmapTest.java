package io.fluss.flink.function;

import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.table.api.ValidationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.roaringbitmap.RoaringBitmap;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Our bitmaps against org.roaringbitmap's. */
class BitmapTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void doWhatTheOriginalDoes(long seed) {
        Random random = new Random(seed);
        RoaringBitmap left = random(random);
        RoaringBitmap right = random(random);
        assertSame(ours(left), left);
        for (int i = 0; i < 1000; i++) {
            int value = random.nextInt(6 << 16);
            assertThat(ours(left).contains(value)).isEqualTo(left.contains(value));
        }
        Bitmap bitmap = ours(left);
        bitmap.or(ours(right));
        assertSame(bitmap, RoaringBitmap.or(left, right));
        bitmap = ours(left);
        bitmap.and(ours(right));
        assertSame(bitmap, RoaringBitmap.and(left, right));
        bitmap = ours(left);
        bitmap.xor(ours(right));
        assertSame(bitmap, RoaringBitmap.xor(left, right));
        bitmap.xor(ours(right));
        assertSame(bitmap, left);
        bitmap.andNot(ours(right));
        assertSame(bitmap, RoaringBitmap.andNot(left, right));
        bitmap = new Bitmap();
        for (Integer value : ours(left).toArray()) {
            bitmap.add(value);
            bitmap.add(value);
        }
        assertSame(bitmap, left);
    }

    /** Some containers with few numbers, with many, with runs, and none. */
    private static RoaringBitmap random(Random random) {
        RoaringBitmap bitmap = new RoaringBitmap();
        for (int key = 0; key < 6; key++) {
            long base = (long) (key == 5 ? 0xffff : key) << 16;
            switch (random.nextInt(5)) {
                case 0:
                    random.ints(10, 0, 1 << 16).forEach(low -> bitmap.add((int) (base + low)));
                    break;
                case 1:
                    random.ints(20_000, 0, 1 << 16).forEach(low -> bitmap.add((int) (base + low)));
                    break;
                case 2:
                    bitmap.add(base + random.nextInt(1000), base + 1000 + random.nextInt(64_000));
                    break;
                case 3:
                    bitmap.add(base, base + (1 << 16));
                    break;
                default:
                    break;
            }
        }
        if (random.nextBoolean()) {
            bitmap.runOptimize();
        }
        return bitmap;
    }

    private static Bitmap ours(RoaringBitmap bitmap) {
        return Bitmap.fromBytes(bytes(bitmap));
    }

    private static byte[] bytes(RoaringBitmap bitmap) {
        ByteBuffer buffer = ByteBuffer.allocate(bitmap.serializedSizeInBytes());
        bitmap.serialize(buffer);
        return buffer.array();
    }

    private static void assertSame(Bitmap bitmap, RoaringBitmap expected) {
        assertThat(bitmap.cardinality()).isEqualTo(expected.getLongCardinality());
        assertThat(Arrays.stream(bitmap.toArray()).mapToInt(Integer::intValue).toArray()).isEqualTo(expected.toArray());
        RoaringBitmap withoutRuns = expected.clone();
        withoutRuns.removeRunCompression();
        assertThat(bitmap.toBytes()).isEqualTo(bytes(withoutRuns));
    }

    @Test
    void otherBytesAreRefused() {
        byte[] good = Bitmap.of(1, 2, 70_000).toBytes();
        for (int length = 0; length < good.length; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThatThrownBy(() -> Bitmap.fromBytes(cut)).isInstanceOf(ValidationException.class);
        }
        assertThatThrownBy(() -> Bitmap.fromBytes(Arrays.copyOf(good, good.length + 1)))
                .hasMessageContaining("1 bytes are left behind it");
        RoaringBitmap runs = RoaringBitmap.bitmapOfRange(5, 60_000);
        runs.runOptimize();
        Random random = new Random(7);
        for (byte[] bytes : new byte[][] {good, bytes(runs)}) {
            for (int i = 0; i < 10_000; i++) {
                byte[] broken = bytes.clone();
                broken[random.nextInt(broken.length)] = (byte) random.nextInt();
                try {
                    // Some changes make another bitmap.
                    Bitmap.fromBytes(broken).toBytes();
                } catch (ValidationException e) {
                    assertThat(e).hasMessageContaining("no 32-bit Roaring bitmap");
                }
            }
        }
    }

    @Test
    void stateOfAJob() throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        BitmapSerializer.INSTANCE.serialize(Bitmap.of(3, 70_000), out);
        DataInputDeserializer in = new DataInputDeserializer(out.getCopyOfBuffer());
        DataOutputSerializer copied = new DataOutputSerializer(64);
        BitmapSerializer.INSTANCE.copy(in, copied);
        assertThat(copied.getCopyOfBuffer()).isEqualTo(out.getCopyOfBuffer());
        in.setBuffer(out.getCopyOfBuffer());
        assertThat(BitmapSerializer.INSTANCE.deserialize(in).toArray()).containsExactly(3, 70_000);
        // Length, cookie, 2 containers, key and cardinality - 1 of each, their offsets, the numbers.
        assertThat(out.getCopyOfBuffer()).containsExactly(
                0, 0, 0, 28, 0x3a, 0x30, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 24, 0, 0, 0, 26, 0, 0, 0, 3, 0, 0x70, 0x11);
    }

    @Test
    void aCopyIsOfItsOwn() {
        Bitmap bitmap = Bitmap.of(1, 70_000);
        Bitmap copy = BitmapSerializer.INSTANCE.copy(bitmap);
        copy.add(2);
        copy.and(Bitmap.of(2));
        assertThat(bitmap.toArray()).containsExactly(1, 70_000);
        assertThat(copy.toArray()).containsExactly(2);
    }
}
