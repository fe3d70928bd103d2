package io.fluss.bench;

import io.fluss.minicluster.LocalCluster;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;

/** Flink SQL on a cluster in this JVM; the store in catalog {@code fluss}. */
final class Flink {
    private final LocalCluster cluster;
    private final TableEnvironment env;

    private Flink(LocalCluster cluster, boolean streaming, Map<String, String> more) throws Exception {
        this.cluster = cluster;
        Configuration config = Configuration.fromMap(cluster.sessionConfig());
        config.addAll(Configuration.fromMap(more));
        config.setString("table.local-time-zone", "UTC");
        EnvironmentSettings.Builder settings = EnvironmentSettings.newInstance().withConfiguration(config);
        env = TableEnvironment.create(streaming ? settings.inStreamingMode().build() : settings.inBatchMode().build());
    }

    /** @param more of Flink's options; without any: parallelism 2, no checkpoints */
    Flink(LocalCluster cluster, boolean streaming, Map<String, String> store, Map<String, String> more) throws Exception {
        this(cluster, streaming, more);
        StringBuilder options = new StringBuilder("'type' = 'fluss'");
        store.forEach((key, value) -> options.append(", '").append(key).append("' = '").append(value).append("'"));
        env.executeSql("CREATE CATALOG fluss WITH (" + options + ")");
        env.useCatalog("fluss");
    }

    /** One subtask, no checkpoints. */
    static Flink withoutStore(LocalCluster cluster, boolean streaming) throws Exception {
        return new Flink(cluster, streaming, Collections.singletonMap("parallelism.default", "1"));
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

    /** Starts an INSERT that goes on. */
    JobClient start(String insert) {
        return env.executeSql(insert).getJobClient().orElseThrow(IllegalStateException::new);
    }

    /** Runs an INSERT into a {@link Tables#timed} table. @param endless the job goes on after the last row, and is cancelled */
    Meter.Taken untilLastRow(String insert, boolean endless) throws Exception {
        CompletableFuture<Meter.Taken> lastRow = Meter.reset();
        JobClient job = env.executeSql(insert).getJobClient().orElseThrow(IllegalStateException::new);
        CompletableFuture<JobExecutionResult> end = job.getJobExecutionResult();
        // A job that fails ends before its last row.
        CompletableFuture.anyOf(lastRow, end).get(10, TimeUnit.MINUTES);
        if (!lastRow.isDone()) {
            throw new IllegalStateException("fewer rows came than were asked for: " + insert);
        }
        if (endless) {
            job.cancel().get(1, TimeUnit.MINUTES);
        } else {
            end.get(1, TimeUnit.MINUTES);
        }
        return lastRow.get();
    }

    /** Runs an INSERT into a {@link Tables#stamped} table. @return as {@link Meter#latencies} */
    double[] latencies(String insert) throws Exception {
        untilLastRow(insert, false);
        return Meter.latencies();
    }

    /** Runs an INSERT of {@link Tables#ready} rows, from the first one to the end of the job. */
    Meter.Taken untilEnd(String insert) throws Exception {
        Meter.reset();
        JobClient job = env.executeSql(insert).getJobClient().orElseThrow(IllegalStateException::new);
        job.getJobExecutionResult().get(10, TimeUnit.MINUTES);
        return Meter.ended(cluster.endMillis(job.getJobID()));
    }
}
