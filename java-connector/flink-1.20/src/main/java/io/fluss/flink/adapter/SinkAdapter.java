package io.fluss.flink.adapter;

import java.io.IOException;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/** A sink whose {@link #createWriter(WriterInitContext)}, which Flink 1.20 prefers too, is all that it has. */
public interface SinkAdapter<T> extends Sink<T> {
    @Override
    @Deprecated
    default SinkWriter<T> createWriter(Sink.InitContext context) {
        throw new UnsupportedOperationException("Flink 1.20 creates writers with a WriterInitContext");
    }

    /** Abstract, as in Flink 2. */
    @Override
    SinkWriter<T> createWriter(WriterInitContext context) throws IOException;
}
