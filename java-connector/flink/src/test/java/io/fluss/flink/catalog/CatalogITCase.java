package io.fluss.flink.catalog;

import io.fluss.client.Connection;
import io.fluss.client.DataType;
import io.fluss.client.TableDescriptor;
import io.fluss.client.TablePath;
import io.fluss.flink.testing.Sql;

import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Catalog;
import org.apache.flink.table.catalog.CatalogBaseTable;
import org.apache.flink.table.catalog.ObjectPath;
import org.apache.flink.table.catalog.exceptions.DatabaseNotEmptyException;
import org.apache.flink.table.catalog.exceptions.TableAlreadyExistException;
import org.apache.flink.table.catalog.exceptions.TableNotExistException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
                .isEqualTo("(\n  `a` INT NOT NULL COMMENT 'first',\n"
                        + "  `twice` INT NOT NULL AS `a` * 2 COMMENT 'computed',\n"
                        + "  `b` DECIMAL(12, 3),\n"
                        + "  `ts` TIMESTAMP(3),\n"
                        + "  `pt` TIMESTAMP_LTZ(3) NOT NULL *PROCTIME* AS PROCTIME(),\n"
                        + "  `s` VARCHAR(7) NOT NULL,\n"
                        + "  `n` BIGINT NOT NULL,\n"
                        + "  WATERMARK FOR `ts`: TIMESTAMP(3) AS `ts` - INTERVAL '5' SECOND,\n"
                        + "  CONSTRAINT `PK_n_a` PRIMARY KEY (`n`, `a`) NOT ENFORCED\n)");
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
        sql.run("CREATE TABLE t (a INT)");
        assertThatThrownBy(() -> sql.run("ALTER TABLE t RENAME TO u")).hasStackTraceContaining("not supported yet");
        assertThatThrownBy(() -> sql.run("CREATE TABLE p (a INT, d STRING) PARTITIONED BY (d)"))
                .hasStackTraceContaining("partitioned tables are not supported yet");
        assertThatThrownBy(() -> sql.run("CREATE TABLE x (a ARRAY<MULTISET<INT>>)"))
                .hasStackTraceContaining("MULTISET<INT>")
                .hasStackTraceContaining("'a'");
    }

    @Test
    void aPartitionedTableIsShownAndRefused() {
        try (Connection connection = Connection.open(Map.of("data.dir", directory.toString()))) {
            TableDescriptor partitioned = TableDescriptor.builder()
                    .column("a", DataType.of(DataType.Kind.INT))
                    .column("d", DataType.string())
                    .partitionKeys(List.of("d"))
                    .build();
            connection.admin().createTable(TablePath.of("fluss", "p"), partitioned, false);
        }
        assertThat(sql.rows("SHOW CREATE TABLE p").get(0)).contains("PARTITIONED BY (`d`)");
        assertThatThrownBy(() -> sql.run("SELECT * FROM p"))
                .hasStackTraceContaining("partitioned tables are not supported yet");
        assertThatThrownBy(() -> sql.run("INSERT INTO p VALUES (1, 'x')"))
                .hasStackTraceContaining("partitioned tables are not supported yet");
        Sql other = Sql.batch().run("CREATE DATABASE fluss").run("USE fluss");
        other.run("CREATE TABLE p (a INT, d STRING) WITH ('connector' = 'fluss', 'data.dir' = '%s')", directory);
        assertThatThrownBy(() -> other.run("SELECT * FROM p"))
                .hasStackTraceContaining("partition keys: the store has [d], declared are []");
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
