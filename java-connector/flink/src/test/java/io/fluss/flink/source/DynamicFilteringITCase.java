package io.fluss.flink.source;

import io.fluss.flink.testing.Sql;

import org.apache.flink.table.functions.ScalarFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;

import static org.assertj.core.api.Assertions.assertThat;

/** A join in batch reads only those partitions that its other side asks for. */
class DynamicFilteringITCase {
    private static final Set<Integer> READ = new ConcurrentSkipListSet<>();

    /** Passes its argument on, and notes it. */
    public static final class Note extends ScalarFunction {
        private static final long serialVersionUID = 1L;

        public Integer eval(Integer value) {
            READ.add(value);
            return value;
        }

        @Override
        public boolean isDeterministic() {
            return false;
        }
    }

    @TempDir Path directory;
    private Sql batch;

    @BeforeEach
    void open() {
        batch = Sql.batch().on(directory);
        batch.env().createTemporarySystemFunction("note_read", Note.class);
        String columns = "id INT, region STRING, d DATE, code BIGINT, v STRING";
        batch.run("CREATE TABLE log (" + columns + ") PARTITIONED BY (region, d, code) WITH ('bucket.num' = '2')");
        batch.run("CREATE TABLE keyed (" + columns + ", PRIMARY KEY (id, region, d, code) NOT ENFORCED)"
                + " PARTITIONED BY (region, d, code) WITH ('bucket.num' = '2')");
        batch.run("CREATE TABLE regions (name STRING, size_of INT, d DATE, code BIGINT, PRIMARY KEY (name) NOT ENFORCED)");
        for (String table : new String[] {"log", "keyed"}) {
            batch.run("INSERT INTO " + table + " VALUES (1, 'eu', DATE '2024-01-01', 1, 'a'), (2, 'eu', DATE '2024-01-02', 2, 'b'),"
                    + " (3, 'us', DATE '2024-01-01', 3, 'c'), (4, 'asia', DATE '2024-01-03', 4, 'd')");
        }
        batch.run("INSERT INTO regions VALUES ('eu', 5, DATE '2024-01-02', 2), ('us', 50, DATE '2024-01-01', 3),"
                + " ('asia', 500, DATE '2024-01-03', 4), ('mars', 7, DATE '2024-01-01', 9)");
    }

    private void joined(String condition, String filter, Integer[] read, String... rows) {
        for (String table : new String[] {"log", "keyed"}) {
            String query = "SELECT f.id, r.size_of FROM (SELECT note_read(id) AS id, region, d, code FROM " + table + ") AS f"
                    + " JOIN regions AS r ON " + condition + " WHERE " + filter;
            assertThat(batch.env().explainSql(query)).contains("DynamicFilteringDataCollector");
            READ.clear();
            assertThat(batch.rows(query)).as(query).containsExactly(rows);
            assertThat(READ).as(query).containsExactly(read);
        }
    }

    @Test
    void onlyPartitionsThatJoinAreRead() {
        joined("f.region = r.name", "r.size_of < 10", new Integer[] {1, 2}, "+I[1, 5]", "+I[2, 5]");
        joined("f.region = r.name", "r.size_of < 0", new Integer[] {});
        joined("f.d = r.d AND f.region = r.name", "r.size_of < 60", new Integer[] {2, 3}, "+I[2, 5]", "+I[3, 50]");
        joined("f.code = r.code", "r.size_of > 10", new Integer[] {3, 4}, "+I[3, 50]", "+I[4, 500]");
        // The other condition is no partition key: it does not count.
        joined("f.region = r.name AND f.id = r.size_of", "r.size_of = 5", new Integer[] {1, 2});
    }

    @Test
    void withoutItAllAreRead() {
        batch.env().getConfig().set("table.optimizer.dynamic-filtering.enabled", "false");
        READ.clear();
        assertThat(batch.rows("SELECT f.id, r.size_of FROM (SELECT note_read(id) AS id, region FROM log) AS f"
                        + " JOIN regions AS r ON f.region = r.name WHERE r.size_of < 10"))
                .containsExactly("+I[1, 5]", "+I[2, 5]");
        assertThat(READ).containsExactly(1, 2, 3, 4);
    }
}
