package io.fluss.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Filters of every type, fields within ROWs, limits, positions, offsets of a time. */
@Timeout(60)
class ScanTest extends StoreTest {
    private static final int[] ID = {0};

    private static Predicate id(Predicate.Comparison comparison, Object value) {
        return Predicate.compare(ID, comparison, value);
    }

    /** The ids, in the first column, that a filter leaves of bucket 0. */
    private static List<Long> ids(Table table, Predicate filter, long stop) {
        List<Long> ids = new ArrayList<>();
        try (LogScanner scanner = table.newLogScanner(Projection.of(0), filter)) {
            scanner.subscribe(0, 0, stop);
            while (scanner.position(0, 0) < stop) {
                try (ColumnBatch batch = scanner.poll(10_000)) {
                    if (batch == null) {
                        // Nothing that matches up to the stop.
                        assertThat(scanner.position(0, 0)).isEqualTo(stop);
                        return ids;
                    }
                    assertThat(batch.hasSelection()).isEqualTo(filter != null);
                    for (int i = 0; i < batch.selectedCount(); i++) {
                        ids.add(batch.column(0).getLong(batch.selectedRow(i)));
                    }
                }
            }
        }
        return ids;
    }

    private static List<Long> read(SnapshotScanner scanner) {
        List<Long> ids = new ArrayList<>();
        try (SnapshotScanner closed = scanner) {
            for (ColumnBatch batch = closed.poll(); batch != null; batch = closed.poll()) {
                for (int row = 0; row < batch.rowCount(); row++) {
                    ids.add(batch.column(0).getLong(row));
                }
                batch.close();
            }
        }
        return ids;
    }

    @Test
    void aLogIsFilteredRowByRow() {
        Table events = store.events();
        TestStore.write(events, 0, 100);
        TestStore.write(events, 100, 100);
        Predicate few = Predicate.and(List.of(
                id(Predicate.Comparison.GREATER_OR_EQUAL, 98L), Predicate.not(id(Predicate.Comparison.GREATER, 101L))));
        assertThat(ids(events, few, 200)).containsExactly(98L, 99L, 100L, 101L);
        assertThat(ids(events, Predicate.in(ID, List.of(7, 150L)), 200)).containsExactly(7L, 150L);
        assertThat(ids(events, Predicate.or(List.of(id(Predicate.Comparison.LESS, 1), few)), 100)).containsExactly(0L, 98L, 99L);
        assertThat(ids(events, Predicate.startsWith(new int[] {1}, "name-19"), 200))
                .containsExactly(19L, 190L, 191L, 192L, 193L, 194L, 195L, 196L, 197L, 198L, 199L);
        assertThat(ids(events, Predicate.isNull(1), 200)).isEmpty();
        assertThat(ids(events, id(Predicate.Comparison.EQUAL, null), 200)).isEmpty();
        assertThat(ids(events, Predicate.or(List.of()), 200)).isEmpty();
    }

    @Test
    void aScannerThatHasReadUpToItsStopsDoesNotWait() {
        Table events = store.events();
        TestStore.write(events, 0, 10);
        try (LogScanner scanner = events.newLogScanner(Projection.of(), id(Predicate.Comparison.LESS, 0))) {
            assertThatThrownBy(() -> scanner.position(0, 0)).isInstanceOf(InvalidArgumentException.class);
            scanner.subscribe(0, 0, 10);
            // Would time out with the test.
            assertThat(scanner.poll(Duration.ofHours(1).toMillis())).isNull();
            assertThat(scanner.position(0, 0)).isEqualTo(10);
        }
    }

