package io.fluss.flink.adapter;

import org.apache.flink.api.connector.sink2.Sink;

/** Flink 1.20's {@link Sink} has another createWriter, which has to be there. */
public interface SinkAdapter<T> extends Sink<T> {}
