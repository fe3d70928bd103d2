package io.fluss.bench;

import com.sun.management.ThreadMXBean;
import io.fluss.client.ColumnBatch;
import io.fluss.client.Connection;
import io.fluss.client.LogScanner;
import io.fluss.client.Table;
import io.fluss.client.TablePath;
import io.fluss.flink.row.ColumnBatchRows;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;

/**
 * The log of {@code events} as the connector reads it, without Flink around it: one thread fetches batches from the native side, another
 * reads every column of every row as {@code ColumnarRowData}. Floor: the same reads over one batch that is ready, as many rows. Beside
 * them, by row, the processor time of the thread that reads, and the bytes that both threads allocate on the Java heap.
 */
final class ScanJava implements Benchmark {
    /** Batches that wait for the reader, as many as Flink's source reader lets wait by default. */
    private static final int QUEUE = 2;

    private static final int BUCKETS = 2;
    private static final int WARM = 3;
    private static final int[] ALL = new int[20];
    /** All but the strings: event_id, user_id, price, quantity, discount, is_new, latency_ms. */
    private static final int[] PRIMITIVE = {0, 1, 12, 13, 14, 15, 16};

    static {
        Arrays.setAll(ALL, i -> i);
    }

    private final Data data;
    private final int rounds;

    ScanJava(Data data, int rounds) {
        this.data = data;
        this.rounds = rounds;
    }

    @Override
    public List<String> names() {
        return Arrays.asList("engine.scan.java", "engine.scan.java.primitive");
    }

    @Override
    public List<Figure> run() throws Exception {
        data.needEvents();
        List<Figure> figures = new ArrayList<>();
        try (Connection connection = Connection.open(data.store);
                Table table = connection.table(TablePath.of("fluss", "events"))) {
            figures.addAll(measure(table, "engine.scan.java", ALL, ScanJava::readAll));
            figures.addAll(measure(table, "engine.scan.java.primitive", PRIMITIVE, ScanJava::readPrimitive));
        }
        return figures;
    }

    private List<Figure> measure(Table table, String name, int[] projection, ToLongFunction<RowData> read) throws Exception {
        List<Run> scans = new ArrayList<>();
        List<Run> floors = new ArrayList<>();
        for (int i = -WARM; i < rounds; i++) {
            Run scan = scan(table, projection, read);
            Run floor = floor(table, projection, read);
            if (i >= 0) {
                scans.add(scan);
                floors.add(floor);
            }
        }
        return Arrays.asList(
                figure(name, "rows/s", scans, floors, Run::rate),
                figure(name + ".cpu", "ns/row", scans, floors, Run::cpuNanosPerRow),
                figure(name + ".alloc", "B/row", scans, floors, Run::bytesPerRow));
    }

    private static Figure figure(String name, String unit, List<Run> scans, List<Run> floors, ToDoubleFunction<Run> of) {
        return new Figure(name, unit, scans.stream().mapToDouble(of).toArray(), floors.stream().mapToDouble(of).toArray());
    }

    private Run scan(Table table, int[] projection, ToLongFunction<RowData> read) throws Exception {
        BlockingQueue<ColumnBatchRows> queue = new ArrayBlockingQueue<>(QUEUE);
        Run run = new Run();
        try (LogScanner scanner = table.newLogScanner(projection)) {
            for (int bucket = 0; bucket < BUCKETS; bucket++) {
                scanner.subscribe(bucket, 0, Long.MAX_VALUE);
            }
            Run fetcher = new Run();
            Thread thread = new Thread(() -> {
                long rows = 0;
                fetcher.begin();
                while (rows < data.rows) {
                    ColumnBatch batch = scanner.poll(10_000);
                    if (batch == null) {
                        throw new IllegalStateException("the log ends after " + rows + " rows");
                    }
                    rows += batch.endRow() - batch.firstRow();
                    try {
                        queue.put(ColumnBatchRows.of(batch));
                    } catch (InterruptedException e) {
                        return;
                    }
                }
                fetcher.end(rows);
            });
            run.begin();
            thread.start();
            long sum = 0;
            long rows = 0;
            while (rows < data.rows) {
                ColumnBatchRows ready = queue.poll(30, TimeUnit.SECONDS);
                if (ready == null) {
                    throw new IllegalStateException("no batch came for 30 s after " + rows + " rows");
                }
                try (ColumnBatch batch = ready.batch()) {
                    sum += readBatch(ready, batch, read);
                    rows += batch.endRow() - batch.firstRow();
                }
            }
            run.end(rows);
            thread.join();
            run.bytes += fetcher.bytes;
            run.sum = sum;
        }
        return run;
    }

