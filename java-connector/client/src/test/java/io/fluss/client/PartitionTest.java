package io.fluss.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tables with partitions: catalog, writes that find their partition, reads of a bucket of one, lookups. */
@Timeout(60)
class PartitionTest extends StoreTest {
    private static final TablePath PATH = TablePath.of("test", "visits");
    private static final int[] ALL = {0, 1, 2};

    /** id BIGINT, region STRING, day DATE; partitioned by region and day. */
    private Table visits(boolean keyed) {
        TableDescriptor.Builder builder = TableDescriptor.builder()
                .column("id", DataType.of(DataType.Kind.BIGINT).notNull())
                .column("region", DataType.string().notNull())
                .column("day", DataType.of(DataType.Kind.DATE).notNull())
                .partitionKeys(List.of("region", "day"))
                .bucketCount(2);
        return store.create(PATH, (keyed ? builder.primaryKey("id", "region", "day") : builder).build());
    }

    private static void put(WriteBatch batch, long id, String region, int day) {
        int row = batch.beginRow();
        batch.column(0).setLong(row, id);
        batch.column(1).setBytes(row, region.getBytes(StandardCharsets.UTF_8));
        batch.column(2).setInt(row, day);
        batch.endRow();
    }

    private static void write(Table table, WriterOptions options) {
        try (TableWriter writer = table.newWriter(options)) {
            for (int id = 0; id < 40; id++) {
                put(writer.batch(), id, id % 2 == 0 ? "eu" : "us", id % 4 / 2);
            }
            writer.write(writer.batch());
            writer.flush();
        }
    }

    private static List<String> names(List<PartitionInfo> partitions) {
        List<String> names = new ArrayList<>();
        partitions.forEach(p -> names.add(p.name()));
        return names;
    }

    @Test
    void partitionsAreMadeListedAndDropped() {
        Table table = visits(false);
        assertThat(table.info().descriptor().partitionKeys()).containsExactly("region", "day");
        assertThat(admin.listPartitions(PATH)).isEmpty();
        Map<String, String> eu = Map.of("region", "eu", "day", "1970-01-01");
        PartitionInfo made = admin.createPartition(PATH, eu, false);
        assertThat(made.partitionId()).isEqualTo(1);
        assertThat(made.values()).containsExactly("eu", "1970-01-01");
        assertThat(made.spec(List.of("region", "day"))).isEqualTo(eu);
        assertThat(made.createdMs()).isPositive();
        assertThatThrownBy(() -> admin.createPartition(PATH, eu, false))
                .isInstanceOfSatisfying(AlreadyExistsException.class, e -> assertThat(e.code()).isEqualTo(305));
        assertThat(admin.createPartition(PATH, eu, true).partitionId()).isEqualTo(1);
        admin.createPartition(PATH, Map.of("region", "us", "day", "1970-01-01"), false);
        admin.createPartition(PATH, Map.of("region", "us", "day", "1970-01-02"), false);
        assertThat(names(admin.listPartitions(PATH))).containsExactly("eu$1970-01-01", "us$1970-01-01", "us$1970-01-02");
        assertThat(names(admin.listPartitions(PATH, Map.of("region", "us")))).containsExactly("us$1970-01-01", "us$1970-01-02");
        assertThat(names(admin.listPartitions(PATH, Map.of("day", "1970-01-02")))).containsExactly("us$1970-01-02");
        assertThatThrownBy(() -> admin.createPartition(PATH, Map.of("region", "eu"), false))
                .isInstanceOfSatisfying(InvalidArgumentException.class, e -> assertThat(e.code()).isEqualTo(108));
        assertThatThrownBy(() -> admin.createPartition(PATH, Map.of("region", "eu", "day", "yesterday"), false))
                .isInstanceOfSatisfying(InvalidArgumentException.class, e -> assertThat(e.code()).isEqualTo(108));
        admin.dropPartition(PATH, eu, false);
        assertThatThrownBy(() -> admin.dropPartition(PATH, eu, false))
                .isInstanceOfSatisfying(NotFoundException.class, e -> assertThat(e.code()).isEqualTo(206));
        admin.dropPartition(PATH, eu, true);
        assertThat(admin.createPartition(PATH, eu, false).partitionId()).isEqualTo(4);
        store.events();
        assertThatThrownBy(() -> admin.listPartitions(TestStore.EVENTS)).isInstanceOf(InvalidArgumentException.class);
    }

