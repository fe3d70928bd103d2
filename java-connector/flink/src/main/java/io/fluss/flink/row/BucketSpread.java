package io.fluss.flink.row;

import java.io.Serializable;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;

/** All rows of a bucket to one subtask; buckets, and those of different partitions, spread evenly. */
public final class BucketSpread implements Serializable {
    private static final long serialVersionUID = 1L;

    private final RowType rowType;
    private final int[] bucketKey;
    private final int[] partitionKey;
    private final int buckets;
    private transient BucketFunction bucketFunction;
    private transient BucketFunction partitionFunction;

    /** @param bucketKey positions in the rows @param partitionKey the same; none: the table has no partitions */
    public BucketSpread(RowType rowType, int[] bucketKey, int[] partitionKey, int buckets) {
        this.rowType = rowType;
        this.bucketKey = bucketKey;
        this.partitionKey = partitionKey;
        this.buckets = buckets;
    }

    public int subtask(RowData row, int subtasks) {
        if (bucketFunction == null) {
            bucketFunction = new BucketFunction(rowType, bucketKey);
            partitionFunction = new BucketFunction(rowType, partitionKey);
        }
        long bucket = bucketFunction.bucket(row, buckets);
        int first = partitionKey.length == 0 ? 0 : partitionFunction.bucket(row, subtasks);
        // Neighbouring buckets lie together: in batch mode there are more channels than subtasks, which have ranges of them.
        return (int) ((first + bucket * subtasks / buckets) % subtasks);
    }
}
