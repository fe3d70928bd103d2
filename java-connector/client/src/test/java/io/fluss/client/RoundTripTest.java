package io.fluss.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every type, with its extremes and with nulls, through a log table and a primary-key table of a real store. */
@Timeout(120)
class RoundTripTest {
    private static final List<DataType> TYPES = new ArrayList<>(Arrays.asList(
            DataType.of(DataType.Kind.BOOLEAN),
            DataType.of(DataType.Kind.TINYINT),
            DataType.of(DataType.Kind.SMALLINT),
            DataType.of(DataType.Kind.INT),
            DataType.of(DataType.Kind.BIGINT),
            DataType.of(DataType.Kind.FLOAT),
            DataType.of(DataType.Kind.DOUBLE),
            DataType.ofLength(DataType.Kind.CHAR, 4),
            DataType.ofLength(DataType.Kind.VARCHAR, 40),
            DataType.string(),
            DataType.ofLength(DataType.Kind.BINARY, 3),
            DataType.ofLength(DataType.Kind.VARBINARY, 40),
            DataType.bytes(),
            DataType.decimal(1, 0),
            DataType.decimal(18, 6),
            DataType.decimal(38, 10),
            DataType.of(DataType.Kind.DATE)));

    static {
        for (int p = 0; p <= 9; p++) {
            TYPES.add(DataType.ofPrecision(DataType.Kind.TIME, p));
            TYPES.add(DataType.ofPrecision(DataType.Kind.TIMESTAMP, p));
            TYPES.add(DataType.ofPrecision(DataType.Kind.TIMESTAMP_LTZ, p));
        }
    }

    /** Arrays of rows of arrays, maps, and a ROW that looks like a timestamp finer than microseconds. */
    static {
        DataType tags = DataType.array(DataType.ofLength(DataType.Kind.VARCHAR, 40));
        DataType point = DataType.row(List.of(
                new Column("x", DataType.of(DataType.Kind.INT)),
                new Column("tags", tags),
                new Column("at", DataType.ofPrecision(DataType.Kind.TIMESTAMP, 9))));
        TYPES.add(DataType.array(DataType.of(DataType.Kind.BIGINT).notNull()));
        TYPES.add(DataType.array(point));
        TYPES.add(DataType.map(DataType.ofLength(DataType.Kind.VARCHAR, 40), DataType.decimal(38, 10)));
        TYPES.add(DataType.map(DataType.of(DataType.Kind.INT), DataType.array(point)));
        TYPES.add(DataType.array(DataType.array(DataType.of(DataType.Kind.BOOLEAN))));
        TYPES.add(DataType.row(List.of(
                new Column("millis", DataType.ofPrecision(DataType.Kind.TIMESTAMP, 3)),
                new Column("nanos", DataType.of(DataType.Kind.INT)))));
        TYPES.add(DataType.row(List.of(
                new Column("id", DataType.of(DataType.Kind.BIGINT)),
                new Column("inner", DataType.row(List.of(new Column("m", DataType.map(DataType.string(), point))))))));
    }

    private static final int ROWS = 3_000;

    @TempDir
    Path directory;

    @Test
    void throughALogTable() {
        List<Object[]> rows = rows();
        try (TestStore store = new TestStore(directory)) {
            Table table = store.create(TablePath.of("test", "log"), descriptor(false));
            write(table, rows);
            read(table, rows);
        }
        try (TestStore store = new TestStore(directory)) {
            read(store.connection.table(TablePath.of("test", "log")), rows);
        }
    }

    @Test
    void throughAPrimaryKeyTable() {
        List<Object[]> rows = rows();
        TablePath path = TablePath.of("test", "keyed");
        try (TestStore store = new TestStore(directory)) {
            write(store.create(path, descriptor(true)), rows);
        }
        try (TestStore store = new TestStore(directory)) {
            Table table = store.connection.table(path);
            assertThat(table.info().descriptor().columns()).isEqualTo(columns(true));
            read(table, rows);
            lookup(table, rows);
            snapshot(store.connection, table, rows);
        }
    }

    private static TableDescriptor descriptor(boolean keyed) {
        TableDescriptor.Builder builder = TableDescriptor.builder().bucketCount(1);
        columns(keyed).forEach(builder::column);
        if (keyed) {
            builder.primaryKey("id");
        }
        return builder.build();
    }

    private static List<Column> columns(boolean keyed) {
        List<Column> columns = new ArrayList<>();
        columns.add(new Column("id", DataType.of(DataType.Kind.INT).withNullable(!keyed)));
        for (int i = 0; i < TYPES.size(); i++) {
            columns.add(new Column("c" + i, TYPES.get(i)));
        }
        return columns;
    }

    private static void write(Table table, List<Object[]> rows) {
        try (TableWriter writer = table.newWriter()) {
            WriteBatch batch = writer.batch();
            for (int id = 0; id < rows.size(); id++) {
                int row = batch.beginRow();
                batch.column(0).setInt(row, id);
                for (int c = 0; c < TYPES.size(); c++) {
                    set(batch.column(c + 1), TYPES.get(c), row, rows.get(id)[c]);
                }
                batch.endRow();
                if (batch.rows() == 700) {
                    writer.write(batch);
                    batch.clear();
                }
            }
            writer.write(batch);
            writer.flush();
        }
    }

