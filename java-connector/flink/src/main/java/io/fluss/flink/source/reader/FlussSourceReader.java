package io.fluss.flink.source.reader;

import io.fluss.flink.row.PlannedTable;
import io.fluss.flink.source.ScanSpec;
import io.fluss.flink.source.SnapshotFinishedEvent;
import io.fluss.flink.source.deserializer.FlussDeserializationSchema;
import io.fluss.flink.source.split.FlussSplit;
import io.fluss.flink.source.split.FlussSplitState;
import io.fluss.flink.source.split.HybridSnapshotLogSplit;
import io.fluss.flink.source.split.SnapshotSplit;

import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.base.source.reader.SingleThreadMultiplexSourceReaderBase;
import org.apache.flink.core.io.InputStatus;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads the splits of one subtask: a fetcher thread gets batches from the store, the task's thread emits their rows. */
public final class FlussSourceReader<T>
        extends SingleThreadMultiplexSourceReaderBase<BatchCursor, T, FlussSplit, FlussSplitState> {
    private final ScanSpec spec;
    private final OpenBatches openBatches;
    /** Snapshots that are read, but whose end is in no checkpoint yet. */
    private final List<SnapshotFinishedEvent> finished = new ArrayList<>();
    /** Snapshots whose end is in a checkpoint that is being taken, by its number. */
    private final TreeMap<Long, List<SnapshotFinishedEvent>> inCheckpoint = new TreeMap<>();
    /** The enumerator has given out all splits, none to this reader, and downstream was not told yet. */
    private boolean tellIdle;

    private FlussSourceReader(
            ScanSpec spec,
            SourceReaderContext context,
            OpenBatches openBatches,
            RowEmitter<T> emitter,
            ReaderMetrics metrics) {
        super(
                () -> new FlussSplitReader(spec, openBatches, metrics),
                emitter,
                context.getConfiguration(),
                context);
        this.spec = spec;
        this.openBatches = openBatches;
        emitter.onSnapshotFinished(this::snapshotFinished);
    }

    /** @param schema open */
    public static <T> FlussSourceReader<T> create(
            ScanSpec spec, FlussDeserializationSchema<T> schema, SourceReaderContext context) {
        RowEmitter<T> emitter = new RowEmitter<>(
                new RowCollector<>(schema, !spec.isPrimaryKeyTable()),
                context.metricGroup().getIOMetricGroup().getNumRecordsInCounter());
        return new FlussSourceReader<>(spec, context, new OpenBatches(), emitter, new ReaderMetrics(context));
    }

    @Override
    public void addSplits(List<FlussSplit> splits) {
        for (FlussSplit split : splits) {
            if (split.tableId() != spec.tableId() && split.tableId() != FlussSplit.UNKNOWN_TABLE) {
                throw PlannedTable.restoredFromAnother(spec.path(), spec.tableId(), split.tableId());
            }
            if (split instanceof HybridSnapshotLogSplit && ((HybridSnapshotLogSplit) split).isSnapshotFinished()) {
                // The attempt before may have ended between the checkpoint and the release.
                finished.add(new SnapshotFinishedEvent(split.bucket(), ((HybridSnapshotLogSplit) split).snapshotId()));
            }
        }
        tellIdle = false;
        super.addSplits(splits);
    }

    @Override
    public void notifyNoMoreSplits() {
        if (spec.isBounded()) {
            super.notifyNoMoreSplits();
        } else if (getNumberOfCurrentlyAssignedSplits() == 0) {
            idle();
        }
    }

    /** Without a split a reader must not hold back watermarks. */
    private void idle() {
        tellIdle = true;
        splitFetcherManager.getQueue().notifyAvailable();
    }

    @Override
    public InputStatus pollNext(ReaderOutput<T> output) throws Exception {
        if (tellIdle) {
            output.markIdle();
            tellIdle = false;
        }
        return super.pollNext(output);
    }

    private void snapshotFinished(HybridSnapshotLogSplit split) {
        SnapshotFinishedEvent event = new SnapshotFinishedEvent(split.bucket(), split.snapshotId());
        if (spec.isCheckpointing()) {
            finished.add(event);
        } else {
            context.sendSourceEventToCoordinator(event);
        }
    }

    @Override
    public List<FlussSplit> snapshotState(long checkpointId) {
        if (!finished.isEmpty()) {
            inCheckpoint.put(checkpointId, new ArrayList<>(finished));
            finished.clear();
        }
        return super.snapshotState(checkpointId);
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) throws Exception {
        Map<Long, List<SnapshotFinishedEvent>> complete = inCheckpoint.headMap(checkpointId, true);
        complete.values().forEach(events -> events.forEach(context::sendSourceEventToCoordinator));
        complete.clear();
        super.notifyCheckpointComplete(checkpointId);
    }

    @Override
    protected void onSplitFinished(Map<String, FlussSplitState> states) {
        for (FlussSplitState state : states.values()) {
            // Else the enumerator releases it when the job ends, since a restarted task may have to read it again.
            if (spec.isCheckpointing() && state.initial() instanceof SnapshotSplit) {
                finished.add(new SnapshotFinishedEvent(
                        state.initial().bucket(), ((SnapshotSplit) state.initial()).snapshotId()));
            }
        }
        // Of a scan without end, splits end with their partition.
        if (!spec.isBounded() && getNumberOfCurrentlyAssignedSplits() == 0) {
            idle();
        }
    }

    @Override
    protected FlussSplitState initializedState(FlussSplit split) {
        return new FlussSplitState(split);
    }

    @Override
    protected FlussSplit toSplitType(String splitId, FlussSplitState state) {
        return state.toSplit();
    }

    @Override
    public void close() throws Exception {
        super.close();
        openBatches.closeAll();
    }
}
