package io.fluss.client;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A batch of one INT column as the native side lays it out, with a selection; on the heap, so that closing it frees nothing. */
public final class SelectedRows {
    private SelectedRows() {}

    /** Row {@code i} holds {@code i}. @param selected null: no selection */
    public static ColumnBatch batch(int rows, int firstRow, int endRow, long baseOffset, int... selected) {
        int selection = 4 * rows;
        int bytes = selected == null ? selection : selection + 4 + 4 * selected.length;
        ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < rows; i++) {
            buffer.putInt(i);
        }
        if (selected != null) {
            buffer.putInt(selected.length);
            for (int row : selected) {
                buffer.putInt(row);
            }
        }
        long[] descriptor = {
            0, 0, rows, firstRow, endRow, baseOffset, 77, -1, 0, selected == null ? -1 : selection, 0, -1, -1, 0, -1, selection
        };
        return new ColumnBatch(buffer, descriptor, new DataType[] {DataType.of(DataType.Kind.INT)});
    }

    /** As the other, all of the rows, which are changes. */
    public static ColumnBatch changes(long baseOffset, int firstRow, int endRow, byte... types) {
        int kinds = 4 * types.length;
        ByteBuffer buffer = ByteBuffer.allocate(kinds + types.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < types.length; i++) {
            buffer.putInt(i);
        }
        buffer.put(types);
        long[] descriptor = {
            0, 0, types.length, firstRow, endRow, baseOffset, 77, kinds, 0, -1, 0, -1, -1, 0, -1, kinds
        };
        return new ColumnBatch(buffer, descriptor, new DataType[] {DataType.of(DataType.Kind.INT)});
    }
}
