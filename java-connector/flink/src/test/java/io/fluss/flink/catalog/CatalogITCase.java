package io.fluss.flink.catalog;

import io.fluss.flink.adapter.CatalogFunctionAdapter;
import io.fluss.flink.testing.Sql;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Catalog;
import org.apache.flink.table.catalog.CatalogBaseTable;
import org.apache.flink.table.catalog.CatalogFunction;
import org.apache.flink.table.catalog.CatalogFunctionImpl;
import org.apache.flink.table.catalog.CatalogPartitionSpec;
import org.apache.flink.table.catalog.FunctionLanguage;
import org.apache.flink.table.catalog.ObjectPath;
import org.apache.flink.table.catalog.exceptions.DatabaseNotEmptyException;
import org.apache.flink.table.catalog.exceptions.DatabaseNotExistException;
import org.apache.flink.table.catalog.exceptions.FunctionAlreadyExistException;
import org.apache.flink.table.catalog.exceptions.FunctionNotExistException;
import org.apache.flink.table.catalog.exceptions.PartitionNotExistException;
import org.apache.flink.table.catalog.exceptions.TableAlreadyExistException;
import org.apache.flink.table.catalog.exceptions.TableNotExistException;
import org.apache.flink.table.catalog.stats.CatalogColumnStatisticsDataBase;
import org.apache.flink.table.catalog.stats.CatalogColumnStatisticsDataBoolean;
import org.apache.flink.table.catalog.stats.CatalogColumnStatisticsDataDate;
import org.apache.flink.table.catalog.stats.CatalogColumnStatisticsDataDouble;
import org.apache.flink.table.catalog.stats.CatalogColumnStatisticsDataLong;
import org.apache.flink.table.catalog.stats.CatalogColumnStatisticsDataString;
import org.apache.flink.table.catalog.stats.CatalogTableStatistics;
import org.apache.flink.table.catalog.stats.Date;
import org.apache.flink.table.expressions.CallExpression;
import org.apache.flink.table.expressions.Expression;
import org.apache.flink.table.expressions.FieldReferenceExpression;
import org.apache.flink.table.expressions.ResolvedExpression;
import org.apache.flink.table.expressions.ValueLiteralExpression;
import org.apache.flink.table.functions.BuiltInFunctionDefinitions;
import org.apache.flink.table.resource.ResourceType;
import org.apache.flink.table.resource.ResourceUri;
import org.apache.flink.table.types.DataType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

class CatalogITCase {
    @TempDir Path directory;
    private Sql sql;
    private Catalog catalog;

    @BeforeEach
    void open() {
        sql = Sql.batch().on(directory);
        catalog = sql.env().getCatalog("c").orElseThrow(IllegalStateException::new);
    }

    @Test
    void databases() throws Exception {
        assertThat(catalog.listDatabases()).containsExactly("fluss");
        sql.run("CREATE DATABASE d COMMENT 'a database' WITH ('k' = 'v')");
        assertThat(catalog.getDatabase("d").getComment()).isEqualTo("a database");
        assertThat(catalog.getDatabase("d").getProperties()).containsEntry("k", "v");
        sql.run("CREATE DATABASE IF NOT EXISTS d");
        sql.run("ALTER DATABASE d SET ('k' = 'w', 'l' = 'x')");
        assertThat(catalog.getDatabase("d").getComment()).isEqualTo("a database");
        assertThat(catalog.getDatabase("d").getProperties()).containsEntry("k", "w").containsEntry("l", "x");
        assertThatThrownBy(() -> catalog.alterDatabase("none", catalog.getDatabase("d"), false))
                .isInstanceOf(DatabaseNotExistException.class);
        catalog.alterDatabase("none", catalog.getDatabase("d"), true);
        assertThatThrownBy(() -> sql.run("CREATE DATABASE d")).hasStackTraceContaining("already exist");
        sql.run("CREATE TABLE d.t (a INT)");
        assertThatThrownBy(() -> sql.run("DROP DATABASE d"))
                .hasRootCauseInstanceOf(io.fluss.client.AlreadyExistsException.class)
                .hasStackTraceContaining(DatabaseNotEmptyException.class.getName());
        sql.run("DROP DATABASE d CASCADE");
        assertThat(catalog.databaseExists("d")).isFalse();
        sql.run("DROP DATABASE IF EXISTS d");
    }

