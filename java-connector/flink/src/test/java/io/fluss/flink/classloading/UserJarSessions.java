package io.fluss.flink.classloading;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

/** Sessions that bring the connector as a user jar and submit to a running cluster, as a SQL client does. */
final class UserJarSessions {
    private UserJarSessions() {}

    static MiniCluster startCluster() throws Exception {
        Configuration configuration = new Configuration();
        configuration.set(RestOptions.BIND_PORT, "0");
        MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(8)
                .build());
        cluster.start();
        return cluster;
    }

    /** With a Fluss catalog named {@code c} on the directory. */
    static TableEnvironment open(MiniCluster cluster, boolean streaming, Path directory) throws Exception {
        String jar = System.getProperty("fluss.dist.jar");
        if (jar == null || !new File(jar).isFile()) {
            throw new IllegalStateException("system property fluss.dist.jar must name the built flink-sql-connector jar: " + jar);
        }
        Configuration configuration = new Configuration();
        configuration.set(DeploymentOptions.TARGET, "remote");
        configuration.set(RestOptions.ADDRESS, cluster.getRestAddress().get().getHost());
        configuration.set(RestOptions.PORT, cluster.getRestAddress().get().getPort());
        configuration.setString("parallelism.default", "1");
        EnvironmentSettings.Builder settings =
                EnvironmentSettings.newInstance().withConfiguration(configuration);
        TableEnvironment session =
                TableEnvironment.create((streaming ? settings.inStreamingMode() : settings.inBatchMode()).build());
        session.executeSql("ADD JAR '" + jar + "'").await();
        session.executeSql("CREATE CATALOG c WITH ('type' = 'fluss', 'data.dir' = '" + directory + "')").await();
        return session;
    }

    /** Distinct files of that name that are mapped into this process. */
    static Set<String> mapped(String name) throws IOException {
        try (Stream<String> maps = Files.lines(Paths.get("/proc/self/maps"))) {
            return maps.filter(line -> line.contains("/" + name))
                    .map(line -> line.substring(line.indexOf('/')))
                    .collect(Collectors.toSet());
        }
    }
}
