package io.fluss.client;

import io.fluss.client.proto.ProtoWriter;
import io.fluss.jni.Native;
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
        return WriteBatch.ofRows(List.of(ColumnBatch.project(columns, options.columns(columns.size()))));
    }

    /** @param projection column positions in the order wanted; may be empty (rows are still counted) */
    public LogScanner newLogScanner(int[] projection) {
        DataType[] types = ColumnBatch.project(info.descriptor().columns(), projection);
        byte[] request = new ProtoWriter().packed(1, projection).toByteArray();
        return new LogScanner(Native.openLogScanner(handle(), request), info.path(), types);
    }

    /** As {@link #newSnapshotScanner(int, int, String, int[], byte[])}, of a table without partitions. */
    public SnapshotScanner newSnapshotScanner(int bucket, String snapshotId, int[] projection, byte[] afterPosition) {
        return newSnapshotScanner(0, bucket, snapshotId, projection, afterPosition);
    }

    /**
     * Reads one bucket of a snapshot in key order.
     *
     * @param partitionId 0: the table has no partitions
     * @param projection as for {@link #newLogScanner}
     * @param afterPosition a value of {@link SnapshotScanner#position()}, or null: from the first key
     * @throws NotFoundException code 204: the snapshot was released, or its lease ran out
     */
    public SnapshotScanner newSnapshotScanner(
            int partitionId, int bucket, String snapshotId, int[] projection, byte[] afterPosition) {
        DataType[] types = ColumnBatch.project(info.descriptor().columns(), projection);
        byte[] request = new ProtoWriter()
                .varint(1, bucket)
                .string(2, snapshotId)
                .packed(3, projection)
                .bytes(4, afterPosition)
                .varint(5, partitionId)
                .toByteArray();
        return new SnapshotScanner(Native.openSnapshotScanner(handle(), request), info.path(), bucket, types);
    }

    /**
     * Looks rows up by full primary key.
     *
     * @param projection columns of the answer, as for {@link #newLogScanner}
     * @throws InvalidArgumentException if this is a log table
     */
    public Lookuper newLookuper(int[] projection) {
        if (!info.hasPrimaryKey()) {
            throw FlussException.invalid("table " + info.path() + " is a log table; only a primary-key table can be looked up");
        }
        DataType[] types = ColumnBatch.project(info.descriptor().columns(), projection);
        byte[] request = new ProtoWriter().packed(1, projection).toByteArray();
        return new Lookuper(Native.openLookuper(handle(), request), info, types, connection.completions());
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
