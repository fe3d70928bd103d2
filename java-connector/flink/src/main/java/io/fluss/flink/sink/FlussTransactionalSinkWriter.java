package io.fluss.flink.sink;

import io.fluss.client.TransactionalWriter;
import io.fluss.flink.sink.serializer.FlussSerializationSchema;
import java.util.Collection;
import java.util.Collections;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;

/** Stages rows; those between two checkpoints are a transaction. */
final class FlussTransactionalSinkWriter<IN> extends RowBatchWriter<IN>
        implements CommittingSinkWriter<IN, FlussCommittable> {
    private final TransactionalWriter writer;
    private final boolean overwrites;

    /** Whether rows came since the last transaction was prepared. */
    private boolean begun;

    /** @param overwrites the rows will replace those that are there */
    FlussTransactionalSinkWriter(
            SinkTable table, FlussSerializationSchema<IN> schema, SinkWriterMetricGroup metrics, boolean overwrites) {
        this(table, open(table, overwrites), schema, metrics, overwrites);
    }

    private FlussTransactionalSinkWriter(
            SinkTable table,
            TransactionalWriter writer,
            FlussSerializationSchema<IN> schema,
            SinkWriterMetricGroup metrics,
            boolean overwrites) {
        super(table, writer, schema, metrics);
        this.writer = writer;
        this.overwrites = overwrites;
    }

    private static TransactionalWriter open(SinkTable table, boolean overwrites) {
        return table.newWriter(options -> table.table.newTransactionalWriter(options.overwrites(overwrites)));
    }

    @Override
    public void write(IN element, Context context) {
        begun = true;
        super.write(element, context);
    }

    @Override
    public void flush(boolean endOfInput) {
        handOverAll();
    }

    /** Returns when all that came is durable. */
    @Override
    public Collection<FlussCommittable> prepareCommit() {
        // An overwrite without rows is one, too.
        if (!begun && !overwrites) {
            return Collections.emptyList();
        }
        FlussCommittable prepared = new FlussCommittable(writer.prepare());
        begun = false;
        return Collections.singletonList(prepared);
    }
}
