package io.fluss.flink.testing;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;

import java.net.URI;

/** One MiniCluster of eight slots for all tests of the JVM: starting one for every statement costs more than the statements. */
public final class SharedCluster {
    private static MiniCluster cluster;

    private SharedCluster() {}

    /** What a session needs to run its jobs there; a copy. */
    public static synchronized Configuration configuration() {
        try {
            if (cluster == null) {
                cluster = start();
            }
            URI rest = cluster.getRestAddress().get();
            Configuration configuration = new Configuration();
            configuration.setString("execution.target", "remote");
            configuration.setString("rest.address", rest.getHost());
            configuration.setString("rest.port", String.valueOf(rest.getPort()));
            configuration.setString("client.heartbeat.timeout", "600000");
            return configuration;
        } catch (Exception e) {
            throw new IllegalStateException("the MiniCluster of the tests could not be started", e);
        }
    }

    private static MiniCluster start() throws Exception {
        Configuration configuration = new Configuration();
        configuration.setString("rest.bind-port", "0");
        configuration.setString("rest.port", "0");
        MiniCluster started =
                new MiniCluster(
                        new MiniClusterConfiguration.Builder()
                                .setConfiguration(configuration)
                                .setNumTaskManagers(1)
                                .setNumSlotsPerTaskManager(8)
                                .build());
        started.start();
        // It leaves a copy of Flink's RPC jar in the temporary directory unless it is closed.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> started.closeAsync().join(), "close the MiniCluster"));
        return started;
    }
}
