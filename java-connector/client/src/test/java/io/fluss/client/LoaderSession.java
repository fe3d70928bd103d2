package io.fluss.client;

import java.nio.charset.StandardCharsets;
import java.nio.file.Paths;
import java.util.concurrent.TimeUnit;

/** What {@code ClassLoadersTest} does inside each class loader, called by reflection. */
public final class LoaderSession {
    private final TestStore store;
    private final Table table;

    private LoaderSession(String directory) {
        store = new TestStore(Paths.get(directory));
        table = store.users(2);
    }

    public static LoaderSession open(String directory) {
        return new LoaderSession(directory);
    }

    public void write(long from, int count) {
        TestStore.write(table, from, count);
    }

    public String lookup(long id) {
        try (Lookuper lookuper = table.newLookuper(new int[] {1})) {
            WriteBatch keys = lookuper.newKeys();
            keys.column(0).setLong(keys.beginRow(), id);
            keys.endRow();
            try (ColumnBatch answer = lookuper.lookup(keys)) {
                return answer.isFound(0) ? text(answer, 0) : null;
            }
        }
    }

    public String lookupAsync(long id) throws Exception {
        try (Lookuper lookuper = table.newLookuper(new int[] {1});
                AsyncLookuper<String> async = lookuper.async(answer -> row -> text(answer, row), AsyncLookupOptions.defaults())) {
            return async.lookup(row -> async.keys().column(0).setLong(row, id)).get(30, TimeUnit.SECONDS);
        }
    }

    public Throwable errorOfAMissingTable() {
        try {
            store.connection.table(TablePath.of("test", "missing"));
            return null;
        } catch (FlussException e) {
            return e;
        }
    }

    public void close() {
        store.close();
    }

    private static String text(ColumnBatch answer, int row) {
        return new String(answer.column(0).getBytes(row), StandardCharsets.UTF_8);
    }
}
