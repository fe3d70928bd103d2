package io.fluss.client;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A real store in a directory of the test, with the few tables that the tests share. */
final class TestStore implements AutoCloseable {
    static final TablePath USERS = TablePath.of("test", "users");
    static final TablePath EVENTS = TablePath.of("test", "events");

    final Connection connection;

    TestStore(Path directory) {
        this(options(directory));
    }

    TestStore(Map<String, String> options) {
        connection = Connection.open(options);
        connection.admin().createDatabase(new DatabaseInfo("test", "", Collections.emptyMap()), true);
    }

    static Map<String, String> options(Path directory) {
        Map<String, String> options = new HashMap<>();
        options.put("data.dir", directory.toString());
        return options;
    }

    /** Primary-key table: id BIGINT, name STRING. */
    Table users(int buckets) {
        return create(
                USERS,
                TableDescriptor.builder()
                        .column("id", DataType.of(DataType.Kind.BIGINT).notNull())
                        .column("name", DataType.string())
                        .primaryKey("id")
                        .bucketCount(buckets)
                        .build());
    }

    /** Log table: id BIGINT, name STRING; one bucket. */
    Table events() {
        return create(
                EVENTS,
                TableDescriptor.builder()
                        .column("id", DataType.of(DataType.Kind.BIGINT))
                        .column("name", DataType.string())
                        .bucketCount(1)
                        .build());
    }

    Table create(TablePath path, TableDescriptor descriptor) {
        connection.admin().createTable(path, descriptor, true);
        return connection.table(path);
    }

    /** Rows (id, "name-" + id) from {@code from} on, flushed. */
    static void write(Table table, long from, int count) {
        try (TableWriter writer = table.newWriter()) {
            for (long id = from; id < from + count; id++) {
                put(writer.batch(), id, "name-" + id);
            }
            writer.write(writer.batch());
            writer.batch().clear();
            writer.flush();
        }
    }

    static void put(WriteBatch batch, long id, String name) {
        int row = batch.beginRow();
        batch.column(0).setLong(row, id);
        if (name == null) {
            batch.column(1).setNull(row);
        } else {
            batch.column(1).setBytes(row, name.getBytes(StandardCharsets.UTF_8));
        }
        batch.endRow();
    }

    /** {@code +I 1 name-1} and so on, of one bucket from the start up to {@code stop}. */
    static List<String> readLog(Table table, int bucket, long stop) {
        List<String> rows = new ArrayList<>();
        try (LogScanner scanner = table.newLogScanner(new int[] {0, 1})) {
            scanner.subscribe(bucket, 0, stop);
            long next = 0;
            while (next < stop) {
                try (ColumnBatch batch = scanner.poll(10_000)) {
                    if (batch == null) {
                        throw new AssertionError("no rows within 10 s at offset " + next + " of " + stop);
                    }
                    for (int row = batch.firstRow(); row < batch.endRow(); row++) {
                        rows.add(kind(batch.changeType(row)) + " " + batch.column(0).getLong(row) + " " + name(batch, row));
                    }
                    next = batch.baseOffset() + batch.endRow();
                }
            }
        }
        return rows;
    }

    static String name(ColumnBatch batch, int row) {
        return batch.isNull(1, row) ? null : new String(batch.column(1).getBytes(row), StandardCharsets.UTF_8);
    }

    static String kind(byte changeType) {
        return new String[] {"+A", "+I", "-U", "+U", "-D"}[changeType];
    }

    @Override
    public void close() {
        connection.close();
    }
}
