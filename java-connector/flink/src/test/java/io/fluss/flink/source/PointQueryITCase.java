package io.fluss.flink.source;

import io.fluss.flink.testing.Sql;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Queries by the key in batch read one bucket, without a snapshot of the table. */
class PointQueryITCase {
    @TempDir Path directory;
    private Sql batch;

    @BeforeEach
    void open() {
        batch = Sql.batch().on(directory);
        batch.run("CREATE TABLE users (id INT, region STRING, n BIGINT, PRIMARY KEY (id, region) NOT ENFORCED)"
                + " PARTITIONED BY (region) WITH ('bucket.num' = '3')");
        batch.run("INSERT INTO users VALUES (1, 'eu', 10), (2, 'eu', 20), (1, 'us', 30), (3, 'us', 40)");
    }

    /** From now on no snapshot can be made. */
    private void breakSnapshots() throws IOException {
        List<Path> folders;
        try (Stream<Path> all = Files.walk(directory)) {
            folders = all.filter(path -> path.endsWith("snapshots")).collect(Collectors.toList());
        }
        assertThat(folders).isNotEmpty();
        for (Path folder : folders) {
            Files.delete(folder);
            Files.write(folder, new byte[0]);
        }
    }

    @Test
    void oneKeyIsReadFromItsBucket() throws IOException {
        breakSnapshots();
        assertThat(batch.rows("SELECT n FROM users WHERE id = 1 AND region = 'us'")).containsExactly("+I[30]");
        assertThat(batch.rows("SELECT region, n FROM users WHERE region = 'eu' AND id = 2 AND n > 5")).containsExactly("+I[eu, 20]");
        assertThat(batch.rows("SELECT n FROM users WHERE region = 'eu' AND id = 2 AND n > 50")).isEmpty();
        assertThat(batch.rows("SELECT n FROM users WHERE region = 'mars' AND id = 2")).isEmpty();
        assertThat(batch.rows("SELECT n FROM users WHERE region = 'eu' AND id = CAST(NULL AS INT)")).isEmpty();
        assertThat(batch.rows("SELECT COUNT(*), SUM(n) FROM users WHERE region = 'eu' AND id = 1")).containsExactly("+I[1, 10]");
        batch.run("UPDATE users SET n = 31 WHERE id = 1 AND region = 'us'");
        batch.run("DELETE FROM users WHERE id = 3 AND region = 'us'");
        assertThat(batch.rows("SELECT n FROM users WHERE id IN (1) AND region = 'us'")).containsExactly("+I[31]");
        assertThat(batch.rows("SELECT n FROM users WHERE id = 3 AND region = 'us'")).isEmpty();
        assertThatThrownBy(() -> batch.rows("SELECT n FROM users WHERE n = 30"))
                .as("what is no key needs a snapshot")
                .hasStackTraceContaining("could not be made");
    }

    @Test
    void severalKeysAreReadFromTheirBuckets() {
        assertThat(batch.rows("SELECT n FROM users WHERE id IN (1, 3, 9)")).containsExactly("+I[10]", "+I[30]", "+I[40]");
        assertThat(batch.rows("SELECT n FROM users WHERE id = 1")).containsExactly("+I[10]", "+I[30]");
        assertThat(batch.rows("SELECT n FROM users WHERE (id = 2 AND region = 'eu') OR (id = 3 AND region = 'us')"))
                .containsExactly("+I[20]", "+I[40]");
    }

    @Test
    void aBucketOfALog() {
        batch.run("CREATE TABLE clicks (id BIGINT, page STRING) WITH ('bucket.num' = '4', 'bucket.key' = 'id')");
        batch.run("INSERT INTO clicks VALUES (1, 'a'), (2, 'b'), (1, 'c')");
        assertThat(batch.rows("SELECT page FROM clicks WHERE id = 1")).containsExactly("+I[a]", "+I[c]");
        assertThat(batch.rows("SELECT page FROM clicks WHERE id = 7")).isEmpty();
    }
}
