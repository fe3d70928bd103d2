package io.fluss.client;

import io.fluss.client.proto.ProtoWriter;
import io.fluss.jni.Native;
import java.util.ArrayList;
import java.util.List;

/** An open table: makes writers, scanners and lookupers, which stay usable when the table is closed. Any thread. */
public final class Table extends NativeHandle {
    private final Connection connection;
    private final TableInfo info;

    Table(Connection connection, TableInfo info) {
        super(Native.openTable(
                connection.handle(),
                new ProtoWriter().message(1, Messages.path(info.path())).toByteArray()));
        this.connection = connection;
        this.info = info;
    }

    /** What the table was opened with. */
    public Connection connection() {
        return connection;
    }

    /** As it was when the table was opened. */
    public TableInfo info() {
        return info;
    }

    /** A writer of all columns. */
    public TableWriter newWriter() {
        return newWriter(WriterOptions.defaults());
    }

    /** @throws InvalidArgumentException if the table, or its merge engine, takes no writer of these columns */
    public TableWriter newWriter(WriterOptions options) {
        WriteBatch batch = batch(options);
        return new TableWriter(Native.openWriter(handle(), options.request(false)), info, batch);
    }

    /** A writer whose rows are seen when they are committed; as {@link #newWriter(WriterOptions)} else. */
    public TransactionalWriter newTransactionalWriter(WriterOptions options) {
        WriteBatch batch = batch(options);
        return new TransactionalWriter(Native.openWriter(handle(), options.request(true)), info, batch);
    }

    private WriteBatch batch(WriterOptions options) {
        List<Column> columns = info.descriptor().columns();
        return WriteBatch.ofRows(List.of(Projection.of(options.columns(columns.size())).types(columns)));
    }

    /** As {@link #newLogScanner(Projection, Predicate)}, of whole columns and all rows. */
    public LogScanner newLogScanner(int[] projection) {
        return newLogScanner(Projection.of(projection), null);
    }

    /**
     * Reads the log.
     *
     * @param projection may be empty: rows are still counted
     * @param filter null: all rows. Changes are looked at one by one: of an update one half may match without the other
     */
    public LogScanner newLogScanner(Projection projection, Predicate filter) {
        return newLogScanner(projection, filter, List.of());
    }

    /**
     * The same, that gives, if there are aggregates, one row of them for every bucket of a log table: when it was read to its stop, and if it has
     * rows that match.
     *
     * @param aggregates of columns of the projection; none: the rows
     */
    public LogScanner newLogScanner(Projection projection, Predicate filter, List<Aggregate> aggregates) {
        DataType[] types = types(projection, aggregates);
        ProtoWriter request = new ProtoWriter();
        projection.write(request, 2);
        Predicate.write(filter, request, 3);
        Aggregate.write(aggregates, request, 4);
        return new LogScanner(Native.openLogScanner(handle(), request.toByteArray()), info.path(), types);
    }

    /** As the other, of a table without partitions, of whole columns and all rows. */
    public SnapshotScanner newSnapshotScanner(int bucket, String snapshotId, int[] projection, byte[] afterPosition) {
        return newSnapshotScanner(0, bucket, snapshotId, Projection.of(projection), null, afterPosition);
    }

    /**
     * Reads one bucket of a snapshot in key order.
     *
     * @param partitionId 0: the table has no partitions
     * @param snapshotId empty: the rows as they are now, from the first
     * @param projection may be empty: rows are still counted
     * @param filter null: all rows
     * @param afterPosition a value of {@link SnapshotScanner#position()}, or null: from the first key
     * @throws NotFoundException code 204: the snapshot was released, or its lease ran out
     */
    public SnapshotScanner newSnapshotScanner(
            int partitionId, int bucket, String snapshotId, Projection projection, Predicate filter, byte[] afterPosition) {
        ProtoWriter request = new ProtoWriter().string(2, snapshotId).bytes(4, afterPosition);
        return snapshotScanner(partitionId, bucket, projection, filter, List.of(), request);
    }

    /**
     * As {@link #newSnapshotScanner(int, int, String, Projection, Predicate, byte[])} from the first key, but it gives one row of aggregates, or none if
     * no row matches.
     *
     * @param aggregates of columns of the projection
     */
    public SnapshotScanner newSnapshotAggregation(
            int partitionId, int bucket, String snapshotId, Projection projection, Predicate filter, List<Aggregate> aggregates) {
        ProtoWriter request = new ProtoWriter().string(2, snapshotId);
        return snapshotScanner(partitionId, bucket, projection, filter, aggregates, request);
    }

    /**
     * As {@link #newSnapshotScanner(int, int, String, Projection, Predicate, byte[])} of the rows as they were before the snapshot: after the changes
     * of the log below an offset. What has changed since is held in memory.
     *
     * @param aggregates as for {@link #newSnapshotAggregation}; empty: rows
     * @param asOfOffset not after that of the snapshot
     */
    public SnapshotScanner newEarlierScanner(
            int partitionId,
            int bucket,
            String snapshotId,
            Projection projection,
            Predicate filter,
            List<Aggregate> aggregates,
            byte[] afterPosition,
            long asOfOffset) {
        ProtoWriter request = new ProtoWriter().string(2, snapshotId).bytes(4, afterPosition).present(10, asOfOffset);
        return snapshotScanner(partitionId, bucket, projection, filter, aggregates, request);
    }