    @Test
    void aFunctionComesBackAsItWasDeclared() throws Exception {
        sql.run("CREATE DATABASE d COMMENT 'a database' WITH ('k' = 'v')");
        ObjectPath path = new ObjectPath("d", "f");
        CatalogFunction function = CatalogFunctionAdapter.create(
                "a.b.C",
                FunctionLanguage.SCALA,
                Arrays.asList(new ResourceUri(ResourceType.JAR, "file:///a.jar"), new ResourceUri(ResourceType.FILE, "b")),
                Collections.singletonMap("o.p", "q"));
        catalog.createFunction(path, function, false);
        assertThat(catalog.getFunction(path)).isEqualTo(function);
        assertThat(catalog.listFunctions("d")).contains("f", "rb_or").hasSize(13);
        assertThat(catalog.getDatabase("d").getComment()).isEqualTo("a database");
        assertThat(catalog.getDatabase("d").getProperties()).containsExactly(entry("k", "v"));
        sql.run("ALTER DATABASE d SET ('k' = 'w')");
        assertThat(catalog.getFunction(path)).isEqualTo(function);
        CatalogFunction other = new CatalogFunctionImpl("D");
        catalog.alterFunction(path, other, false);
        assertThat(catalog.getFunction(path)).isEqualTo(other);
        assertThatThrownBy(() -> catalog.createFunction(path, function, false))
                .isInstanceOf(FunctionAlreadyExistException.class);
        assertThatThrownBy(() -> catalog.createFunction(new ObjectPath("none", "f"), function, false))
                .isInstanceOf(DatabaseNotExistException.class);
        assertThatThrownBy(() -> catalog.createFunction(new ObjectPath("d", "f.g"), function, false))
                .hasMessageContaining("it contains '.'");
        catalog.dropFunction(path, false);
        assertThat(catalog.functionExists(path)).isFalse();
        assertThatThrownBy(() -> catalog.dropFunction(path, false)).isInstanceOf(FunctionNotExistException.class);
        catalog.alterFunction(path, other, true);
        catalog.dropFunction(new ObjectPath("none", "f"), true);
        assertThat(catalog.getDatabase("d").getProperties()).containsExactly(entry("k", "w"));
    }

    @Test
    void aTableComesBackAsItWasDeclared() throws Exception {
        sql.run("CREATE TABLE t ("
                + " a INT COMMENT 'first', twice AS a * 2 COMMENT 'computed',"
                + " b DECIMAL(12, 3), ts TIMESTAMP(3), pt AS PROCTIME(), s VARCHAR(7) NOT NULL, n BIGINT,"
                + " WATERMARK FOR ts AS ts - INTERVAL '5' SECOND,"
                + " PRIMARY KEY (n, a) NOT ENFORCED) COMMENT 'a table' WITH ("
                + " 'bucket.num' = '3', 'bucket.key' = 'a', 'table.log.consistency' = 'eventual',"
                + " 'scan.startup.mode' = 'earliest', 'sink.ignore-delete' = 'true')");
        CatalogBaseTable table = catalog.getTable(new ObjectPath("fluss", "t"));
        assertThat(table.getComment()).isEqualTo("a table");
        assertThat(table.getOptions())
                .containsEntry("connector", "fluss")
                .containsEntry("data.dir", directory.toString())
                .containsEntry("bucket.num", "3")
                .containsEntry("bucket.key", "a")
                .containsEntry("table.log.consistency", "eventual")
                .containsEntry("scan.startup.mode", "earliest")
                .containsEntry("sink.ignore-delete", "true")
                .hasSize(7);
        assertThat(sql.env().from("t").getResolvedSchema().toString())
                .startsWith("(\n  `a` INT NOT NULL COMMENT 'first',\n"
                        + "  `twice` INT NOT NULL AS `a` * 2 COMMENT 'computed',\n"
                        + "  `b` DECIMAL(12, 3),\n"
                        + "  `ts` TIMESTAMP(3),\n"
                        + "  `pt` TIMESTAMP_LTZ(3) NOT NULL *PROCTIME* AS PROCTIME(),\n"
                        + "  `s` VARCHAR(7) NOT NULL,\n"
                        + "  `n` BIGINT NOT NULL,\n"
                        + "  WATERMARK FOR `ts`: TIMESTAMP(3) AS `ts` - INTERVAL '5' SECOND,\n"
                        + "  CONSTRAINT `PK_n_a` PRIMARY KEY (`n`, `a`) NOT ENFORCED");
        sql.run("INSERT INTO t VALUES (1, 2.5, TIMESTAMP '2024-01-02 03:04:05', 'x', 9)");
        assertThat(sql.rows("SELECT a, twice, b, ts, s, n FROM t /*+ OPTIONS('scan.startup.mode' = 'full') */"))
                .containsExactly("+I[1, 2, 2.500, 2024-01-02T03:04:05, x, 9]");
        assertThat(sql.rows("SHOW CREATE TABLE t").get(0)).contains("`twice` AS `a` * 2", "PROCTIME()", "WATERMARK FOR");
        assertThat(sql.rows("DESCRIBE t")).hasSize(7);
    }

