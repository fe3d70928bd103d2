package io.fluss.flink.failures;

import io.fluss.client.ColumnBatch;
import io.fluss.client.Connection;
import io.fluss.client.Projection;
import io.fluss.client.SnapshotScanner;
import io.fluss.client.Table;
import io.fluss.client.TablePath;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.StatementSet;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.functions.ScalarFunction;

/**
 * What the process that gets killed does: one job that reads the flights of January from their CSV file into tables under both
 * guarantees, and one of those tables again into another. It says {@code counted n} when that has n flights.
 */
final class FlightsJob {
    static final int FLIGHTS = 27_004;
    static final String COLUMNS = "`year` INT, `month` INT, `day` INT, dep_time INT, sched_dep_time INT, dep_delay INT, arr_time INT,"
            + " sched_arr_time INT, arr_delay INT, carrier STRING, flight INT, tailnum STRING, origin STRING, dest STRING,"
            + " air_time INT, distance INT, `hour` INT, `minute` INT, time_hour TIMESTAMP(0)";

    /** Lets a number through, but not too fast. */
    public static final class Slowly extends ScalarFunction {
        private static final long serialVersionUID = 1L;

        private int calls;

        public Integer eval(Integer value) throws InterruptedException {
            if (++calls % 16 == 0) {
                Thread.sleep(1);
            }
            return value;
        }

        @Override
        public boolean isDeterministic() {
            return false;
        }
    }

    private FlightsJob() {}

    /** @param args folder of the store, of the CSV files, of the checkpoints; then, if there is one, the checkpoint to go on from */
    public static void main(String[] args) throws Exception {
        Configuration configuration = new Configuration();
        configuration.setString("parallelism.default", "2");
        configuration.setString("execution.checkpointing.interval", "200 ms");
        configuration.setString("execution.checkpointing.dir", "file://" + args[2]);
        configuration.setString("execution.checkpointing.num-retained", "2");
        configuration.setString("execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
        if (args.length > 3) {
            configuration.setString("execution.state-recovery.path", args[3]);
        }
        TableEnvironment env = TableEnvironment.create(
                EnvironmentSettings.newInstance().withConfiguration(configuration).inStreamingMode().build());
        env.createTemporarySystemFunction("slowly", Slowly.class);
        env.executeSql("CREATE CATALOG c WITH ('type' = 'fluss', 'data.dir' = '" + args[0] + "')");
        env.executeSql("USE CATALOG c");
        env.executeSql("CREATE TEMPORARY TABLE csv (" + COLUMNS + ") WITH ('connector' = 'filesystem', 'path' = '" + args[1]
                + "/first-half/q1.csv.bz2', 'format' = 'csv', 'csv.null-literal' = '')");
        env.executeSql("CREATE TEMPORARY VIEW january AS SELECT `year`, `month`, `day`, dep_time, sched_dep_time, dep_delay, arr_time,"
                + " sched_arr_time, arr_delay, carrier, slowly(flight) AS flight, tailnum, origin, dest, air_time, distance, `hour`,"
                + " `minute`, time_hour FROM csv WHERE `month` = 1");
        String log = " (" + COLUMNS + ") WITH ('bucket.num' = '2', 'sink.delivery-guarantee' = '";
        env.executeSql("CREATE TABLE IF NOT EXISTS flights_once" + log + "exactly-once')");
        env.executeSql("CREATE TABLE IF NOT EXISTS flights_least" + log + "at-least-once')");
        env.executeSql("CREATE TABLE IF NOT EXISTS carriers (carrier STRING PRIMARY KEY NOT ENFORCED, flights BIGINT, miles BIGINT)"
                + " WITH ('bucket.num' = '2', 'table.merge-engine' = 'aggregation', 'fields.flights.agg' = 'sum',"
                + " 'fields.miles.agg' = 'sum')");
        env.executeSql("CREATE TABLE IF NOT EXISTS days (`day` INT PRIMARY KEY NOT ENFORCED, flights BIGINT, miles BIGINT)");
        StatementSet statements = env.createStatementSet();
        statements.addInsertSql("INSERT INTO flights_once SELECT * FROM january");
        statements.addInsertSql("INSERT INTO flights_least SELECT * FROM january");
        statements.addInsertSql(
                "INSERT INTO carriers SELECT carrier, CAST(1 AS BIGINT), CAST(distance AS BIGINT) FROM january");
        statements.addInsertSql("INSERT INTO days SELECT `day`, COUNT(*), SUM(CAST(distance AS BIGINT)) FROM flights_once GROUP BY `day`");
        statements.execute();
        try (Connection connection = Connection.open(Map.of("data.dir", args[0]));
                Table days = connection.table(TablePath.of("fluss", "days"));
                Table carriers = connection.table(TablePath.of("fluss", "carriers"))) {
            long counted = 0;
            while (counted < FLIGHTS || flights(carriers) < FLIGHTS) {
                Thread.sleep(20);
                counted = flights(days);
                System.out.println("counted " + counted);
            }
        }
        // Nothing is closed: this process ends like the others.
        Runtime.getRuntime().halt(0);
    }

    private static long flights(Table table) {
        long sum = 0;
        for (int bucket = 0; bucket < table.info().bucketCount(); bucket++) {
            try (SnapshotScanner scanner = table.newBatchScanner(0, bucket, Projection.of(1), null, Long.MAX_VALUE)) {
                for (ColumnBatch batch = scanner.poll(); batch != null; batch = scanner.poll()) {
                    for (int row = batch.firstRow(); row < batch.endRow(); row++) {
                        sum += batch.column(0).getLong(row);
                    }
                    batch.close();
                }
            }
        }
        return sum;
    }
}