    @Test
    void filtersThatMakeNoSenseAreRefused() {
        Table events = store.events();
        for (Object literal : new Object[] {"text", true, 1.5, new byte[1], Instant.EPOCH, BigDecimal.ONE}) {
            Predicate filter = id(Predicate.Comparison.EQUAL, literal);
            assertThatThrownBy(() -> events.newLogScanner(Projection.of(0), filter))
                    .as(filter.toString())
                    .isInstanceOfSatisfying(InvalidArgumentException.class, e -> assertThat(e.code()).isEqualTo(106));
        }
        assertThatThrownBy(() -> events.newLogScanner(Projection.of(0), Predicate.isNull(2)))
                .isInstanceOf(InvalidArgumentException.class);
        assertThatThrownBy(() -> events.newLogScanner(Projection.of(0), Predicate.startsWith(ID, "a")))
                .isInstanceOf(InvalidArgumentException.class);
        assertThatThrownBy(() -> id(Predicate.Comparison.EQUAL, new Object())).isInstanceOf(InvalidArgumentException.class);
        assertThatThrownBy(() -> events.newLogScanner(Projection.of(5), null)).isInstanceOf(InvalidArgumentException.class);
        assertThatThrownBy(() -> events.newLogScanner(Projection.ofPaths(new int[][] {{0, 0}}), null))
                .isInstanceOf(InvalidArgumentException.class);
    }

    /** One column of each type; row 0 has the value, row 1 the one that does not match, row 2 NULL. */
    @Test
    void everyTypeHasItsLiterals() {
        Object[][] cases = {
            {DataType.of(DataType.Kind.BOOLEAN), true, false},
            {DataType.of(DataType.Kind.TINYINT), (byte) -128, (byte) 1},
            {DataType.of(DataType.Kind.SMALLINT), (short) -2, (short) 1},
            {DataType.of(DataType.Kind.INT), Integer.MIN_VALUE, 1},
            {DataType.of(DataType.Kind.BIGINT), Long.MIN_VALUE, 1L},
            {DataType.of(DataType.Kind.FLOAT), -0.1f, Float.NaN},
            {DataType.of(DataType.Kind.DOUBLE), Double.NaN, 0.1},
            {DataType.string(), "é", "e"},
            {DataType.ofLength(DataType.Kind.CHAR, 2), "ab", "aa"},
            {DataType.bytes(), new byte[] {-1, 0}, new byte[] {-1}},
            {DataType.ofLength(DataType.Kind.BINARY, 1), new byte[] {-1}, new byte[] {1}},
            {DataType.decimal(10, 2), new BigDecimal("-1.50"), new BigDecimal("1.50")},
            {DataType.decimal(38, 0), new BigDecimal("12345678901234567890123456789012345678"), BigDecimal.ONE},
            {DataType.of(DataType.Kind.DATE), LocalDate.of(1, 1, 1), LocalDate.of(2026, 1, 1)},
            {DataType.ofPrecision(DataType.Kind.TIME, 3), LocalTime.of(23, 59, 59, 999_000_000), LocalTime.MIDNIGHT},
            {DataType.ofPrecision(DataType.Kind.TIMESTAMP, 3), LocalDateTime.of(1, 1, 1, 0, 0, 0, 1_000_000), LocalDateTime.MAX.withYear(9999).withNano(0)},
            {DataType.ofPrecision(DataType.Kind.TIMESTAMP, 6), LocalDateTime.of(1, 1, 1, 0, 0, 0, 1_000), LocalDateTime.of(1, 1, 1, 0, 0)},
            {DataType.ofPrecision(DataType.Kind.TIMESTAMP, 9), LocalDateTime.of(1, 1, 1, 0, 0, 0, 1), LocalDateTime.of(1, 1, 1, 0, 0)},
            {DataType.ofPrecision(DataType.Kind.TIMESTAMP_LTZ, 3), Instant.ofEpochMilli(-1), Instant.EPOCH},
            {DataType.ofPrecision(DataType.Kind.TIMESTAMP_LTZ, 9), Instant.ofEpochSecond(-1, 999_999_999), Instant.EPOCH},
        };
        TableDescriptor.Builder builder = TableDescriptor.builder().bucketCount(1);
        builder.column("id", DataType.of(DataType.Kind.BIGINT));
        for (int i = 0; i < cases.length; i++) {
            builder.column("c" + i, (DataType) cases[i][0]);
        }
        Table table = store.create(TablePath.of("test", "types"), builder.build());
        try (TableWriter writer = table.newWriter()) {
            for (int n = 0; n < 3; n++) {
                int row = writer.batch().beginRow();
                writer.batch().column(0).setLong(row, n);
                for (int i = 0; i < cases.length; i++) {
                    set(writer.batch().column(i + 1), row, n == 2 ? null : cases[i][n + 1]);
                }
                writer.batch().endRow();
            }
            writer.write(writer.batch());
            writer.flush();
        }
        for (int i = 0; i < cases.length; i++) {
            int[] column = {i + 1};
            Predicate equal = Predicate.compare(column, Predicate.Comparison.EQUAL, cases[i][1]);
            assertThat(ids(table, equal, 3)).as(equal.toString()).containsExactly(0L);
            assertThat(ids(table, Predicate.not(equal), 3)).as(equal.toString()).containsExactly(1L);
            assertThat(ids(table, Predicate.in(column, Arrays.asList(cases[i][2], null)), 3)).containsExactly(1L);
            assertThat(ids(table, Predicate.isNull(column), 3)).containsExactly(2L);
        }
        // Other scales of the same number, and a time that the column cannot have.
        assertThat(ids(table, Predicate.compare(new int[] {12}, Predicate.Comparison.EQUAL, new BigDecimal("-1.5000")), 3))
                .containsExactly(0L);
        assertThat(ids(table, Predicate.compare(new int[] {12}, Predicate.Comparison.GREATER, new BigDecimal("-1E1")), 3))
                .containsExactly(0L, 1L);
        Object[][] unfit = {{2, 128}, {12, new BigDecimal("0.001")}, {16, LocalDateTime.of(1, 1, 1, 0, 0, 0, 1)}};
        for (Object[] wrong : unfit) {
            Predicate filter = Predicate.compare(new int[] {(Integer) wrong[0]}, Predicate.Comparison.EQUAL, wrong[1]);
            assertThatThrownBy(() -> table.newLogScanner(Projection.of(0), filter))
                    .isInstanceOfSatisfying(InvalidArgumentException.class, e -> assertThat(e.code()).isEqualTo(106));
        }
    }

