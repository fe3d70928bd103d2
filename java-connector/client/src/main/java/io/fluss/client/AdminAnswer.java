package io.fluss.client;

import io.fluss.client.proto.ProtoReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** AdminResponse of {@code fluss.proto}: only what the request asked for is set. */
final class AdminAnswer {
    final List<String> names = new ArrayList<>();
    final List<PartitionInfo> partitions = new ArrayList<>();
    final List<TransactionInfo> transactions = new ArrayList<>();
    final List<OptionInfo> options = new ArrayList<>();
    private final List<BucketOffset> offsets = new ArrayList<>();
    private DatabaseInfo database;
    private TableInfo table;
    private SnapshotInfo snapshot;
    private TableStats stats;
    /** Null: all. */
    int[] buckets;

    private AdminAnswer() {}

    static AdminAnswer read(byte[] bytes) {
        AdminAnswer answer = new AdminAnswer();
        ProtoReader in = new ProtoReader(bytes);
        while (in.next()) {
            switch (in.field()) {
                case 1:
                    answer.names.add(in.string());
                    break;
                case 2:
                    answer.database = Messages.readDatabase(in.message());
                    break;
                case 3:
                    answer.table = Messages.readTable(in.message());
                    break;
                case 4:
                    answer.offsets.add(readOffset(in.message()));
                    break;
                case 5:
                    answer.snapshot = readSnapshot(in.message());
                    break;
                case 6:
                    answer.partitions.add(readPartition(in.message()));
                    break;
                case 7:
                    answer.stats = readStats(in.message());
                    break;
                case 8:
                    answer.transactions.add(readTransaction(in.message()));
                    break;
                case 9:
                    answer.options.add(readOption(in.message()));
                    break;
                case 10:
                    answer.buckets = readBuckets(in.message());
                    break;
                default:
                    in.skip();
            }
        }
        return answer;
    }

    DatabaseInfo database() {
        return present(database, "database");
    }

    TableInfo table() {
        return present(table, "table");
    }

    SnapshotInfo snapshot() {
        return present(snapshot, "snapshot");
    }

    TableStats stats() {
        return present(stats, "statistics");
    }

    PartitionInfo partition() {
        return present(partitions.isEmpty() ? null : partitions.get(0), "partition");
    }

    /** By bucket number, by partition id. */
    Map<Integer, long[]> offsets() {
        Map<Integer, Integer> buckets = new LinkedHashMap<>();
        for (BucketOffset offset : offsets) {
            buckets.merge(offset.partitionId(), 1, Integer::sum);
        }
        Map<Integer, long[]> byPartition = new LinkedHashMap<>();
        buckets.forEach((partition, count) -> byPartition.put(partition, new long[count]));
        for (BucketOffset offset : offsets) {
            byPartition.get(offset.partitionId())[offset.bucket()] = offset.offset();
        }
        return byPartition;
    }

    private static OptionInfo readOption(ProtoReader in) {
        String key = "";
        String value = "";
        boolean given = false;
        while (in.next()) {
            switch (in.field()) {
                case 1:
                    key = in.string();
                    break;
                case 2:
                    value = in.string();
                    break;
                case 3:
                    given = in.varint() != 0;
                    break;
                default:
                    in.skip();
            }
        }
        return new OptionInfo(key, value, given);
    }

    private static int[] readBuckets(ProtoReader in) {
        int[] buckets = {};
        while (in.next()) {
            if (in.field() == 1) {
                buckets = in.packed();
            } else {
                in.skip();
            }
        }
        return buckets;
    }

    private static <T> T present(T value, String what) {
        if (value == null) {
            throw FlussException.of(FlussException.INTERNAL, false, "the answer of the store has no " + what);
        }
        return value;
    }

    private static BucketOffset readOffset(ProtoReader in) {
        int bucket = 0;
        long offset = 0;
        int partitionId = 0;
        while (in.next()) {
            switch (in.field()) {
                case 1:
                    bucket = in.int32();
                    break;
                case 2:
                    offset = in.varint();
                    break;
                case 3:
                    partitionId = in.int32();
                    break;
                default:
                    in.skip();
            }
        }
        return new BucketOffset(partitionId, bucket, offset);
    }

    private static SnapshotInfo readSnapshot(ProtoReader in) {
        String id = "";
        List<BucketOffset> offsets = new ArrayList<>();
        while (in.next()) {
            switch (in.field()) {
                case 1:
                    id = in.string();
                    break;
                case 2:
                    offsets.add(readOffset(in.message()));
                    break;
                default:
                    in.skip();
            }
        }
        return new SnapshotInfo(id, offsets);
    }

    private static PartitionInfo readPartition(ProtoReader in) {
        int id = 0;
        List<String> values = new ArrayList<>();
        long createdMs = 0;
        while (in.next()) {
            switch (in.field()) {
                case 1:
                    id = in.int32();
                    break;
                case 2:
                    values.add(in.string());
                    break;
                case 3:
                    createdMs = in.varint();
                    break;
                default:
                    in.skip();
            }
        }
        return new PartitionInfo(id, values, createdMs);
    }

    private static TableStats readStats(ProtoReader in) {
        long rows = 0;
        while (in.next()) {
            if (in.field() == 1) {
                rows = in.varint();
            } else {
                in.skip();
            }
        }
        return new TableStats(rows);
    }

    private static TransactionInfo readTransaction(ProtoReader in) {
        long id = 0;
        Long preparedMs = null;
        byte[] committable = {};
        boolean overwrites = false;
        while (in.next()) {
            switch (in.field()) {
                case 1:
                    id = in.varint();
                    break;
                case 2:
                    preparedMs = in.varint();
                    break;
                case 3:
                    committable = in.bytes();
                    break;
                case 4:
                    overwrites = in.bool();
                    break;
                default:
                    in.skip();
            }
        }
        return new TransactionInfo(id, preparedMs, committable, overwrites);
    }
}
