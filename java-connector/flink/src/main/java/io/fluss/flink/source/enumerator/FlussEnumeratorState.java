package io.fluss.flink.source.enumerator;

import io.fluss.flink.source.split.FlussSplit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/** What a checkpoint keeps of the enumerator. */
public final class FlussEnumeratorState {
    private final long tableId;
    private final boolean planned;
    private final List<FlussSplit> unassigned;

    /**
     * @param tableId of the table that is read
     * @param planned whether the offsets were resolved and the splits made: never done again
     * @param unassigned splits that no reader has
     */
    public FlussEnumeratorState(long tableId, boolean planned, List<FlussSplit> unassigned) {
        this.tableId = tableId;
        this.planned = planned;
        this.unassigned = Collections.unmodifiableList(new ArrayList<>(unassigned));
    }

    public long tableId() {
        return tableId;
    }

    public boolean isPlanned() {
        return planned;
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
        return tableId == that.tableId && planned == that.planned && unassigned.equals(that.unassigned);
    }

    @Override
    public int hashCode() {
        return Objects.hash(tableId, planned, unassigned);
    }

    @Override
    public String toString() {
        return "table " + tableId + (planned ? "" : ", not planned") + ", unassigned " + unassigned;
    }
}
