package io.fluss.flink.sink;

import java.util.Arrays;

/** A prepared transaction, as the store names it ({@code native/docs/format.md}, "Committable"). */
final class FlussCommittable {
    private final byte[] bytes;

    FlussCommittable(byte[] bytes) {
        this.bytes = bytes.clone();
    }

    byte[] bytes() {
        return bytes.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FlussCommittable && Arrays.equals(bytes, ((FlussCommittable) other).bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }
}
