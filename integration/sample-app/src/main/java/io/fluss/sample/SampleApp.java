package io.fluss.sample;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.apache.flink.util.FileUtils;

/** Words counted into a primary-key table and read back: a Flink application that stores its result without any server. */
public final class SampleApp {
    private SampleApp() {}

    public static void main(String[] args) throws Exception {
        Path store = Files.createTempDirectory("fluss-sample-");
        try {
            TableEnvironment env = TableEnvironment.create(EnvironmentSettings.newInstance().inBatchMode().build());
            env.executeSql("CREATE TABLE words (word STRING, n BIGINT, PRIMARY KEY (word) NOT ENFORCED)"
                    + " WITH ('connector' = 'fluss', 'data.dir' = '" + store + "')");
            env.executeSql("INSERT INTO words SELECT word, COUNT(*) FROM"
                    + " (VALUES ('to'), ('be'), ('or'), ('not'), ('to'), ('be')) AS t (word) GROUP BY word").await();
            env.executeSql("UPDATE words SET n = n + 1 WHERE word = 'or'").await();

            List<String> rows = new ArrayList<>();
            try (CloseableIterator<Row> it = env.executeSql("SELECT word, n FROM words ORDER BY word").collect()) {
                it.forEachRemaining(row -> rows.add(row.toString()));
            }
            System.out.println(rows);
            if (!rows.equals(Arrays.asList("+I[be, 2]", "+I[not, 1]", "+I[or, 2]", "+I[to, 2]"))) {
                throw new IllegalStateException("not what was written");
            }
        } finally {
            // The job of the last query may still be closing: it removes its snapshot of the table meanwhile.
            FileUtils.deleteDirectoryQuietly(store.toFile());
        }
        System.exit(0);
    }
}
