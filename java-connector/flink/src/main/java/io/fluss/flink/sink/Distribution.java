package io.fluss.flink.sink;

import io.fluss.flink.row.BucketFunction;
import io.fluss.flink.row.BucketSpread;
import io.fluss.flink.row.OperationType;
import io.fluss.flink.row.RowWithOp;
import io.fluss.flink.sink.serializer.FlussSerializationSchema;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.Partitioner;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.data.RowData;

/** Which subtask of the sink gets a row. */
final class Distribution {
    private Distribution() {}

    /** @param bounded a batch job */
    static <IN> DataStream<IN> distribute(
            DataStream<IN> rows, SinkSpec spec, FlussSerializationSchema<IN> schema, boolean bounded) {
        switch (spec.options().distributionMode()) {
            case BUCKET:
                return byBucket(rows, spec, schema);
            case PARTITION_DYNAMIC:
                return rows.partitionCustom(new Rows<>(schema, spec, new ByPartition(spec)), row -> row);
            case AUTO:
                // Of a streaming job whatever its parallelism, or a savepoint would not fit the job with another one.
                boolean byBucket = spec.bucketKey().length > 0 && (!bounded || subtasks(rows, spec) > 1);
                return byBucket ? byBucket(rows, spec, schema) : rows;
            default:
                return rows;
        }
    }

    private static <IN> DataStream<IN> byBucket(DataStream<IN> rows, SinkSpec spec, FlussSerializationSchema<IN> schema) {
        BucketSpread spread = new BucketSpread(spec.rowType(), spec.bucketKey(), spec.partitionKeys(), spec.buckets());
        return rows.partitionCustom(new Rows<>(schema, spec, spread::subtask), row -> row);
    }

    /** The planner gives a sink the parallelism of its input unless it is told otherwise. */
    private static int subtasks(DataStream<?> rows, SinkSpec spec) {
        Integer given = spec.options().parallelism();
        return given == null ? rows.getParallelism() : Math.max(given, rows.getParallelism());
    }

    /** By the rows that a schema makes of elements. */
    private static final class Rows<IN> implements Partitioner<IN> {
        private static final long serialVersionUID = 1L;

        private final FlussSerializationSchema<IN> schema;
        private final SinkSpec spec;
        private final Partitioner<RowData> partitioner;
        private transient RowSerializer<IN> serializer;

        Rows(FlussSerializationSchema<IN> schema, SinkSpec spec, Partitioner<RowData> partitioner) {
            this.schema = schema;
            this.spec = spec;
            this.partitioner = partitioner;
        }

        @Override
        public int partition(IN element, int subtasks) {
            if (serializer == null) {
                serializer = new RowSerializer<>(schema, spec.rowType());
            }
            RowWithOp row = serializer.serialize(element);
            return row.getOperationType() == OperationType.IGNORE ? 0 : partitioner.partition(row.getRow(), subtasks);
        }
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
