package io.fluss.flink.metrics;

import io.fluss.client.Connection;
import io.fluss.client.FlussException;

import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

import javax.annotation.Nullable;

/**
 * What the native library of the process holds and does as gauges {@code fluss.*} of a task, as {@code native/README.md} lists them, and its memory
 * once a process in the log, beside that which Flink was told to leave for it. The values are the same in all tasks of a process.
 */
public final class NativeMetrics {
    private static final Logger LOG = LoggerFactory.getLogger(NativeMetrics.class);
    private static final List<String> NAMES = List.of(
            "memory.budget",
            "memory.row-cache",
            "memory.block-cache",
            "memory.write-buffers",
            "memory.writers",
            "memory.readers",
            "memory.copies",
            "kv.tables",
            "kv.file-bytes",
            "kv.level-0-files-max",
            "kv.compaction-pending-bytes",
            "kv.compactions-running",
            "kv.flushes-running",
            "kv.tables-stalled",
            "tablets.open");
    /** A reporter that asks for one gauge asks for all: they share a call. */
    private static final long VALID_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    /** What the log has. */
    private static final Set<String> LOGGED = ConcurrentHashMap.newKeySet();

    private volatile Connection connection;
    private Map<String, Long> values = Collections.emptyMap();
    private long readAt;

    /** The gauges are 0 until {@link #connected} is called, and when that connection is closed. */
    public NativeMetrics(MetricGroup task) {
        MetricGroup group = task.addGroup("fluss");
        for (String name : NAMES) {
            int dot = name.indexOf('.');
            group.addGroup(name.substring(0, dot)).gauge(name.substring(dot + 1), (Gauge<Long>) () -> value(name));
        }
    }

    /** @param taskManager Flink's configuration; null: not known where the connection was opened */
    public void connected(Connection opened, @Nullable ReadableConfig taskManager) {
        connection = opened;
        MemorySize budget = new MemorySize(opened.metrics().get("memory.budget"));
        String line = "The native memory budget of this process is " + budget.toHumanReadableString()
                + " ('memory.size'), outside of the JVM heap and one for all stores and jobs."
                + (taskManager == null ? "" : offHeap(taskManager));
        if (LOGGED.add(line)) {
            LOG.info(line);
        }
    }

    private static String offHeap(ReadableConfig taskManager) {
        return " Flink leaves '" + TaskManagerOptions.TASK_OFF_HEAP_MEMORY.key() + "' = '"
                + taskManager.get(TaskManagerOptions.TASK_OFF_HEAP_MEMORY).toHumanReadableString()
                + "' for it and for what else is off the heap.";
    }

    private synchronized long value(String name) {
        Connection open = connection;
        if (open == null || open.isClosed()) {
            return 0;
        }
        long now = System.nanoTime();
        if (values.isEmpty() || now - readAt > VALID_NANOS) {
            try {
                values = open.metrics();
                readAt = now;
            } catch (FlussException e) {
                // Closed in between.
                return 0;
            }
        }
        return values.get(name);
    }
}
