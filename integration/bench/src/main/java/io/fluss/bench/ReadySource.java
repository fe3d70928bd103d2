package io.fluss.bench;

import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.columnar.ColumnarRowData;
import org.apache.flink.table.types.logical.RowType;

/** The least that a FLIP-27 source can do for a row: no splits, no second thread, nothing to decode. Restarts begin anew. */
final class ReadySource implements Source<RowData, ReadySource.NoSplit, ReadySource.NoState> {
    private static final long serialVersionUID = 1L;
    /** As many at a time as the connector's source gives. */
    private static final int ROWS_AT_A_TIME = 32;

    private final RowType type;
    private final long rows;
    private final long keys;
    private final int rate;

    /**
     * @param keys if not 0: the first column is random below this
     * @param rate if not 0: so many rows a second, whose second column is when they came
     */
    ReadySource(RowType type, long rows, long keys, int rate) {
        this.type = type;
        this.rows = rows;
        this.keys = keys;
        this.rate = rate;
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.BOUNDED;
    }

    @Override
    public SourceReader<RowData, NoSplit> createReader(SourceReaderContext context) {
        int subtask = context.getIndexOfSubtask();
        long parallelism = context.currentParallelism();
        return new Reader(new ReadyBatch(type), rows / parallelism + (subtask < rows % parallelism ? 1 : 0), keys, rate);
    }

    @Override
    public SplitEnumerator<NoSplit, NoState> createEnumerator(SplitEnumeratorContext<NoSplit> context) {
        return new Enumerator();
    }

    @Override
    public SplitEnumerator<NoSplit, NoState> restoreEnumerator(SplitEnumeratorContext<NoSplit> context, NoState state) {
        return new Enumerator();
    }

    @Override
    public SimpleVersionedSerializer<NoSplit> getSplitSerializer() {
        return new NothingSerializer<>(null);
    }

    @Override
    public SimpleVersionedSerializer<NoState> getEnumeratorCheckpointSerializer() {
        return new NothingSerializer<>(new NoState());
    }

    private static final class Reader implements SourceReader<RowData, NoSplit> {
        private final ReadyBatch batch;
        private final ColumnarRowData row;
        private final long keys;
        private long left;
        private final int rate;
        private int next;
        private long given;
        private long startNanos;

        Reader(ReadyBatch batch, long rows, long keys, int rate) {
            this.batch = batch;
            this.row = batch.row();
            this.left = rows;
            this.keys = keys;
            this.rate = rate;
        }

        @Override
        public void start() {
            Meter.begin();
            startNanos = System.nanoTime();
        }

        @Override
        public InputStatus pollNext(ReaderOutput<RowData> output) {
            if (next == 0 && keys > 0) {
                batch.newKeys(keys);
            }
            if (rate > 0) {
                return pollPaced(output);
            }
            int stop = (int) Math.min(next + left, Math.min(ReadyBatch.ROWS, next + ROWS_AT_A_TIME));
            left -= stop - next;
            for (int i = next; i < stop; i++) {
                row.setRowId(i);
                output.collect(row);
            }
            next = stop == ReadyBatch.ROWS ? 0 : stop;
            return left == 0 ? InputStatus.END_OF_INPUT : InputStatus.MORE_AVAILABLE;
        }

        private InputStatus pollPaced(ReaderOutput<RowData> output) {
            if (nanosToWait() > 0) {
                return InputStatus.NOTHING_AVAILABLE;
            }
            batch.stamp(next);
            row.setRowId(next);
            output.collect(row);
            next = (next + 1) % ReadyBatch.ROWS;
            given++;
            return --left == 0 ? InputStatus.END_OF_INPUT : InputStatus.MORE_AVAILABLE;
        }

        private long nanosToWait() {
            return startNanos + given * 1_000_000_000L / rate - System.nanoTime();
        }

        @Override
        public List<NoSplit> snapshotState(long checkpoint) {
            return Collections.emptyList();
        }

        @Override
        public CompletableFuture<Void> isAvailable() {
            long wait = rate > 0 ? nanosToWait() : 0;
            return wait <= 0
                    ? CompletableFuture.completedFuture(null)
                    : CompletableFuture.runAsync(() -> {}, CompletableFuture.delayedExecutor(wait, TimeUnit.NANOSECONDS, Runnable::run));
        }

        @Override
        public void addSplits(List<NoSplit> splits) {
            throw new UnsupportedOperationException("there are no splits");
        }

        @Override
        public void notifyNoMoreSplits() {
            // It asks for none.
        }

        @Override
        public void close() {
            // It holds nothing.
        }
    }

    private static final class Enumerator implements SplitEnumerator<NoSplit, NoState> {
        @Override
        public void start() {
            // Nothing is to be found.
        }

        @Override
        public void handleSplitRequest(int subtask, String host) {
            throw new UnsupportedOperationException("there are no splits");
        }

        @Override
        public void addSplitsBack(List<NoSplit> splits, int subtask) {
            // There are none.
        }

        @Override
        public void addReader(int subtask) {
            // It needs no split.
        }

        @Override
        public NoState snapshotState(long checkpoint) {
            return new NoState();
        }

        @Override
        public void close() {
            // It holds nothing.
        }
    }

    /** No such object is ever made. */
    static final class NoSplit implements SourceSplit {
        private NoSplit() {}

        @Override
        public String splitId() {
            return "";
        }
    }

    static final class NoState {}

    private static final class NothingSerializer<T> implements SimpleVersionedSerializer<T> {
        private final T value;

        NothingSerializer(T value) {
            this.value = value;
        }

        @Override
        public int getVersion() {
            return 0;
        }

        @Override
        public byte[] serialize(T object) {
            return new byte[0];
        }

        @Override
        public T deserialize(int version, byte[] serialized) {
            return value;
        }
    }
}
