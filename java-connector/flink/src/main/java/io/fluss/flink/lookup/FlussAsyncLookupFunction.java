package io.fluss.flink.lookup;

import io.fluss.client.AsyncLookuper;
import io.fluss.client.WriteBatch;
import io.fluss.flink.row.KeyWriter;
import java.util.Collection;
import java.util.Collections;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.AsyncLookupFunction;
import org.apache.flink.table.functions.FunctionContext;

/** Many keys a call, gathered while earlier ones are on their way; no key waits for a timer unless {@code client.lookup.batch-timeout} says so. */
public final class FlussAsyncLookupFunction extends AsyncLookupFunction {
    private static final long serialVersionUID = 1L;

    private final LookupTarget target;
    private transient OpenLookup open;
    private transient AsyncLookuper<Collection<RowData>> lookuper;
    private transient KeyWriter writer;

    FlussAsyncLookupFunction(LookupTarget target) {
        this.target = target;
    }

    @Override
    public void open(FunctionContext context) throws Exception {
        open = OpenLookup.of(target);
        lookuper = open.lookuper().async(target::found, target.options.asyncOptions());
        writer = OpenLookup.keyWriter(target.keys, lookuper.keys());
    }

    @Override
    public CompletableFuture<Collection<RowData>> asyncLookup(RowData keyRow) {
        if (target.keys.hasNull(keyRow)) {
            return CompletableFuture.completedFuture(Collections.emptyList());
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
        if (open != null) {
            open.close();
            open = null;
        }
    }
}
