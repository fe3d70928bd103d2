package io.fluss.flink.sink;

import io.fluss.flink.table.FlussConnectorOptions;
import io.fluss.flink.table.FlussConnectorOptions.DeliveryGuarantee;
import io.fluss.flink.table.FlussConnectorOptions.DistributionMode;
import java.io.Serializable;
import java.util.Optional;
import org.apache.flink.configuration.ReadableConfig;

/** Options of one sink, as {@code docs/options.md} describes them. */
public final class FlussSinkOptions implements Serializable {
    private static final long serialVersionUID = 1L;

    private final boolean ignoreDelete;
    private final Integer parallelism;
    private final DeliveryGuarantee deliveryGuarantee;
    private final DistributionMode distributionMode;
    private final long batchBytes;
    private final long batchTimeoutMs;
    private final boolean createsPartitions;

    private FlussSinkOptions(ReadableConfig options) {
        ignoreDelete = options.get(FlussConnectorOptions.SINK_IGNORE_DELETE);
        parallelism = options.getOptional(FlussConnectorOptions.SINK_PARALLELISM).orElse(null);
        deliveryGuarantee =
                options.getOptional(FlussConnectorOptions.SINK_DELIVERY_GUARANTEE).orElse(null);
        DistributionMode mode = options.get(FlussConnectorOptions.SINK_DISTRIBUTION_MODE);
        boolean shuffle = options.get(FlussConnectorOptions.SINK_BUCKET_SHUFFLE);
        distributionMode = mode == DistributionMode.AUTO && !shuffle ? DistributionMode.NONE : mode;
        batchBytes = options.get(FlussConnectorOptions.CLIENT_WRITER_BATCH_SIZE).getBytes();
        batchTimeoutMs = options.get(FlussConnectorOptions.CLIENT_WRITER_BATCH_TIMEOUT).toMillis();
        createsPartitions = options.get(FlussConnectorOptions.CLIENT_WRITER_CREATE_PARTITION);
    }

    public static FlussSinkOptions from(ReadableConfig options) {
        return new FlussSinkOptions(options);
    }

    /** Whether -D and -U are dropped instead of written. */
    public boolean ignoreDelete() {
        return ignoreDelete;
    }

    /** Null: the planner's choice. */
    public Integer parallelism() {
        return parallelism;
    }

    /** Empty: what the table's kind asks for. */
    public Optional<DeliveryGuarantee> deliveryGuarantee() {
        return Optional.ofNullable(deliveryGuarantee);
    }

    public DistributionMode distributionMode() {
        return distributionMode;
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
