package io.fluss.flink.lookup;

import io.fluss.client.Connection;
import io.fluss.client.Lookuper;
import io.fluss.client.Table;
import io.fluss.client.WriteBatch;
import io.fluss.flink.row.KeyWriter;
import io.fluss.flink.row.Literals;
import io.fluss.flink.row.PlannedTable;
import java.util.List;

/** A task's open lookuper with what it stands on. */
final class OpenLookup implements AutoCloseable {
    private final Connection connection;
    private final Table table;
    private final Lookuper lookuper;

    private OpenLookup(Connection connection, Table table, Lookuper lookuper) {
        this.connection = connection;
        this.table = table;
        this.lookuper = lookuper;
    }

    static OpenLookup of(LookupTarget target) {
        Connection connection = Connection.open(target.connectionOptions);
        try {
            Table table = PlannedTable.open(connection, target.path, target.tableId, target.rowType);
            List<String> prefix = target.keys.prefix();
            Lookuper lookuper = prefix == null
                    ? table.newLookuper(target.projection, target.options.insertsMissing(), target.filter)
                    : table.newPrefixLookuper(prefix, target.projection, target.filter);
            return new OpenLookup(connection, table, lookuper);
        } catch (Throwable t) {
            connection.close();
            throw t;
        }
    }

    Lookuper lookuper() {
        return lookuper;
    }

    static KeyWriter keyWriter(LookupKeys keys, WriteBatch batch) {
        KeyWriter writer = new KeyWriter(batch);
        for (int i = 0; i < keys.size(); i++) {
            if (keys.constant(i) == null) {
                writer.add(keys.type(i), keys.field(i));
            } else {
                writer.addConstant(keys.type(i), Literals.toInternal(keys.constant(i), keys.type(i)));
            }
        }
        return writer;
    }

    @Override
    public void close() {
        try {
            lookuper.close();
            table.close();
        } finally {
            connection.close();
        }
    }
}
