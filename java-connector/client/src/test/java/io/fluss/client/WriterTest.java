package io.fluss.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Writers of some columns, and writers in transactions. */
@Timeout(60)
class WriterTest extends StoreTest {
    private static final TablePath PATH = TablePath.of("test", "profiles");
    private static final WriterOptions NAME_ONLY = WriterOptions.defaults().targetColumns(1, 0);

    /** id BIGINT, name STRING, tags ARRAY of STRING, visits BIGINT. */
    private Table profiles() {
        return store.create(
                PATH,
                TableDescriptor.builder()
                        .column("id", DataType.of(DataType.Kind.BIGINT).notNull())
                        .column("name", DataType.string())
                        .column("tags", DataType.array(DataType.string()))
                        .column("visits", DataType.of(DataType.Kind.BIGINT))
                        .primaryKey("id")
                        .bucketCount(3)
                        .build());
    }

    private static void full(RowWriter writer, long id, String name, long visits) {
        WriteBatch batch = writer.batch();
        int row = batch.beginRow();
        batch.column(0).setLong(row, id);
        batch.column(1).setBytes(row, name.getBytes(StandardCharsets.UTF_8));
        batch.column(2).setNull(row);
        batch.column(3).setLong(row, visits);
        batch.endRow();
    }

    private static void name(RowWriter writer, long id, String name, byte kind) {
        WriteBatch batch = writer.batch();
        int row = batch.beginRow();
        if (name == null) {
            batch.column(0).setNull(row);
        } else {
            batch.column(0).setBytes(row, name.getBytes(StandardCharsets.UTF_8));
        }
        batch.column(1).setLong(row, id);
        batch.endRow(kind);
    }

    private static void send(RowWriter writer) {
        writer.write(writer.batch());
        writer.batch().clear();
    }

    /** {@code name visits} of each id, or null. */
    private static List<String> find(Table table, long... ids) {
        List<String> found = new ArrayList<>();
        try (Lookuper lookuper = table.newLookuper(new int[] {0, 1, 3})) {
            WriteBatch keys = lookuper.newKeys();
            for (long id : ids) {
                keys.column(0).setLong(keys.beginRow(), id);
                keys.endRow();
            }
            try (ColumnBatch rows = lookuper.lookup(keys)) {
                for (int i = 0; i < ids.length; i++) {
                    String visits = rows.isNull(2, i) ? "-" : String.valueOf(rows.column(2).getLong(i));
                    found.add(rows.isFound(i) ? TestStore.name(rows, i) + " " + visits : null);
                }
            }
        }
        return found;
    }

    @Test
    void aWriterOfSomeColumnsLeavesTheOthersAsTheyAre() {
        Table table = profiles();
        try (TableWriter writer = table.newWriter();
                TableWriter names = table.newWriter(NAME_ONLY)) {
            full(writer, 1, "a", 10);
            full(writer, 2, "b", 20);
            send(writer);
            writer.flush();
            assertThat(names.batch().columnCount()).isEqualTo(2);
            name(names, 1, "A", WriteBatch.UPSERT);
            name(names, 2, null, WriteBatch.DELETE);
            name(names, 3, "C", WriteBatch.UPSERT);
            send(names);
            names.flush();
            assertThat(find(table, 1, 2, 3)).containsExactly("A 10", "null 20", "C -");
            // Nothing but the key is left of row 3.
            name(names, 3, null, WriteBatch.DELETE);
            send(names);
            names.flush();
            assertThat(find(table, 3)).containsExactly((String) null);
        }
    }

    @Test
    void aWriterThatIsNotTransactionalHasNothingToPrepare() {
        try (TableWriter writer = profiles().newWriter()) {
            assertThatThrownBy(() -> io.fluss.jni.Native.prepare(writer.handle())).isInstanceOf(InvalidArgumentException.class);
            assertThatThrownBy(() -> io.fluss.jni.Native.abort(writer.handle())).isInstanceOf(InvalidArgumentException.class);
        }
    }

    @Test
    void targetColumnsThatDoNotFitAreRefused() {
        Table table = profiles();
        // Without the key.
        assertThatThrownBy(() -> table.newWriter(WriterOptions.defaults().targetColumns(1)))
                .isInstanceOf(InvalidArgumentException.class);
        assertThatThrownBy(() -> table.newWriter(WriterOptions.defaults().targetColumns(0, 4)))
                .isInstanceOf(InvalidArgumentException.class);
        Table events = store.events();
        assertThatThrownBy(() -> events.newWriter(WriterOptions.defaults().targetColumns(0)))
                .isInstanceOf(InvalidArgumentException.class);
    }

