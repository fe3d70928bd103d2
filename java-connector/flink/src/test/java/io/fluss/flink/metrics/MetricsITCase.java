package io.fluss.flink.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.flink.sink.FlussSink;
import io.fluss.flink.sink.serializer.RowDataSerializationSchema;
import io.fluss.flink.source.FlussSource;
import io.fluss.flink.source.deserializer.RowDataDeserializationSchema;
import io.fluss.flink.testing.SharedCluster;
import io.fluss.flink.testing.Sql;

import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.FilterFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Metrics and names of running jobs, as Flink's REST gives them. */
class MetricsITCase {
    private static final int BATCHES = 30;
    private static volatile boolean held;

    @TempDir Path directory;

    /** Holds rows up. */
    private static final class Gate implements FilterFunction<RowData> {
        private static final long serialVersionUID = 1L;

        @Override
        public boolean filter(RowData row) throws InterruptedException {
            while (held) {
                Thread.sleep(10);
            }
            return true;
        }
    }

    private static JsonNode get(String path) throws IOException, InterruptedException {
        Configuration cluster = SharedCluster.configuration();
        URI uri = URI.create("http://" + cluster.getString("rest.address", "") + ":" + cluster.getString("rest.port", "") + path);
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        return new ObjectMapper().readTree(answer.body());
    }

    /** Sums over subtasks of the metrics of all vertices whose names end so, behind the operator's name. */
    private static Map<String, Double> metrics(JobID job, String... wanted) throws Exception {
        Map<String, Double> values = new HashMap<>();
        for (JsonNode vertex : get("/jobs/" + job).get("vertices")) {
            String metrics = "/jobs/" + job + "/vertices/" + vertex.get("id").asText() + "/subtasks/metrics";
            List<String> names = new ArrayList<>();
            for (JsonNode metric : get(metrics)) {
                names.add(metric.get("id").asText());
            }
            for (String name : names) {
                for (String end : wanted) {
                    if (name.endsWith("." + end)) {
                        JsonNode value = get(metrics + "?agg=sum&get=" + URLEncoder.encode(name, StandardCharsets.UTF_8));
                        String operator = name.startsWith("Source__") ? "source." : name.contains("Lookup") ? "" : "sink.";
                        if (value.size() > 0) {
                            values.put(operator + end, value.get(0).get("sum").asDouble());
                        }
                    }
                }
            }
        }
        return values;
    }

    @Test
    void ofADataStreamJob() throws Exception {
        Sql batch = Sql.batch().on(directory);
        batch.run("CREATE TABLE src (id INT, name STRING)").run("CREATE TABLE dst (id INT, name STRING)");
        Configuration configuration = SharedCluster.configuration();
        configuration.setString("parallelism.default", "1");
        configuration.setString("execution.checkpointing.interval", "100 ms");
        StreamExecutionEnvironment env = new StreamExecutionEnvironment(configuration);
        FlussSource<RowData> source = FlussSource.<RowData>builder()
                .setOption("data.dir", directory.toString())
                .setDatabase("fluss")
                .setTable("src")
                .setDeserializationSchema(new RowDataDeserializationSchema())
                .build();
        FlussSink<RowData> sink = FlussSink.<RowData>builder()
                .setOption("data.dir", directory.toString())
                .setDatabase("fluss")
                .setTable("dst")
                .setSerializationSchema(new RowDataSerializationSchema(true, false))
                .build();
        env.fromSource(source, WatermarkStrategy.noWatermarks(), source.name())
                .filter(new Gate())
                .sinkTo(sink)
                .name(sink.name());
        held = true;
        JobClient job = env.executeAsync();
        try {
            Sql values = Sql.streaming("parallelism.default", "1").on(directory);
            for (int i = 0; i < BATCHES; i++) {
                values.run("INSERT INTO src VALUES (%d, 'x')", i);
            }
            Sql.until("rows wait", () -> metrics(job.getJobID(), "pendingRecords").getOrDefault("source.pendingRecords", 0.0) > 0);
            assertThat(metrics(job.getJobID(), "pendingRecords").getOrDefault("source.pendingRecords", 0.0)).isLessThan(BATCHES);
            held = false;
            Sql.until("all are written", () -> metrics(job.getJobID(), "numRecordsSend").getOrDefault("sink.numRecordsSend", 0.0) == BATCHES);
            Sql.until("none waits", () -> metrics(job.getJobID(), "pendingRecords").getOrDefault("source.pendingRecords", 1.0) == 0);
            String[] wanted = {
                "numRecordsIn", "numBytesIn", "currentFetchEventTimeLag", "currentEmitEventTimeLag", "sourceIdleTime",
                "numRecordsSend", "numBytesSend", "numRecordsSendErrors", "currentSendTime",
                "fluss.memory.budget", "fluss.kv.tables", "fluss.kv.tables-stalled", "fluss.tablets.open"
            };
            Map<String, Double> all = new HashMap<>();
            // One answer may lack some.
            Sql.until("all metrics are there", () -> {
                all.putAll(metrics(job.getJobID(), wanted));
                return all.keySet().containsAll(List.of(
                                "source.numRecordsIn", "source.numBytesIn", "source.currentFetchEventTimeLag", "source.currentEmitEventTimeLag",
                                "source.sourceIdleTime", "sink.numBytesSend", "sink.numRecordsSendErrors", "sink.currentSendTime",
                                "source.fluss.memory.budget", "sink.fluss.memory.budget", "source.fluss.kv.tables-stalled",
                                "source.fluss.tablets.open"))
                        && all.get("source.numRecordsIn") == BATCHES;
            });
            assertThat(all.get("source.numBytesIn")).isGreaterThan(BATCHES * 4.0);
            assertThat(all.get("source.currentFetchEventTimeLag")).isBetween(0.0, 600_000.0);
            assertThat(all.get("source.currentEmitEventTimeLag")).isBetween(0.0, 600_000.0);
            assertThat(all.get("source.sourceIdleTime")).isGreaterThanOrEqualTo(0.0);
            assertThat(all.get("sink.numBytesSend")).isGreaterThan(BATCHES * 4.0);
            assertThat(all).containsEntry("sink.numRecordsSendErrors", 0.0);
            assertThat(all.get("sink.currentSendTime")).isBetween(0.0, 600_000.0);
            assertThat(all.get("source.fluss.memory.budget")).isGreaterThan(1 << 20);
            assertThat(all.get("sink.fluss.memory.budget")).isEqualTo(all.get("source.fluss.memory.budget"));
            assertThat(all.get("source.fluss.kv.tables-stalled")).isEqualTo(0.0);
            assertThat(all.get("source.fluss.tablets.open")).isGreaterThanOrEqualTo(2.0);
            assertThat(get("/jobs/" + job.getJobID()).get("vertices").toString())
                    .contains("Source: Fluss table fluss.src [id, name]", "Fluss table fluss.dst [id, name]: Writer");
        } finally {
            held = false;
            job.cancel().get(60, TimeUnit.SECONDS);
        }
    }

