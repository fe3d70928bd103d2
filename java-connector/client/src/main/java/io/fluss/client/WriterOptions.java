package io.fluss.client;

import io.fluss.client.proto.ProtoWriter;
import java.util.Arrays;

/** What a writer gives, and may make. Immutable; each method gives a changed copy. */
public final class WriterOptions {
    private static final WriterOptions DEFAULTS = new WriterOptions(new int[0], true, false);

    private final int[] targetColumns;
    private final boolean createsPartitions;
    private final boolean overwrites;

    private WriterOptions(int[] targetColumns, boolean createsPartitions, boolean overwrites) {
        this.targetColumns = targetColumns;
        this.createsPartitions = createsPartitions;
        this.overwrites = overwrites;
    }

    /** All columns; partitions that are missing are made. */
    public static WriterOptions defaults() {
        return DEFAULTS;
    }

    /**
     * Only some columns of a primary-key table, the whole primary key among them: an upsert leaves the others as they are (NULL where there
     * was no row); a delete makes those columns NULL and removes the row when only its key is left. The writer's batches have these columns, in this
     * order. The other columns must be nullable.
     *
     * @param positions none: all columns
     */
    public WriterOptions targetColumns(int... positions) {
        return new WriterOptions(positions.clone(), createsPartitions, overwrites);
    }

    /**
     * Whether the first row of a partition that is missing makes it ({@code client.writer.dynamic-create-partition.enabled}); else the write fails
     * with code 206.
     */
    public WriterOptions createsPartitions(boolean value) {
        return new WriterOptions(targetColumns, value, overwrites);
    }

    /** Of a transactional writer: whether its rows replace those that are there, when {@link Admin#commitOverwrite} is called. */
    public WriterOptions overwrites(boolean value) {
        return new WriterOptions(targetColumns, createsPartitions, value);
    }

    /** Positions of the columns that are written, of a table of {@code count} columns. */
    int[] columns(int count) {
        if (targetColumns.length > 0) {
            return targetColumns.clone();
        }
        int[] all = new int[count];
        Arrays.setAll(all, i -> i);
        return all;
    }

    byte[] request(boolean transactional) {
        return new ProtoWriter()
                .packed(1, targetColumns)
                .bool(2, !createsPartitions)
                .bool(3, transactional)
                .bool(4, overwrites)
                .toByteArray();
    }
}