    @Test
    void rowsFindTheirPartitionAndAreReadBucketByBucket() {
        Table table = visits(false);
        assertThatThrownBy(() -> write(table, WriterOptions.defaults().createsPartitions(false)))
                .isInstanceOfSatisfying(NotFoundException.class, e -> assertThat(e.code()).isEqualTo(206));
        assertThat(admin.listPartitions(PATH)).isEmpty();
        write(table, WriterOptions.defaults());
        assertThat(names(admin.listPartitions(PATH)))
                .containsExactly("eu$1970-01-01", "eu$1970-01-02", "us$1970-01-01", "us$1970-01-02");
        assertThat(admin.tableStats(PATH).rowCount()).isEqualTo(40);
        List<Long> ids = new ArrayList<>();
        try (LogScanner scanner = table.newLogScanner(ALL)) {
            PartitionInfo us = admin.listPartitions(PATH, Map.of("region", "us", "day", "1970-01-02")).get(0);
            assertThat(admin.tableStats(PATH, us.partitionId()).rowCount()).isEqualTo(10);
            long[] ends = admin.listOffsets(PATH, us.partitionId(), OffsetSpec.LATEST);
            assertThat(ends[0] + ends[1]).isEqualTo(10);
            Map<Integer, long[]> all = admin.listOffsetsByPartition(PATH, OffsetSpec.LATEST);
            assertThat(all).hasSize(4);
            assertThat(all.get(us.partitionId())).isEqualTo(ends);
            assertThatThrownBy(() -> admin.listOffsets(PATH, OffsetSpec.LATEST)).isInstanceOf(InvalidArgumentException.class);
            for (int bucket = 0; bucket < 2; bucket++) {
                scanner.subscribe(us.partitionId(), bucket, 0, ends[bucket]);
            }
            while (ids.size() < 10) {
                try (ColumnBatch batch = scanner.poll(10_000)) {
                    assertThat(batch.partition()).isEqualTo(us.partitionId());
                    for (int row = batch.firstRow(); row < batch.endRow(); row++) {
                        assertThat(TestStore.name(batch, row)).isEqualTo("us");
                        assertThat(batch.column(2).getInt(row)).isEqualTo(1);
                        ids.add(batch.column(0).getLong(row));
                    }
                }
            }
            scanner.unsubscribe(us.partitionId(), 0);
            scanner.unsubscribe(us.partitionId(), 1);
            assertThatThrownBy(() -> scanner.subscribe(0, 0, 10)).hasMessageContaining("say which one");
        }
        assertThat(ids).containsExactlyInAnyOrder(3L, 7L, 11L, 15L, 19L, 23L, 27L, 31L, 35L, 39L);
    }

    @Test
    void readersOfADroppedPartitionAreTold() {
        Table table = visits(false);
        write(table, WriterOptions.defaults());
        PartitionInfo eu = admin.listPartitions(PATH).get(0);
        try (LogScanner scanner = table.newLogScanner(ALL)) {
            scanner.subscribe(eu.partitionId(), 0, Long.MAX_VALUE - 1, Long.MAX_VALUE);
            admin.dropPartition(PATH, eu.spec(List.of("region", "day")), false);
            assertThatThrownBy(() -> scanner.poll(10_000))
                    .isInstanceOfSatisfying(NotFoundException.class, e -> assertThat(e.code()).isEqualTo(206));
        }
    }

    @Test
    void keysAreLookedUpInTheirPartitionAndASnapshotIsOfABucketOfOne() {
        Table table = visits(true);
        write(table, WriterOptions.defaults());
        try (Lookuper lookuper = table.newLookuper(new int[] {2})) {
            WriteBatch keys = lookuper.newKeys();
            put(keys, 3, "us", 1);
            put(keys, 3, "eu", 1);
            put(keys, 3, "asia", 1);
            try (ColumnBatch found = lookuper.lookup(keys)) {
                assertThat(found.isFound(0)).isTrue();
                assertThat(found.column(0).getInt(0)).isEqualTo(1);
                assertThat(found.isFound(1)).isFalse();
                assertThat(found.isFound(2)).isFalse();
            }
        }
        PartitionInfo us = admin.listPartitions(PATH, Map.of("region", "us")).get(0);
        int rows = 0;
        SnapshotInfo snapshot =
                admin.createSnapshot(PATH, new int[] {us.partitionId()}, new int[0], Duration.ofHours(1));
        assertThat(snapshot.offsets()).extracting(BucketOffset::partitionId).containsExactly(us.partitionId(), us.partitionId());
        assertThat(snapshot.offsets()).extracting(BucketOffset::bucket).containsExactly(0, 1);
        for (int bucket = 0; bucket < 2; bucket++) {
            try (SnapshotScanner scanner =
                    table.newSnapshotScanner(
                            us.partitionId(), bucket, snapshot.snapshotId(), Projection.of(ALL), null, null)) {
                for (ColumnBatch batch = scanner.poll(); batch != null; batch = scanner.poll()) {
                    rows += batch.rowCount();
                    assertThat(batch.column(2).getInt(0)).isZero();
                    batch.close();
                }
            }
            admin.releaseSnapshot(PATH, us.partitionId(), bucket, snapshot.snapshotId());
        }
        assertThat(rows).isEqualTo(10);
    }
}
