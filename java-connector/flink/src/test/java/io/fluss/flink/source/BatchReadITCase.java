package io.fluss.flink.source;

import io.fluss.flink.testing.Sql;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class BatchReadITCase {
    @TempDir Path directory;
    private Sql sql;

    @BeforeEach
    void open() {
        sql = Sql.batch().on(directory);
        sql.run("CREATE TABLE users (id INT, name STRING, age INT, PRIMARY KEY (id) NOT ENFORCED)"
                + " WITH ('bucket.num' = '3')");
        sql.run("CREATE TABLE events (id INT, note STRING) WITH ('bucket.num' = '3')");
    }

    @Test
    void emptyTablesEnd() {
        assertThat(sql.rows("SELECT * FROM users")).isEmpty();
        assertThat(sql.rows("SELECT * FROM events")).isEmpty();
        assertThat(sql.rows("SELECT COUNT(*) FROM events")).containsExactly("+I[0]");
    }

    @Test
    void bothKindsOfTable() {
        sql.run("INSERT INTO users VALUES (1, 'ann', 30), (2, 'bob', 40), (3, 'cem', 50)");
        sql.run("INSERT INTO users VALUES (2, 'bobby', 41), (4, CAST(NULL AS STRING), CAST(NULL AS INT))");
        assertThat(sql.rows("SELECT * FROM users"))
                .containsExactly("+I[1, ann, 30]", "+I[2, bobby, 41]", "+I[3, cem, 50]", "+I[4, null, null]");
        sql.run("INSERT INTO events VALUES (1, 'a'), (1, 'a'), (2, CAST(NULL AS STRING))");
        assertThat(sql.rows("SELECT * FROM events")).containsExactly("+I[1, a]", "+I[1, a]", "+I[2, null]");
    }

    @Test
    void columnsArePushedDownInAnyOrderOrNone() {
        sql.run("INSERT INTO users VALUES (1, 'ann', 30), (2, 'bob', 40)");
        sql.run("INSERT INTO events VALUES (1, 'a'), (2, 'b')");
        assertThat(sql.rows("SELECT age, name FROM users")).containsExactly("+I[30, ann]", "+I[40, bob]");
        assertThat(sql.rows("SELECT note FROM events")).containsExactly("+I[a]", "+I[b]");
        assertThat(sql.rows("SELECT COUNT(*) FROM users")).containsExactly("+I[2]");
        assertThat(sql.rows("SELECT COUNT(*) FROM events")).containsExactly("+I[2]");
        assertThat(sql.rows("SELECT 1 FROM users")).containsExactly("+I[1]", "+I[1]");
        assertThat(sql.env().explainSql("SELECT age, name FROM users")).contains("project=[age, name]");
    }

    @Test
    void updateAndDelete() {
        sql.run("INSERT INTO users VALUES (1, 'ann', 30), (2, 'bob', 40), (3, 'cem', 50), (4, 'dan', 60)");
        sql.run("UPDATE users SET age = age + 1, name = UPPER(name) WHERE age > 35 AND id < 4");
        assertThat(sql.rows("SELECT * FROM users"))
                .containsExactly("+I[1, ann, 30]", "+I[2, BOB, 41]", "+I[3, CEM, 51]", "+I[4, dan, 60]");
        sql.run("DELETE FROM users WHERE name LIKE '%N' OR id = 2 OR age = 60");
        assertThat(sql.rows("SELECT * FROM users")).containsExactly("+I[1, ann, 30]", "+I[3, CEM, 51]");
        sql.run("DELETE FROM users WHERE id = 77");
        assertThat(sql.rows("SELECT id FROM users")).containsExactly("+I[1]", "+I[3]");
        assertThatThrownBy(() -> sql.run("UPDATE users SET id = 9 WHERE id = 1"))
                .hasStackTraceContaining("Updates to primary keys are not supported");
        assertThatThrownBy(() -> sql.run("DELETE FROM events WHERE id = 1"))
                .hasStackTraceContaining("Log Table doesn't support DELETE and UPDATE statements");
    }

    @Test
    void aTableCanBeWrittenFromItself() {
        sql.run("INSERT INTO events VALUES (1, 'a'), (2, 'b'), (3, 'c')");
        sql.run("INSERT INTO events SELECT id + 10, note FROM events");
        assertThat(sql.rows("SELECT id FROM events"))
                .containsExactly("+I[11]", "+I[12]", "+I[13]", "+I[1]", "+I[2]", "+I[3]");
    }

    @Test
    void aLogTableFromAnOffsetOrTime() throws Exception {
        sql.run("INSERT INTO events VALUES (1, 'a')");
        Thread.sleep(20);
        long between = System.currentTimeMillis();
        Thread.sleep(20);
        sql.run("INSERT INTO events VALUES (2, 'b')");
        String hint = "SELECT id FROM events /*+ OPTIONS('scan.startup.mode' = '%s') */";
        assertThat(sql.rows(hint, "earliest")).containsExactly("+I[1]", "+I[2]");
        assertThat(sql.rows(hint, "latest")).isEmpty();
        assertThat(sql.rows(hint, "timestamp', 'scan.startup.timestamp' = '" + between)).containsExactly("+I[2]");
        assertThat(sql.rows(hint, "timestamp', 'scan.startup.timestamp' = '" + System.currentTimeMillis())).isEmpty();
        assertThatThrownBy(() -> sql.rows(hint, "timestamp', 'scan.startup.timestamp' = '99999999999999"))
                .hasStackTraceContaining("the fetch timestamp 99999999999999 is larger than the current timestamp");
    }

    @Test
    void aPrimaryKeyTableOnlyInFull() {
        assertThatThrownBy(() -> sql.run("SELECT * FROM users /*+ OPTIONS('scan.startup.mode' = 'earliest') */"))
                .hasStackTraceContaining("only supports the mode 'full'");
    }

    @Test
    void manyRowsOverManyBatches() {
        sql.run("CREATE TEMPORARY TABLE gen (id INT, name STRING, age INT) WITH ('connector' = 'datagen',"
                + " 'rows-per-second' = '1000000', 'number-of-rows' = '50000',"
                + " 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '50000',"
                + " 'fields.name.length' = '30')");
        sql.run("INSERT INTO users SELECT * FROM gen");
        sql.run("INSERT INTO events SELECT id, name FROM gen");
        String sums = "SELECT COUNT(*), SUM(CAST(id AS BIGINT)), COUNT(DISTINCT id) FROM ";
        assertThat(sql.rows(sums + "users")).containsExactly("+I[50000, 1250025000, 50000]");
        assertThat(sql.rows(sums + "events")).containsExactly("+I[50000, 1250025000, 50000]");
        assertThat(sql.rows("SELECT SUM(CHAR_LENGTH(name)) FROM users")).containsExactly("+I[1500000]");
    }
}
