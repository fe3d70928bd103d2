package io.fluss.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.jni.Native;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Lookups, one at a time and many at once; every future completes, whatever is closed meanwhile. */
@Timeout(60)
class LookupContractTest extends StoreTest {
    private Table table;

    @BeforeEach
    void open() {
        table = store.users(4);
        TestStore.write(table, 0, 1_000);
    }

    @Test
    void aBatchOfKeysIsAnsweredInOrder() {
        try (Lookuper lookuper = table.newLookuper(new int[] {1, 0})) {
            WriteBatch keys = lookuper.newKeys();
            long[] ids = {999, 5_000, 0, 7, 7, -1};
            for (long id : ids) {
                keys.column(0).setLong(keys.beginRow(), id);
                keys.endRow();
            }
            try (ColumnBatch answer = lookuper.lookup(keys)) {
                assertThat(answer.rowCount()).isEqualTo(ids.length);
                for (int i = 0; i < ids.length; i++) {
                    boolean exists = ids[i] >= 0 && ids[i] < 1_000;
                    assertThat(answer.isFound(i)).isEqualTo(exists);
                    if (exists) {
                        assertThat(answer.column(1).getLong(i)).isEqualTo(ids[i]);
                        assertThat(text(answer, 0, i)).isEqualTo("name-" + ids[i]);
                    }
                }
            }
        }
        assertThat(Native.batchBytes()).isZero();
    }

    @Test
    void asynchronousLookupsFindTheirOwnRows() throws Exception {
        try (Lookuper lookuper = table.newLookuper(new int[] {1});
                AsyncLookuper<String> async = lookuper.async(LookupContractTest::names, AsyncLookupOptions.defaults())) {
            List<CompletableFuture<String>> futures = new ArrayList<>();
            for (int id = 0; id < 3_000; id++) {
                futures.add(lookup(async, id));
            }
            for (int id = 0; id < 3_000; id++) {
                assertThat(futures.get(id).get(30, TimeUnit.SECONDS)).isEqualTo(id < 1_000 ? "name-" + id : null);
            }
        }
        assertThat(Native.batchBytes()).isZero();
    }

    /** What depends on a lookup may load classes of the job that asks. */
    @Test
    void futuresCompleteWithTheClassLoaderOfTheThreadThatAsks() throws Exception {
        ClassLoader asking = new URLClassLoader(new URL[0], null);
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(asking);
        CompletableFuture<ClassLoader> seen = new CompletableFuture<>();
        try (Lookuper lookuper = table.newLookuper(new int[] {1});
                AsyncLookuper<String> async = lookuper.async(batch -> row -> {
                    seen.complete(Thread.currentThread().getContextClassLoader());
                    return "found";
                }, AsyncLookupOptions.defaults().fullBatch(16).maxInFlight(2))) {
            lookup(async, 3).get(10, TimeUnit.SECONDS);
        } finally {
            thread.setContextClassLoader(before);
        }
        assertThat(seen.get(10, TimeUnit.SECONDS)).isSameAs(asking);
    }

    @Test
    void closingTheConnectionWithAThousandLookupsInFlightCompletesAll() throws Exception {
        Lookuper lookuper = table.newLookuper(new int[] {1});
        AsyncLookuper<String> async = lookuper.async(LookupContractTest::names, AsyncLookupOptions.defaults().fullBatch(1).maxInFlight(1_000));
        List<CompletableFuture<String>> futures = new ArrayList<>();
        for (int id = 0; id < 1_000; id++) {
            futures.add(lookup(async, id));
        }
        store.connection.close();
        completeOrClosed(futures);
        assertThatThrownBy(() -> lookup(async, 1).join())
                .satisfies(error -> assertThat(root(error)).isInstanceOf(FlussException.class));
        async.close();
        lookuper.close();
        assertThat(Native.batchBytes()).isZero();
    }

