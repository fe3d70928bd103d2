package io.fluss.flink.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.flink.testing.Sql;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Tables as they were at a time; at offsets: {@code virtual_snapshot.sql}. */
class TimeTravelITCase {
    @TempDir Path directory;
    private Sql sql;

    @BeforeEach
    void open() {
        sql = Sql.batch().on(directory);
        sql.env().getConfig().setLocalTimeZone(ZoneOffset.UTC);
    }

    /** A time between what was committed and what comes. */
    private static long now() throws InterruptedException {
        Thread.sleep(5);
        long now = System.currentTimeMillis();
        Thread.sleep(5);
        return now;
    }

    private static String literal(long millis) {
        LocalDateTime time = LocalDateTime.ofInstant(Instant.ofEpochMilli(millis), ZoneOffset.UTC);
        return "TIMESTAMP '" + DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS").format(time) + "'";
    }

    @Test
    void aPrimaryKeyTableAndALogTable() throws Exception {
        sql.run("CREATE TABLE users (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '3')");
        sql.run("CREATE TABLE events (id INT) WITH ('bucket.num' = '2')");
        sql.run("INSERT INTO users VALUES (1, 'ann'), (2, 'bob'), (3, 'cem')");
        sql.run("INSERT INTO events VALUES (1), (2)");
        long first = now();
        sql.run("INSERT INTO users VALUES (1, 'anna'), (4, 'dan')");
        sql.run("DELETE FROM users WHERE id = 2");
        sql.run("INSERT INTO events VALUES (3)");
        long second = now();
        sql.run("ALTER TABLE users ADD age INT");
        sql.run("DELETE FROM users WHERE id < 9");
        sql.run("INSERT INTO users VALUES (5, 'eve', 50), (1, 'annika', 10)");

        assertThat(sql.rows("SELECT * FROM users FOR SYSTEM_TIME AS OF %s", literal(first)))
                .containsExactly("+I[1, ann, null]", "+I[2, bob, null]", "+I[3, cem, null]");
        assertThat(sql.rows("SELECT name FROM users FOR SYSTEM_TIME AS OF %s", literal(second)))
                .containsExactly("+I[anna]", "+I[cem]", "+I[dan]");
        assertThat(sql.rows("SELECT id, name FROM `users$snapshot` /*+ OPTIONS('scan.snapshot.timestamp' = '%d') */", second))
                .containsExactly("+I[1, anna]", "+I[3, cem]", "+I[4, dan]");
        assertThat(sql.rows("SELECT id, age FROM users FOR SYSTEM_TIME AS OF %s", literal(now())))
                .containsExactly("+I[1, 10]", "+I[5, 50]");
        assertThat(sql.rows("SELECT id FROM events FOR SYSTEM_TIME AS OF %s", literal(first)))
                .containsExactly("+I[1]", "+I[2]");
        assertThat(sql.rows("SELECT COUNT(*) FROM events FOR SYSTEM_TIME AS OF %s", literal(second)))
                .containsExactly("+I[3]");

        Sql streaming = Sql.streaming("table.local-time-zone", "UTC").on(directory);
        assertThat(streaming.rows("SELECT id, name FROM users FOR SYSTEM_TIME AS OF %s", literal(first)))
                .as("it ends")
                .containsExactly("+I[1, ann]", "+I[2, bob]", "+I[3, cem]");
    }
}
