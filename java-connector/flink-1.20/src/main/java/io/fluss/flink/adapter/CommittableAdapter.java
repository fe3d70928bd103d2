package io.fluss.flink.adapter;

import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.CommittableSummary;

/** Messages between writers and committers. */
public final class CommittableAdapter {
    private CommittableAdapter() {}

    /** At the end of the input: {@link CommittableMessage#EOI}. */
    public static long checkpointId(CommittableMessage<?> message) {
        return message.getCheckpointIdOrEOI();
    }

    /** Says that the only subtask sends one committable. */
    public static <T> CommittableSummary<T> summaryOfOne(long checkpointId) {
        return new CommittableSummary<>(0, 1, checkpointId, 1, 1, 0);
    }
}