    private static void read(Table table, List<Object[]> rows) {
        try (LogScanner scanner = table.newLogScanner(all())) {
            scanner.subscribe(0, 0, rows.size());
            for (int next = 0; next < rows.size(); ) {
                try (ColumnBatch batch = scanner.poll(10_000)) {
                    assertThat(batch).as("a batch at offset " + next).isNotNull();
                    for (int row = batch.firstRow(); row < batch.endRow(); row++) {
                        same(batch, row, rows.get(next++));
                    }
                }
            }
        }
    }

    private static void lookup(Table table, List<Object[]> rows) {
        try (Lookuper lookuper = table.newLookuper(all())) {
            WriteBatch keys = lookuper.newKeys();
            for (int id = 0; id < rows.size(); id++) {
                keys.column(0).setInt(keys.beginRow(), id);
                keys.endRow();
            }
            try (ColumnBatch answer = lookuper.lookup(keys)) {
                for (int id = 0; id < rows.size(); id++) {
                    assertThat(answer.isFound(id)).isTrue();
                    same(answer, id, rows.get(id));
                }
            }
        }
    }

    private static void snapshot(Connection connection, Table table, List<Object[]> rows) {
        SnapshotInfo info =
                connection.admin().createSnapshot(table.info().path(), Duration.ofHours(1));
        assertThat(info.offsets()).hasSize(1);
        assertThat(info.offsets().get(0).offset()).isEqualTo(rows.size());
        int seen = 0;
        byte[] position = null;
        // Each batch by a scanner of its own, which goes on where the one before was.
        while (true) {
            try (SnapshotScanner scanner = table.newSnapshotScanner(0, info.snapshotId(), all(), position);
                    ColumnBatch batch = scanner.poll()) {
                if (batch == null) {
                    break;
                }
                for (int row = batch.firstRow(); row < batch.endRow(); row++) {
                    same(batch, row, rows.get(batch.column(0).getInt(row)));
                    seen++;
                }
                position = scanner.position();
            }
        }
        assertThat(seen).isEqualTo(rows.size());
        connection.admin().releaseSnapshot(table.info().path(), 0, info.snapshotId());
    }

    private static int[] all() {
        int[] projection = new int[TYPES.size() + 1];
        Arrays.setAll(projection, i -> i);
        return projection;
    }

    private static void same(ColumnBatch batch, int row, Object[] expected) {
        for (int c = 0; c < TYPES.size(); c++) {
            Object value = batch.isNull(c + 1, row) ? null : get(batch.column(c + 1), row);
            assertThat(value).as(TYPES.get(c) + " of row " + row).isEqualTo(expected[c]);
        }
    }

    /** Extremes first, then random values; every column is null in some rows. */
    private static List<Object[]> rows() {
        Random random = new Random(42);
        List<Object[]> rows = new ArrayList<>();
        for (int id = 0; id < ROWS; id++) {
            Object[] row = new Object[TYPES.size()];
            for (int c = 0; c < row.length; c++) {
                boolean isNull = id == 2 || id > 4 && random.nextInt(5) == 0;
                row[c] = isNull ? null : value(TYPES.get(c), id, random);
            }
            rows.add(row);
        }
        return rows;
    }

    private static Object value(DataType type, int id, Random random) {
        boolean min = id == 0;
        boolean max = id == 1;
        switch (type.kind()) {
            case BOOLEAN:
                return min ? false : max || random.nextBoolean();
            case TINYINT:
                return min ? Byte.MIN_VALUE : max ? Byte.MAX_VALUE : (byte) random.nextInt();
            case SMALLINT:
                return min ? Short.MIN_VALUE : max ? Short.MAX_VALUE : (short) random.nextInt();
            case INT:
                return min ? Integer.MIN_VALUE : max ? Integer.MAX_VALUE : random.nextInt();
            case BIGINT:
                return min ? Long.MIN_VALUE : max ? Long.MAX_VALUE : random.nextLong();
            case FLOAT:
                return min ? Float.NEGATIVE_INFINITY : max ? Float.NaN : random.nextFloat();
            case DOUBLE:
                return min ? -0.0d : max ? Double.NaN : random.nextDouble();
            case CHAR:
                return min ? "    " : max ? "äß€😀" : "abcd";
            case VARCHAR:
                return min ? "" : "text ö " + random.nextInt();
            case BINARY:
                return hex(min ? new byte[] {-1, -128, 0} : bytes(random, 3));
            case VARBINARY:
                return hex(min ? new byte[0] : bytes(random, random.nextInt(40)));
            case DECIMAL:
                BigInteger most = BigInteger.TEN.pow(type.precision()).subtract(BigInteger.ONE);
                return min ? most.negate() : max ? most : new BigInteger(120, random).mod(most);
            case ARRAY:
            case MAP:
                // Lists of (key,) value; id 3 has empty ones.
                List<Object> list = new ArrayList<>();
                for (int n = id == 3 ? 0 : random.nextInt(4); n > 0; n--) {
                    list.add(children(type, id, random));
                }
                return list;
            case ROW:
                return children(type, id, random);
            case DATE:
                return min ? -719162 : max ? 2932896 : random.nextInt(40_000);
            case TIME:
                return min ? 0 : (max ? 86_399 : random.nextInt(86_400)) * 1000 + (type.precision() == 0 ? 0 : 500);
            default:
                // 0001-01-01 and 9999-12-31T23:59:59.999, which nanoseconds in 64 bits would not reach.
                long millis = min ? -62_135_596_800_000L : max ? 253_402_300_799_999L : random.nextInt() * 1000L + 17;
                int nanos = random.nextInt(1_000_000);
                int digits = type.precision();
                long unit = digits >= 9 ? 1 : (long) Math.pow(10, 9 - digits);
                if (digits <= 3) {
                    return Math.floorDiv(millis, unit / 1_000_000) * (unit / 1_000_000) + ":0";
                }
                return millis + ":" + nanos / unit * unit;
        }
    }

