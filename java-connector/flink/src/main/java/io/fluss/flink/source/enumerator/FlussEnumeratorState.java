package io.fluss.flink.source.enumerator;

import io.fluss.flink.source.split.FlussSplit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/** What a checkpoint keeps of the enumerator. */
public final class FlussEnumeratorState {
    private final long tableId;
    private final boolean planned;
    private final Set<Integer> partitions;
    private final List<FlussSplit> unassigned;

    /**
     * @param tableId of the table that is read
     * @param planned whether the offsets were resolved and the splits made: never done again
     * @param partitions ids of those whose splits were made; empty for a table without partitions
     * @param unassigned splits that no reader has
     */
    public FlussEnumeratorState(long tableId, boolean planned, Set<Integer> partitions, List<FlussSplit> unassigned) {
        this.tableId = tableId;
        this.planned = planned;
        this.partitions = Collections.unmodifiableSet(new TreeSet<>(partitions));
        this.unassigned = Collections.unmodifiableList(new ArrayList<>(unassigned));
    }

    public long tableId() {
        return tableId;
    }

    public boolean isPlanned() {
        return planned;
    }

    /** Ids of the partitions whose splits were made. */
    public Set<Integer> partitions() {
        return partitions;
    }

    public List<FlussSplit> unassigned() {
        return unassigned;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof FlussEnumeratorState)) {
            return false;
        }
        FlussEnumeratorState that = (FlussEnumeratorState) other;
        return tableId == that.tableId
                && planned == that.planned
                && partitions.equals(that.partitions)
                && unassigned.equals(that.unassigned);
    }

    @Override
    public int hashCode() {
        return Objects.hash(tableId, planned, partitions, unassigned);
    }

    @Override
    public String toString() {
        return "table " + tableId + (planned ? "" : ", not planned") + ", partitions " + partitions + ", unassigned " + unassigned;
    }
}
