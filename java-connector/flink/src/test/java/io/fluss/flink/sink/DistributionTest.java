package io.fluss.flink.sink;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.client.DataType;
import io.fluss.client.TableDescriptor;
import io.fluss.client.TablePath;
import io.fluss.flink.row.TypeConversion;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.data.GenericRowData;
import org.junit.jupiter.api.Test;

class DistributionTest {
    private static final int SUBTASKS = 8;

    /** Of 100 rows, 50 are of partition 0, 25 of partition 1, one of each of 25 others. */
    private static int partitionOf(int row) {
        int n = row % 100;
        return n < 50 ? 0 : n < 75 ? 1 : n;
    }

    @Test
    void aPartitionGoesToAsManySubtasksAsItsShareAsksFor() {
        Distribution.ByPartition partitioner = partitioner();
        Map<Integer, TreeSet<Integer>> subtasks = new HashMap<>();
        int[] rows = new int[SUBTASKS];
        int warm = 20_000;
        for (int row = 0; row < 400_000; row++) {
            int partition = partitionOf(row);
            int subtask = partitioner.partition(GenericRowData.of(row, partition), SUBTASKS);
            if (row >= warm) {
                subtasks.computeIfAbsent(partition, p -> new TreeSet<>()).add(subtask);
                rows[subtask]++;
            }
        }
        // Half of 8, a quarter of 8; at a border of shares it may be one more.
        assertThat(subtasks.remove(0)).hasSizeBetween(4, 5);
        assertThat(subtasks.remove(1)).hasSizeBetween(2, 3);
        assertThat(subtasks).hasSize(25).allSatisfy((partition, of) -> assertThat(of).hasSize(1));
        // Without it one subtask would have half of the rows at least.
        int most = 0;
        for (int of : rows) {
            most = Math.max(most, of);
        }
        assertThat(most).isLessThan(190_000);
    }

    @Test
    void theLatestRowsCount() {
        Distribution.ByPartition partitioner = partitioner();
        for (int row = 0; row < 1_000_000; row++) {
            partitioner.partition(GenericRowData.of(row, 7), SUBTASKS);
        }
        TreeSet<Integer> subtasks = new TreeSet<>();
        for (int row = 0; row < 1_000_000; row++) {
            int of = partitioner.partition(GenericRowData.of(row, row % 2 == 0 ? 8 : 9 + row % 1_000), SUBTASKS);
            if (row % 2 == 0 && row > 800_000) {
                subtasks.add(of);
            }
        }
        assertThat(subtasks).hasSizeBetween(4, 5);
    }

    private static Distribution.ByPartition partitioner() {
        TableDescriptor table = TableDescriptor.builder()
                .column("id", DataType.of(DataType.Kind.INT))
                .column("p", DataType.of(DataType.Kind.INT))
                .partitionKeys(Collections.singletonList("p"))
                .bucketCount(1)
                .build();
        return new Distribution.ByPartition(SinkSpec.of(
                Collections.emptyMap(),
                TablePath.of("db", "t"),
                1,
                table,
                TypeConversion.toRowType(table.columns()),
                FlussSinkOptions.from(new Configuration())));
    }
}
