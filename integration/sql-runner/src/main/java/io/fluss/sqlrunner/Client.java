package io.fluss.sqlrunner;

import io.fluss.minicluster.LocalCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.client.SqlClient;

/** Flink's SQL client with a cluster in the same JVM; the arguments are the client's. scripts/sql starts it. */
public final class Client {
    private Client() {}

    public static void main(String[] args) throws Exception {
        LocalCluster cluster = LocalCluster.start();
        List<String> all = new ArrayList<>(List.of(args));
        for (Map.Entry<String, String> e : cluster.sessionConfig().entrySet()) {
            all.add("-D" + e.getKey() + "=" + e.getValue());
        }
        SqlClient.main(all.toArray(new String[0]));
        cluster.close();
        System.exit(0);
    }
}
