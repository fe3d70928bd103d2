package io.fluss.flink.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.flink.testing.Sql;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.core.execution.JobClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A row that an update takes out of a filter leaves the table that the query is written to: that table needs no -U, the filter does. */
@Timeout(300)
class FilteredUpsertITCase {
    @TempDir
    Path directory;

    @Test
    void aRowThatNoLongerMatchesLeavesTheSink() throws Exception {
        Sql batch = Sql.batch().on(directory);
        batch.run("CREATE TABLE users (id INT, age INT, PRIMARY KEY (id) NOT ENFORCED)");
        batch.run("CREATE TABLE adults (id INT, age INT, PRIMARY KEY (id) NOT ENFORCED)");
        batch.run("INSERT INTO users VALUES (1, 30), (2, 40), (3, 10)");
        Sql streaming = Sql.streaming("execution.checkpointing.interval", "200 ms").on(directory);
        JobClient job = streaming.job("INSERT INTO adults SELECT * FROM users WHERE age >= 18");
        try {
            Sql.until("the snapshot is there", () -> batch.rows("SELECT * FROM adults").size() == 2);
            batch.run("INSERT INTO users VALUES (1, 5)").run("INSERT INTO users VALUES (3, 20)").run("INSERT INTO users VALUES (2, 41)");
            Sql.until("the changes are there", () -> batch.rows("SELECT * FROM adults").equals(List.of("+I[2, 41]", "+I[3, 20]")));
        } finally {
            job.cancel().get();
        }
        // What matches before and after is one update, not a delete and an insert.
        assertThat(batch.rows("SELECT _change_type, age FROM `adults$changelog` WHERE id = 2 AND _change_type <> 'insert'"))
                .containsExactly("+I[update_after, 41]", "+I[update_before, 40]");
    }
}
