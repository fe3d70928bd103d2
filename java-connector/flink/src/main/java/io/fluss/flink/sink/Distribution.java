package io.fluss.flink.sink;

import io.fluss.flink.row.BucketFunction;
import org.apache.flink.api.common.functions.Partitioner;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.data.RowData;

/** Which subtask of the sink gets a row. */
final class Distribution {
    private Distribution() {}

    /** @param bounded a batch job */
    static DataStream<RowData> distribute(DataStream<RowData> rows, SinkSpec spec, boolean bounded) {
        boolean byBucket = false;
        switch (spec.options().distributionMode()) {
            case BUCKET:
                byBucket = true;
                break;
            case AUTO:
                // Of a streaming job whatever its parallelism, or a savepoint would not fit the job with another one.
                byBucket = spec.bucketKey().length > 0 && (!bounded || subtasks(rows, spec) > 1);
                break;
            default:
        }
        return byBucket ? rows.partitionCustom(new ByBucket(spec), row -> row) : rows;
    }

    /** The planner gives a sink the parallelism of its input unless it is told otherwise. */
    private static int subtasks(DataStream<RowData> rows, SinkSpec spec) {
        Integer given = spec.options().parallelism();
        return given == null ? rows.getParallelism() : Math.max(given, rows.getParallelism());
    }

    /** All rows of a bucket to one subtask; buckets, and those of different partitions, spread evenly. */
    static final class ByBucket implements Partitioner<RowData> {
        private static final long serialVersionUID = 1L;

        private final SinkSpec spec;
        private transient BucketFunction bucketKey;
        private transient BucketFunction partition;

        ByBucket(SinkSpec spec) {
            this.spec = spec;
        }

        @Override
        public int partition(RowData row, int subtasks) {
            if (bucketKey == null) {
                bucketKey = new BucketFunction(spec.rowType(), spec.bucketKey());
                partition = new BucketFunction(spec.rowType(), spec.partitionKeys());
            }
            long bucket = bucketKey.bucket(row, spec.buckets());
            int first = spec.partitionKeys().length == 0 ? 0 : partition.bucket(row, subtasks);
            // Neighbouring buckets lie together: in batch mode there are more channels than subtasks, which have ranges of them.
            return (int) ((first + bucket * subtasks / spec.buckets()) % subtasks);
        }
    }
}