    private static void set(ColumnWriter column, int row, Object value) {
        if (value == null) {
            column.setNull(row);
        } else if (value instanceof Boolean) {
            column.setBoolean(row, (Boolean) value);
        } else if (value instanceof Byte) {
            column.setByte(row, (Byte) value);
        } else if (value instanceof Short) {
            column.setShort(row, (Short) value);
        } else if (value instanceof Integer) {
            column.setInt(row, (Integer) value);
        } else if (value instanceof Long) {
            column.setLong(row, (Long) value);
        } else if (value instanceof Float) {
            column.setFloat(row, (Float) value);
        } else if (value instanceof Double) {
            column.setDouble(row, (Double) value);
        } else if (value instanceof String) {
            column.setBytes(row, ((String) value).getBytes(StandardCharsets.UTF_8));
        } else if (value instanceof byte[]) {
            column.setBytes(row, (byte[]) value);
        } else if (value instanceof BigDecimal) {
            column.setDecimal(row, ((BigDecimal) value).unscaledValue().toByteArray());
        } else if (value instanceof LocalDate) {
            column.setInt(row, (int) ((LocalDate) value).toEpochDay());
        } else if (value instanceof LocalTime) {
            column.setInt(row, (int) (((LocalTime) value).toNanoOfDay() / 1_000_000));
        } else {
            Instant instant = value instanceof Instant
                    ? (Instant) value
                    : ((LocalDateTime) value).toInstant(java.time.ZoneOffset.UTC);
            column.setTimestamp(row, instant.toEpochMilli(), instant.getNano() % 1_000_000);
        }
    }

    @Test
    void fieldsWithinRowsAreReadAndAskedFor() {
        DataType inner = DataType.row(List.of(new Column("b", DataType.of(DataType.Kind.BIGINT))));
        DataType outer = DataType.row(List.of(new Column("x", DataType.string()), new Column("in", inner)));
        Table table = store.create(
                TablePath.of("test", "nested"),
                TableDescriptor.builder().column("r", outer).bucketCount(1).build());
        try (TableWriter writer = table.newWriter()) {
            for (int n = 0; n < 4; n++) {
                ColumnWriter r = writer.batch().column(0);
                int row = writer.batch().beginRow();
                if (n == 3) {
                    r.setNull(row);
                } else {
                    r.child(0).setNull(row);
                    r.child(1).child(0).setLong(row, 10 + n);
                }
                writer.batch().endRow();
            }
            writer.write(writer.batch());
            writer.flush();
        }
        Projection field = Projection.ofPaths(new int[][] {{0, 1, 0}, {0, 0}});
        int[] b = {0, 1, 0};
        try (LogScanner scanner = table.newLogScanner(field, Predicate.compare(b, Predicate.Comparison.GREATER, 10))) {
            scanner.subscribe(0, 0, 4);
            try (ColumnBatch batch = scanner.poll(10_000)) {
                assertThat(batch.columnCount()).isEqualTo(2);
                assertThat(batch.selectedCount()).isEqualTo(2);
                assertThat(batch.column(0).getLong(batch.selectedRow(1))).isEqualTo(12);
                assertThat(batch.isNull(0, 3)).isTrue();
                assertThat(batch.isNull(1, 0)).isTrue();
            }
        }
    }

