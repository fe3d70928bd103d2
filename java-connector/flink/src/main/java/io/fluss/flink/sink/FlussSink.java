package io.fluss.flink.sink;

import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.streaming.api.connector.sink2.SupportsPreWriteTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.data.RowData;

/**
 * Writes rows to one table, at least once: a checkpoint completes when every row before it is durable. Upserts and
 * deletes by key make a replay after a restore harmless; a log table may then hold rows twice.
 */
final class FlussSink implements Sink<RowData>, SupportsPreWriteTopology<RowData> {
    private static final long serialVersionUID = 1L;

    private final SinkSpec spec;
    private final boolean bounded;

    FlussSink(SinkSpec spec, boolean bounded) {
        this.spec = spec;
        this.bounded = bounded;
    }

    @Override
    public DataStream<RowData> addPreWriteTopology(DataStream<RowData> rows) {
        return Distribution.distribute(rows, spec, bounded);
    }

    @Override
    public SinkWriter<RowData> createWriter(WriterInitContext context) {
        return new FlussSinkWriter(SinkTable.open(spec), context.getProcessingTimeService(), context.metricGroup());
    }
}
