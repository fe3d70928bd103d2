package io.fluss.demo;

import io.fluss.minicluster.LocalCluster;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/** A session of Flink SQL; all of them share one cluster in this JVM, and one store. */
final class Sql {
    private final TableEnvironment env;
    private final Path flights;

    private Sql(TableEnvironment env, Path flights) {
        this.env = env;
        this.flights = flights;
    }

    /** @param restore savepoint that the first job starts from, or null */
    static Sql open(LocalCluster cluster, boolean streaming, Path store, Path flights, String restore) throws Exception {
        Configuration config = Configuration.fromMap(cluster.sessionConfig());
        config.setString("table.local-time-zone", "UTC");
        if (streaming) {
            config.setString("execution.checkpointing.interval", "2 s");
        }
        if (restore != null) {
            config.setString("execution.state-recovery.path", restore);
        }
        EnvironmentSettings.Builder settings = EnvironmentSettings.newInstance().withConfiguration(config);
        Sql sql = new Sql(TableEnvironment.create(streaming ? settings.inStreamingMode().build() : settings.inBatchMode().build()), flights);
        sql.env.executeSql("CREATE CATALOG fluss WITH ('type' = 'fluss', 'data.dir' = '" + store + "')");
        sql.env.useCatalog("fluss");
        return sql;
    }

    /** Runs every statement of a resource. */
    void script(String resource) throws IOException {
        for (String statement : statements(resource)) {
            env.executeSql(statement);
        }
    }

    /** Starts a bounded INSERT; {@code await()} of what it gives ends with it. */
    TableResult begin(String insert) {
        return env.executeSql(insert);
    }

    /** Runs a bounded INSERT or UPDATE to its end. */
    void run(String statement) throws Exception {
        env.executeSql(statement).await();
    }

    /** Starts the one statement of a resource as a job that goes on. */
    JobClient start(String resource) throws IOException {
        return env.executeSql(statements(resource).get(0)).getJobClient().orElseThrow(IllegalStateException::new);
    }

    /** Rows of a query as they come; closing ends its job. */
    CloseableIterator<Row> rows(String query) {
        return env.executeSql(query).collect();
    }

    /** The one number that a bounded query answers; NULL is 0. */
    long number(String query) throws Exception {
        try (CloseableIterator<Row> rows = rows(query)) {
            Object value = rows.next().getField(0);
            return value == null ? 0 : ((Number) value).longValue();
        }
    }

    TableResult query(String resource) throws IOException {
        return env.executeSql(statements(resource).get(0));
    }

    /** The statements of a resource; comments are whole lines, no statement has a semicolon inside. */
    private List<String> statements(String resource) throws IOException {
        StringBuilder text = new StringBuilder();
        try (InputStream in = Sql.class.getResourceAsStream("/" + resource)) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                if (!line.startsWith("--")) {
                    text.append(line).append('\n');
                }
            }
        }
        List<String> statements = new ArrayList<>();
        for (String statement : text.toString().replace("${flights}", flights.toUri().toString().replaceAll("/$", "")).split(";")) {
            if (!statement.trim().isEmpty()) {
                statements.add(statement.trim());
            }
        }
        return statements;
    }
}