    /**
     * Reads the rows of one bucket of a primary-key table as they are now, in key order. It needs no snapshot to be made or released, and ends
     * with the connection: it has no position to go on from.
     *
     * @param partitionId 0: the table has no partitions
     * @param projection as for {@link #newSnapshotScanner}
     * @param filter null: all rows
     * @param limit at most so many rows that match; {@link Long#MAX_VALUE}: all
     */
    public SnapshotScanner newBatchScanner(
            int partitionId, int bucket, Projection projection, Predicate filter, long limit) {
        ProtoWriter request = new ProtoWriter();
        if (limit != Long.MAX_VALUE) {
            request.present(8, limit);
        }
        return snapshotScanner(partitionId, bucket, projection, filter, List.of(), request);
    }

    private SnapshotScanner snapshotScanner(
            int partitionId,
            int bucket,
            Projection projection,
            Predicate filter,
            List<Aggregate> aggregates,
            ProtoWriter request) {
        DataType[] types = types(projection, aggregates);
        request.varint(1, bucket).varint(5, partitionId);
        projection.write(request, 6);
        Predicate.write(filter, request, 7);
        Aggregate.write(aggregates, request, 9);
        return new SnapshotScanner(Native.openSnapshotScanner(handle(), request.toByteArray()), info.path(), bucket, types);
    }

    private DataType[] types(Projection projection, List<Aggregate> aggregates) {
        DataType[] columns = projection.types(info.descriptor().columns());
        return aggregates.isEmpty() ? columns : Aggregate.types(aggregates, columns);
    }

    /** As {@link #newLookuper(Projection, boolean)}, of whole columns, without inserts. */
    public Lookuper newLookuper(int[] projection) {
        return newLookuper(Projection.of(projection), false);
    }

    /**
     * Looks rows up by full primary key; in a partition that is missing nothing is found.
     *
     * @param projection columns of the answer
     * @param insertMissing a key that has no row gets one, with NULL outside the key, durable when it is given: however many ask for a key at
     *     once, all get the same row. Refused when a column outside the key is NOT NULL
     * @throws InvalidArgumentException if this is a log table
     */
    public Lookuper newLookuper(Projection projection, boolean insertMissing) {
        return newLookuper(projection, insertMissing, null);
    }

    /** The same; rows that do not match are not found, though they are there. @param filter null: all rows */
    public Lookuper newLookuper(Projection projection, boolean insertMissing, Predicate filter) {
        return lookuper(info.descriptor().primaryKey(), projection, filter, new ProtoWriter().bool(4, insertMissing));
    }

    /**
     * Looks up all rows whose primary key begins with the bucket key; of a table with partitions, in the partition that the lookup key names.
     *
     * @param keys names of the bucket key columns, and of the partition keys if there are some, in the order of the lookup keys
     * @param projection columns of the answer
     * @throws InvalidArgumentException if the bucket key is not the beginning of the primary key, or other columns are named
     */
    public Lookuper newPrefixLookuper(List<String> keys, Projection projection) {
        return newPrefixLookuper(keys, projection, null);
    }

    /** The same, of rows that match. @param filter null: all rows */
    public Lookuper newPrefixLookuper(List<String> keys, Projection projection, Predicate filter) {
        return lookuper(keys, projection, filter, new ProtoWriter().strings(3, keys));
    }

    /**
     * Looks rows up in a copy of the table in memory, which all in this process share who ask for one: a bucket is copied when it is first asked for,
     * and the copy follows the changes that are durable. It is freed with the last lookuper that uses it.
     *
     * @param prefix as the keys of {@link #newPrefixLookuper}; null: by full primary key
     * @param filter null: all rows
     */
    public Lookuper newCopyLookuper(List<String> prefix, Projection projection, Predicate filter) {
        ProtoWriter request = new ProtoWriter().bool(6, true);
        return prefix == null
                ? lookuper(info.descriptor().primaryKey(), projection, filter, request)
                : lookuper(prefix, projection, filter, request.strings(3, prefix));
    }

    private Lookuper lookuper(List<String> keys, Projection projection, Predicate filter, ProtoWriter request) {
        if (!info.hasPrimaryKey()) {
            throw FlussException.invalid("table " + info.path() + " is a log table; only a primary-key table can be looked up");
        }
        List<Column> columns = info.descriptor().columns();
        List<DataType> keyTypes = new ArrayList<>();
        for (String key : keys) {
            keyTypes.add(columns.get(info.descriptor().columnIndex(key)).type());
        }
        DataType[] types = projection.types(columns);
        projection.write(request, 2);
        Predicate.write(filter, request, 5);
        long handle = Native.openLookuper(handle(), request.toByteArray());
        return new Lookuper(handle, info, keyTypes, types, connection.completions());
    }

    @Override
    void free(long value) {
        Native.closeTable(value);
    }

    @Override
    String describe() {
        return "table " + info.path();
    }
}
