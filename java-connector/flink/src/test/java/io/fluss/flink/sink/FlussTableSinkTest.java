package io.fluss.flink.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.client.DataType;
import io.fluss.client.TableDescriptor;
import io.fluss.client.TablePath;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.runtime.connector.sink.SinkRuntimeProviderContext;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.Test;

class FlussTableSinkTest {
    private static final DynamicTableSink.Context BATCH = new SinkRuntimeProviderContext(true);
    private static final DynamicTableSink.Context STREAMING = new SinkRuntimeProviderContext(false);

    @Test
    void primaryKeyTablesTakeAllButUpdateBefore() {
        ChangelogMode mode = keyed(false).getChangelogMode(ChangelogMode.all());
        assertThat(mode.getContainedKinds())
                .containsExactlyInAnyOrder(RowKind.INSERT, RowKind.UPDATE_AFTER, RowKind.DELETE);
        assertThat(keyed(false).getChangelogMode(ChangelogMode.insertOnly())).isEqualTo(ChangelogMode.insertOnly());
    }

    @Test
    void logTablesTakeInsertsUnlessDeletesAreIgnored() {
        assertThat(log(false).getChangelogMode(ChangelogMode.all())).isEqualTo(ChangelogMode.insertOnly());
        assertThat(log(true).getChangelogMode(ChangelogMode.all()).contains(RowKind.DELETE)).isTrue();
    }

    @Test
    void logTablesRefuseUpdateAndDelete() {
        assertThatThrownBy(() -> log(false).applyRowLevelDelete(null))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("Table db.t is a Log Table. Log Table doesn't support DELETE and UPDATE statements.");
        assertThatThrownBy(() -> log(false).applyRowLevelUpdate(Collections.emptyList(), null))
                .hasMessageContaining("Log Table doesn't support DELETE and UPDATE statements");
    }

    @Test
    void distributionByPartitionIsForPartitionedLogTables() {
        Map<String, String> byPartition = Map.of("sink.distribution-mode", "PARTITION_DYNAMIC");
        assertThatThrownBy(() -> sink(byPartition, Map.of(), true, "a").getSinkRuntimeProvider(BATCH))
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("Unsupported distribution mode: PARTITION_DYNAMIC for primary key table");
        assertThatThrownBy(() -> sink(byPartition, Map.of(), true).getSinkRuntimeProvider(BATCH))
                .hasMessageContaining("PARTITION_DYNAMIC is only supported for partitioned tables");
    }

    @Test
    void anOverwriteIsForBatchJobs() {
        FlussTableSink sink = log(false);
        sink.applyOverwrite(true);
        assertThatThrownBy(() -> sink.copy().getSinkRuntimeProvider(STREAMING))
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("SET 'execution.runtime-mode' = 'batch'");
        SinkV2Provider provider = (SinkV2Provider) sink.copy().getSinkRuntimeProvider(BATCH);
        assertThat(provider.createSink()).isInstanceOf(FlussOverwriteSink.class);
    }

    @Test
    void keysCannotBeUpdated() {
        assertThatThrownBy(() -> keyed(false)
                        .applyRowLevelUpdate(
                                Arrays.asList(
                                        Column.physical("b", DataTypes.INT()), Column.physical("c", DataTypes.INT())),
                                null))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining(
                        "Updates to primary keys are not supported, primaryKeys ([b, a]), updatedColumns ([b, c])");
    }

    @Test
    void deleteWithIgnoreDeleteIsRefusedAndNotSilent() {
        assertThatThrownBy(() -> keyed(true).applyRowLevelDelete(null)).hasMessageContaining("sink.ignore-delete");
    }

    @Test
    void insertsOfSomeColumnsAreRefusedWhereTheOthersCannotStay() {
        FlussTableSink noKey = keyed(false);
        noKey.applyTargetColumns(new int[][] {{0}, {2}});
        // Not even a copy, which the planner makes at will, forgets it.
        assertThatThrownBy(() -> noKey.copy().getSinkRuntimeProvider(BATCH))
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("db.t names 2 of its 3 columns [a, b, c], but not 'b' of its primary key");
        FlussTableSink appended = log(false);
        appended.applyTargetColumns(new int[][] {{0}, {2}});
        assertThatThrownBy(() -> appended.getSinkRuntimeProvider(BATCH)).hasMessageContaining("it is a log table");
        FlussTableSink versioned = merging("table.merge-engine", "versioned");
        versioned.applyTargetColumns(new int[][] {{0}, {1}});
        assertThatThrownBy(() -> versioned.getSinkRuntimeProvider(BATCH))
                .hasMessageContaining("'VERSIONED' merge engine which does not support partial updates");
        assertThatThrownBy(() -> keyed(false).applyTargetColumns(new int[][] {{0}, {1}, {2, 0}}))
                .hasMessageContaining("a field within a column");
        FlussTableSink whole = log(false);
        whole.applyTargetColumns(new int[][] {{2}, {0}, {1}});
        assertThat(whole.getSinkRuntimeProvider(BATCH)).isNotNull();
    }

