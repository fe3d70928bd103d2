package io.fluss.flink.datastream;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluss.flink.source.deserializer.FlussDeserializationSchema;
import io.fluss.flink.source.deserializer.JsonStringDeserializationSchema;
import io.fluss.record.ChangeType;
import io.fluss.record.LogRecord;

import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.UserCodeClassLoader;
import org.junit.jupiter.api.Test;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.Map;

class JsonSchemaTest {
    @Test
    void valuesOfAllTypes() throws Exception {
        RowType type = (RowType) DataTypes.ROW(
                        DataTypes.FIELD("b", DataTypes.BOOLEAN()),
                        DataTypes.FIELD("i", DataTypes.TINYINT()),
                        DataTypes.FIELD("l", DataTypes.BIGINT()),
                        DataTypes.FIELD("d", DataTypes.DOUBLE()),
                        DataTypes.FIELD("n", DataTypes.FLOAT()),
                        DataTypes.FIELD("dec", DataTypes.DECIMAL(10, 2)),
                        DataTypes.FIELD("s", DataTypes.STRING()),
                        DataTypes.FIELD("bytes", DataTypes.BYTES()),
                        DataTypes.FIELD("date", DataTypes.DATE()),
                        DataTypes.FIELD("time", DataTypes.TIME(3)),
                        DataTypes.FIELD("ts", DataTypes.TIMESTAMP(3)),
                        DataTypes.FIELD("ltz", DataTypes.TIMESTAMP_LTZ(6)),
                        DataTypes.FIELD("a", DataTypes.ARRAY(DataTypes.INT())),
                        DataTypes.FIELD("m", DataTypes.MAP(DataTypes.STRING(), DataTypes.INT())),
                        DataTypes.FIELD("k", DataTypes.MAP(DataTypes.INT(), DataTypes.STRING())),
                        DataTypes.FIELD("r", DataTypes.ROW(DataTypes.FIELD("x", DataTypes.INT()))),
                        DataTypes.FIELD("nothing", DataTypes.INT()))
                .getLogicalType();
        RowData row = GenericRowData.of(
                true,
                (byte) -1,
                Long.MAX_VALUE,
                0.1,
                Float.NaN,
                DecimalData.fromBigDecimal(new BigDecimal("12.50"), 10, 2),
                StringData.fromString("a \"quoted\"\n"),
                new byte[] {1, 2},
                19_000,
                3_723_004,
                TimestampData.fromLocalDateTime(LocalDateTime.of(2024, 2, 29, 1, 2, 3, 4_000_000)),
                TimestampData.fromInstant(Instant.parse("2024-02-29T00:00:00.000001Z")),
                new GenericArrayData(new Integer[] {1, null}),
                new GenericMapData(Map.of(StringData.fromString("k"), 1)),
                new GenericMapData(Map.of(1, StringData.fromString("v"))),
                GenericRowData.of(7),
                null);
        JsonStringDeserializationSchema schema = new JsonStringDeserializationSchema();
        schema.open(new Context(type));
        assertThat(schema.deserialize(new Delete(row))).isEqualTo("{\"offset\":42,\"timestamp\":1700000000000,\"change_type\":\"DELETE\",\"row\":{"
                + "\"b\":true,\"i\":-1,\"l\":9223372036854775807,\"d\":0.1,\"n\":\"NaN\",\"dec\":12.50,"
                + "\"s\":\"a \\\"quoted\\\"\\n\",\"bytes\":\"AQI=\",\"date\":\"2022-01-08\",\"time\":\"01:02:03.004\","
                + "\"ts\":\"2024-02-29T01:02:03.004\",\"ltz\":\"2024-02-29T00:00:00.000001Z\",\"a\":[1,null],\"m\":{\"k\":1},"
                + "\"k\":[[1,\"v\"]],\"r\":{\"x\":7},\"nothing\":null}}");
    }

    private static final class Delete implements LogRecord {
        private final RowData row;

        Delete(RowData row) {
            this.row = row;
        }

        @Override
        public long logOffset() {
            return 42;
        }

        @Override
        public long timestamp() {
            return 1_700_000_000_000L;
        }

        @Override
        public ChangeType getChangeType() {
            return ChangeType.DELETE;
        }

        @Override
        public RowData getRow() {
            return row;
        }
    }

    private static final class Context implements FlussDeserializationSchema.InitializationContext {
        private final RowType type;

        Context(RowType type) {
            this.type = type;
        }

        @Override
        public MetricGroup getMetricGroup() {
            throw new UnsupportedOperationException();
        }

        @Override
        public UserCodeClassLoader getUserCodeClassLoader() {
            throw new UnsupportedOperationException();
        }

        @Override
        public RowType getRowSchema() {
            return type;
        }
    }
}