    @Test
    void optionsOfTheLogAreKeptOrRefused() throws Exception {
        sql.run("CREATE TABLE t (id BIGINT, content BYTES, PRIMARY KEY (id) NOT ENFORCED) WITH ("
                + " 'table.log.ttl' = '0', 'table.log.arrow.compression.zstd.level' = '22', 'table.statistics.columns' = '*')");
        assertThat(catalog.getTable(new ObjectPath("fluss", "t")).getOptions())
                .containsEntry("table.log.ttl", "0")
                .containsEntry("table.log.arrow.compression.zstd.level", "22")
                .containsEntry("table.statistics.columns", "*");
        String[][] refused = {
            {
                "'table.log.arrow.compression.zstd.level' = '0'",
                "Invalid ZSTD compression level: 0. Expected a value between 1 and 22."
            },
            {
                "'table.statistics.columns' = 'id, content'",
                "Column 'content' of type 'BYTES' is not supported for statistics collection."
            },
            {"'table.statistics.columns' = 'nobody'", "Column 'nobody'"},
            {"'table.log.ttl' = 'long'", "'table.log.ttl' = 'long'"},
        };
        for (String[] one : refused) {
            assertThatThrownBy(() -> sql.run("CREATE TABLE u (id BIGINT, content BYTES) WITH (" + one[0] + ")"))
                    .hasStackTraceContaining(one[1]);
        }
        assertThat(sql.rows("SHOW TABLES")).containsExactly("+I[t]");
    }

    @Test
    void tablesAreListedDroppedAndCopied() throws Exception {
        sql.run("CREATE TABLE t1 (a INT)").run("CREATE TABLE t2 LIKE t1").run("CREATE TABLE IF NOT EXISTS t2 (a INT)");
        assertThat(sql.rows("SHOW TABLES")).containsExactly("+I[t1]", "+I[t2]");
        assertThatThrownBy(() -> sql.run("CREATE TABLE t1 (b INT)"))
                .hasStackTraceContaining(TableAlreadyExistException.class.getName());
        sql.run("DROP TABLE t1").run("DROP TABLE IF EXISTS t1");
        assertThat(catalog.tableExists(new ObjectPath("fluss", "t1"))).isFalse();
        assertThatThrownBy(() -> catalog.getTable(new ObjectPath("fluss", "t1")))
                .isInstanceOf(TableNotExistException.class);
        assertThatThrownBy(() -> catalog.getTable(new ObjectPath("none", "t1")))
                .isInstanceOf(TableNotExistException.class);
        assertThatThrownBy(() -> catalog.listTables("none")).hasMessageContaining("none");
    }

