package io.fluss.flink.source.deserializer;

import io.fluss.record.LogRecord;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.UserCodeClassLoader;

import java.io.Serializable;

/** Makes the elements of a stream of the rows of a table. */
public interface FlussDeserializationSchema<T> extends Serializable {
    /** Called once in each reader, before its first row. */
    default void open(InitializationContext context) throws Exception {}

    /** @param record valid during the call only @return null: nothing comes of the row */
    T deserialize(LogRecord record) throws Exception;

    /** @param rowSchema the columns that are read */
    TypeInformation<T> getProducedType(RowType rowSchema);

    /** What a reader knows. */
    interface InitializationContext {
        /** Of the reader, for metrics of one's own. */
        MetricGroup getMetricGroup();

        UserCodeClassLoader getUserCodeClassLoader();

        /** The columns that are read. */
        RowType getRowSchema();
    }
}
