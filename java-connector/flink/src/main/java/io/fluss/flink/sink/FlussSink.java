package io.fluss.flink.sink;

import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.table.data.RowData;

/**
 * Writes rows to one table, at least once: a checkpoint completes when every row before it is durable. Upserts and
 * deletes by key make a replay after a restore harmless; a log table may then hold rows twice.
 */
final class FlussSink extends BucketSink {
    private static final long serialVersionUID = 1L;

    FlussSink(SinkSpec spec, boolean bounded) {
        super(spec, bounded);
    }

    @Override
    public SinkWriter<RowData> createWriter(WriterInitContext context) {
        return new FlussSinkWriter(SinkTable.open(spec), context.getProcessingTimeService(), context.metricGroup());
    }
}
