package io.fluss.flink.adapter;

import org.apache.flink.table.connector.sink.DynamicTableSink;

/** The planner says which columns an INSERT names, in Flink 1.20 when it asks for the sink itself. */
public interface TargetColumnWritingAdapter {
    boolean applyTargetColumns(int[][] columns);

    /** First thing in {@link DynamicTableSink#getSinkRuntimeProvider}. */
    default void takeTargetColumns(DynamicTableSink.Context context) {
        context.getTargetColumns().ifPresent(this::applyTargetColumns);
    }
}
