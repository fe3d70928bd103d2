package io.fluss.flink.lookup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.client.Connection;
import io.fluss.client.Table;
import io.fluss.client.TablePath;
import io.fluss.client.TableWriter;
import io.fluss.client.WriteBatch;
import io.fluss.flink.testing.Sql;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lookup joins with a table that changes while they run: what they see, and which failures pass. */
@Timeout(300)
class ChangingTableITCase {
    private static final int UPDATES = 200;
    /** Of 1 MiB: an eighth of the 256 MiB that are the default of {@code memory.size}, and some more. */
    private static final int TOO_MANY = 34;
    /** Number of a note that can always be read. */
    private static final long SMALL = 1_000;

    @TempDir
    Path directory;

    private Sql streaming;
    private Connection connection;

    @BeforeEach
    void open() {
        Path store = directory.resolve("data");
        streaming = Sql.streaming("parallelism.default", "1").on(store);
        connection = Connection.open(Map.of("data.dir", store.toString()));
        streaming.run("CREATE TABLE asks (id BIGINT, name STRING, p AS PROCTIME()) WITH ('bucket.num' = '1')");
    }

    @AfterEach
    void close() {
        connection.close();
    }

    private TableWriter writer(String table) {
        try (Table open = connection.table(TablePath.of("fluss", table))) {
            return open.newWriter();
        }
    }

    /** Returns when the row is acknowledged. */
    private static void write(TableWriter writer, byte kind, long id, String text) {
        WriteBatch batch = writer.batch();
        int row = batch.beginRow();
        batch.column(0).setLong(row, id);
        batch.column(1).setBytes(row, text.getBytes(StandardCharsets.UTF_8));
        batch.endRow(kind);
        writer.write(batch);
        batch.clear();
        writer.flush();
    }

