package io.fluss.client;

/** Which offset of every bucket {@link Admin#listOffsets} is asked for. */
public final class OffsetSpec {
    /** The first offset that is still there. */
    public static final OffsetSpec EARLIEST = new OffsetSpec(0, 0);

    /** The high watermark: readers stop there. */
    public static final OffsetSpec LATEST = new OffsetSpec(1, 0);

    private final int number;
    private final long timestampMs;

    private OffsetSpec(int number, long timestampMs) {
        this.number = number;
        this.timestampMs = timestampMs;
    }

    /** The first offset whose commit timestamp is at or after this one, or the high watermark if there is none. */
    public static OffsetSpec timestamp(long timestampMs) {
        return new OffsetSpec(2, timestampMs);
    }

    /** The offset after all that was committed at or before a time, which must be over; refused where the log of that time is gone. */
    public static OffsetSpec asOf(long timestampMs) {
        return new OffsetSpec(3, timestampMs);
    }

    int number() {
        return number;
    }

    long timestampMs() {
        return timestampMs;
    }
}
