package io.fluss.flink.row;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.client.ColumnBatch;
import io.fluss.client.Connection;
import io.fluss.client.DatabaseInfo;
import io.fluss.client.LogScanner;
import io.fluss.client.OffsetSpec;
import io.fluss.client.Table;
import io.fluss.client.TableDescriptor;
import io.fluss.client.TablePath;
import io.fluss.client.TableWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.BinaryType;
import org.apache.flink.table.types.logical.BooleanType;
import org.apache.flink.table.types.logical.DateType;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.DoubleType;
import org.apache.flink.table.types.logical.FloatType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.SmallIntType;
import org.apache.flink.table.types.logical.TimeType;
import org.apache.flink.table.types.logical.TimestampType;
import org.apache.flink.table.types.logical.TinyIntType;
import org.apache.flink.table.types.logical.VarBinaryType;
import org.apache.flink.table.types.logical.VarCharType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store puts rows where the function says, whatever the types and values of the bucket key. */
class BucketFunctionTest {
    private static final int BUCKETS = 7;
    private static final int ROWS = 300;

    /** The last one is the number of the row, which is no part of the bucket key. */
    private static final RowType TYPE = RowType.of(
            new BooleanType(),
            new TinyIntType(),
            new SmallIntType(),
            new IntType(),
            new BigIntType(),
            new FloatType(),
            new DoubleType(),
            new VarCharType(VarCharType.MAX_LENGTH),
            new BinaryType(3),
            new VarBinaryType(VarBinaryType.MAX_LENGTH),
            new DecimalType(10, 2),
            new DecimalType(38, 3),
            new DateType(),
            new TimeType(3),
            new TimestampType(3),
            new TimestampType(6),
            new LocalZonedTimestampType(9),
            new IntType());

    private static final int KEYS = TYPE.getFieldCount() - 1;

    @TempDir
    Path directory;

    private static RowData row(Random random, int number) {
        byte[] bytes = new byte[random.nextInt(12)];
        random.nextBytes(bytes);
        double[] doubles = {-0.0, 0.0, Double.NaN, Double.longBitsToDouble(0xfff8000000000001L), random.nextGaussian()};
        double value = doubles[random.nextInt(doubles.length)];
        TimestampData time =
                TimestampData.fromEpochMillis(random.nextInt() * 10_000L, random.nextInt(1000) * 1000);
        GenericRowData row = GenericRowData.of(
                random.nextBoolean(),
                (byte) random.nextInt(),
                (short) random.nextInt(),
                random.nextInt(),
                random.nextLong(),
                (float) value,
                value,
                StringData.fromString(new String(bytes, StandardCharsets.ISO_8859_1)),
                new byte[] {1, (byte) number, -1},
                bytes,
                DecimalData.fromUnscaledLong(random.nextInt(), 10, 2),
                DecimalData.fromBigDecimal(new BigDecimal(new BigInteger(120, random).negate(), 3), 38, 3),
                random.nextInt(40_000) - 20_000,
                random.nextInt(86_400_000),
                TimestampData.fromEpochMillis(time.getMillisecond()),
                time,
                TimestampData.fromEpochMillis(time.getMillisecond(), random.nextInt(1_000_000)),
                number);
        for (int i = 0; i < KEYS; i++) {
            if (random.nextInt(10) == 0) {
                row.setField(i, null);
            }
        }
        return row;
    }

    @Test
    void theStorePutsRowsWhereTheFunctionSays() {
        TablePath path = TablePath.of("db", "t");
        TableDescriptor.Builder descriptor = TableDescriptor.builder();
        List<String> names = TYPE.getFieldNames();
        for (int i = 0; i < names.size(); i++) {
            LogicalType type = TYPE.getTypeAt(i);
            descriptor.column(names.get(i), TypeConversion.toFluss("db.t", names.get(i), type));
        }
        descriptor.bucketKey(names.subList(0, KEYS)).bucketCount(BUCKETS);
        try (Connection connection = Connection.open(Collections.singletonMap("data.dir", directory.toString()))) {
            connection.admin().createDatabase(new DatabaseInfo("db", "", Collections.emptyMap()), true);
            connection.admin().createTable(path, descriptor.build(), false);
            try (Table table = connection.table(path)) {
                List<RowData> rows = write(table);
                int[] stored = stored(connection, table);
                BucketFunction function =
                        new BucketFunction(TYPE, IntStream.range(0, KEYS).toArray());
                int[] computed = rows.stream()
                        .mapToInt(row -> function.bucket(row, BUCKETS))
                        .toArray();
                assertThat(computed).isEqualTo(stored);
                assertThat(IntStream.of(stored).distinct().count()).as("buckets in use").isEqualTo(BUCKETS);
            }
        }
    }

    private static List<RowData> write(Table table) {
        Random random = new Random(7);
        List<RowData> rows = new ArrayList<>();
        try (TableWriter writer = table.newWriter()) {
            RowDataWriter batch = new RowDataWriter("db.t", TYPE, new int[0], new int[0], writer.batch());
            for (int i = 0; i < ROWS; i++) {
                rows.add(row(random, i));
                batch.upsert(rows.get(i));
            }
            writer.write(writer.batch());
            writer.flush();
        }
        return rows;
    }

    /** The bucket of each row, by its number. */
    private static int[] stored(Connection connection, Table table) {
        int[] buckets = new int[ROWS];
        long[] ends = connection.admin().listOffsets(table.info().path(), OffsetSpec.LATEST);
        try (LogScanner scanner = table.newLogScanner(new int[] {KEYS})) {
            for (int bucket = 0; bucket < BUCKETS; bucket++) {
                scanner.subscribe(bucket, 0, ends[bucket]);
            }
            int read = 0;
            while (read < ROWS) {
                try (ColumnBatch batch = scanner.poll(10_000)) {
                    for (int row = batch.firstRow(); row < batch.endRow(); row++) {
                        buckets[batch.column(0).getInt(row)] = batch.bucket();
                        read++;
                    }
                }
            }
        }
        return buckets;
    }
}
