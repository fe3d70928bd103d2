package io.fluss.flink.sink;

import io.fluss.flink.row.BucketFunction;
import io.fluss.flink.row.BucketSpread;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.Partitioner;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.data.RowData;

/** Which subtask of the sink gets a row. */
final class Distribution {
    private Distribution() {}

    /** @param bounded a batch job */
    static DataStream<RowData> distribute(DataStream<RowData> rows, SinkSpec spec, boolean bounded) {
        switch (spec.options().distributionMode()) {
            case BUCKET:
                return byBucket(rows, spec);
            case PARTITION_DYNAMIC:
                return rows.partitionCustom(new ByPartition(spec), row -> row);
            case AUTO:
                // Of a streaming job whatever its parallelism, or a savepoint would not fit the job with another one.
                boolean byBucket = spec.bucketKey().length > 0 && (!bounded || subtasks(rows, spec) > 1);
                return byBucket ? byBucket(rows, spec) : rows;
            default:
                return rows;
        }
    }

    private static DataStream<RowData> byBucket(DataStream<RowData> rows, SinkSpec spec) {
        BucketSpread spread = new BucketSpread(spec.rowType(), spec.bucketKey(), spec.partitionKeys(), spec.buckets());
        return rows.partitionCustom(spread::subtask, row -> row);
    }

    /** The planner gives a sink the parallelism of its input unless it is told otherwise. */
    private static int subtasks(DataStream<RowData> rows, SinkSpec spec) {
        Integer given = spec.options().parallelism();
        return given == null ? rows.getParallelism() : Math.max(given, rows.getParallelism());
    }

    /**
     * The rows of a partition to as many subtasks, side by side, as its share of the rows asks for; the share is that of the latest rows. So most
     * partitions are written by one subtask, in large batches, and a large one holds none up.
     */
    static final class ByPartition implements Partitioner<RowData> {
        private static final long serialVersionUID = 1L;

        /** Every so many rows those before count half. */
        private static final int WINDOW = 100_000;
        /** So many rows at least say what the share of a partition is. */
        private static final int FIRST = 1_000;

        private final SinkSpec spec;
        private transient BucketFunction partition;
        /** Rows of each partition, by the hash of its values: those with the same hash count as one. */
        private transient Map<Integer, Integer> weights;
        private transient int total;

        ByPartition(SinkSpec spec) {
            this.spec = spec;
        }

        @Override
        public int partition(RowData row, int subtasks) {
            if (partition == null) {
                partition = new BucketFunction(spec.rowType(), spec.partitionKeys());
                weights = new HashMap<>();
            }
            if (total == WINDOW) {
                weights.replaceAll((of, rows) -> rows / 2);
                weights.values().removeIf(rows -> rows == 0);
                total = weights.values().stream().mapToInt(Integer::intValue).sum();
            }
            int hash = partition.bucket(row, Integer.MAX_VALUE);
            long weight = weights.merge(hash, 1, Integer::sum);
            total++;
            long all = Math.max(total, FIRST);
            long share = (weight * subtasks + all - 1) / all;
            // Its rows take turns.
            return (int) ((hash + weight % share) % subtasks);
        }
    }
}