    /** A value for each child, NULL at times where it may be. */
    private static List<Object> children(DataType type, int id, Random random) {
        List<Object> values = new ArrayList<>();
        for (DataType child : type.children()) {
            values.add(child.isNullable() && random.nextInt(4) == 0 ? null : value(child, id, random));
        }
        return values;
    }

    private static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static String hex(byte[] bytes) {
        return new BigInteger(1, bytes).toString(16) + "/" + bytes.length;
    }

    private static void set(ColumnWriter column, DataType type, int row, Object value) {
        if (value == null) {
            column.setNull(row);
            return;
        }
        switch (type.kind()) {
            case BOOLEAN:
                column.setBoolean(row, (Boolean) value);
                return;
            case TINYINT:
                column.setByte(row, (Byte) value);
                return;
            case SMALLINT:
                column.setShort(row, (Short) value);
                return;
            case INT:
            case DATE:
            case TIME:
                column.setInt(row, (Integer) value);
                return;
            case BIGINT:
                column.setLong(row, (Long) value);
                return;
            case FLOAT:
                column.setFloat(row, (Float) value);
                return;
            case DOUBLE:
                column.setDouble(row, (Double) value);
                return;
            case CHAR:
            case VARCHAR:
                column.setBytes(row, ((String) value).getBytes(StandardCharsets.UTF_8));
                return;
            case BINARY:
            case VARBINARY:
                column.setBytes(row, unhex((String) value));
                return;
            case DECIMAL:
                column.setDecimal(row, ((BigInteger) value).toByteArray());
                return;
            case ARRAY:
            case MAP:
                int at = column.beginElements(row, ((List<?>) value).size());
                for (Object element : (List<?>) value) {
                    setChildren(column, type, at++, (List<?>) element);
                }
                return;
            case ROW:
                setChildren(column, type, row, (List<?>) value);
                return;
            default:
                String[] parts = ((String) value).split(":");
                column.setTimestamp(row, Long.parseLong(parts[0]), Integer.parseInt(parts[1]));
        }
    }

    private static void setChildren(ColumnWriter column, DataType type, int row, List<?> values) {
        for (int i = 0; i < column.childCount(); i++) {
            set(column.child(i), type.children().get(i), row, values.get(i));
        }
    }

    private static byte[] unhex(String text) {
        String[] parts = text.split("/");
        byte[] bytes = new byte[Integer.parseInt(parts[1])];
        byte[] number = new BigInteger(parts[0], 16).toByteArray();
        int from = Math.max(0, number.length - bytes.length);
        System.arraycopy(number, from, bytes, bytes.length - (number.length - from), number.length - from);
        return bytes;
    }

    private static Object get(ColumnView column, int row) {
        switch (column.type().kind()) {
            case BOOLEAN:
                return column.getBoolean(row);
            case TINYINT:
                return column.getByte(row);
            case SMALLINT:
                return column.getShort(row);
            case INT:
            case DATE:
            case TIME:
                return column.getInt(row);
            case BIGINT:
                return column.getLong(row);
            case FLOAT:
                return column.getFloat(row);
            case DOUBLE:
                return column.getDouble(row);
            case CHAR:
            case VARCHAR:
                return new String(column.getBytes(row), StandardCharsets.UTF_8);
            case BINARY:
            case VARBINARY:
                return hex(column.getBytes(row));
            case DECIMAL:
                return column.getDecimal(row);
            case ARRAY:
            case MAP:
                List<Object> list = new ArrayList<>();
                for (int i = 0; i < column.listLength(row); i++) {
                    list.add(getChildren(column, column.listStart(row) + i));
                }
                return list;
            case ROW:
                return getChildren(column, row);
            default:
                return column.getTimestampMillis(row) + ":" + column.getTimestampNanoOfMilli(row);
        }
    }

    private static List<Object> getChildren(ColumnView column, int row) {
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < column.childCount(); i++) {
            ColumnView child = column.child(i);
            values.add(child.isNull(row) ? null : get(child, row));
        }
        return values;
    }
}
