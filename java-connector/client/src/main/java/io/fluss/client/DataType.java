package io.fluss.client;

import java.util.Objects;

/** Type of a column; immutable. */
public final class DataType {
    /** Length of STRING and BYTES. */
    public static final int MAX_LENGTH = Integer.MAX_VALUE;

    /** The numbers are those of {@code fluss.proto}. */
    public enum Kind {
        BOOLEAN(1),
        TINYINT(2),
        SMALLINT(3),
        INT(4),
        BIGINT(5),
        FLOAT(6),
        DOUBLE(7),
        CHAR(8),
        VARCHAR(9),
        BINARY(10),
        VARBINARY(11),
        DECIMAL(12),
        DATE(13),
        TIME(14),
        TIMESTAMP(15),
        TIMESTAMP_LTZ(16);

        private final int number;

        Kind(int number) {
            this.number = number;
        }

        int number() {
            return number;
        }

        static Kind of(int number) {
            for (Kind kind : values()) {
                if (kind.number == number) {
                    return kind;
                }
            }
            throw FlussException.of(
                    FlussException.INTERNAL, false, "column type number " + number + " is not known to this client");
        }
    }

    private final Kind kind;
    private final boolean nullable;
    private final int length;
    private final int precision;
    private final int scale;

    private DataType(Kind kind, boolean nullable, int length, int precision, int scale) {
        this.kind = Objects.requireNonNull(kind, "kind");
        this.nullable = nullable;
        this.length = length;
        this.precision = precision;
        this.scale = scale;
    }

    /** A type without parameters. */
    public static DataType of(Kind kind) {
        return new DataType(kind, true, 0, 0, 0);
    }

    /** CHAR, VARCHAR: characters; BINARY, VARBINARY: bytes; {@link #MAX_LENGTH} for STRING and BYTES. */
    public static DataType ofLength(Kind kind, int length) {
        return new DataType(kind, true, length, 0, 0);
    }

    /** TIME, TIMESTAMP, TIMESTAMP_LTZ: fractional digits of a second, 0 to 9. */
    public static DataType ofPrecision(Kind kind, int precision) {
        return new DataType(kind, true, 0, precision, 0);
    }

    /** DECIMAL of {@code precision} digits (1 to 38), {@code scale} of them behind the point. */
    public static DataType decimal(int precision, int scale) {
        return new DataType(Kind.DECIMAL, true, 0, precision, scale);
    }

    public static DataType string() {
        return ofLength(Kind.VARCHAR, MAX_LENGTH);
    }

    public static DataType bytes() {
        return ofLength(Kind.VARBINARY, MAX_LENGTH);
    }

    static DataType create(Kind kind, boolean nullable, int length, int precision, int scale) {
        return new DataType(kind, nullable, length, precision, scale);
    }

    public DataType withNullable(boolean value) {
        return value == nullable ? this : new DataType(kind, value, length, precision, scale);
    }

    public DataType notNull() {
        return withNullable(false);
    }

    public Kind kind() {
        return kind;
    }

    public boolean isNullable() {
        return nullable;
    }

    public int length() {
        return length;
    }

    public int precision() {
        return precision;
    }

    public int scale() {
        return scale;
    }

    /** In SQL form, for example {@code DECIMAL(12, 2) NOT NULL}. */
    @Override
    public String toString() {
        return nullable ? name() : name() + " NOT NULL";
    }

    private String name() {
        switch (kind) {
            case CHAR:
            case BINARY:
                return kind + "(" + length + ")";
            case VARCHAR:
                return length == MAX_LENGTH ? "STRING" : "VARCHAR(" + length + ")";
            case VARBINARY:
                return length == MAX_LENGTH ? "BYTES" : "VARBINARY(" + length + ")";
            case DECIMAL:
                return "DECIMAL(" + precision + ", " + scale + ")";
            case TIME:
            case TIMESTAMP:
            case TIMESTAMP_LTZ:
                return kind + "(" + precision + ")";
            default:
                return kind.toString();
        }
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof DataType)) {
            return false;
        }
        DataType that = (DataType) other;
        return kind == that.kind
                && nullable == that.nullable
                && length == that.length
                && precision == that.precision
                && scale == that.scale;
    }

    @Override
    public int hashCode() {
        return Objects.hash(kind, nullable, length, precision, scale);
    }
}
