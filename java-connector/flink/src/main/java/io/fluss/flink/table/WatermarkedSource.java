package io.fluss.flink.table;

import io.fluss.client.TablePath;
import io.fluss.flink.source.FlussSource;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.connector.ParallelismProvider;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.source.DataStreamScanProvider;
import org.apache.flink.table.data.RowData;

import java.util.Optional;

/** A scan with a watermark of each bucket, which Flink takes together and aligns. */
final class WatermarkedSource implements DataStreamScanProvider, ParallelismProvider {
    private final FlussSource<RowData> source;
    private final WatermarkStrategy<RowData> watermarks;
    private final TablePath path;
    private final Integer parallelism;

    WatermarkedSource(
            FlussSource<RowData> source, WatermarkStrategy<RowData> watermarks, TablePath path, Integer parallelism) {
        this.source = source;
        this.watermarks = watermarks;
        this.path = path;
        this.parallelism = parallelism;
    }

    @Override
    public DataStream<RowData> produceDataStream(ProviderContext context, StreamExecutionEnvironment env) {
        DataStreamSource<RowData> stream = env.fromSource(source, watermarks, "Fluss table " + path);
        context.generateUid("fluss-source").ifPresent(stream::uid);
        return stream;
    }

    @Override
    public boolean isBounded() {
        return source.isBounded();
    }

    @Override
    public Optional<Integer> getParallelism() {
        return Optional.ofNullable(parallelism);
    }
}
