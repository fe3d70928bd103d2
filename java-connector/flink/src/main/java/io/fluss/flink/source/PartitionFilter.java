package io.fluss.flink.source;

import java.io.Serializable;
import java.util.List;

/** Which partitions a scan reads, those too that are made while it runs. */
public interface PartitionFilter extends Serializable {
    PartitionFilter ALL = values -> true;

    /**
     * False only if no row of the partition fulfils what the scan asks of rows.
     *
     * @param values of the partition keys, as text
     */
    boolean mayMatch(List<String> values);
}
