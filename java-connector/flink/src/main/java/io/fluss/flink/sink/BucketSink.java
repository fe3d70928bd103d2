package io.fluss.flink.sink;

import io.fluss.flink.adapter.SinkAdapter;
import org.apache.flink.streaming.api.connector.sink2.SupportsPreWriteTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.data.RowData;

/** A sink of one table, whose rows come to its subtasks as {@link Distribution} says. */
abstract class BucketSink implements SinkAdapter<RowData>, SupportsPreWriteTopology<RowData> {
    private static final long serialVersionUID = 1L;

    final SinkSpec spec;
    private final boolean bounded;

    /** @param bounded a batch job */
    BucketSink(SinkSpec spec, boolean bounded) {
        this.spec = spec;
        this.bounded = bounded;
    }

    @Override
    public final DataStream<RowData> addPreWriteTopology(DataStream<RowData> rows) {
        return Distribution.distribute(rows, spec, bounded);
    }
}
