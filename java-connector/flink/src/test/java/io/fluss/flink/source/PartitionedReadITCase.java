package io.fluss.flink.source;

import io.fluss.flink.testing.Sql;

import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/** Tables with partitions: read in batch and as a stream, while partitions come and go. */
class PartitionedReadITCase {
    private static final String DISCOVER = "/*+ OPTIONS('scan.partition.discovery.interval' = '200 ms') */";

    @TempDir Path directory;
    @TempDir Path savepoints;
    private Sql batch;

    @BeforeEach
    void open() {
        batch = Sql.batch().on(directory);
        batch.run("CREATE TABLE users (id INT, region STRING, name STRING, PRIMARY KEY (id, region) NOT ENFORCED)"
                + " PARTITIONED BY (region) WITH ('bucket.num' = '2')");
        batch.run("CREATE TABLE events (id INT, region STRING, day_of DATE) PARTITIONED BY (region, day_of)"
                + " WITH ('bucket.num' = '2')");
        batch.run("CREATE TABLE dst (id INT, region STRING, name STRING, PRIMARY KEY (id, region) NOT ENFORCED)");
    }

    private Sql streaming(String... options) {
        return Sql.streaming(options).on(directory);
    }

    private void copied(String... rows) throws Exception {
        Sql.until("copied are " + List.of(rows), () -> batch.rows("SELECT * FROM dst").equals(List.of(rows)));
    }

    @Test
    void inBatchWithThosePartitionsOnlyThatMatch() {
        batch.run("INSERT INTO users VALUES (1, 'eu', 'ann'), (2, 'us', 'bob'), (3, 'asia', 'cem')");
        batch.run("INSERT INTO events VALUES (1, 'eu', DATE '2024-01-01'), (2, 'eu', DATE '2024-01-02'),"
                + " (3, 'us', DATE '2024-01-02')");
        assertThat(batch.rows("SELECT * FROM users"))
                .containsExactly("+I[1, eu, ann]", "+I[2, us, bob]", "+I[3, asia, cem]");
        assertThat(batch.rows("SELECT name FROM users WHERE region = 'us' OR region LIKE 'as%%'"))
                .containsExactly("+I[bob]", "+I[cem]");
        assertThat(batch.rows("SELECT id FROM events WHERE day_of > DATE '2024-01-01' AND region <> 'us'"))
                .containsExactly("+I[2]");
        assertThat(batch.rows("SELECT id FROM events WHERE region = 'mars'")).isEmpty();
        assertThat(batch.rows("SELECT COUNT(*) FROM events")).containsExactly("+I[3]");
    }

    @Test
    void partitionsThatAreMadeLaterAreReadFromTheirStart() throws Exception {
        batch.run("INSERT INTO users VALUES (1, 'eu', 'ann')");
        JobClient job = streaming("execution.checkpointing.interval", "200 ms")
                .job("INSERT INTO dst SELECT * FROM users " + DISCOVER);
        try {
            copied("+I[1, eu, ann]");
            batch.run("INSERT INTO users VALUES (2, 'us', 'bob'), (3, 'eu', 'cem')");
            copied("+I[1, eu, ann]", "+I[2, us, bob]", "+I[3, eu, cem]");
            batch.run("DELETE FROM users WHERE id = 2");
            copied("+I[1, eu, ann]", "+I[3, eu, cem]");
        } finally {
            job.cancel().get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void laterPartitionsAreReadFromTheirStartWhereTheOthersAreFromTheirEnd() throws Exception {
        batch.run("INSERT INTO users VALUES (1, 'eu', 'ann')");
        JobClient job = streaming("execution.checkpointing.interval", "200 ms")
                .job("INSERT INTO dst SELECT * FROM users /*+ OPTIONS('scan.startup.mode' = 'latest',"
                        + " 'scan.partition.discovery.interval' = '200 ms') */ WHERE region <> 'asia'");
        try {
            Thread.sleep(1500);
            batch.run("INSERT INTO users VALUES (2, 'us', 'bob'), (3, 'asia', 'cem')");
            batch.run("INSERT INTO users VALUES (4, 'eu', 'dan')");
            copied("+I[2, us, bob]", "+I[4, eu, dan]");
        } finally {
            job.cancel().get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void aDroppedPartitionEndsAndTheJobGoesOn() throws Exception {
        batch.run("INSERT INTO users VALUES (1, 'eu', 'ann'), (2, 'us', 'bob')");
        JobClient job = streaming("execution.checkpointing.interval", "200 ms")
                .job("INSERT INTO dst SELECT * FROM users " + DISCOVER);
        try {
            copied("+I[1, eu, ann]", "+I[2, us, bob]");
            batch.run("ALTER TABLE users DROP PARTITION (region = 'us')");
            batch.run("INSERT INTO users VALUES (3, 'eu', 'cem')");
            copied("+I[1, eu, ann]", "+I[2, us, bob]", "+I[3, eu, cem]");
            // A partition of the same name is another one.
            batch.run("INSERT INTO users VALUES (4, 'us', 'dan')");
            copied("+I[1, eu, ann]", "+I[2, us, bob]", "+I[3, eu, cem]", "+I[4, us, dan]");
        } finally {
            job.cancel().get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void aSavepointKnowsItsPartitions() throws Exception {
        batch.run("INSERT INTO users VALUES (1, 'eu', 'ann'), (2, 'us', 'bob'), (3, 'asia', 'cem')");
        String insert = "INSERT INTO dst SELECT * FROM users /*+ OPTIONS('scan.startup.mode' = 'earliest',"
                + " 'scan.partition.discovery.interval' = '200 ms') */";
        JobClient job = streaming("execution.checkpointing.interval", "200 ms").job(insert);
        copied("+I[1, eu, ann]", "+I[2, us, bob]", "+I[3, asia, cem]");
        String savepoint = job.stopWithSavepoint(false, savepoints.toString(), SavepointFormatType.CANONICAL)
                .get(60, TimeUnit.SECONDS);
        batch.run("DELETE FROM dst WHERE id > 0");
        batch.run("ALTER TABLE users DROP PARTITION (region = 'us')");
        batch.run("INSERT INTO users VALUES (4, 'eu', 'dan'), (5, 'africa', 'eve')");
        JobClient again = streaming(
                        "execution.checkpointing.interval", "200 ms",
                        "execution.state-recovery.path", savepoint,
                        "parallelism.default", "4")
                .job(insert);
        try {
            copied("+I[4, eu, dan]", "+I[5, africa, eve]");
        } finally {
            again.cancel().get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void lookupsFindTheirPartition() {
        batch.run("INSERT INTO users VALUES (1, 'eu', 'ann'), (2, 'us', 'bob')");
        batch.run("CREATE TEMPORARY VIEW asked AS SELECT *, PROCTIME() AS pt FROM"
                + " (VALUES (1, 'eu'), (2, 'us'), (1, 'us'), (1, 'mars')) AS t (id, region)");
        assertThat(batch.rows("SELECT a.id, a.region, u.name FROM asked a LEFT JOIN users FOR SYSTEM_TIME AS OF a.pt AS u"
                        + " ON a.id = u.id AND a.region = u.region"))
                .containsExactly("+I[1, eu, ann]", "+I[1, mars, null]", "+I[1, us, null]", "+I[2, us, bob]");
        // What the planner pushes into the scan counts for the lookup too.
        assertThat(batch.rows("SELECT a.id, u.name FROM asked a JOIN users FOR SYSTEM_TIME AS OF a.pt AS u"
                        + " ON a.id = u.id AND a.region = u.region WHERE u.name = 'bob'"))
                .containsExactly("+I[2, bob]");
    }
}