    @Test
    void whatIsNotThereSaysSo() {
        assertThatThrownBy(() -> sql.run("CREATE TABLE x (a ARRAY<MULTISET<INT>>)"))
                .hasStackTraceContaining("MULTISET<INT>")
                .hasStackTraceContaining("'a'");
    }

    @Test
    void aPartitionedTableIsWrittenAndRead() {
        sql.run("CREATE TABLE p (a INT, d STRING) PARTITIONED BY (d)").run("INSERT INTO p VALUES (1, 'x')");
        assertThat(sql.rows("SHOW PARTITIONS p")).containsExactly("+I[d=x]");
        assertThat(sql.rows("SELECT * FROM p")).containsExactly("+I[1, x]");
        Sql other = Sql.batch().run("CREATE DATABASE fluss").run("USE fluss");
        other.run("CREATE TABLE p (a INT, d STRING) WITH ('connector' = 'fluss', 'data.dir' = '%s')", directory);
        assertThatThrownBy(() -> other.run("SELECT * FROM p"))
                .hasStackTraceContaining("partition keys: the store has [d], declared are []");
    }

    @Test
    void whatAnalyzeFoundIsKept() throws Exception {
        sql.run("CREATE TABLE t (a TINYINT, b DECIMAL(5, 2), c STRING, d DATE, e BOOLEAN, f TIMESTAMP(3), h BIGINT)");
        sql.run("INSERT INTO t VALUES (CAST(1 AS TINYINT), 1.25, 'ab', DATE '1960-01-01', TRUE, TIMESTAMP '2024-01-01 00:00:00', CAST(NULL AS BIGINT)),"
                + " (CAST(2 AS TINYINT), 2.25, 'abcd', DATE '2024-01-01', FALSE, TIMESTAMP '2024-01-01 00:00:01', CAST(NULL AS BIGINT))");
        ObjectPath path = new ObjectPath("fluss", "t");
        assertThat(catalog.getTableColumnStatistics(path).getColumnStatisticsData()).isEmpty();
        sql.run("ANALYZE TABLE t COMPUTE STATISTICS FOR ALL COLUMNS");
        Map<String, CatalogColumnStatisticsDataBase> columns = catalog.getTableColumnStatistics(path).getColumnStatisticsData();
        assertThat(columns.get("a")).isEqualTo(new CatalogColumnStatisticsDataLong(1L, 2L, 2L, 0L));
        assertThat(columns.get("b")).isEqualTo(new CatalogColumnStatisticsDataDouble(1.25, 2.25, 2L, 0L));
        assertThat(columns.get("c")).isEqualTo(new CatalogColumnStatisticsDataString(4L, 3.0, 2L, 0L));
        assertThat(columns.get("d")).isEqualTo(new CatalogColumnStatisticsDataDate(new Date(-3653), new Date(19723), 2L, 0L));
        assertThat(columns.get("e")).isEqualTo(new CatalogColumnStatisticsDataBoolean(1L, 1L, 0L));
        assertThat(columns.get("h")).isEqualTo(new CatalogColumnStatisticsDataLong(null, null, 0L, 2L));
        assertThat(columns).containsOnlyKeys("a", "b", "c", "d", "e", "f", "h");
        assertThat(catalog.getTable(path).getOptions()).doesNotContainKey("statistics.rows");
        sql.run("ALTER TABLE t ADD i INT").run("ALTER TABLE t SET ('table.log.ttl' = '3 d')");
        assertThat(catalog.getTableColumnStatistics(path).getColumnStatisticsData()).isEqualTo(columns);
        sql.run("ALTER TABLE t DROP a");
        assertThat(catalog.getTableColumnStatistics(path).getColumnStatisticsData()).isEmpty();
    }