    /** Keys of one type are answered at once, those of the other gathered to requests. */
    @ParameterizedTest
    @ValueSource(strings = {"INT", "DECIMAL(9, 0)"})
    void ofALookupJoin(String type) throws Exception {
        Sql.batch().on(directory)
                .run("CREATE TABLE dim (id " + type + ", name STRING, PRIMARY KEY (id) NOT ENFORCED)")
                .run("CREATE TABLE src (id " + type + ", now AS PROCTIME())")
                .run("CREATE TABLE dst (id " + type + ", name STRING)")
                .run("INSERT INTO dim VALUES (1, 'a'), (2, 'b')")
                .run("INSERT INTO src VALUES (1), (2), (3)");
        JobClient job = Sql.streaming().on(directory)
                .job("INSERT INTO dst SELECT s.id, d.name FROM src s JOIN dim FOR SYSTEM_TIME AS OF s.now AS d ON s.id = d.id");
        String[] wanted = {
            "lookup.atOnce", "lookup.requests", "lookup.keys", "lookup.batchSize", "lookup.inFlight", "lookup.latency"
        };
        try {
            Map<String, Double> all = new HashMap<>();
            Sql.until("all are looked up", () -> {
                all.putAll(metrics(job.getJobID(), wanted));
                return all.keySet().containsAll(Set.of(wanted))
                        && all.get("lookup.atOnce") + all.get("lookup.keys") == 3
                        && all.get("lookup.inFlight") == 0
                        && (all.get("lookup.keys") == 0 || all.get("lookup.latency") > 0);
            });
            if (type.equals("INT")) {
                assertThat(all).containsEntry("lookup.atOnce", 3.0).containsEntry("lookup.requests", 0.0);
                return;
            }
            assertThat(all.get("lookup.requests")).isBetween(1.0, 3.0);
            assertThat(all.get("lookup.batchSize")).isBetween(1.0, 3.0);
            assertThat(all.get("lookup.latency")).isBetween(1.0, 60e6);
        } finally {
            job.cancel().get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void namesOfASqlJob() throws Exception {
        Sql.batch().on(directory)
                .run("CREATE TABLE src (id INT, name STRING, more INT)")
                .run("CREATE TABLE dst (id INT, name STRING)");
        JobClient job = Sql.streaming().on(directory).job("INSERT INTO dst SELECT id, name FROM src");
        try {
            String plan = get("/jobs/" + job.getJobID() + "/plan").toString();
            assertThat(plan).contains("TableSourceScan(table=[[c, fluss, src, project=[id, name]", "fields=[id, name]");
            assertThat(plan).containsPattern("dst\\[\\d+]: Writer");
        } finally {
            job.cancel().get(60, TimeUnit.SECONDS);
        }
    }
}
