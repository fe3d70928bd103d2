package io.fluss.flink.sink;

import io.fluss.flink.table.FlussConnectorOptions;
import java.io.Serializable;
import org.apache.flink.configuration.ReadableConfig;

/** Options of one sink, as {@code docs/options.md} describes them. */
public final class FlussSinkOptions implements Serializable {
    private static final long serialVersionUID = 1L;

    private final boolean ignoreDelete;
    private final Integer parallelism;
    private final long batchBytes;
    private final long batchTimeoutMs;
    private final boolean createsPartitions;

    /** @param parallelism null: the planner's choice */
    public FlussSinkOptions(
            boolean ignoreDelete, Integer parallelism, long batchBytes, long batchTimeoutMs, boolean createsPartitions) {
        this.ignoreDelete = ignoreDelete;
        this.parallelism = parallelism;
        this.batchBytes = batchBytes;
        this.batchTimeoutMs = batchTimeoutMs;
        this.createsPartitions = createsPartitions;
    }

    public static FlussSinkOptions from(ReadableConfig options) {
        return new FlussSinkOptions(
                options.get(FlussConnectorOptions.SINK_IGNORE_DELETE),
                options.getOptional(FlussConnectorOptions.SINK_PARALLELISM).orElse(null),
                options.get(FlussConnectorOptions.CLIENT_WRITER_BATCH_SIZE).getBytes(),
                options.get(FlussConnectorOptions.CLIENT_WRITER_BATCH_TIMEOUT).toMillis(),
                options.get(FlussConnectorOptions.CLIENT_WRITER_CREATE_PARTITION));
    }

    /** Whether -D and -U are dropped instead of written. */
    public boolean ignoreDelete() {
        return ignoreDelete;
    }

    /** Null: the planner's choice. */
    public Integer parallelism() {
        return parallelism;
    }

    /** A batch of this many bytes is handed over at once. */
    public long batchBytes() {
        return batchBytes;
    }

    /** The longest that a row waits for its batch to fill, in milliseconds. */
    public long batchTimeoutMs() {
        return batchTimeoutMs;
    }

    /** Whether the first row of a partition makes it. */
    public boolean createsPartitions() {
        return createsPartitions;
    }
}