    @Test
    void rowsOfAPrimaryKeyTableAreScannedWithAFilterAndALimit() throws Exception {
        Table users = store.users(1);
        TestStore.write(users, 0, 20_000);
        Projection both = Projection.of(0, 1);
        assertThat(read(users.newBatchScanner(0, 0, both, null, Long.MAX_VALUE))).hasSize(20_000);
        assertThat(read(users.newBatchScanner(0, 0, both, null, 3))).containsExactly(0L, 1L, 2L);
        assertThat(read(users.newBatchScanner(0, 0, both, null, 0))).isEmpty();
        Predicate nines = copy(Predicate.startsWith(new int[] {1}, "name-1999"));
        // The filter's column is none of those that are read.
        Projection ids = copy(Projection.of(0));
        assertThat(read(users.newBatchScanner(0, 0, ids, nines, Long.MAX_VALUE)))
                .containsExactly(1999L, 19990L, 19991L, 19992L, 19993L, 19994L, 19995L, 19996L, 19997L, 19998L, 19999L);
        assertThat(read(users.newBatchScanner(0, 0, ids, nines, 2))).containsExactly(1999L, 19990L);
        assertThat(read(users.newBatchScanner(0, 0, ids, id(Predicate.Comparison.LESS, 0), 2))).isEmpty();

        SnapshotInfo snapshot = admin.createSnapshot(TestStore.USERS, Duration.ofHours(1));
        TestStore.write(users, 20_000, 10);
        byte[] position;
        try (SnapshotScanner scanner = users.newSnapshotScanner(0, 0, snapshot.snapshotId(), ids, nines, null);
                ColumnBatch first = scanner.poll()) {
            assertThat(first.rowCount()).isEqualTo(1);
            position = scanner.position();
        }
        assertThat(read(users.newSnapshotScanner(0, 0, snapshot.snapshotId(), ids, nines, position))).hasSize(10);
        admin.releaseSnapshot(TestStore.USERS, 0, snapshot.snapshotId());
        assertThatThrownBy(() -> store.events().newBatchScanner(0, 0, ids, null, 1)).isInstanceOf(InvalidArgumentException.class);
    }

    /** As a job's graph is sent. */
    @SuppressWarnings("unchecked")
    private static <T> T copy(T value) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(value);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            return (T) in.readObject();
        }
    }

    @Test
    void offsetsAreThoseOfTheStartTheEndAndATime() {
        Table events = store.events();
        TestStore.write(events, 0, 5);
        long between;
        try (LogScanner scanner = events.newLogScanner(new int[0])) {
            scanner.subscribe(0, 0, 5);
            try (ColumnBatch batch = scanner.poll(10_000)) {
                between = batch.commitTimestamp() + 1;
            }
        }
        while (System.currentTimeMillis() <= between) {
            Thread.onSpinWait();
        }
        TestStore.write(events, 5, 5);
        assertThat(admin.listOffsets(TestStore.EVENTS, OffsetSpec.EARLIEST)).containsExactly(0);
        assertThat(admin.listOffsets(TestStore.EVENTS, OffsetSpec.timestamp(between))).containsExactly(5);
        assertThat(admin.listOffsets(TestStore.EVENTS, OffsetSpec.LATEST)).containsExactly(10);
        assertThatThrownBy(() -> admin.listOffsets(TestStore.EVENTS, OffsetSpec.timestamp(Long.MAX_VALUE)))
                .isInstanceOf(InvalidArgumentException.class);
    }
}
