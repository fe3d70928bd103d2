package io.fluss.flink.lookup;

import io.fluss.client.ClosedException;
import io.fluss.client.Connection;
import io.fluss.client.CopyState;
import io.fluss.client.Lookuper;
import io.fluss.client.Table;
import io.fluss.client.WriteBatch;
import io.fluss.flink.row.KeyEncoder;
import io.fluss.flink.row.KeyWriter;
import io.fluss.flink.row.Literals;
import io.fluss.flink.row.PlannedTable;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.ToLongFunction;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.table.connector.source.lookup.LookupOptions.LookupCacheType;

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

    /** Returns when the table has what the lookups are to wait for. */
    static OpenLookup of(LookupTarget target) throws Exception {
        Connection connection = Connection.open(target.connectionOptions);
        try {
            Table table = PlannedTable.open(connection, target.path, target.tableId, target.rowType);
            WaitFor waitFor = target.options.waitFor();
            long end = waitFor == null ? 0 : waitFor.await(table);
            List<String> prefix = target.keys.prefix();
            if (target.options.cacheType() == LookupCacheType.FULL) {
                Lookuper copy = table.newCopyLookuper(prefix, target.projection, target.filter);
                if (waitFor != null) {
                    waitFor.awaitCopy(copy, target.path, end);
                }
                return new OpenLookup(connection, table, copy);
            }
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

    /** Of a probe. Null: there are types that it does not know. */
    static KeyEncoder keyEncoder(LookupKeys keys, ByteBuffer out) {
        KeyEncoder encoder = new KeyEncoder(out);
        for (int i = 0; i < keys.size(); i++) {
            boolean known = keys.constant(i) == null
                    ? encoder.add(keys.type(i), keys.field(i))
                    : encoder.addConstant(keys.type(i), Literals.toInternal(keys.constant(i), keys.type(i)));
            if (!known) {
                return null;
            }
        }
        return encoder;
    }

    /** Of the cache FULL: gauges {@code lookup.full.staleness} in milliseconds, {@code .rows} and {@code .bytes} of the copy, which all tasks of the process share. */
    void register(MetricGroup task) {
        MetricGroup group = task.addGroup("lookup").addGroup("full");
        group.gauge("staleness", gauge(CopyState::stalenessMillis));
        group.gauge("rows", gauge(CopyState::rows));
        group.gauge("bytes", gauge(CopyState::bytes));
    }

    private Gauge<Long> gauge(ToLongFunction<CopyState> value) {
        return () -> {
            try {
                return value.applyAsLong(lookuper.copyState());
            } catch (ClosedException e) {
                return 0L;
            }
        };
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
