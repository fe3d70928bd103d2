package io.fluss.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Type of a column, or of what is in one; immutable. */
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
        TIMESTAMP_LTZ(16),
        ARRAY(17),
        MAP(18),
        ROW(19);

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
    /** ARRAY: the element; MAP: key and value; else empty. */
    private final List<DataType> types;
    /** ROW only. */
    private final List<Column> fields;

    private DataType(
            Kind kind,
            boolean nullable,
            int length,
            int precision,
            int scale,
            List<DataType> types,
            List<Column> fields) {
        this.kind = Objects.requireNonNull(kind, "kind");
        this.nullable = nullable;
        this.length = length;
        this.precision = precision;
        this.scale = scale;
        this.types = types;
        this.fields = fields;
    }

    private static DataType plain(Kind kind, int length, int precision, int scale) {
        return new DataType(kind, true, length, precision, scale, List.of(), List.of());
    }

    /** A type without parameters. */
    public static DataType of(Kind kind) {
        return plain(kind, 0, 0, 0);
    }

    /** CHAR, VARCHAR: characters; BINARY, VARBINARY: bytes; {@link #MAX_LENGTH} for STRING and BYTES. */
    public static DataType ofLength(Kind kind, int length) {
        return plain(kind, length, 0, 0);
    }

    /** TIME, TIMESTAMP, TIMESTAMP_LTZ: fractional digits of a second, 0 to 9. */
    public static DataType ofPrecision(Kind kind, int precision) {
        return plain(kind, 0, precision, 0);
    }

    /** DECIMAL of {@code precision} digits (1 to 38), {@code scale} of them behind the point. */
    public static DataType decimal(int precision, int scale) {
        return plain(Kind.DECIMAL, 0, precision, scale);
    }

    public static DataType string() {
        return ofLength(Kind.VARCHAR, MAX_LENGTH);
    }

    public static DataType bytes() {
        return ofLength(Kind.VARBINARY, MAX_LENGTH);
    }

    public static DataType array(DataType element) {
        return new DataType(Kind.ARRAY, true, 0, 0, 0, List.of(element), List.of());
    }

    /** Keys of a map are NOT NULL, whatever {@code key} says. */
    public static DataType map(DataType key, DataType value) {
        return new DataType(Kind.MAP, true, 0, 0, 0, List.of(key.notNull(), value), List.of());
    }

    public static DataType row(List<Column> fields) {
        return new DataType(Kind.ROW, true, 0, 0, 0, List.of(), List.copyOf(fields));
    }

    static DataType create(
            Kind kind, boolean nullable, int length, int precision, int scale, List<DataType> types, List<Column> fields) {
        return new DataType(kind, nullable, length, precision, scale, List.copyOf(types), List.copyOf(fields));
    }

    public DataType withNullable(boolean value) {
        return value == nullable ? this : new DataType(kind, value, length, precision, scale, types, fields);
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

    /** The types within this one, in the order of their nodes: ARRAY: element; MAP: key, value; ROW: its fields; else none. */
    public List<DataType> children() {
        if (kind != Kind.ROW) {
            return types;
        }
        List<DataType> children = new ArrayList<>(fields.size());
        for (Column field : fields) {
            children.add(field.type());
        }
        return children;
    }

    /** ROW only: its fields. */
    public List<Column> fields() {
        return fields;
    }

    /** Nodes that a column of this type has in a batch: itself and all that is in it. */
    int nodeCount() {
        int count = 1;
        for (DataType child : children()) {
            count += child.nodeCount();
        }
        return count;
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
            case ARRAY:
                return "ARRAY<" + types.get(0) + ">";
            case MAP:
                return "MAP<" + types.get(0) + ", " + types.get(1) + ">";
            case ROW:
                StringBuilder row = new StringBuilder("ROW<");
                for (Column field : fields) {
                    row.append(row.length() > 4 ? ", " : "").append(field);
                }
                return row.append('>').toString();
            default:
                return kind.toString();
        }
    }

    /** Comments and ids of a ROW's fields do not count. */
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
                && scale == that.scale
                && fieldNames().equals(that.fieldNames())
                && children().equals(that.children());
    }

    private List<String> fieldNames() {
        List<String> names = new ArrayList<>(fields.size());
        for (Column field : fields) {
            names.add(field.name());
        }
        return names;
    }

    @Override
    public int hashCode() {
        return Objects.hash(kind, nullable, length, precision, scale, children());
    }
}
