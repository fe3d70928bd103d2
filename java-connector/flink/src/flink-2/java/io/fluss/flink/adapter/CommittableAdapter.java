package io.fluss.flink.adapter;

import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.CommittableSummary;

/** Messages between writers and committers, whose checkpoint id is optional in Flink 1.20. */
public final class CommittableAdapter {
    private CommittableAdapter() {}

    public static long checkpointId(CommittableMessage<?> message) {
        return message.getCheckpointId();
    }

    /** Says that the only subtask sends one committable. */
    public static <T> CommittableSummary<T> summaryOfOne(long checkpointId) {
        return new CommittableSummary<>(0, 1, checkpointId, 1, 0);
    }
}