    @Test
    void thousandsOfLookupsInFlightDoNotWaitForEachOther() throws Exception {
        try (Lookuper lookuper = table.newLookuper(new int[] {1})) {
            AsyncLookuper<String> async = lookuper.async(LookupContractTest::names, AsyncLookupOptions.defaults().fullBatch(1).maxInFlight(5_000));
            List<CompletableFuture<String>> futures = new ArrayList<>();
            for (int i = 0; i < 20_000; i++) {
                futures.add(lookup(async, 1));
            }
            CompletableFuture.allOf(futures.toArray(new CompletableFuture<?>[0])).get(60, TimeUnit.SECONDS);
            assertThat(futures.get(19_999).join()).isEqualTo(futures.get(0).join());
            async.close();
        }
    }

    @Test
    void closingTheLookuperCompletesAll() throws Exception {
        Lookuper lookuper = table.newLookuper(new int[] {1});
        AsyncLookuper<String> async = lookuper.async(LookupContractTest::names, AsyncLookupOptions.defaults().fullBatch(1_000_000).maxInFlight(1));
        List<CompletableFuture<String>> futures = new ArrayList<>();
        for (int id = 0; id < 1_000; id++) {
            futures.add(lookup(async, id));
        }
        async.close();
        lookuper.close();
        completeOrClosed(futures);
        assertThatThrownBy(() -> lookup(async, 1)).isInstanceOf(ClosedException.class);
    }

    @Test
    void aReaderThatThrowsFailsItsFuturesAndNoOthers() throws Exception {
        try (Lookuper lookuper = table.newLookuper(new int[] {1});
                AsyncLookuper<String> bad = lookuper.async(
                        batch -> {
                            throw new IllegalStateException("reader");
                        },
                        AsyncLookupOptions.defaults());
                AsyncLookuper<String> good = lookuper.async(LookupContractTest::names, AsyncLookupOptions.defaults())) {
            CompletableFuture<String> failed = lookup(bad, 1);
            assertThatThrownBy(() -> failed.get(30, TimeUnit.SECONDS)).hasRootCauseMessage("reader");
            assertThat(lookup(good, 1).get(30, TimeUnit.SECONDS)).isEqualTo("name-1");
        }
    }

    @Test
    void aKeyThatCannotBeWrittenFailsAloneAndLeavesTheBatchUsable() throws Exception {
        try (Lookuper lookuper = table.newLookuper(new int[] {1});
                AsyncLookuper<String> async = lookuper.async(LookupContractTest::names, AsyncLookupOptions.defaults())) {
            assertThatThrownBy(() -> async.lookup(row -> {
                        async.keys().column(0).setNull(row);
                        throw new IllegalStateException("key");
                    }))
                    .hasMessage("key");
            assertThat(lookup(async, 3).get(30, TimeUnit.SECONDS)).isEqualTo("name-3");
        }
    }

    @Test
    void aLogTableCannotBeLookedUp() {
        Table events = store.events();
        assertThatThrownBy(() -> events.newLookuper(new int[] {0}))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("test.events");
    }

    private static void completeOrClosed(List<CompletableFuture<String>> futures) throws Exception {
        for (int id = 0; id < futures.size(); id++) {
            try {
                assertThat(futures.get(id).get(30, TimeUnit.SECONDS)).isEqualTo("name-" + id);
            } catch (java.util.concurrent.ExecutionException e) {
                assertThat(e.getCause()).isInstanceOf(FlussException.class);
            }
        }
    }

    private static Throwable root(Throwable error) {
        return error instanceof CompletionException ? error.getCause() : error;
    }

    private static CompletableFuture<String> lookup(AsyncLookuper<String> async, long id) {
        return async.lookup(row -> async.keys().column(0).setLong(row, id));
    }

    private static IntFunction<String> names(ColumnBatch answer) {
        return row -> text(answer, 0, row);
    }

    private static String text(ColumnBatch answer, int column, int row) {
        return new String(answer.column(column).getBytes(row), StandardCharsets.UTF_8);
    }
}
