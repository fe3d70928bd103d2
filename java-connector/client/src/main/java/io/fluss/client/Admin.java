package io.fluss.client;

import io.fluss.client.proto.ProtoWriter;
import io.fluss.jni.Native;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Databases, tables, partitions, offsets, snapshots, transactions. Any thread; every call blocks until it is done. */
public final class Admin {
    private final Connection connection;

    Admin(Connection connection) {
        this.connection = connection;
    }

    /** @throws AlreadyExistsException code 301, unless {@code ifNotExists} */
    public void createDatabase(DatabaseInfo database, boolean ifNotExists) {
        call(1, new ProtoWriter().message(1, Messages.database(database)).bool(2, ifNotExists));
    }

    /** Replaces comment and properties. @throws NotFoundException code 201 */
    public void alterDatabase(DatabaseInfo database) {
        call(21, new ProtoWriter().message(1, Messages.database(database)));
    }

    /**
     * @param cascade drop its tables too
     * @throws NotFoundException code 201, unless {@code ifExists}
     * @throws AlreadyExistsException code 303 if it has tables and {@code cascade} is false
     */
    public void dropDatabase(String name, boolean ifExists, boolean cascade) {
        call(2, new ProtoWriter().string(1, name).bool(2, ifExists).bool(3, cascade));
    }

    /** Names, sorted. */
    public List<String> listDatabases() {
        return call(3, new ProtoWriter()).names;
    }

    /** @throws NotFoundException code 201 */
    public DatabaseInfo getDatabase(String name) {
        return call(4, new ProtoWriter().string(1, name)).database();
    }

    /**
     * @return the new table, or the existing one when {@code ifNotExists}: compare it with what was asked for
     * @throws AlreadyExistsException code 302, unless {@code ifNotExists}
     * @throws NotFoundException code 201 if there is no such database
     */
    public TableInfo createTable(TablePath path, TableDescriptor descriptor, boolean ifNotExists) {
        return call(
                        5,
                        new ProtoWriter()
                                .message(1, Messages.path(path))
                                .message(2, Messages.descriptor(descriptor))
                                .bool(3, ifNotExists))
                .table();
    }

    /**
     * Changes columns, options, properties or the comment of a table. Readers and writers that are open go on with the schema
     * that they were opened with.
     *
     * @return the table as it is now
     * @throws NotFoundException code 202; 205 if there is no such column
     * @throws AlreadyExistsException code 304 if there is such a column
     * @throws InvalidArgumentException for a change that would need stored rows to be rewritten, or a fixed option
     */
    public TableInfo alterTable(TablePath path, TableAlteration alteration) {
        return call(12, alteration.message(path)).table();
    }

    /**
     * Gives a table another name in its database; its id stays. Readers, writers and transactions of it go on.
     *
     * @return the table as it is now
     * @throws NotFoundException code 202
     * @throws AlreadyExistsException code 302
     */
    public TableInfo renameTable(TablePath path, String newName) {
        return call(20, new ProtoWriter().message(1, Messages.path(path)).string(2, newName)).table();
    }

    /** @throws NotFoundException code 202, unless {@code ifExists} */
    public void dropTable(TablePath path, boolean ifExists) {
        call(6, new ProtoWriter().message(1, Messages.path(path)).bool(2, ifExists));
    }

    /** Names, sorted. @throws NotFoundException code 201 */
    public List<String> listTables(String database) {
        return call(7, new ProtoWriter().string(1, database)).names;
    }

    /** @throws NotFoundException code 202 (201 if there is no such database) */
    public TableInfo getTable(TablePath path) {
        return call(8, new ProtoWriter().message(1, Messages.path(path))).table();
    }

    /**
     * Makes a partition.
     *
     * @param values by partition key, all of them, as text: {@code native/docs/format.md}, "Partition names"
     * @return the new partition, or the one that is there when {@code ifNotExists}
     * @throws AlreadyExistsException code 305, unless {@code ifNotExists}
     * @throws InvalidArgumentException code 108: other keys than the table's, or a value that is not how its type is written
     */
    public PartitionInfo createPartition(TablePath path, Map<String, String> values, boolean ifNotExists) {
        ProtoWriter request = new ProtoWriter().message(1, Messages.path(path)).map(2, values);
        return call(13, request.bool(3, ifNotExists)).partition();
    }