    @Test
    void theNumberOfRowsIsKnown() throws Exception {
        sql.run("CREATE TABLE keyed (a INT, PRIMARY KEY (a) NOT ENFORCED)").run("CREATE TABLE log (a INT) WITH ('bucket.num' = '3')");
        sql.run("CREATE TABLE wal (a INT, PRIMARY KEY (a) NOT ENFORCED) WITH ('table.changelog.image' = 'wal')");
        sql.run("CREATE TABLE p (a INT, d STRING) PARTITIONED BY (d)").run("CREATE VIEW v AS SELECT * FROM log");
        sql.run("INSERT INTO keyed VALUES (1), (2), (2), (3)").run("INSERT INTO log VALUES (1), (2), (2), (3)");
        sql.run("INSERT INTO wal VALUES (1)").run("INSERT INTO p VALUES (1, 'x'), (2, 'x'), (3, 'y')").run("DELETE FROM keyed WHERE a = 3");
        assertThat(catalog.getTableStatistics(new ObjectPath("fluss", "keyed")).getRowCount()).isEqualTo(2);
        assertThat(catalog.getTableStatistics(new ObjectPath("fluss", "log")).getRowCount()).isEqualTo(4);
        for (String unknown : new String[] {"wal", "p", "v"}) {
            assertThat(catalog.getTableStatistics(new ObjectPath("fluss", unknown))).isSameAs(CatalogTableStatistics.UNKNOWN);
        }
        ObjectPath path = new ObjectPath("fluss", "p");
        assertThat(catalog.getPartitionStatistics(path, new CatalogPartitionSpec(Map.of("d", "x"))).getRowCount()).isEqualTo(2);
        assertThatThrownBy(() -> catalog.getPartitionStatistics(path, new CatalogPartitionSpec(Map.of("d", "z"))))
                .isInstanceOf(PartitionNotExistException.class);
        assertThat(sql.rows("EXPLAIN ESTIMATED_COST SELECT a FROM log").get(0)).contains("rowcount = 4.0");
    }

    @Test
    void partitionsAreListedByEquality() throws Exception {
        sql.run("CREATE TABLE p (a INT, n INT, day_of DATE, s STRING) PARTITIONED BY (s, n, day_of)");
        ObjectPath path = new ObjectPath("fluss", "p");
        for (String spec : new String[] {"s='x', n='1', day_of='2024-02-29'", "s='x', n='2', day_of='2024-02-29'", "s='y', n='2', day_of='2024-03-01'"}) {
            sql.run("ALTER TABLE p ADD PARTITION (%s)", spec);
        }
        Expression x = equal(field("s", DataTypes.STRING()), new ValueLiteralExpression("x"));
        Expression two = equal(new ValueLiteralExpression(2), field("n", DataTypes.INT()));
        Expression leapDay = equal(field("day_of", DataTypes.DATE()), new ValueLiteralExpression(LocalDate.parse("2024-02-29")));
        assertThat(catalog.listPartitions(path)).hasSize(3);
        assertThat(catalog.listPartitionsByFilter(path, Collections.emptyList())).hasSize(3);
        assertThat(catalog.listPartitionsByFilter(path, Collections.singletonList(leapDay))).hasSize(2);
        assertThat(catalog.listPartitionsByFilter(path, Arrays.asList(x, two)))
                .containsExactly(new CatalogPartitionSpec(spec("x", "2", "2024-02-29")));
        Expression y = equal(field("s", DataTypes.STRING()), new ValueLiteralExpression("y"));
        assertThat(catalog.listPartitionsByFilter(path, Arrays.asList(x, y))).isEmpty();
        Expression less = CallExpression.permanent(
                BuiltInFunctionDefinitions.LESS_THAN,
                Arrays.asList(field("n", DataTypes.INT()), new ValueLiteralExpression(2)),
                DataTypes.BOOLEAN());
        assertThatThrownBy(() -> catalog.listPartitionsByFilter(path, Arrays.asList(x, less)))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(catalog.partitionExists(path, new CatalogPartitionSpec(spec("x", "2", "2024-02-29")))).isTrue();
        assertThat(catalog.partitionExists(path, new CatalogPartitionSpec(spec("x", "3", "2024-02-29")))).isFalse();
        assertThat(catalog.partitionExists(path, new CatalogPartitionSpec(Collections.singletonMap("s", "x")))).isFalse();
        assertThat(catalog.getPartition(path, new CatalogPartitionSpec(spec("x", "1", "2024-02-29"))).getProperties()).isEmpty();
        assertThatThrownBy(() -> catalog.getPartition(path, new CatalogPartitionSpec(spec("z", "1", "2024-02-29"))))
                .isInstanceOf(PartitionNotExistException.class);
    }