    @Test
    void exactlyOnceWhereItIsAskedForOrRowsAreAddedUp() {
        assertThat(transactional(keyed(false), BATCH)).isFalse();
        assertThat(transactional(merging("table.merge-engine", "aggregation"), BATCH)).isTrue();
        assertThat(transactional(merging("table.merge-engine", "aggregation"), STREAMING)).isTrue();
        assertThat(transactional(sink("exactly-once", true), STREAMING)).isTrue();
        assertThat(transactional(sink("exactly-once", false), BATCH)).isTrue();
        // Without checkpoints there is nothing that could commit.
        assertThat(transactional(sink("exactly-once", false), STREAMING)).isFalse();
    }

    @Test
    void rowsOfABucketNeedABucketKey() {
        FlussTableSink sink = sink(Collections.singletonMap("sink.distribution-mode", "BUCKET"), Collections.emptyMap(), true);
        assertThatThrownBy(() -> sink.getSinkRuntimeProvider(BATCH))
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("BUCKET mode is only supported for log tables with bucket keys");
    }

    private static boolean transactional(FlussTableSink sink, DynamicTableSink.Context context) {
        SinkV2Provider provider = (SinkV2Provider) sink.getSinkRuntimeProvider(context);
        return provider.createSink() instanceof SupportsCommitter;
    }

    @Test
    void updatesAndDeletesAreRefusedWhereTheTableForbidsThem() {
        for (String engine : Arrays.asList("FIRST_ROW", "VERSIONED", "AGGREGATION")) {
            FlussTableSink sink = merging("table.merge-engine", engine.toLowerCase());
            String refused = "Table db.t uses the '" + engine + "' merge engine which does not support DELETE or UPDATE statements.";
            assertThatThrownBy(() -> sink.applyRowLevelDelete(null)).hasMessage(refused);
            assertThatThrownBy(() -> sink.applyRowLevelUpdate(Collections.emptyList(), null)).hasMessage(refused);
        }
        for (String behavior : Arrays.asList("disable", "ignore")) {
            FlussTableSink sink = merging("table.delete.behavior", behavior);
            assertThatThrownBy(() -> sink.applyRowLevelDelete(null))
                    .hasMessage("Table db.t has delete behavior set to '" + behavior
                            + "' which does not support DELETE statements.");
            sink.applyRowLevelUpdate(Collections.emptyList(), null);
        }
    }

    private static FlussTableSink keyed(boolean ignoreDelete) {
        return sink(ignoreDelete(ignoreDelete), Collections.emptyMap(), true, "b", "a");
    }

    private static FlussTableSink log(boolean ignoreDelete) {
        return sink(ignoreDelete(ignoreDelete), Collections.emptyMap(), true);
    }

    private static Map<String, String> ignoreDelete(boolean value) {
        return Collections.singletonMap("sink.ignore-delete", String.valueOf(value));
    }

    private static FlussTableSink merging(String option, String value) {
        return sink(Collections.emptyMap(), Collections.singletonMap(option, value), true, "b", "a");
    }

    private static FlussTableSink sink(String guarantee, boolean checkpointing) {
        Map<String, String> options = Collections.singletonMap("sink.delivery-guarantee", guarantee);
        return sink(options, Collections.emptyMap(), checkpointing);
    }

    private static FlussTableSink sink(
            Map<String, String> sinkOptions, Map<String, String> tableOptions, boolean checkpointing, String... primaryKey) {
        TableDescriptor table = TableDescriptor.builder()
                .column("a", DataType.of(DataType.Kind.INT))
                .column("b", DataType.of(DataType.Kind.INT))
                .column("c", DataType.of(DataType.Kind.INT))
                .primaryKey(primaryKey)
                .bucketKey(Arrays.asList(primaryKey))
                .bucketCount(1)
                .options(tableOptions)
                .build();
        return new FlussTableSink(
                Collections.emptyMap(),
                TablePath.of("db", "t"),
                7,
                table,
                FlussSinkOptions.from(Configuration.fromMap(sinkOptions)),
                checkpointing);
    }
}