    /**
     * Drops a partition with its rows. Those who read or write it get code 206.
     *
     * @param values as for {@link #createPartition}
     * @throws NotFoundException code 206, unless {@code ifExists}
     */
    public void dropPartition(TablePath path, Map<String, String> values, boolean ifExists) {
        call(14, new ProtoWriter().message(1, Messages.path(path)).map(2, values).bool(3, ifExists));
    }

    /** All partitions, by name. @throws InvalidArgumentException if the table has none */
    public List<PartitionInfo> listPartitions(TablePath path) {
        return listPartitions(path, Map.of());
    }

    /** The partitions that have these values, which need not be of all partition keys, by name. */
    public List<PartitionInfo> listPartitions(TablePath path, Map<String, String> values) {
        return call(15, new ProtoWriter().message(1, Messages.path(path)).map(2, values)).partitions;
    }

    /** One offset a bucket, by bucket number, of a table without partitions. */
    public long[] listOffsets(TablePath path, OffsetSpec spec) {
        return listOffsets(path, 0, spec);
    }

    /**
     * One offset a bucket of a partition, by bucket number.
     *
     * @param partitionId 0: the table has no partitions
     */
    public long[] listOffsets(TablePath path, int partitionId, OffsetSpec spec) {
        long[] offsets = offsets(path, partitionId, spec).get(partitionId);
        if (offsets == null) {
            throw FlussException.invalid("table " + path + " has partitions: ask for the offsets of one, or for those by partition");
        }
        return offsets;
    }

    /** One offset a bucket, by bucket number, of every partition, by partition id. */
    public Map<Integer, long[]> listOffsetsByPartition(TablePath path, OffsetSpec spec) {
        return offsets(path, 0, spec);
    }

    private Map<Integer, long[]> offsets(TablePath path, int partitionId, OffsetSpec spec) {
        ProtoWriter request = new ProtoWriter().message(1, Messages.path(path)).varint(2, spec.number());
        return call(9, request.varint(3, spec.timestampMs()).varint(4, partitionId)).offsets();
    }

    /** What readers find in the table now. */
    public TableStats tableStats(TablePath path) {
        return tableStats(path, 0);
    }

    /**
     * What readers find in a partition now. The row count is kept, but where rows expire ({@code table.row.ttl}) or the changelog lacks old
     * rows ({@code table.changelog.image} = WAL) all rows are read to count them.
     *
     * @param partitionId 0: the whole table
     */
    public TableStats tableStats(TablePath path, int partitionId) {
        return call(18, new ProtoWriter().message(1, Messages.path(path)).varint(2, partitionId)).stats();
    }

    /** Pins the state of all buckets of a primary-key table. */
    public SnapshotInfo createSnapshot(TablePath path, Duration lease) {
        return createSnapshot(path, new int[0], new int[0], lease);
    }

    /**
     * Pins the state of buckets of a primary-key table, all in one snapshot: one call costs as little for many as for one. Each is released
     * by itself, with {@link #releaseSnapshot}; the last one deletes the files.
     *
     * @param partitionIds none: all of them, or the table has no partitions
     * @param buckets of each partition; none: all of them
     * @param lease how long it is kept if somebody does not release it; it outlives this process
     * @throws NotFoundException code 206 or 203 if one that was given is not there
     */
    public SnapshotInfo createSnapshot(TablePath path, int[] partitionIds, int[] buckets, Duration lease) {
        return call(
                        10,
                        new ProtoWriter()
                                .message(1, Messages.path(path))
                                .varint(2, lease.toMillis())
                                .packed(3, partitionIds)
                                .packed(4, buckets))
                .snapshot();
    }

