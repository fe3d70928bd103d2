package io.fluss.flink.source;

import io.fluss.flink.source.enumerator.FlussEnumeratorState;
import io.fluss.flink.source.enumerator.FlussEnumeratorStateSerializer;
import io.fluss.flink.source.enumerator.FlussSplitEnumerator;
import io.fluss.flink.source.reader.FlussSourceReader;
import io.fluss.flink.source.split.FlussSplit;
import io.fluss.flink.source.split.FlussSplitSerializer;

import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;

/**
 * Reads a table: one split a bucket; rows of a bucket in their order, those of different buckets in none. The rows are views
 * that the next row overwrites, as Flink's columnar formats give them.
 */
public final class FlussSource implements Source<RowData, FlussSplit, FlussEnumeratorState> {
    private static final long serialVersionUID = 1L;

    private final ScanSpec spec;

    public FlussSource(ScanSpec spec) {
        this.spec = spec;
    }

    public boolean isBounded() {
        return spec.isBounded();
    }

    @Override
    public Boundedness getBoundedness() {
        return spec.isBounded() ? Boundedness.BOUNDED : Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SplitEnumerator<FlussSplit, FlussEnumeratorState> createEnumerator(
            SplitEnumeratorContext<FlussSplit> context) {
        return new FlussSplitEnumerator(spec, context, null);
    }

    @Override
    public SplitEnumerator<FlussSplit, FlussEnumeratorState> restoreEnumerator(
            SplitEnumeratorContext<FlussSplit> context, FlussEnumeratorState state) {
        return new FlussSplitEnumerator(spec, context, state);
    }

    @Override
    public SourceReader<RowData, FlussSplit> createReader(SourceReaderContext context) {
        return FlussSourceReader.create(spec, context);
    }

    @Override
    public SimpleVersionedSerializer<FlussSplit> getSplitSerializer() {
        return FlussSplitSerializer.INSTANCE;
    }

    @Override
    public SimpleVersionedSerializer<FlussEnumeratorState> getEnumeratorCheckpointSerializer() {
        return FlussEnumeratorStateSerializer.INSTANCE;
    }
}
