package io.fluss.minicluster;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;

/**
 * A Flink cluster in this JVM, for an embedded store belongs to one process. {@code execution.target = local} would do as well, but makes
 * a cluster for each job, and forgets why an INSERT failed when {@code table.dml-sync} is on: Flink 2.2 then cancels the job in
 * a cluster that has gone, and shows that error instead.
 */
public final class LocalCluster implements AutoCloseable {
    private static final int SLOTS = 16;

    private final MiniCluster cluster;

    private LocalCluster(MiniCluster cluster) {
        this.cluster = cluster;
    }

    /** Starts a cluster of one TaskManager. */
    public static LocalCluster start() throws Exception {
        Configuration config = new Configuration();
        config.setString("rest.address", "127.0.0.1");
        config.setString("rest.bind-address", "127.0.0.1");
        config.setString("rest.bind-port", "0");
        config.setString("taskmanager.memory.managed.size", "512m");
        config.setString("taskmanager.memory.network.min", "128m");
        config.setString("taskmanager.memory.network.max", "128m");
        MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(config)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(SLOTS)
                .build());
        cluster.start();
        return new LocalCluster(cluster);
    }

    /** What a session needs to know to run its jobs here. */
    public Map<String, String> sessionConfig() throws Exception {
        Map<String, String> config = new LinkedHashMap<>();
        config.put("execution.target", "remote");
        config.put("execution.attached", "true");
        config.put("rest.address", "127.0.0.1");
        config.put("rest.port", String.valueOf(cluster.getRestAddress().get().getPort()));
        config.put("parallelism.default", "2");
        return config;
    }

    /** When a job ended, in milliseconds since the epoch: what the client hears comes later. */
    public long endMillis(JobID job) throws Exception {
        AccessExecutionGraph graph = cluster.getExecutionGraph(job).get();
        return graph.getStatusTimestamp(graph.getState());
    }

    @Override
    public void close() throws Exception {
        cluster.close();
    }
}
