package io.fluss.flink.source.split;

import java.util.Arrays;

/**
 * Where to go on inside a snapshot: the scanner's position before a batch, and how many rows of that batch and of those
 * after it were emitted.
 */
public final class SnapshotPosition {
    /** The first row. */
    public static final SnapshotPosition START = new SnapshotPosition(new byte[0], 0);

    private final byte[] position;
    private final long rowsEmitted;

    /** @param position as the snapshot scanner gave it; empty: the first key */
    public SnapshotPosition(byte[] position, long rowsEmitted) {
        this.position = position;
        this.rowsEmitted = rowsEmitted;
    }

    public byte[] position() {
        return position;
    }

    public long rowsEmitted() {
        return rowsEmitted;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SnapshotPosition
                && Arrays.equals(position, ((SnapshotPosition) other).position)
                && rowsEmitted == ((SnapshotPosition) other).rowsEmitted;
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(position) + Long.hashCode(rowsEmitted);
    }

    @Override
    public String toString() {
        return rowsEmitted + " rows after a position of " + position.length + " bytes";
    }
}
