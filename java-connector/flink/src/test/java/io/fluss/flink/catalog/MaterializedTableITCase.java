package io.fluss.flink.catalog;

import io.fluss.client.Admin;
import io.fluss.client.Connection;
import io.fluss.client.TableAlteration;
import io.fluss.client.TablePath;
import io.fluss.flink.testing.Sql;

import org.apache.flink.table.catalog.Catalog;
import org.apache.flink.table.catalog.CatalogBaseTable;
import org.apache.flink.table.catalog.CatalogMaterializedTable;
import org.apache.flink.table.catalog.CatalogMaterializedTable.LogicalRefreshMode;
import org.apache.flink.table.catalog.CatalogMaterializedTable.RefreshMode;
import org.apache.flink.table.catalog.CatalogMaterializedTable.RefreshStatus;
import org.apache.flink.table.catalog.IntervalFreshness;
import org.apache.flink.table.catalog.ObjectPath;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** What the catalog keeps; materialized.sql has the jobs, which only Flink's SQL gateway starts. */
class MaterializedTableITCase {
    private static final ObjectPath PATH = new ObjectPath("fluss", "m");

    @TempDir Path directory;
    private Sql sql;
    private Catalog catalog;

    @BeforeEach
    void open() {
        sql = Sql.streaming().on(directory);
        catalog = sql.env().getCatalog("c").orElseThrow(IllegalStateException::new);
        sql.run("CREATE TABLE t (a INT, b STRING)");
    }

    @Test
    void itComesBackAsItWasDeclared() throws Exception {
        sql.run("CREATE MATERIALIZED TABLE m (PRIMARY KEY (a, b) NOT ENFORCED) COMMENT 'some' PARTITIONED BY (b)"
                + " WITH ('bucket.num' = '3', 'table.log.ttl' = '2 d', 'lookup.cache' = 'PARTIAL')"
                + " FRESHNESS = INTERVAL '3' MINUTE AS SELECT COALESCE(a, 0) AS a, COALESCE(b, '') AS b FROM t");
        CatalogMaterializedTable table = (CatalogMaterializedTable) catalog.getTable(PATH);
        assertThat(table.getDefinitionQuery()).contains("COALESCE(`t`.`b`, '')");
        assertThat(table.getDefinitionFreshness()).isEqualTo(IntervalFreshness.ofMinute("3"));
        assertThat(table.getLogicalRefreshMode()).isEqualTo(LogicalRefreshMode.AUTOMATIC);
        assertThat(table.getRefreshMode()).isEqualTo(RefreshMode.CONTINUOUS);
        assertThat(table.getRefreshStatus()).isEqualTo(RefreshStatus.INITIALIZING);
        assertThat(table.getSerializedRefreshHandler()).isNull();
        assertThat(table.getComment()).isEqualTo("some");
        assertThat(table.getPartitionKeys()).containsExactly("b");
        Map<String, String> options = new HashMap<>();
        options.put("connector", "fluss");
        options.put("data.dir", directory.toRealPath().toString());
        options.put("bucket.key", "a");
        options.put("bucket.num", "3");
        options.put("table.log.ttl", "2 d");
        options.put("lookup.cache", "PARTIAL");
        assertThat(table.getOptions()).containsExactlyInAnyOrderEntriesOf(options);
        assertThat(((FlussCatalog) catalog).listMaterializedTables("fluss")).containsExactly("m");
        assertThat(catalog.listTables("fluss")).containsExactly("m", "t");

        sql.run("DROP MATERIALIZED TABLE m");
        assertThat(catalog.tableExists(PATH)).isFalse();
    }

    @Test
    void aJobOfAnotherProcessHasEnded() throws Exception {
        sql.run("CREATE MATERIALIZED TABLE m FRESHNESS = INTERVAL '3' MINUTE AS SELECT a FROM t");
        Map<String, String> activated = new HashMap<>();
        activated.put("materialized-table.refresh-status", "ACTIVATED");
        activated.put("materialized-table.refresh-handler-bytes", Base64.getEncoder().encodeToString(new byte[] {7}));
        put(activated);
        CatalogMaterializedTable table = (CatalogMaterializedTable) catalog.getTable(PATH);
        assertThat(table.getRefreshStatus()).isEqualTo(RefreshStatus.ACTIVATED);
        assertThat(table.getSerializedRefreshHandler()).containsExactly(7);

        put(Collections.singletonMap("materialized-table.refresh-process", "1@0"));
        table = (CatalogMaterializedTable) catalog.getTable(PATH);
        assertThat(table.getRefreshStatus()).isEqualTo(RefreshStatus.SUSPENDED);
        assertThat(table.getSerializedRefreshHandler()).containsExactly(7);
    }

    private void put(Map<String, String> more) {
        try (Connection connection = Connection.open(Collections.singletonMap("data.dir", directory.toString()))) {
            Admin admin = connection.admin();
            TablePath path = TablePath.of("fluss", "m");
            Map<String, String> properties = new HashMap<>(admin.getTable(path).descriptor().customProperties());
            properties.putAll(more);
            admin.alterTable(path, TableAlteration.builder().customProperties(properties).build());
        }
    }

    @Test
    void onlyContinuousRefresh() throws Exception {
        assertThatThrownBy(() -> sql.run(
                        "CREATE MATERIALIZED TABLE m FRESHNESS = INTERVAL '1' HOUR AS SELECT a FROM t"))
                .hasStackTraceContaining("REFRESH_MODE = FULL is not supported");
        assertThat(catalog.tableExists(PATH)).isFalse();
        sql.run("CREATE MATERIALIZED TABLE m FRESHNESS = INTERVAL '1' HOUR REFRESH_MODE = CONTINUOUS AS SELECT a FROM t");
        CatalogBaseTable table = catalog.getTable(PATH);
        assertThat(table.getTableKind()).isEqualTo(CatalogBaseTable.TableKind.MATERIALIZED_TABLE);
    }
}
