package io.fluss.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Layout of the buffers that Java fills, without the native side. */
class WriteBatchTest {
    private static final List<DataType> TYPES =
            Arrays.asList(DataType.of(DataType.Kind.INT), DataType.string(), DataType.of(DataType.Kind.BOOLEAN));

    @Test
    void growsInRowsAndBytesAndKeepsWhatWasWritten() {
        WriteBatch batch = WriteBatch.ofRows(TYPES);
        Random random = new Random(7);
        byte[][] values = new byte[5_000][];
        for (int i = 0; i < values.length; i++) {
            int row = batch.beginRow();
            batch.column(0).setInt(row, i);
            if (i % 7 == 0) {
                batch.column(1).setNull(row);
            } else {
                values[i] = new byte[random.nextInt(60)];
                random.nextBytes(values[i]);
                batch.column(1).setBytes(row, values[i]);
            }
            batch.column(2).setBoolean(row, i % 3 == 0);
            batch.endRow(i % 5 == 0 ? WriteBatch.DELETE : WriteBatch.UPSERT);
        }
        ByteBuffer[] buffers = batch.buffers();
        assertThat(batch.rows()).isEqualTo(values.length);
        assertThat(buffers[1]).as("no nulls, no bitmap").isNull();
        for (int i = 0; i < values.length; i++) {
            assertThat(buffers[0].get(i)).isEqualTo((byte) (i % 5 == 0 ? 1 : 0));
            assertThat(little(buffers[2]).getInt(4 * i)).isEqualTo(i);
            assertThat((buffers[4].get(i / 8) >> (i % 8)) & 1).isEqualTo(i % 7 == 0 ? 0 : 1);
            int start = little(buffers[6]).getInt(4 * i);
            int end = little(buffers[6]).getInt(4 * i + 4);
            byte[] stored = new byte[end - start];
            ByteBuffer data = buffers[5].duplicate();
            data.position(start);
            data.get(stored);
            assertThat(stored).isEqualTo(values[i] == null ? new byte[0] : values[i]);
            assertThat((buffers[8].get(i / 8) >> (i % 8)) & 1).isEqualTo(i % 3 == 0 ? 1 : 0);
        }
        assertThat(batch.sizeInBytes()).isGreaterThan(5_000 * 9);
    }

    @Test
    void clearForgetsNullsDeletesAndSizes() {
        WriteBatch batch = WriteBatch.ofRows(TYPES);
        for (int i = 0; i < 20; i++) {
            int row = batch.beginRow();
            for (int c = 0; c < TYPES.size(); c++) {
                batch.column(c).setNull(row);
            }
            batch.endRow(WriteBatch.DELETE);
        }
        batch.clear();
        assertThat(batch.sizeInBytes()).isZero();
        put(batch, 1, "x");
        ByteBuffer[] buffers = batch.buffers();
        assertThat(buffers[0]).isNull();
        assertThat(buffers[1]).isNull();
        assertThat(buffers[4]).isNull();
    }

    @Test
    void aRowThatWasNotEndedLeavesNothing() {
        WriteBatch batch = WriteBatch.ofRows(TYPES);
        put(batch, 1, "first");
        int row = batch.beginRow();
        batch.column(0).setNull(row);
        batch.column(1).setBytes(row, "dropped".getBytes());
        put(batch, 2, "kept");
        ByteBuffer[] buffers = batch.buffers();
        assertThat(batch.rows()).isEqualTo(2);
        assertThat(buffers[1].get(0) & 3).isEqualTo(3);
        assertThat(little(buffers[6]).getInt(8)).isEqualTo("firstkept".length());
    }

    @Test
    void nestedColumnsComeNodeByNodeAndGrow() {
        DataType row = DataType.row(List.of(
                new Column("n", DataType.of(DataType.Kind.INT)), new Column("s", DataType.string())));
        WriteBatch batch = WriteBatch.ofRows(List.of(DataType.array(row), DataType.of(DataType.Kind.INT)));
        ColumnWriter list = batch.column(0);
        int elements = 0;
        for (int i = 0; i < 2_000; i++) {
            // A row that was begun before and not ended leaves nothing, neither elements nor NULLs among them.
            int dropped = batch.beginRow();
            int first = list.beginElements(dropped, 3);
            for (int e = first; e < first + 3; e++) {
                list.child(0).setNull(e);
            }
            int r = batch.beginRow();
            if (i % 7 == 0) {
                list.setNull(r);
            } else {
                int at = list.beginElements(r, i % 3);
                for (int e = at; e < at + i % 3; e++) {
                    list.child(0).child(0).setInt(e, e);
                    list.child(0).child(1).setBytes(e, ("s" + e).getBytes());
                }
                elements += i % 3;
            }
            batch.column(1).setInt(r, i);
            batch.endRow();
        }
        ByteBuffer[] buffers = batch.buffers();
        assertThat(buffers).hasSize(1 + 3 * 5);
        assertThat(buffers[2]).as("lists have no data").isNull();
        assertThat(little(buffers[3]).getInt(4 * 2_000)).isEqualTo(elements);
        assertThat(buffers[5]).as("rows have neither data").isNull();
        assertThat(buffers[6]).as("nor aux").isNull();
        for (int e = 0; e < elements; e++) {
            assertThat((buffers[4].get(e / 8) >> (e % 8)) & 1).as("validity of element " + e).isEqualTo(1);
            assertThat(little(buffers[8]).getInt(4 * e)).isEqualTo(e);
            int start = little(buffers[12]).getInt(4 * e);
            assertThat((char) buffers[11].get(start)).isEqualTo('s');
        }
        batch.clear();
        assertThat(batch.sizeInBytes()).isZero();
        list.beginElements(batch.beginRow(), 0);
        batch.column(1).setInt(0, 0);
        batch.endRow();
        assertThat(batch.buffers()[1]).isNull();
        assertThat(batch.buffers()[4]).isNull();
    }

    @Test
    void decimalsAre128BitsLittleEndian() {
        WriteBatch batch = WriteBatch.ofKeys(Arrays.asList(DataType.decimal(38, 0)));
        BigInteger[] values = {
            BigInteger.ZERO,
            BigInteger.ONE.negate(),
            BigInteger.TEN.pow(38).subtract(BigInteger.ONE),
            BigInteger.TEN.pow(38).subtract(BigInteger.ONE).negate(),
            BigInteger.valueOf(Long.MIN_VALUE)
        };
        for (BigInteger value : values) {
            batch.column(0).setDecimal(batch.beginRow(), value.toByteArray());
            batch.endRow();
        }
        batch.column(0).setDecimal(batch.beginRow(), -2L);
        batch.endRow();
        ByteBuffer data = little(batch.buffers()[1]);
        for (int i = 0; i < values.length; i++) {
            assertThat(read(data, i)).isEqualTo(values[i]);
        }
        assertThat(read(data, values.length)).isEqualTo(BigInteger.valueOf(-2));
    }

    private static void put(WriteBatch batch, int id, String name) {
        int row = batch.beginRow();
        batch.column(0).setInt(row, id);
        batch.column(1).setBytes(row, name.getBytes());
        batch.column(2).setBoolean(row, true);
        batch.endRow();
    }

    private static BigInteger read(ByteBuffer data, int row) {
        BigInteger low = new BigInteger(Long.toUnsignedString(data.getLong(16 * row)));
        return BigInteger.valueOf(data.getLong(16 * row + 8)).shiftLeft(64).add(low);
    }

    private static ByteBuffer little(ByteBuffer buffer) {
        return buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }
}