    @Test
    void rowsOfATransactionAreSeenWhenItIsCommittedAlsoAfterARestart() {
        byte[] committable;
        Table table = profiles();
        try (TransactionalWriter writer = table.newTransactionalWriter(WriterOptions.defaults())) {
            for (long id = 0; id < 30; id++) {
                full(writer, id, "n" + id, id);
            }
            send(writer);
            committable = writer.prepare();
            // The next transaction is forgotten with the writer.
            full(writer, 100, "x", 1);
            send(writer);
            assertThatThrownBy(() -> io.fluss.jni.Native.flush(writer.handle())).isInstanceOf(InvalidArgumentException.class);
        }
        assertThat(find(table, 7)).containsExactly((String) null);
        List<TransactionInfo> open = admin.listTransactions(PATH);
        assertThat(open).hasSize(1);
        assertThat(open.get(0).preparedMs()).isPresent();
        assertThat(open.get(0).committable()).isEqualTo(committable);
        store.close();
        openStore();
        table = store.connection.table(PATH);
        admin.commitTransaction(committable);
        assertThat(find(table, 7, 29, 100)).containsExactly("n7 7", "n29 29", null);
        admin.commitTransaction(committable);
        assertThat(admin.tableStats(PATH).rowCount()).isEqualTo(30);
        assertThat(admin.listTransactions(PATH)).isEmpty();
        assertThatThrownBy(() -> admin.abortTransaction(committable)).isInstanceOf(InvalidArgumentException.class);
    }

    @Test
    void anAbortedTransactionIsGone() {
        Table table = profiles();
        try (TransactionalWriter writer = table.newTransactionalWriter(NAME_ONLY)) {
            name(writer, 1, "a", WriteBatch.UPSERT);
            send(writer);
            assertThat(admin.listTransactions(PATH).get(0).preparedMs()).isEmpty();
            writer.abort();
            assertThat(admin.listTransactions(PATH)).isEmpty();
            name(writer, 2, "b", WriteBatch.UPSERT);
            send(writer);
            byte[] prepared = writer.prepare();
            admin.abortTransaction(prepared);
            admin.abortTransaction(prepared);
            assertThatThrownBy(() -> admin.commitTransaction(prepared))
                    .isInstanceOfSatisfying(NotFoundException.class, e -> assertThat(e.code()).isEqualTo(207));
            // Without rows there is nothing to commit, and no harm in it.
            admin.commitTransaction(writer.prepare());
            name(writer, 3, "c", WriteBatch.UPSERT);
            send(writer);
            admin.commitTransaction(writer.prepare());
        }
        assertThat(find(table, 1, 2, 3)).containsExactly(null, null, "c -");
        assertThatThrownBy(() -> admin.commitTransaction(new byte[] {1, 2, 3})).isInstanceOf(InvalidArgumentException.class);
    }

    @Test
    void anOverwriteReplacesTheRowsAndATruncateRemovesThem() {
        Table table = profiles();
        byte[] prepared;
        byte[] aborted;
        try (TransactionalWriter writer = table.newTransactionalWriter(WriterOptions.defaults());
                TransactionalWriter overwriting = table.newTransactionalWriter(WriterOptions.defaults().overwrites(true))) {
            full(writer, 1, "a", 1);
            full(writer, 2, "b", 2);
            send(writer);
            admin.commitTransaction(writer.prepare());
            full(overwriting, 2, "c", 3);
            full(overwriting, 3, "d", 4);
            send(overwriting);
            prepared = overwriting.prepare();
            full(overwriting, 4, "e", 5);
            send(overwriting);
            aborted = overwriting.prepare();
        }
        assertThat(admin.listTransactions(PATH)).hasSize(2).allMatch(TransactionInfo::overwrites);
        admin.abortTransaction(aborted);
        assertThatThrownBy(() -> admin.commitTransaction(prepared))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("a part of an overwrite");
        admin.commitOverwrite(List.of(prepared), Map.of());
        assertThat(find(table, 1, 2, 3, 4)).containsExactly(null, "c 3", "d 4", null);
        assertThatThrownBy(() -> admin.commitOverwrite(List.of(aborted), Map.of())).isInstanceOf(NotFoundException.class);
        assertThat(find(table, 2, 3)).containsExactly("c 3", "d 4");
        admin.truncateTable(PATH);
        assertThat(find(table, 2, 3)).containsExactly(null, null);
        assertThat(admin.tableStats(PATH).rowCount()).isZero();
    }
}
