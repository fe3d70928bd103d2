package io.fluss.bench;

import io.fluss.minicluster.LocalCluster;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;

/** Flink SQL on a cluster in this JVM, parallelism 2, no checkpoints; the store in catalog {@code fluss}. */
final class Flink {
    private final TableEnvironment env;

    Flink(LocalCluster cluster, boolean streaming, Path store) throws Exception {
        Configuration config = Configuration.fromMap(cluster.sessionConfig());
        config.setString("table.local-time-zone", "UTC");
        EnvironmentSettings.Builder settings = EnvironmentSettings.newInstance().withConfiguration(config);
        env = TableEnvironment.create(streaming ? settings.inStreamingMode().build() : settings.inBatchMode().build());
        env.executeSql("CREATE CATALOG fluss WITH ('type' = 'fluss', 'data.dir' = '" + store + "')");
        env.useCatalog("fluss");
    }

    void sql(String statement) {
        env.executeSql(statement);
    }

    /** Runs a bounded INSERT. @return seconds from the job's start to its end */
    double seconds(String insert) throws Exception {
        TableResult result = env.executeSql(insert);
        return result.getJobClient().orElseThrow(IllegalStateException::new)
                .getJobExecutionResult().get(10, TimeUnit.MINUTES).getNetRuntime(TimeUnit.MILLISECONDS) / 1e3;
    }
}
