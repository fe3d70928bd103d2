package io.fluss.flink.table;

import io.fluss.client.TableDescriptor;

import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.Test;

import java.util.Collections;

import static org.assertj.core.api.Assertions.assertThat;

class MergeBehaviorTest {
    private static ChangelogMode mode(String... options) {
        TableDescriptor.Builder table = TableDescriptor.builder().primaryKey(Collections.singletonList("id"));
        for (int i = 0; i < options.length; i += 2) {
            table.option(options[i], options[i + 1]);
        }
        return MergeBehavior.of(table.build()).changelogMode();
    }

    private static ChangelogMode of(RowKind... kinds) {
        ChangelogMode.Builder mode = ChangelogMode.newBuilder();
        for (RowKind kind : kinds) {
            mode.addContainedKind(kind);
        }
        return mode.build();
    }

    @Test
    void theKindsOfALogDependOnImageEngineAndDeletes() {
        assertThat(mode()).isEqualTo(ChangelogMode.all());
        assertThat(mode("table.changelog.image", "wal"))
                .isEqualTo(of(RowKind.INSERT, RowKind.UPDATE_AFTER, RowKind.DELETE));
        assertThat(mode("table.delete.behavior", "DISABLE"))
                .isEqualTo(of(RowKind.INSERT, RowKind.UPDATE_BEFORE, RowKind.UPDATE_AFTER));
        assertThat(mode("table.merge-engine", "first_row", "table.delete.behavior", "IGNORE"))
                .isEqualTo(ChangelogMode.insertOnly());
        assertThat(mode("table.merge-engine", "aggregation", "table.delete.behavior", "ALLOW"))
                .isEqualTo(ChangelogMode.all());
        assertThat(mode("table.merge-engine", "versioned", "table.delete.behavior", "IGNORE", "table.changelog.image", "WAL"))
                .isEqualTo(of(RowKind.INSERT, RowKind.UPDATE_AFTER));
        assertThat(MergeBehavior.of(TableDescriptor.builder().build()).changelogMode())
                .isEqualTo(ChangelogMode.insertOnly());
    }

    @Test
    void whereRowsExpireThePlannerKeepsThem() {
        ChangelogMode upserts = of(RowKind.INSERT, RowKind.UPDATE_AFTER, RowKind.DELETE);
        assertThat(mode("table.row.ttl", "1 d")).isEqualTo(upserts);
        assertThat(mode("table.row.ttl", "1 d", "table.merge-engine", "first_row", "table.delete.behavior", "IGNORE"))
                .isEqualTo(of(RowKind.INSERT, RowKind.UPDATE_AFTER));
    }
}
