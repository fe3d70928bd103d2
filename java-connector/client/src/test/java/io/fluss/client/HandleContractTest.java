package io.fluss.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.fluss.jni.Native;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Handles: closing twice, using after close, closing during a call, and handles of the wrong kind. */
@Timeout(60)
class HandleContractTest extends StoreTest {
    private static final int STALE = 105;

    @Test
    void everythingClosesTwiceAndIsAnErrorAfterwards() {
        Table table = store.users(1);
        TestStore.write(table, 0, 10);
        TableWriter writer = table.newWriter();
        LogScanner log = table.newLogScanner(new int[] {0});
        SnapshotInfo info = store.connection.admin().createSnapshot(TestStore.USERS, java.time.Duration.ofHours(1));
        SnapshotScanner snapshot = table.newSnapshotScanner(0, info.snapshotId(), new int[] {0}, null);
        Lookuper lookuper = table.newLookuper(new int[] {1});
        NativeHandle[] handles = {writer, log, snapshot, lookuper, table, store.connection};
        for (NativeHandle handle : handles) {
            handle.close();
            handle.close();
            assertThat(handle.isClosed()).isTrue();
        }
        assertThatThrownBy(writer::flush).isInstanceOf(ClosedException.class).hasMessageContaining("test.users");
        assertThatThrownBy(() -> log.poll(1)).isInstanceOf(ClosedException.class);
        assertThatThrownBy(snapshot::poll).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> lookuper.lookup(lookuper.newKeys())).isInstanceOf(ClosedException.class);
        assertThatThrownBy(table::newWriter).isInstanceOf(ClosedException.class);
        assertThatThrownBy(() -> store.connection.admin().listDatabases()).isInstanceOf(ClosedException.class);
    }

    @Test
    void theNativeSideRefusesStaleForeignAndWrongHandlesItself() {
        Table table = store.users(1);
        long writer = Native.openWriter(table.handle(), new byte[0]);
        Native.closeWriter(writer);
        Native.closeWriter(writer);
        refused(() -> Native.flush(writer));
        long[] strangers = {0, -1, 1, Long.MAX_VALUE, Long.MIN_VALUE, table.handle(), store.connection.handle()};
        for (long handle : strangers) {
            refused(() -> Native.flush(handle));
            refused(() -> Native.write(handle, new ByteBuffer[0], 0));
            refused(() -> Native.pollLog(handle, 1, new long[14]));
            refused(() -> Native.pollSnapshot(handle, new long[14]));
            refused(() -> Native.lookup(handle, new ByteBuffer[0], 0, new long[14]));
            refused(() -> Native.takeResult(handle, new long[14]));
            refused(() -> Native.prepare(handle));
            refused(() -> Native.abort(handle));
            refused(() -> Native.subscribe(handle, 0, 0, 0, 1));
            refused(() -> Native.unsubscribe(handle, 0, 0));
            refused(() -> Native.logPosition(handle, 0, 0));
        }
        refused(() -> Native.openTable(table.handle(), new byte[0]));
        refused(() -> Native.openWriter(store.connection.handle(), new byte[0]));
        // Closing what is not there, or is something else, does nothing.
        Native.closeLogScanner(table.handle());
        Native.releaseBatch(table.handle());
        assertThat(store.connection.admin().listTables("test")).containsExactly("users");
        TestStore.write(table, 0, 1);
    }

    @Test
    void closingTheScannerEndsAPollThatBlocks() throws Exception {
        LogScanner scanner = store.events().newLogScanner(new int[] {0});
        scanner.subscribe(0, 0, Long.MAX_VALUE);
        CompletableFuture<Throwable> poll =
                CompletableFuture.supplyAsync(() -> catchThrowable(() -> assertThat(scanner.poll(600_000)).isNull()));
        Thread.sleep(200);
        scanner.close();
        Throwable end = poll.get(10, TimeUnit.SECONDS);
        if (end != null) {
            assertThat(end).isInstanceOf(ClosedException.class);
        }
    }

    @Test
    void closingTheConnectionEndsAPollThatBlocks() throws Exception {
        LogScanner scanner = store.events().newLogScanner(new int[] {0});
        scanner.subscribe(0, 0, Long.MAX_VALUE);
        CompletableFuture<Throwable> poll =
                CompletableFuture.supplyAsync(() -> catchThrowable(() -> assertThat(scanner.poll(600_000)).isNull()));
        Thread.sleep(200);
        store.connection.close();
        Throwable end = poll.get(10, TimeUnit.SECONDS);
        if (end != null) {
            assertThat(end).isInstanceOf(FlussException.class);
        }
    }

    @Test
    void wakeUpEndsAPollAtOnceAndIsRememberedForTheNext() throws Exception {
        LogScanner scanner = store.events().newLogScanner(new int[] {0});
        scanner.subscribe(0, 0, Long.MAX_VALUE);
        CompletableFuture<Void> poll = CompletableFuture.runAsync(() -> assertThat(scanner.poll(600_000)).isNull());
        Thread.sleep(300);
        scanner.wakeUp();
        poll.get(10, TimeUnit.SECONDS);
        scanner.wakeUp();
        CompletableFuture.runAsync(() -> assertThat(scanner.poll(600_000)).isNull()).get(10, TimeUnit.SECONDS);
        scanner.close();
    }

    @Test
    void childrenKeepWhatTheyStandOn() {
        Table table = store.users(1);
        TableWriter writer = table.newWriter();
        table.close();
        TestStore.put(writer.batch(), 1, "one");
        writer.write(writer.batch());
        writer.flush();
        writer.close();
        Table again = store.connection.table(TestStore.USERS);
        assertThat(TestStore.readLog(again, 0, 1)).containsExactly("+I 1 one");
    }

    private static void refused(Runnable call) {
        assertThatThrownBy(call::run).isInstanceOfSatisfying(
                InvalidArgumentException.class, e -> assertThat(e.code()).isEqualTo(STALE));
    }
}
