package io.fluss.flink.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.client.TableDescriptor;
import io.fluss.client.TablePath;
import io.fluss.flink.table.MergeBehavior;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.Test;

class FlussTableSinkTest {
    private static final RowType ROW =
            RowType.of(new LogicalType[] {new IntType(), new IntType(), new IntType()}, new String[] {"a", "b", "c"});

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
    void partialInsertsAreRefused() {
        FlussTableSink sink = keyed(false);
        sink.applyTargetColumns(new int[][] {{0}, {1}});
        // Not even a copy, which the planner makes at will, forgets it.
        assertThatThrownBy(() -> sink.copy().getSinkRuntimeProvider(null))
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("db.t")
                .hasMessageContaining("2 of its 3 columns")
                .hasMessageContaining("[a, b, c]");
        FlussTableSink whole = keyed(false);
        whole.applyTargetColumns(new int[][] {{2}, {0}, {1}});
        assertThat(whole.getSinkRuntimeProvider(null)).isNotNull();
    }

    private static FlussTableSink keyed(boolean ignoreDelete) {
        return sink(ignoreDelete, 1, 0);
    }

    private static FlussTableSink log(boolean ignoreDelete) {
        return sink(ignoreDelete);
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

    private static FlussTableSink merging(String option, String value) {
        return sink(false, Collections.singletonMap(option, value), 1, 0);
    }

    private static FlussTableSink sink(boolean ignoreDelete, int... primaryKey) {
        return sink(ignoreDelete, Collections.emptyMap(), primaryKey);
    }

    private static FlussTableSink sink(boolean ignoreDelete, Map<String, String> tableOptions, int... primaryKey) {
        TableDescriptor.Builder table = TableDescriptor.builder();
        tableOptions.forEach(table::option);
        if (primaryKey.length > 0) {
            table.primaryKey(Collections.singletonList("id"));
        }
        return new FlussTableSink(
                Collections.emptyMap(),
                TablePath.of("db", "t"),
                ROW,
                primaryKey,
                MergeBehavior.of(table.build()),
                new FlussSinkOptions(ignoreDelete, null, 1 << 20, 100, true));
    }
}