    /** As {@link #releaseSnapshot(TablePath, int, int, String)}, of a table without partitions. */
    public void releaseSnapshot(TablePath path, int bucket, String snapshotId) {
        releaseSnapshot(path, 0, bucket, snapshotId);
    }

    /** Releasing what is gone is not an error. */
    public void releaseSnapshot(TablePath path, int partitionId, int bucket, String snapshotId) {
        ProtoWriter request = new ProtoWriter().message(1, Messages.path(path)).varint(2, bucket);
        try {
            call(11, request.string(3, snapshotId).varint(4, partitionId));
        } catch (NotFoundException gone) {
            // Expired, or released by an earlier attempt of the same job, or dropped with its table.
            return;
        }
    }

    /**
     * Lets others see what a prepared transaction has staged, and returns when all of it is durable and visible: in each bucket once,
     * however often it is called; not in all buckets at the same time. Also in another process than the one that prepared it.
     *
     * @param committable of {@link TransactionalWriter#prepare()}
     * @throws NotFoundException code 207: it was aborted, or has expired ({@code transaction.timeout}); 202: its table was dropped
     */
    public void commitTransaction(byte[] committable) {
        call(16, new ProtoWriter().bytes(1, committable));
    }

    /**
     * Replaces rows by those that overwriting writers of one table have prepared, and returns when that is durable and visible: in each bucket once,
     * however often it is called; not in all buckets at the same time. Of a table without partitions all rows are replaced, else those of
     * the partitions that get rows.
     *
     * @param committables of {@link TransactionalWriter#prepare()}, of all writers, of those too that got no row
     * @param partition values of all partition keys as text: that partition is replaced too, and made if it is missing; empty: no other one
     * @throws NotFoundException code 207: a part of it was aborted, or has expired ({@code transaction.timeout}); 202: the table was dropped
     */
    public void commitOverwrite(Collection<byte[]> committables, Map<String, String> partition) {
        ProtoWriter request = new ProtoWriter();
        committables.forEach(committable -> request.bytes(1, committable));
        call(23, request.map(2, partition));
    }

    /** Removes all rows of a table, and returns when that is durable and visible; its partitions stay. @throws NotFoundException code 202 */
    public void truncateTable(TablePath path) {
        call(24, new ProtoWriter().message(1, Messages.path(path)));
    }

    /**
     * Ends a transaction whose commit fails and will not succeed: what of it is not committed yet is dropped, and from now on its commit has
     * succeeded, so that a job which comes back with it goes on. Also of one that is damaged or has expired. Of an overwrite, where its commit has
     * begun: those buckets stay as they are. May be repeated.
     */
    public void skipTransaction(byte[] committable) {
        call(16, new ProtoWriter().bytes(1, committable).bool(2, true));
    }

    /**
     * Forgets what a prepared transaction has staged. One that is gone is no error.
     *
     * @throws InvalidArgumentException code 100 if its commit has begun
     */
    public void abortTransaction(byte[] committable) {
        call(17, new ProtoWriter().bytes(1, committable));
    }

    /** The transactions that have rows in the table and are not committed, in the order of their numbers. */
    public List<TransactionInfo> listTransactions(TablePath path) {
        return call(19, new ProtoWriter().message(1, Messages.path(path))).transactions;
    }

    /** The engine options that are in force, in the order of {@code docs/options.md}; those without a value are left out. */
    public List<OptionInfo> options() {
        return call(22, new ProtoWriter()).options;
    }

    /**
     * The buckets, of any partition, that rows matching a filter can lie in, ascending; null: it does not say, as it does by giving the values of the
     * bucket key.
     */
    public int[] matchingBuckets(TablePath path, Predicate filter) {
        ProtoWriter request = new ProtoWriter().message(1, Messages.path(path));
        Predicate.write(filter, request, 2);
        return call(25, request).buckets;
    }

    private AdminAnswer call(int request, ProtoWriter body) {
        byte[] bytes = new ProtoWriter().message(request, body).toByteArray();
        return AdminAnswer.read(Native.admin(connection.handle(), bytes));
    }
}