    private Run floor(Table table, int[] projection, ToLongFunction<RowData> read) {
        Run run = new Run();
        try (LogScanner scanner = table.newLogScanner(projection)) {
            scanner.subscribe(0, 0, Long.MAX_VALUE);
            try (ColumnBatch batch = scanner.poll(10_000)) {
                ColumnBatchRows ready = ColumnBatchRows.of(batch);
                run.sum = readBatch(ready, batch, read);
                run.begin();
                long rows = 0;
                while (rows < data.rows) {
                    run.sum += readBatch(ready, batch, read);
                    rows += batch.endRow() - batch.firstRow();
                }
                run.end(rows);
            }
        }
        return run;
    }

    private static long readBatch(ColumnBatchRows rows, ColumnBatch batch, ToLongFunction<RowData> read) {
        long sum = 0;
        for (int row = batch.firstRow(); row < batch.endRow(); row++) {
            sum += read.applyAsLong(rows.row(row));
        }
        return sum;
    }

    /** Straight on, like the code that Flink generates; no value of {@code events} is NULL. */
    private static long readAll(RowData row) {
        return row.getLong(0)
                + row.getLong(1)
                + read(row.getString(2))
                + read(row.getString(3))
                + read(row.getString(4))
                + read(row.getString(5))
                + read(row.getString(6))
                + read(row.getString(7))
                + read(row.getString(8))
                + read(row.getString(9))
                + read(row.getString(10))
                + read(row.getString(11))
                + (long) row.getDouble(12)
                + row.getInt(13)
                + (long) row.getFloat(14)
                + (row.getBoolean(15) ? 1 : 0)
                + row.getInt(16)
                + row.getDecimal(17, 12, 2).toUnscaledLong()
                + row.getTimestamp(18, 3).getMillisecond()
                + read(row.getString(19));
    }

    private static long readPrimitive(RowData row) {
        return row.getLong(0)
                + row.getLong(1)
                + (long) row.getDouble(2)
                + row.getInt(3)
                + (long) row.getFloat(4)
                + (row.getBoolean(5) ? 1 : 0)
                + row.getInt(6);
    }

    private static long read(StringData string) {
        return string.hashCode();
    }

    /** Rows, time and allocation of one thread between two points. */
    private static final class Run {
        private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        private long rows;
        private long nanos;
        private long bytes;
        /** Of the thread that reads the rows: what the other one and other programs do does not show in it. */
        private long cpuNanos;

        /** Keeps the JIT from dropping the reads. */
        private volatile long sum;

        void begin() {
            bytes = allocated();
            cpuNanos = THREADS.getCurrentThreadCpuTime();
            nanos = System.nanoTime();
        }

        void end(long rows) {
            nanos = System.nanoTime() - nanos;
            cpuNanos = THREADS.getCurrentThreadCpuTime() - cpuNanos;
            bytes = allocated() - bytes;
            this.rows = rows;
        }

        private static long allocated() {
            return THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
        }

        double rate() {
            return Benchmark.rate(rows, nanos / 1e9);
        }

        double cpuNanosPerRow() {
            return (double) cpuNanos / rows;
        }

        double bytesPerRow() {
            return (double) bytes / rows;
        }
    }
}
