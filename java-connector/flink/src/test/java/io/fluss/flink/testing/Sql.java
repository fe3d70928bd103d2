package io.fluss.flink.testing;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A Flink SQL session on an embedded store. The jobs of all sessions run in one real MiniCluster of this JVM. */
public final class Sql {
    private static final long PATIENCE_SECONDS = 90;

    private final TableEnvironment env;

    private Sql(boolean batch, Map<String, String> options) {
        Configuration configuration = SharedCluster.configuration();
        configuration.setString("parallelism.default", "2");
        configuration.setString("table.local-time-zone", "UTC");
        configuration.addAll(Configuration.fromMap(options));
        EnvironmentSettings.Builder settings = EnvironmentSettings.newInstance().withConfiguration(configuration);
        env = TableEnvironment.create(batch ? settings.inBatchMode().build() : settings.inStreamingMode().build());
    }

    public static Sql batch(String... keysAndValues) {
        return new Sql(true, options(keysAndValues));
    }

    public static Sql streaming(String... keysAndValues) {
        return new Sql(false, options(keysAndValues));
    }

    private static Map<String, String> options(String... keysAndValues) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            options.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return options;
    }

    /** Creates and uses a Fluss catalog named {@code c} on a directory. */
    public Sql on(Path directory) {
        run("CREATE CATALOG c WITH ('type' = 'fluss', 'data.dir' = '%s')", directory);
        run("USE CATALOG c");
        return this;
    }

    public TableEnvironment env() {
        return env;
    }

    /** Runs a statement to its end. */
    public Sql run(String statement, Object... args) {
        try {
            start(statement, args).await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(statement, e);
        }
        return this;
    }

    /** Submits a statement. */
    public TableResult start(String statement, Object... args) {
        return env.executeSql(args.length == 0 ? statement : String.format(statement, args));
    }

    /** Submits a job that runs on. */
    public JobClient job(String statement, Object... args) {
        return start(statement, args)
                .getJobClient()
                .orElseThrow(() -> new IllegalStateException("no job: " + statement));
    }

    /** All rows of a bounded query, as text, sorted. */
    public List<String> rows(String query, Object... args) {
        return sorted(take(Integer.MAX_VALUE, query, args));
    }

    /** The first {@code most} rows of a query, as text, in their order; the job is cancelled then. */
    public List<String> take(int most, String query, Object... args) {
        TableResult result = start(query, args);
        CloseableIterator<Row> rows = result.collect();
        CompletableFuture<List<String>> taken = CompletableFuture.supplyAsync(() -> {
            List<String> text = new ArrayList<>();
            while (text.size() < most && rows.hasNext()) {
                text.add(rows.next().toString());
            }
            return text;
        });
        try {
            return taken.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException("rows of: " + query, e);
        } finally {
            closeQuietly(rows);
        }
    }

    private static void closeQuietly(CloseableIterator<Row> rows) {
        try {
            rows.close();
        } catch (Exception e) {
            // The rows count here, not how the job ended.
            return;
        }
    }

    public static List<String> sorted(List<String> rows) {
        List<String> copy = new ArrayList<>(rows);
        Collections.sort(copy);
        return copy;
    }

    /** Waits until a condition holds. */
    public static void until(String what, Condition condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.holds()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within " + PATIENCE_SECONDS + " s: " + what);
            }
            Thread.sleep(50);
        }
    }

    /** Something that becomes true. */
    public interface Condition {
        boolean holds() throws Exception;
    }
}
