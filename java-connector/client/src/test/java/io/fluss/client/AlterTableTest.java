package io.fluss.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ObjIntConsumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Columns are added, dropped, renamed and widened; rows from before and after are read as one table. */
@Timeout(120)
class AlterTableTest extends StoreTest {
    private static final DataType INT = DataType.of(DataType.Kind.INT);
    private static final DataType BIGINT = DataType.of(DataType.Kind.BIGINT);

    @Test
    void rowsOfALogTableAreReadWithTheNewColumns() {
        TablePath path = TablePath.of("test", "log");
        create(path, false);
        oldAndNewRows(path);
        List<String> expected = Arrays.asList("0 1 NULL", "1 NULL NULL", "2 5000000000 (2, NULL)", "3 NULL (30, c)");
        assertThat(log(path)).isEqualTo(expected);
        reopen();
        assertThat(log(path)).isEqualTo(expected);
    }

    @Test
    void rowsOfAPrimaryKeyTableAreReadWithTheNewColumns() {
        TablePath path = TablePath.of("test", "keyed");
        create(path, true);
        oldAndNewRows(path);
        List<String> expected = Arrays.asList("0 1 NULL", "1 NULL NULL", "2 5000000000 (2, NULL)", "3 NULL (30, c)", "none");
        assertThat(log(path)).isEqualTo(expected.subList(0, 4));
        assertThat(lookup(path, 0, 1, 2, 3, 9)).isEqualTo(expected);
        reopen();
        assertThat(lookup(path, 0, 1, 2, 3, 9)).isEqualTo(expected);
        // An update of an old row has the old row in the new columns before it.
        write(path, (batch, row) -> {
            batch.column(0).setInt(row, 0);
            batch.column(1).setLong(row, 6_000_000_000L);
            batch.column(2).setNull(row);
        });
        assertThat(log(path).subList(4, 6)).containsExactly("0 1 NULL", "0 6000000000 NULL");
    }

    @Test
    void whoHasTheTableOpenGoesOnWithItsSchema() {
        TablePath path = TablePath.of("test", "open");
        Table before = create(path, true);
        int[] idAndN = {0, 2};
        try (TableWriter writer = before.newWriter();
                Lookuper lookuper = before.newLookuper(idAndN);
                LogScanner scanner = before.newLogScanner(idAndN)) {
            scanner.subscribe(0, 0, Long.MAX_VALUE);
            store.connection.admin().alterTable(path, dropRenameAdd().build());
            WriteBatch batch = writer.batch();
            oldRow(batch, batch.beginRow(), 7, "not kept", 70);
            batch.endRow();
            writer.write(batch);
            writer.flush();
            WriteBatch keys = lookuper.newKeys();
            keys.column(0).setInt(keys.beginRow(), 7);
            keys.endRow();
            try (ColumnBatch found = lookuper.lookup(keys);
                    ColumnBatch polled = scanner.poll(10_000)) {
                for (ColumnBatch rows : List.of(found, polled)) {
                    assertThat(rows.column(0).getInt(0)).isEqualTo(7);
                    assertThat(rows.column(1).getInt(0)).isEqualTo(70);
                }
            }
            // What was an INT may now be more than one.
            store.connection.admin().alterTable(path, TableAlteration.builder().widen(List.of("amount"), BIGINT).build());
            writer.write(batch);
            writer.flush();
            assertThatThrownBy(() -> scanner.poll(10_000))
                    .isInstanceOf(InvalidArgumentException.class)
                    .hasMessageContaining("'n'")
                    .hasMessageContaining("Open it again");
        }
        assertThat(lookup(path, 7)).containsExactly("7 70 NULL");
    }

