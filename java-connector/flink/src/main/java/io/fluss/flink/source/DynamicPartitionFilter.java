package io.fluss.flink.source;

import io.fluss.flink.row.Literals;
import io.fluss.flink.row.PartitionTexts;

import org.apache.flink.table.connector.source.DynamicFilteringData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.types.logical.LogicalType;

import java.io.Serializable;
import java.util.List;

/** Which partitions a join needs, by what its other side has been found to hold while the job runs. */
public final class DynamicPartitionFilter implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int[] keys;
    private final LogicalType[] types;

    /**
     * @param keys positions among the partition keys, in the order of the fields of that data
     * @param types theirs, of those that {@link PartitionTexts} reads
     */
    public DynamicPartitionFilter(int[] keys, LogicalType[] types) {
        this.keys = keys.clone();
        this.types = types.clone();
    }

    /** False only if no row of the partition joins. @param values of all partition keys, as text */
    public boolean mayMatch(DynamicFilteringData data, List<String> values) {
        List<LogicalType> asked = data.getRowType().getChildren();
        if (!data.isFiltering() || asked.size() != keys.length) {
            return true;
        }
        GenericRowData row = new GenericRowData(keys.length);
        for (int i = 0; i < keys.length; i++) {
            if (asked.get(i).getTypeRoot() != types[i].getTypeRoot()) {
                return true;
            }
            Object value = PartitionTexts.read(values.get(keys[i]), types[i].getTypeRoot());
            row.setField(i, Literals.toInternal(value, types[i]));
        }
        return data.contains(row);
    }
}
