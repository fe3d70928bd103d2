package io.fluss.flink.lineage;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.client.initializer.OffsetsInitializer;
import io.fluss.flink.sink.FlussSink;
import io.fluss.flink.sink.serializer.RowDataSerializationSchema;
import io.fluss.flink.source.FlussSource;
import io.fluss.flink.source.deserializer.RowDataDeserializationSchema;
import io.fluss.flink.testing.SharedCluster;
import io.fluss.flink.testing.Sql;

import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobStatusChangedEvent;
import org.apache.flink.core.execution.JobStatusChangedListener;
import org.apache.flink.core.execution.JobStatusChangedListenerFactory;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.lineage.DatasetConfigFacet;
import org.apache.flink.streaming.api.lineage.DatasetSchemaFacet;
import org.apache.flink.streaming.api.lineage.DatasetSchemaField;
import org.apache.flink.streaming.api.lineage.LineageDataset;
import org.apache.flink.streaming.api.lineage.LineageGraph;
import org.apache.flink.streaming.runtime.execution.JobCreatedEvent;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What a listener of Flink hears of the tables of a job. */
class LineageITCase {
    private static final Map<JobID, LineageGraph> GRAPHS = new ConcurrentHashMap<>();

    @TempDir Path directory;

    /** Named in the configuration. */
    public static final class Factory implements JobStatusChangedListenerFactory {
        @Override
        public JobStatusChangedListener createListener(Context context) {
            return LineageITCase::heard;
        }
    }

    private static void heard(JobStatusChangedEvent event) {
        if (event instanceof JobCreatedEvent) {
            GRAPHS.put(event.jobId(), ((JobCreatedEvent) event).lineageGraph());
        }
    }

    @BeforeEach
    void createTables() {
        Sql.batch().on(directory)
                .run("CREATE TABLE src (id INT NOT NULL, name STRING)")
                .run("CREATE TABLE dst (id INT NOT NULL, name STRING)");
    }

    private void assertIsOf(LineageDataset dataset, String name) {
        assertThat(dataset.name()).isEqualTo(name);
        assertThat(dataset.namespace()).isEqualTo("fluss://" + directory);
        DatasetSchemaFacet schema = (DatasetSchemaFacet) dataset.facets().get("schema");
        Map<String, DatasetSchemaField<Object>> fields = schema.fields();
        assertThat(fields).containsOnlyKeys("id", "name");
        assertThat(fields.get("id").type()).hasToString("INT NOT NULL");
        DatasetConfigFacet config = (DatasetConfigFacet) dataset.facets().get("config");
        assertThat(config.config()).containsEntry("data.dir", directory.toString());
    }

    private LineageGraph graph(JobID job) throws Exception {
        Sql.until("the listener was called", () -> GRAPHS.containsKey(job));
        LineageGraph graph = GRAPHS.get(job);
        assertThat(graph.sources()).hasSize(1);
        assertThat(graph.sinks()).hasSize(1);
        assertThat(graph.relations()).hasSize(1);
        assertThat(graph.sources().get(0).datasets()).hasSize(1);
        assertThat(graph.sinks().get(0).datasets()).hasSize(1);
        return graph;
    }

    @Test
    void ofADataStreamJob() throws Exception {
        Configuration configuration = SharedCluster.configuration();
        configuration.setString("execution.job-status-changed-listeners", Factory.class.getName());
        StreamExecutionEnvironment env = new StreamExecutionEnvironment(configuration);
        env.fromSource(
                        FlussSource.<RowData>builder()
                                .setOption("data.dir", directory.toString())
                                .setDatabase("fluss")
                                .setTable("src")
                                .setBounded(OffsetsInitializer.latest())
                                .setDeserializationSchema(new RowDataDeserializationSchema())
                                .build(),
                        WatermarkStrategy.noWatermarks(),
                        "src")
                .sinkTo(FlussSink.<RowData>builder()
                        .setOption("data.dir", directory.toString())
                        .setDatabase("fluss")
                        .setTable("dst")
                        .setSerializationSchema(new RowDataSerializationSchema(true, false))
                        .build());
        LineageGraph graph = graph(env.execute().getJobID());
        assertIsOf(graph.sources().get(0).datasets().get(0), "fluss.src");
        assertThat(graph.sources().get(0).boundedness()).isEqualTo(Boundedness.BOUNDED);
        assertIsOf(graph.sinks().get(0).datasets().get(0), "fluss.dst");
    }

    /** The planner names tables with their catalog. */
    @Test
    void ofASqlJob() throws Exception {
        Sql session = Sql.streaming("execution.job-status-changed-listeners", Factory.class.getName()).on(directory);
        LineageGraph graph = graph(session.job("INSERT INTO dst SELECT * FROM src /*+ OPTIONS('scan.bounded.mode' = 'latest-offset') */")
                .getJobID());
        LineageDataset source = graph.sources().get(0).datasets().get(0);
        assertThat(source.name()).isEqualTo("c.fluss.src");
        assertThat(source.namespace()).isEqualTo("fluss://" + directory);
        LineageDataset sink = graph.sinks().get(0).datasets().get(0);
        assertThat(sink.name()).isEqualTo("c.fluss.dst");
        assertThat(sink.namespace()).isEqualTo("fluss://" + directory);
    }
}