    @Test
    void aSchemaKeepsItsIdsAndTellsThem() {
        TablePath path = TablePath.of("test", "ids");
        create(path, false);
        oldAndNewRows(path);
        TableInfo altered = store.connection.admin().getTable(path);
        assertThat(altered.schemaId()).isEqualTo(2);
        List<Column> columns = altered.descriptor().columns();
        assertThat(columns.toString()).isEqualTo("[`id` INT, `amount` BIGINT, `r` ROW<`x` BIGINT, `y` STRING>]");
        assertThat(columns.stream().map(Column::id).collect(Collectors.toList())).containsExactly(0, 2, 3);
        assertThat(columns.get(2).type().fields().get(1).id()).isEqualTo(5);
    }

    @Test
    void columnsAreMovedAndDescribed() {
        TablePath path = TablePath.of("test", "moved");
        create(path, true);
        oldAndNewRows(path);
        TableInfo moved = store.connection.admin()
                .alterTable(path, TableAlteration.builder()
                        .move(List.of("r", "y"), null)
                        .move(List.of("id"), "r")
                        .describe(List.of("amount"), "what it costs")
                        .build());
        assertThat(moved.descriptor().columns().toString()).isEqualTo("[`amount` BIGINT, `r` ROW<`y` STRING, `x` BIGINT>, `id` INT NOT NULL]");
        assertThat(moved.descriptor().columns().get(0).comment()).isEqualTo("what it costs");
        store.connection.admin()
                .alterTable(path, TableAlteration.builder().move(List.of("id"), null).move(List.of("r", "x"), null).build());
        assertThat(lookup(path, 0, 3)).containsExactly("0 1 NULL", "3 NULL (30, c)");
    }

    @Test
    void refusalsChangeNothing() {
        TablePath path = TablePath.of("test", "refused");
        create(path, true);
        TableInfo before = store.connection.admin().getTable(path);
        refused(path, TableAlteration.builder().drop("nothing"), NotFoundException.class, 205, "nothing");
        refused(path, TableAlteration.builder().addColumn(new Column("s", INT)), AlreadyExistsException.class, 304, "'s'");
        refused(path, TableAlteration.builder().drop("id"), InvalidArgumentException.class, 100, "part of a key");
        refused(path, TableAlteration.builder().widen(List.of("n"), DataType.of(DataType.Kind.SMALLINT)),
                InvalidArgumentException.class, 100, "INT and cannot become SMALLINT");
        refused(path, TableAlteration.builder().drop("s").expectedSchemaId(3), InvalidArgumentException.class, 106, "schema 0");
        refused(path, TableAlteration.builder().drop("s").setOption("table.log.consistency", "eventual"),
                InvalidArgumentException.class, 102, "not supported to alter yet: 'table.log.consistency'");
        assertThat(store.connection.admin().getTable(path).toString()).isEqualTo(before.toString());
        TableInfo set = store.connection.admin()
                .alterTable(path, TableAlteration.builder().expectedSchemaId(0).comment("c").setOption("table.log.ttl", "1d").build());
        assertThat(set.schemaId()).isZero();
        assertThat(set.descriptor().comment()).isEqualTo("c");
        assertThat(set.descriptor().options()).containsEntry("table.log.ttl", "1d");
    }

    private void refused(
            TablePath path, TableAlteration.Builder alteration, Class<? extends FlussException> type, int code, String words) {
        assertThatThrownBy(() -> store.connection.admin().alterTable(path, alteration.build()))
                .isInstanceOf(type)
                .hasMessageContaining(words)
                .satisfies(e -> assertThat(((FlussException) e).code()).isEqualTo(code));
    }

    /** {@code id INT, s STRING, n INT}. */
    private Table create(TablePath path, boolean keyed) {
        TableDescriptor.Builder table = TableDescriptor.builder()
                .column("id", INT)
                .column("s", DataType.string())
                .column("n", INT)
                .bucketCount(1);
        if (keyed) {
            table.primaryKey("id");
        }
        return store.create(path, table.build());
    }

    /** To {@code id INT, amount BIGINT, r ROW<x BIGINT, y STRING>}. */
    private void alter(TablePath path) {
        store.connection.admin().alterTable(path, dropRenameAdd().widen(List.of("amount"), BIGINT).build());
    }