    private static Map<String, String> spec(String s, String n, String day) {
        Map<String, String> spec = new HashMap<>();
        spec.put("s", s);
        spec.put("n", n);
        spec.put("day_of", day);
        return spec;
    }

    private static ResolvedExpression field(String name, DataType type) {
        return new FieldReferenceExpression(name, type, 0, 0);
    }

    private static Expression equal(ResolvedExpression left, ResolvedExpression right) {
        return CallExpression.permanent(
                BuiltInFunctionDefinitions.EQUALS,
                Arrays.asList(left, right),
                DataTypes.BOOLEAN());
    }

    @Test
    void namesAndOptionsAreChecked() {
        for (String name : new String[] {"__t", "a.b", "ä", "a b"}) {
            assertThatThrownBy(() -> sql.run("CREATE TABLE `%s` (a INT)", name))
                    .hasStackTraceContaining("'" + name + "' cannot be the name of a table");
        }
        assertThatThrownBy(() -> sql.run("CREATE DATABASE `x/y`")).hasStackTraceContaining("cannot be the name of a database");
        assertThatThrownBy(() -> sql.run("CREATE TABLE t (a INT) WITH ('connector' = 'kafka')"))
                .hasStackTraceContaining("'connector' = 'kafka'");
        assertThatThrownBy(() -> sql.run("CREATE TABLE t (a INT) WITH ('bucket.nums' = '3')"))
                .hasStackTraceContaining("Did you mean 'bucket.num'?");
        assertThatThrownBy(() -> sql.run("CREATE TABLE t (a INT) WITH ('data.dir' = '/elsewhere')"))
                .hasStackTraceContaining("differs from");
        sql.run("CREATE TABLE t (a INT) WITH ('connector' = 'fluss', 'data.dir' = 'file://%s')", directory);
    }

    @Test
    void engineOptionsComeWithTheCatalog(@TempDir Path other) {
        Sql session = Sql.batch();
        session.run("CREATE CATALOG e WITH ('type' = 'fluss', 'data.dir' = 'file://%s', 'default-database' = 'mine',"
                + " 'default.bucket.number' = '4', 'kv.snapshot.interval' = '5 s')", other);
        session.run("USE CATALOG e").run("CREATE TABLE t (a INT)");
        assertThat(session.rows("SHOW DATABASES")).containsExactly("+I[mine]");
        assertThat(session.rows("SHOW CREATE TABLE t").get(0)).contains("'bucket.num' = '4'");
        assertThat(session.rows("CALL sys.get_cluster_configs('default.bucket.number', 'memory.size')"))
                .containsExactly(
                        "+I[default.bucket.number, 4, INITIAL_SERVER_CONFIG]", "+I[memory.size, 256mb, DEFAULT_CONFIG]");
        session.run("INSERT INTO t VALUES (1), (2)");
        assertThat(session.rows("SELECT * FROM t")).containsExactly("+I[1]", "+I[2]");
    }

    @Test
    void aDirectoryThatCannotBeMadeIsNamed() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        assertThatThrownBy(() -> Sql.batch().on(file.resolve("store")))
                .hasStackTraceContaining(file.resolve("store").toString());
    }

    @Test
    void aHintCannotChangeATable() {
        sql.run("CREATE TABLE t (a INT) WITH ('bucket.num' = '2')");
        assertThatThrownBy(() -> sql.run("SELECT * FROM t /*+ OPTIONS('bucket.num' = '3') */"))
                .hasRootCauseInstanceOf(ValidationException.class)
                .rootCause()
                .hasMessageContaining("fluss.t")
                .hasMessageContaining("the store has 2, declared is 3");
    }
}
