package io.fluss.flink.lookup;

import io.fluss.client.AsyncLookuper;
import io.fluss.client.WriteBatch;
import io.fluss.flink.row.KeyWriter;
import java.util.Collection;
import java.util.Collections;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.AsyncLookupFunction;
import org.apache.flink.table.functions.FunctionContext;

/**
 * A key that memory can answer, or a file that is read as fast, is answered at once. The others go many a call, gathered while earlier ones are on their way; no key waits for a
 * timer unless {@code client.lookup.batch-timeout} says so.
 */
public final class FlussAsyncLookupFunction extends AsyncLookupFunction {
    private static final long serialVersionUID = 1L;

    private final LookupTarget target;
    private transient OpenLookup open;
    private transient AsyncLookuper<Collection<RowData>> lookuper;
    private transient KeyWriter writer;
    /** Null: no key is answered at once. */
    private transient KeyProbe probe;

    FlussAsyncLookupFunction(LookupTarget target) {
        this.target = target;
    }

    @Override
    public void open(FunctionContext context) throws Exception {
        open = OpenLookup.of(target);
        lookuper = open.lookuper().async(target::found, target.options.asyncOptions());
        writer = OpenLookup.keyWriter(target.keys, lookuper.keys());
        probe = KeyProbe.of(open.lookuper(), target);
        register(context.getMetricGroup().addGroup("lookup"), lookuper);
    }

    /** Gauges {@code lookup.*}; the latency of the last request is in microseconds. */
    private void register(MetricGroup group, AsyncLookuper<?> lookuper) {
        KeyProbe answering = probe;
        group.gauge("atOnce", (Gauge<Long>) () -> answering == null ? 0L : answering.answered());
        group.gauge("requests", (Gauge<Long>) lookuper::requests);
        group.gauge("keys", (Gauge<Long>) lookuper::keysSent);
        group.gauge("batchSize", (Gauge<Integer>) lookuper::lastBatch);
        group.gauge("inFlight", (Gauge<Integer>) lookuper::inFlight);
        group.gauge("latency", (Gauge<Long>) () -> TimeUnit.NANOSECONDS.toMicros(lookuper.lastLatencyNanos()));
    }

    @Override
    public CompletableFuture<Collection<RowData>> asyncLookup(RowData keyRow) {
        if (target.keys.hasNull(keyRow)) {
            return CompletableFuture.completedFuture(Collections.emptyList());
        }
        Collection<RowData> known = probe == null ? null : probe.findFast(keyRow);
        if (known != null) {
            return CompletableFuture.completedFuture(known);
        }
        return lookuper.lookup(row -> writer.write(row, keyRow))
                .thenApply(found -> found == null ? Collections.emptyList() : target.keys.matching(keyRow, found));
    }

    @Override
    public void close() {
        if (lookuper != null) {
            lookuper.close();
            lookuper = null;
        }
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
