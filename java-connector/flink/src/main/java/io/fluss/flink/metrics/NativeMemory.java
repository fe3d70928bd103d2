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

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import javax.annotation.Nullable;

/**
 * The native memory of the process as gauges {@code fluss.memory.*} of a task, in bytes, and once a process in the log, beside the memory
 * that Flink was told to leave for it. The values are the same in all tasks of a process.
 */
public final class NativeMemory {
    private static final Logger LOG = LoggerFactory.getLogger(NativeMemory.class);
    private static final List<String> PARTS = List.of("budget", "block-cache", "write-buffers", "writers", "readers", "copies");
    /** What the log has. */
    private static final Set<String> LOGGED = ConcurrentHashMap.newKeySet();

    private volatile Connection connection;

    /** The gauges are 0 until {@link #connected} is called, and when that connection is closed. */
    public NativeMemory(MetricGroup task) {
        MetricGroup group = task.addGroup("fluss").addGroup("memory");
        for (String part : PARTS) {
            group.gauge(part, (Gauge<Long>) () -> value("memory." + part));
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

    private long value(String name) {
        Connection open = connection;
        if (open == null || open.isClosed()) {
            return 0;
        }
        try {
            return open.metrics().get(name);
        } catch (FlussException e) {
            // Closed in between.
            return 0;
        }
    }
}
