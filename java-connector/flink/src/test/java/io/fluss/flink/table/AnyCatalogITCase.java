package io.fluss.flink.table;

import io.fluss.flink.testing.Sql;

import org.apache.flink.table.api.ValidationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** {@code 'connector' = 'fluss'} outside a Fluss catalog. */
class AnyCatalogITCase {
    @TempDir Path directory;

    @Test
    void aTableOfTheInMemoryCatalog() {
        Sql sql = Sql.batch();
        sql.run("CREATE TABLE t (id INT, v STRING, up AS UPPER(v), PRIMARY KEY (id) NOT ENFORCED)"
                + " WITH ('connector' = 'fluss', 'data.dir' = 'file://%s', 'bucket.num' = '2')", directory);
        assertThat(sql.rows("SELECT * FROM t")).isEmpty();
        sql.run("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
        sql.run("UPDATE t SET v = 'bb' WHERE id = 2");
        assertThat(sql.rows("SELECT * FROM t")).containsExactly("+I[1, a, A]", "+I[2, bb, BB]");
        Sql catalog = Sql.batch().on(directory);
        assertThat(catalog.rows("SELECT * FROM default_database.t")).containsExactly("+I[1, a]", "+I[2, bb]");
    }

    @Test
    void aTemporaryTable() {
        Sql sql = Sql.batch().on(directory);
        sql.run("CREATE TEMPORARY TABLE t (id INT, v STRING) WITH ('connector' = 'fluss', 'data.dir' = '%s')", directory);
        sql.run("INSERT INTO t VALUES (1, 'a')");
        assertThat(sql.rows("SELECT * FROM t")).containsExactly("+I[1, a]");
        sql.run("DROP TEMPORARY TABLE t");
        assertThat(sql.rows("SELECT * FROM t")).as("the table of the store").containsExactly("+I[1, a]");
    }

    /** The planner makes one scan of both, which it has from the factory of the catalog. */
    @Test
    void aTemporaryTableOfAnotherConnectorThatIsScannedTwice() throws Exception {
        Files.writeString(directory.resolve("csv"), "1,a,x\n2,b,y\n");
        Sql sql = Sql.batch().on(directory.resolve("store"));
        sql.run("CREATE TEMPORARY TABLE csv (id INT, v STRING, w STRING) WITH ('connector' = 'filesystem', 'path' = '%s',"
                + " 'format' = 'csv')", directory.resolve("csv"));
        assertThat(sql.rows("SELECT id, v FROM csv UNION ALL SELECT id, w FROM csv"))
                .containsExactly("+I[1, a]", "+I[1, x]", "+I[2, b]", "+I[2, y]");
    }

    @Test
    void aDeclarationThatDiffersShowsBoth() {
        Sql.batch().on(directory).run("CREATE DATABASE default_database")
                .run("CREATE TABLE default_database.t (id INT, v STRING, PRIMARY KEY (id) NOT ENFORCED)"
                        + " WITH ('bucket.num' = '2', 'table.log.consistency' = 'eventual')");
        String with = "WITH ('connector' = 'fluss', 'data.dir' = '" + directory + "'";
        String[][] cases = {
            {"(id BIGINT, v STRING, PRIMARY KEY (id) NOT ENFORCED) " + with + ")", "`id` INT", "`id` BIGINT"},
            {"(id INT, v STRING, w INT, PRIMARY KEY (id) NOT ENFORCED) " + with + ")", "`v` STRING)", "`w` INT)"},
            {"(id INT, v STRING) " + with + ")", "primary key: the store has [id]", "declared is []"},
            {
                "(id INT, v STRING, PRIMARY KEY (id) NOT ENFORCED) " + with + ", 'bucket.num' = '7')",
                "the store has 2",
                "declared is 7"
            },
            {
                "(id INT, v STRING, PRIMARY KEY (id) NOT ENFORCED) " + with + ", 'table.log.consistency' = 'strong')",
                "the store has 'EVENTUAL'",
                "declared is 'STRONG'"
            },
        };
        for (String[] one : cases) {
            Sql sql = Sql.batch();
            sql.run("CREATE TABLE t " + one[0]);
            assertThatThrownBy(() -> sql.run("INSERT INTO t SELECT * FROM t"))
                    .hasRootCauseInstanceOf(ValidationException.class)
                    .rootCause()
                    .hasMessageContaining("default_database.t")
                    .hasMessageContaining(one[1])
                    .hasMessageContaining(one[2]);
        }
        Sql same = Sql.batch();
        same.run("CREATE TABLE t (id INT, v STRING, PRIMARY KEY (id) NOT ENFORCED) " + with + ")");
        same.run("INSERT INTO t VALUES (1, 'a')");
        assertThat(same.rows("SELECT * FROM t")).containsExactly("+I[1, a]");
    }

    @Test
    void aLookupJoinSynchronousAndAsynchronous() {
        Sql sql = Sql.streaming();
        sql.run("CREATE TABLE names (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED)"
                + " WITH ('connector' = 'fluss', 'data.dir' = '%s')", directory);
        sql.run("CREATE TABLE orders (o INT, id INT, pt AS PROCTIME())"
                + " WITH ('connector' = 'fluss', 'data.dir' = '%s', 'bucket.num' = '1')", directory);
        sql.run("INSERT INTO names VALUES (1, 'ann'), (2, 'bob')");
        sql.run("INSERT INTO orders VALUES (10, 1), (11, 2), (12, 3), (13, CAST(NULL AS INT))");
        for (String async : new String[] {"true", "false"}) {
            assertThat(Sql.sorted(sql.take(
                            4,
                            "SELECT o, name FROM orders LEFT JOIN names /*+ OPTIONS('lookup.async' = '%s') */"
                                    + " FOR SYSTEM_TIME AS OF orders.pt ON orders.id = names.id",
                            async)))
                    .containsExactly("+I[10, ann]", "+I[11, bob]", "+I[12, null]", "+I[13, null]");
        }
    }
}
