package io.fluss.flink.source.reader;

import io.fluss.client.ColumnBatch;
import io.fluss.client.Connection;
import io.fluss.flink.metrics.NativeMetrics;

import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.groups.SourceReaderMetricGroup;

import java.util.function.LongSupplier;

/** Flink's standard metrics of a source that Flink does not count itself. The fetcher's thread sets them, once a batch. */
final class ReaderMetrics {
    private static final String FETCH_LAG = "currentFetchEventTimeLag";

    private final NativeMetrics nativeMetrics;
    private final Configuration taskManager;
    private final Counter numBytesIn;
    private volatile long fetchLag;
    private volatile LongSupplier pending = () -> 0;

    ReaderMetrics(SourceReaderContext context) {
        SourceReaderMetricGroup group = context.metricGroup();
        nativeMetrics = new NativeMetrics(group);
        taskManager = context.getConfiguration();
        numBytesIn = group.getIOMetricGroup().getNumBytesInCounter();
        group.gauge(FETCH_LAG, (Gauge<Long>) () -> fetchLag);
        group.setPendingRecordsGauge(() -> pending.getAsLong());
    }

    /** @param rows how many are still to be fetched, asked by any thread */
    void connected(Connection connection, LongSupplier rows) {
        nativeMetrics.connected(connection, taskManager);
        pending = rows;
    }

    /** @param log whether it is one of a log, with a time */
    void fetched(ColumnBatch batch, boolean log) {
        numBytesIn.inc(batch.sizeInBytes());
        if (log) {
            fetchLag = System.currentTimeMillis() - batch.commitTimestamp();
        }
    }
}
