package io.fluss.flink.lookup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.fluss.flink.row.BucketFunction;
import io.fluss.flink.testing.Sql;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.ScalarFunction;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarCharType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Which subtask the keys of a lookup join go to when the LOOKUP hint says {@code 'shuffle'='true'}, which Flink 1.20 does not know. */
@Timeout(300)
class LookupShuffleITCase {
    private static final int BUCKETS = 4;

    @TempDir
    Path directory;

    private Sql batch;

    @BeforeEach
    void create() {
        assumeFalse(EnvironmentInformation.getVersion().startsWith("1."), "Flink 1.20 has no such hint");
        batch = Sql.batch().on(directory.resolve("data"));
    }

    /** Which subtask a row is in. */
    public static final class Subtask extends ScalarFunction {
        private int index;

        @Override
        public void open(FunctionContext context) {
            index = context.getTaskInfo().getIndexOfThisSubtask();
        }

        public int eval(Integer any) {
            return index;
        }

        @Override
        public boolean isDeterministic() {
            return false;
        }
    }

    @Test
    void withTheShuffleHintABucketIsAskedForInOneSubtask() {
        batch.run("CREATE TABLE prices (item INT, cents BIGINT, note STRING, PRIMARY KEY (item) NOT ENFORCED)"
                + " WITH ('bucket.num' = '" + BUCKETS + "')");
        batch.run("INSERT INTO prices SELECT i, i * 10, 'n' FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) AS t(i)");
        Map<Integer, Set<Integer>> subtasks = subtasks(
                "item", "SELECT /*+ LOOKUP('table'='r', 'shuffle'='true') */ r.item, subtask(r.item) FROM asks AS a"
                        + " JOIN prices%s FOR SYSTEM_TIME AS OF a.p AS r ON r.item = a.item");
        BucketFunction function = new BucketFunction(RowType.of(new IntType()), new int[] {0});
        Map<Integer, Set<Integer>> byBucket = new TreeMap<>();
        subtasks.forEach((item, of) ->
                byBucket.computeIfAbsent(function.bucket(GenericRowData.of(item), BUCKETS), b -> new HashSet<>()).addAll(of));
        assertThat(byBucket.size()).isGreaterThan(2);
        assertThat(byBucket.values()).allSatisfy(of -> assertThat(of).hasSize(1));
        Set<Integer> all = new HashSet<>();
        byBucket.values().forEach(all::addAll);
        assertThat(all).hasSize(2);
    }

    @Test
    void inPartitionsToo() {
        batch.run("CREATE TABLE parts (item INT, part STRING, cents BIGINT, PRIMARY KEY (item, part) NOT ENFORCED)"
                + " PARTITIONED BY (part) WITH ('bucket.num' = '" + BUCKETS + "')");
        batch.run("INSERT INTO parts SELECT i, 'd' || CAST(MOD(i, 3) AS STRING), i FROM"
                + " (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) AS t(i)");
        Map<Integer, Set<Integer>> subtasks = subtasks(
                "item, 'd' || CAST(MOD(item, 3) AS STRING) AS part",
                "SELECT /*+ LOOKUP('table'='r', 'shuffle'='true') */ r.item, subtask(r.item) FROM asks AS a"
                        + " JOIN parts%s FOR SYSTEM_TIME AS OF a.p AS r ON r.item = a.item AND r.part = a.part");
        BucketFunction function = new BucketFunction(
                RowType.of(new LogicalType[] {new IntType(), new VarCharType(10)}), new int[] {0});
        Map<String, Set<Integer>> byBucket = new HashMap<>();
        subtasks.forEach((item, of) -> byBucket.computeIfAbsent(
                        item % 3 + "/" + function.bucket(GenericRowData.of(item, StringData.fromString("")), BUCKETS), b -> new HashSet<>())
                .addAll(of));
        assertThat(byBucket.size()).isGreaterThan(4);
        assertThat(byBucket.values()).allSatisfy(of -> assertThat(of).hasSize(1));
    }

    /** Of every item the subtasks that its keys were looked up in: each is asked for by many. */
    private Map<Integer, Set<Integer>> subtasks(String columns, String query) {
        Sql streaming = Sql.streaming().on(directory.resolve("data"));
        streaming.env().createTemporarySystemFunction("subtask", Subtask.class);
        streaming.run("CREATE TEMPORARY TABLE numbers (i INT) WITH ('connector' = 'datagen', 'fields.i.kind' = 'sequence',"
                + " 'fields.i.start' = '1', 'fields.i.end' = '400')");
        streaming.run("CREATE TEMPORARY VIEW asks AS SELECT " + columns + ", PROCTIME() AS p FROM"
                + " (SELECT MOD(i, 10) + 1 AS item FROM numbers)");
        Map<Integer, Set<Integer>> found = new TreeMap<>();
        for (String cache : List.of("NONE", "FULL")) {
            String statement = String.format(query, " /*+ OPTIONS('lookup.cache' = '" + cache + "') */");
            assertThat(streaming.env().explainSql(statement)).contains("shuffle=[true]");
            List<String> rows = new ArrayList<>(streaming.rows(statement.replace("%", "%%")));
            assertThat(rows).hasSize(400);
            for (String row : rows) {
                String[] parts = row.substring(row.indexOf('[') + 1, row.indexOf(']')).split(", ");
                found.computeIfAbsent(Integer.valueOf(parts[0]), i -> new HashSet<>()).add(Integer.valueOf(parts[1]));
            }
        }
        assertThat(found).hasSize(10);
        return found;
    }
}
