package io.fluss.flink.sink;

import io.fluss.client.Connection;
import io.fluss.client.RowWriter;
import io.fluss.client.Table;
import io.fluss.client.WriterOptions;
import io.fluss.flink.row.PlannedTable;
import java.util.function.Function;

/** The table that a sink writer has open, and its connection. */
final class SinkTable implements AutoCloseable {
    final SinkSpec spec;
    final Connection connection;
    final Table table;

    private SinkTable(SinkSpec spec, Connection connection, Table table) {
        this.spec = spec;
        this.connection = connection;
        this.table = table;
    }

    static SinkTable open(SinkSpec spec) {
        Connection connection = Connection.open(spec.connectionOptions());
        try {
            Table table = PlannedTable.open(connection, spec.path(), spec.tableId(), spec.rowType());
            return new SinkTable(spec, connection, table);
        } catch (Throwable t) {
            connection.close();
            throw t;
        }
    }

    /** @param open {@link Table#newWriter(WriterOptions)} or the transactional one; if it fails the table is closed */
    <W extends RowWriter> W newWriter(Function<WriterOptions, W> open) {
        try {
            return open.apply(WriterOptions.defaults()
                    .createsPartitions(spec.options().createsPartitions())
                    .targetColumns(spec.targetColumns()));
        } catch (Throwable t) {
            close();
            throw t;
        }
    }

    @Override
    public void close() {
        // A table that cannot be closed must not keep the connection open.
        try {
            table.close();
        } finally {
            connection.close();
        }
    }
}
