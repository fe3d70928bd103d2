package io.fluss.flink.classloading;

import java.nio.file.Path;
import java.nio.file.Paths;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/** Submits the connector in a user jar again and again, and says how many of its class loaders are left. */
public final class Resubmissions {
    private Resubmissions() {}

    /** @param args directory, how many times */
    public static void main(String[] args) throws Exception {
        Path directory = Paths.get(args[0]);
        int times = Integer.parseInt(args[1]);
        try (MiniCluster cluster = UserJarSessions.startCluster()) {
            for (int i = 0; i < times; i++) {
                insert(cluster, directory, i);
            }
            int shims = Integer.MAX_VALUE;
            for (int i = 0; i < 50 && shims > 1; i++) {
                System.gc();
                Thread.sleep(100);
                shims = UserJarSessions.mapped("libfluss_jni_loader.so").size();
            }
            System.out.println("shims " + shims);
            TableEnvironment check = UserJarSessions.open(cluster, false, directory);
            try (CloseableIterator<Row> rows =
                    check.executeSql("SELECT COUNT(*) FROM c.fluss.jobs").collect()) {
                System.out.println("rows " + rows.next().getField(0));
            }
        }
        System.exit(0);
    }

    /** A session of its own each time, as a submission by a client is. */
    private static void insert(MiniCluster cluster, Path directory, int i) throws Exception {
        TableEnvironment session = UserJarSessions.open(cluster, true, directory);
        session.executeSql("CREATE TABLE IF NOT EXISTS c.fluss.jobs (id INT)").await();
        session.executeSql("INSERT INTO c.fluss.jobs VALUES (" + i + ")").await();
        session.executeSql("DROP CATALOG c").await();
    }
}
