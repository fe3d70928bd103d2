package io.fluss.flink.adapter;

import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.abilities.SupportsTargetColumnWriting;

/** The planner says which columns an INSERT names, here before it asks for the sink itself. */
public interface TargetColumnWritingAdapter extends SupportsTargetColumnWriting {
    /** First thing in {@link DynamicTableSink#getSinkRuntimeProvider}. */
    default void takeTargetColumns(DynamicTableSink.Context context) {}
}
