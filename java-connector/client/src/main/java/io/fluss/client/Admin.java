package io.fluss.client;

import io.fluss.client.proto.ProtoWriter;
import io.fluss.jni.Native;
import java.time.Duration;
import java.util.List;

/** Databases, tables, offsets and snapshots. Any thread; every call blocks until it is done. */
public final class Admin {
    private final Connection connection;

    Admin(Connection connection) {
        this.connection = connection;
    }

    /** @throws AlreadyExistsException code 301, unless {@code ifNotExists} */
    public void createDatabase(DatabaseInfo database, boolean ifNotExists) {
        call(1, new ProtoWriter().message(1, Messages.database(database)).bool(2, ifNotExists));
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

    /** One offset a bucket, by bucket number. */
    public long[] listOffsets(TablePath path, OffsetSpec spec) {
        return call(
                        9,
                        new ProtoWriter()
                                .message(1, Messages.path(path))
                                .varint(2, spec.number())
                                .varint(3, spec.timestampMs()))
                .offsets();
    }

    /**
     * Pins the state of one bucket of a primary-key table.
     *
     * @param lease how long it is kept if nobody releases it; it outlives this process
     */
    public SnapshotInfo createSnapshot(TablePath path, int bucket, Duration lease) {
        return call(
                        10,
                        new ProtoWriter()
                                .message(1, Messages.path(path))
                                .varint(2, bucket)
                                .varint(3, lease.toMillis()))
                .snapshot();
    }

    /** Releasing what is gone is not an error. */
    public void releaseSnapshot(TablePath path, int bucket, String snapshotId) {
        try {
            call(
                    11,
                    new ProtoWriter().message(1, Messages.path(path)).varint(2, bucket).string(3, snapshotId));
        } catch (NotFoundException gone) {
            // Expired, or released by an earlier attempt of the same job, or dropped with its table.
            return;
        }
    }

    private Messages.AdminAnswer call(int request, ProtoWriter body) {
        byte[] bytes = new ProtoWriter().message(request, body).toByteArray();
        return Messages.AdminAnswer.read(Native.admin(connection.handle(), bytes));
    }
}