    private static CompletableFuture<Row> next(CloseableIterator<Row> rows) {
        return CompletableFuture.supplyAsync(rows::next);
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "false"})
    void aLookupAfterTheAcknowledgementOfAnUpdateSeesIt(String async) throws Exception {
        streaming.run("CREATE TABLE names (id BIGINT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '1')");
        TableResult result = streaming.start("SELECT n.name FROM asks AS a LEFT JOIN names /*+ OPTIONS('lookup.async' = '%s') */"
                + " FOR SYSTEM_TIME AS OF a.p AS n ON a.id = n.id", async);
        try (CloseableIterator<Row> rows = result.collect();
                TableWriter names = writer("names");
                TableWriter asks = writer("asks")) {
            for (int i = 0; i < UPDATES; i++) {
                boolean deleted = i % 10 == 9;
                write(names, deleted ? WriteBatch.DELETE : WriteBatch.UPSERT, 1, "name-" + i);
                write(asks, WriteBatch.UPSERT, 1, "");
                assertThat(next(rows).get(90, TimeUnit.SECONDS).getField(0)).isEqualTo(deleted ? null : "name-" + i);
            }
        }
    }

    /** A row that is found stays as it was; of one that is missing the option says. */
    @ParameterizedTest
    @CsvSource({"true, true", "true, false", "false, true", "false, false"})
    void aCacheAnswersAsItWas(String async, boolean cachesMissing) throws Exception {
        streaming.run("CREATE TABLE names (id BIGINT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '1')");
        TableResult result = streaming.start("SELECT n.name FROM asks AS a LEFT JOIN names /*+ OPTIONS('lookup.async' = '%s',"
                + " 'lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '10', 'lookup.partial-cache.cache-missing-key' = '%s') */"
                + " FOR SYSTEM_TIME AS OF a.p AS n ON a.id = n.id", async, cachesMissing);
        try (CloseableIterator<Row> rows = result.collect();
                TableWriter names = writer("names");
                TableWriter asks = writer("asks")) {
            write(names, WriteBatch.UPSERT, 1, "first");
            for (long id : new long[] {1, 2}) {
                write(asks, WriteBatch.UPSERT, id, "");
                assertThat(next(rows).get(90, TimeUnit.SECONDS).getField(0)).isEqualTo(id == 1 ? "first" : null);
                write(names, WriteBatch.UPSERT, id, "second");
                write(asks, WriteBatch.UPSERT, id, "");
                assertThat(next(rows).get(90, TimeUnit.SECONDS).getField(0)).isEqualTo(id == 1 ? "first" : cachesMissing ? null : "second");
            }
        }
    }

    /** All rows of one name are more than a reader may hold in memory: an error that passes when some are deleted. */
    @ParameterizedTest
    @ValueSource(strings = {"true", "false"})
    void lookupsAreRetriedAsOftenAsTheOptionsSay(String async) throws Exception {
        streaming.run("CREATE TABLE notes (id BIGINT, name STRING, note STRING, PRIMARY KEY (name, id) NOT ENFORCED)"
                + " WITH ('bucket.key' = 'name', 'bucket.num' = '1')");
        streaming.run("CREATE TEMPORARY TABLE hole (id BIGINT) WITH ('connector' = 'blackhole')");
        String join = "SELECT n.id FROM asks AS a JOIN notes /*+ OPTIONS('lookup.async' = '" + async + "', %s) */"
                + " FOR SYSTEM_TIME AS OF a.p AS n ON a.name = n.name";
        try (TableWriter asks = writer("asks");
                TableWriter notes = writer("notes")) {
            notes(notes, "big", 0, TOO_MANY, WriteBatch.UPSERT, "x".repeat(1 << 20));
            notes(notes, "small", SMALL, SMALL + 1, WriteBatch.UPSERT, "");
            write(asks, WriteBatch.UPSERT, 1, "big");
            for (String options : new String[] {"'lookup.max-retries' = '0'", "'client.lookup.max-retries' = '1'"}) {
                JobClient failing = streaming.job("INSERT INTO hole " + join, options);
                assertThatThrownBy(() -> failing.getJobExecutionResult().get(90, TimeUnit.SECONDS))
                        .hasStackTraceContaining("the readers' share of 'memory.size'");
            }
            TableResult result = streaming.start(
                    join.replace("asks AS a", "asks /*+ OPTIONS('scan.startup.mode' = 'latest') */ AS a"), "'lookup.max-retries' = '1000000'");
            try (CloseableIterator<Row> rows = result.collect()) {
                CompletableFuture<Row> first = next(rows);
                while (!first.isDone()) {
                    write(asks, WriteBatch.UPSERT, 1, "small");
                    Thread.sleep(100);
                }
                assertThat(first.get().getField(0)).isEqualTo(SMALL);
                write(asks, WriteBatch.UPSERT, 1, "big");
                // Time for some lookups that fail.
                Thread.sleep(1_000);
                notes(notes, "big", 0, TOO_MANY - 1, WriteBatch.DELETE, "");
                Row row = first.get();
                while (row.getField(0).equals(SMALL)) {
                    row = next(rows).get(90, TimeUnit.SECONDS);
                }
                assertThat(row.getField(0)).isEqualTo(TOO_MANY - 1L);
            }
        }
    }

    private static void notes(TableWriter writer, String name, long from, long end, byte kind, String note) {
        WriteBatch batch = writer.batch();
        for (long id = from; id < end; id++) {
            int row = batch.beginRow();
            batch.column(0).setLong(row, id);
            batch.column(1).setBytes(row, name.getBytes(StandardCharsets.UTF_8));
            batch.column(2).setBytes(row, note.getBytes(StandardCharsets.UTF_8));
            batch.endRow(kind);
            // Deletes at once: nobody is to see some of them.
            if (kind == WriteBatch.UPSERT || id == end - 1) {
                writer.write(batch);
                batch.clear();
            }
        }
        writer.flush();
    }
}
