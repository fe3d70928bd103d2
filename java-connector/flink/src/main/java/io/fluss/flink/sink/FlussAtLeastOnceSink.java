package io.fluss.flink.sink;

import io.fluss.flink.sink.serializer.FlussSerializationSchema;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/**
 * Writes rows to one table, at least once: a checkpoint completes when every row before it is durable. Upserts and
 * deletes by key make a replay after a restore harmless; a log table may then hold rows twice.
 */
final class FlussAtLeastOnceSink<IN> extends FlussSink<IN> {
    private static final long serialVersionUID = 1L;

    FlussAtLeastOnceSink(SinkSpec spec, FlussSerializationSchema<IN> schema, boolean bounded) {
        super(spec, schema, bounded);
    }

    @Override
    public SinkWriter<IN> createWriter(WriterInitContext context) {
        return new FlussSinkWriter<>(
                SinkTable.open(spec), schema, context.getProcessingTimeService(), context.metricGroup());
    }
}
