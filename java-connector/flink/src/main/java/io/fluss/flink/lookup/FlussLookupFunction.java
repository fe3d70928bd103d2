package io.fluss.flink.lookup;

import io.fluss.client.ColumnBatch;
import io.fluss.client.Probe;
import io.fluss.client.WriteBatch;
import io.fluss.flink.row.KeyEncoder;
import io.fluss.flink.row.KeyWriter;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Collections;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.table.connector.source.lookup.LookupOptions.LookupCacheType;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.binary.BinaryRowData;
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
    private transient Probe probe;

    /** Null: there are types that it does not know. */
    private transient KeyEncoder encoder;

    FlussLookupFunction(LookupTarget target) {
        this.target = target;
    }

    @Override
    public void open(FunctionContext context) throws Exception {
        open = OpenLookup.of(target);
        if (target.options.cacheType() == LookupCacheType.FULL) {
            open.register(context.getMetricGroup());
        }
        probe = open.lookuper().newProbe();
        encoder = probe == null ? null : OpenLookup.keyEncoder(target.keys, probe.memory());
        batch = open.lookuper().newKeys();
        writer = OpenLookup.keyWriter(target.keys, batch);
    }

    @Override
    public Collection<RowData> lookup(RowData keyRow) {
        if (target.keys.hasNull(keyRow)) {
            return Collections.emptyList();
        }
        int length = encoder == null ? Probe.UNKNOWN : probed(keyRow);
        if (length == Probe.MISSING) {
            return Collections.emptyList();
        }
        if (length != Probe.UNKNOWN) {
            return target.keys.matching(keyRow, Collections.singletonList(row(length)));
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

    private int probed(RowData keyRow) {
        int length = encoder.write(keyRow);
        return length == KeyEncoder.TOO_LONG ? Probe.UNKNOWN : probe.find(length);
    }

    /** The row that the probe has found, which others may keep. */
    private RowData row(int length) {
        byte[] bytes = new byte[length];
        ByteBuffer memory = probe.memory();
        memory.clear();
        memory.get(bytes);
        BinaryRowData row = new BinaryRowData(target.arity());
        row.pointTo(MemorySegmentFactory.wrap(bytes), 0, length);
        return row;
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
