package io.fluss.flink.sink;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What all writers of an overwrite have prepared, and the partition that it names. */
final class OverwriteCommittable {
    private final List<byte[]> prepared;
    private final TreeMap<String, String> partition;

    /**
     * @param prepared as the store names it ({@code native/docs/format.md}, "Committable")
     * @param partition values of all partition keys as text, or none
     */
    OverwriteCommittable(List<byte[]> prepared, Map<String, String> partition) {
        this.prepared = new ArrayList<>(prepared);
        this.partition = new TreeMap<>(partition);
    }

    List<byte[]> prepared() {
        return new ArrayList<>(prepared);
    }

    Map<String, String> partition() {
        return new TreeMap<>(partition);
    }
}
