package io.fluss.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.jni.Native;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Buffers that Java fills: wrong ones are refused with a message, odd ones are read. Memory that Java gets is given back. */
@Timeout(120)
class BufferContractTest extends StoreTest {
    private Table table;
    private long writer;

    @BeforeEach
    void open() {
        table = store.events();
        writer = Native.openWriter(table.handle(), new byte[0]);
    }

    @AfterEach
    void close() {
        Native.closeWriter(writer);
    }

    @Test
    void misalignedAndSlicedBuffersAreRead() {
        ByteBuffer ids = slice(direct(1 + 16), 1);
        ids.putLong(0, 7).putLong(8, 8);
        ByteBuffer names = slice(direct(3 + 5), 3);
        names.put(0, (byte) 'a').put(1, (byte) 'b').put(2, (byte) 'c');
        ByteBuffer offsets = slice(direct(2 + 12), 2);
        offsets.putInt(0, 0).putInt(4, 1).putInt(8, 3);
        Native.write(writer, new ByteBuffer[] {null, null, ids, null, null, names, offsets}, 2);
        Native.flush(writer);
        assertThat(TestStore.readLog(table, 0, 2)).containsExactly("+A 7 a", "+A 8 bc");
    }

    @Test
    void wrongBuffersAreRefusedAndNothingIsWritten() {
        ByteBuffer ids = direct(16);
        ByteBuffer names = direct(16);
        refused(2, null, null, ByteBuffer.allocate(16), null, null, names, offsets(0, 1, 2));
        refused(2, null, null, direct(15), null, null, names, offsets(0, 1, 2));
        refused(9, null, direct(1), direct(72), null, null, names, offsets(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
        refused(2, null, null, ids, null, null, names, offsets(0, 1));
        refused(2, null, null, ids, null, null, names, offsets(0, 2, 1));
        refused(2, null, null, ids, null, null, names, offsets(0, 1, 17));
        refused(2, null, null, ids, null, null, names, offsets(0, -1, 2));
        refused(2, null, null, ids, null, null, names, null);
        refused(2, null, null, null, null, null, names, offsets(0, 1, 2));
        refused(2, null, null, ids);
        refused(-1, null, null, ids, null, null, names, offsets(0, 1, 2));
        // Not UTF-8.
        refused(1, null, null, ids, null, null, direct(1).put(0, (byte) 0xFF), offsets(0, 1));
        // A delete is not for a log table.
        refused(1, direct(1).put(0, (byte) 1), null, ids, null, null, names, offsets(0, 1));
        refused(1, direct(1).put(0, (byte) 9), null, ids, null, null, names, offsets(0, 1));
        Native.flush(writer);
        assertThat(store.connection.admin().listOffsets(TestStore.EVENTS, OffsetSpec.LATEST)).containsExactly(0);
    }

    @Test
    void aDescriptorThatIsTooSmallIsRefusedAndTheBatchIsNotLost() {
        TestStore.write(table, 0, 3);
        try (LogScanner scanner = table.newLogScanner(new int[] {0, 1})) {
            scanner.subscribe(0, 0, Long.MAX_VALUE);
            assertThatThrownBy(() -> Native.pollLog(scanner.handle(), 10_000, new long[19]))
                    .isInstanceOf(InvalidArgumentException.class);
            try (ColumnBatch batch = scanner.poll(10_000)) {
                assertThat(batch.rowCount()).isEqualTo(3);
            }
        }
        assertThat(Native.batchBytes()).isZero();
    }

    @Test
    void memoryOfTenThousandBatchesIsGivenBack() {
        TestStore.write(table, 0, 1_000);
        try (LogScanner scanner = table.newLogScanner(new int[] {0, 1})) {
            for (int i = 0; i < 10_000; i++) {
                scanner.subscribe(0, 500, Long.MAX_VALUE);
                try (ColumnBatch batch = scanner.poll(10_000)) {
                    assertThat(batch.firstRow()).isEqualTo(500);
                    assertThat(batch.column(0).getLong(500)).isEqualTo(500);
                    assertThat(Native.batchBytes()).isPositive().isLessThan(10 << 20);
                }
            }
        }
        assertThat(Native.batchBytes()).isZero();
    }

    @Test
    void aClosedBatchThrowsAndAHeapCopyLivesOn() {
        TestStore.write(table, 0, 3);
        ColumnBatch heap;
        try (LogScanner scanner = table.newLogScanner(new int[] {1, 0})) {
            scanner.subscribe(0, 0, Long.MAX_VALUE);
            ColumnBatch batch = scanner.poll(10_000);
            heap = batch.toHeap();
            ColumnView ids = batch.column(1);
            batch.close();
            batch.close();
            assertThatThrownBy(() -> ids.getLong(0)).isInstanceOf(NullPointerException.class);
        }
        store.close();
        assertThat(heap.column(1).getLong(2)).isEqualTo(2);
        assertThat(new String(heap.column(0).getBytes(1))).isEqualTo("name-1");
    }

    @Test
    void anEmptyProjectionCountsRows() {
        TestStore.write(table, 0, 3);
        try (LogScanner scanner = table.newLogScanner(new int[0])) {
            scanner.subscribe(0, 1, 3);
            try (ColumnBatch batch = scanner.poll(10_000)) {
                assertThat(batch.endRow() - batch.firstRow()).isEqualTo(2);
                assertThat(batch.columnCount()).isZero();
            }
        }
    }

    private void refused(int rows, ByteBuffer... buffers) {
        assertThatThrownBy(() -> Native.write(writer, buffers, rows))
                .isInstanceOf(InvalidArgumentException.class);
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer slice(ByteBuffer buffer, int from) {
        buffer.position(from);
        return buffer.slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer offsets(int... values) {
        ByteBuffer buffer = direct(values.length * 4);
        for (int i = 0; i < values.length; i++) {
            buffer.putInt(i * 4, values[i]);
        }
        return buffer;
    }
}