    private static TableAlteration.Builder dropRenameAdd() {
        return TableAlteration.builder()
                .drop("s")
                .rename(List.of("n"), "amount")
                .addColumn(new Column("r", DataType.row(List.of(new Column("x", INT)))));
    }

    private void oldAndNewRows(TablePath path) {
        write(path, (batch, row) -> oldRow(batch, row, 0, "gone", 1), (batch, row) -> oldRow(batch, row, 1, "gone", null));
        alter(path);
        write(path, (batch, row) -> {
            batch.column(0).setInt(row, 2);
            batch.column(1).setLong(row, 5_000_000_000L);
            batch.column(2).child(0).setInt(row, 2);
        });
        store.connection.admin().alterTable(path, TableAlteration.builder()
                .addField(List.of("r"), new Column("y", DataType.string()))
                .widen(List.of("r", "x"), BIGINT)
                .build());
        write(path, (batch, row) -> {
            batch.column(0).setInt(row, 3);
            batch.column(1).setNull(row);
            batch.column(2).child(0).setLong(row, 30);
            batch.column(2).child(1).setBytes(row, "c".getBytes(StandardCharsets.UTF_8));
        });
    }

    private static void oldRow(WriteBatch batch, int row, int id, String s, Integer n) {
        batch.column(0).setInt(row, id);
        batch.column(1).setBytes(row, s.getBytes(StandardCharsets.UTF_8));
        if (n == null) {
            batch.column(2).setNull(row);
        } else {
            batch.column(2).setInt(row, n);
        }
    }

    @SafeVarargs
    private final void write(TablePath path, ObjIntConsumer<WriteBatch>... rows) {
        try (Table table = store.connection.table(path);
                TableWriter writer = table.newWriter()) {
            for (ObjIntConsumer<WriteBatch> row : rows) {
                row.accept(writer.batch(), writer.batch().beginRow());
                writer.batch().endRow();
            }
            writer.write(writer.batch());
            writer.flush();
        }
    }

    private void reopen() {
        store.close();
        store = new TestStore(directory);
    }

    private List<String> log(TablePath path) {
        long end = store.connection.admin().listOffsets(path, OffsetSpec.LATEST)[0];
        List<String> rows = new ArrayList<>();
        try (Table table = store.connection.table(path);
                LogScanner scanner = table.newLogScanner(new int[] {0, 1, 2})) {
            scanner.subscribe(0, 0, end);
            while (rows.size() < end) {
                try (ColumnBatch batch = scanner.poll(10_000)) {
                    assertThat(batch).as("a batch after " + rows).isNotNull();
                    for (int row = batch.firstRow(); row < batch.endRow(); row++) {
                        rows.add(row(batch, row));
                    }
                }
            }
        }
        return rows;
    }

    private List<String> lookup(TablePath path, int... ids) {
        List<String> rows = new ArrayList<>();
        try (Table table = store.connection.table(path);
                Lookuper lookuper = table.newLookuper(new int[] {0, 1, 2})) {
            WriteBatch keys = lookuper.newKeys();
            for (int id : ids) {
                keys.column(0).setInt(keys.beginRow(), id);
                keys.endRow();
            }
            try (ColumnBatch batch = lookuper.lookup(keys)) {
                for (int row = 0; row < ids.length; row++) {
                    rows.add(batch.isFound(row) ? row(batch, row) : "none");
                }
            }
        }
        return rows;
    }

    /** {@code id amount (x, y)}, of either schema after the first. */
    private static String row(ColumnBatch batch, int row) {
        ColumnView r = batch.column(2);
        String nested = "NULL";
        if (!r.isNull(row)) {
            String y = r.child(1).isNull(row) ? "NULL" : new String(r.child(1).getBytes(row), StandardCharsets.UTF_8);
            nested = "(" + r.child(0).getLong(row) + ", " + y + ")";
        }
        return batch.column(0).getInt(row) + " " + (batch.isNull(1, row) ? "NULL" : batch.column(1).getLong(row)) + " " + nested;
    }
}
