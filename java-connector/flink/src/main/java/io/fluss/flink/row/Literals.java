package io.fluss.flink.row;

import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;

/** Values of filters, as {@link io.fluss.client.Predicate} takes them, in the form that rows have. */
public final class Literals {
    private static final long NANOS_PER_MILLI = 1_000_000;

    private Literals() {}

    /** @param literal a value of the type, any Number for integers */
    public static Object toInternal(Object literal, LogicalType type) {
        switch (type.getTypeRoot()) {
            case CHAR:
            case VARCHAR:
                return StringData.fromString((String) literal);
            case TINYINT:
                return ((Number) literal).byteValue();
            case SMALLINT:
                return ((Number) literal).shortValue();
            case INTEGER:
                return ((Number) literal).intValue();
            case BIGINT:
                return ((Number) literal).longValue();
            case DECIMAL:
                DecimalType decimal = (DecimalType) type;
                return DecimalData.fromBigDecimal((BigDecimal) literal, decimal.getPrecision(), decimal.getScale());
            case DATE:
                return (int) ((LocalDate) literal).toEpochDay();
            case TIME_WITHOUT_TIME_ZONE:
                return (int) (((LocalTime) literal).toNanoOfDay() / NANOS_PER_MILLI);
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                return TimestampData.fromLocalDateTime((LocalDateTime) literal);
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return TimestampData.fromInstant((Instant) literal);
            default:
                // BOOLEAN, FLOAT, DOUBLE.
                return literal;
        }
    }
}
