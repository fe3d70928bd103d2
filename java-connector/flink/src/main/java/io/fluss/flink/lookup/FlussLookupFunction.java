package io.fluss.flink.lookup;

import io.fluss.client.ColumnBatch;
import io.fluss.client.WriteBatch;
import io.fluss.flink.row.KeyWriter;
import java.util.Collection;
import java.util.Collections;
import org.apache.flink.table.connector.source.lookup.LookupOptions.LookupCacheType;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.LookupFunction;

/** One key, one call. */
public final class FlussLookupFunction extends LookupFunction {
    private static final long serialVersionUID = 1L;

    private final LookupTarget target;
    private transient OpenLookup open;
    private transient WriteBatch batch;
    private transient KeyWriter writer;
    /** Null: keys are looked up as batches of one, which costs more. */
    private transient KeyProbe probe;

    FlussLookupFunction(LookupTarget target) {
        this.target = target;
    }

    @Override
    public void open(FunctionContext context) throws Exception {
        open = OpenLookup.of(target);
        if (target.options.cacheType() == LookupCacheType.FULL) {
            open.register(context.getMetricGroup());
        }
        probe = KeyProbe.of(open.lookuper(), target);
        batch = open.lookuper().newKeys();
        writer = OpenLookup.keyWriter(target.keys, batch);
    }

    @Override
    public Collection<RowData> lookup(RowData keyRow) {
        if (target.keys.hasNull(keyRow)) {
            return Collections.emptyList();
        }
        Collection<RowData> found = probe == null ? null : probe.find(keyRow);
        if (found != null) {
            return found;
        }
        batch.clear();
        writer.write(batch.beginRow(), keyRow);
        batch.endRow();
        try (ColumnBatch answer = open.lookuper().lookup(batch, target.options.maxRetries())) {
            if (answer.firstRowOf(0) == answer.endRowOf(0)) {
                return Collections.emptyList();
            }
            return target.keys.matching(keyRow, target.found(answer.toHeap()).apply(0));
        }
    }

    @Override
    public void close() {
        if (probe != null) {
            probe.close();
            probe = null;
        }
        if (open != null) {
            open.close();
            open = null;
        }
    }
}
