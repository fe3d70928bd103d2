package io.fluss.flink.row;

import io.fluss.client.Column;
import io.fluss.client.DataType;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.BinaryType;
import org.apache.flink.table.types.logical.BooleanType;
import org.apache.flink.table.types.logical.CharType;
import org.apache.flink.table.types.logical.DateType;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.DoubleType;
import org.apache.flink.table.types.logical.FloatType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.SmallIntType;
import org.apache.flink.table.types.logical.TimeType;
import org.apache.flink.table.types.logical.TimestampType;
import org.apache.flink.table.types.logical.TinyIntType;
import org.apache.flink.table.types.logical.VarBinaryType;
import org.apache.flink.table.types.logical.VarCharType;

/** Flink's column types and the store's. */
public final class TypeConversion {
    private static final String SUPPORTED =
            "BOOLEAN, TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE, DECIMAL, CHAR, VARCHAR, STRING, BINARY, VARBINARY,"
                    + " BYTES, DATE, TIME, TIMESTAMP and TIMESTAMP_LTZ, and ARRAY, MAP and ROW of them";

    private TypeConversion() {}

    /**
     * @param table for the error, for example {@code db.t}
     * @throws ValidationException naming the column and what is supported
     */
    public static DataType toFluss(String table, String column, LogicalType type) {
        return convert(table, column, type, type);
    }

    private static DataType convert(String table, String column, LogicalType whole, LogicalType type) {
        return convertNullable(table, column, whole, type).withNullable(type.isNullable());
    }

    private static DataType convertNullable(String table, String column, LogicalType whole, LogicalType type) {
        switch (type.getTypeRoot()) {
            case BOOLEAN:
                return DataType.of(DataType.Kind.BOOLEAN);
            case TINYINT:
                return DataType.of(DataType.Kind.TINYINT);
            case SMALLINT:
                return DataType.of(DataType.Kind.SMALLINT);
            case INTEGER:
                return DataType.of(DataType.Kind.INT);
            case BIGINT:
                return DataType.of(DataType.Kind.BIGINT);
            case FLOAT:
                return DataType.of(DataType.Kind.FLOAT);
            case DOUBLE:
                return DataType.of(DataType.Kind.DOUBLE);
            case DECIMAL:
                return DataType.decimal(((DecimalType) type).getPrecision(), ((DecimalType) type).getScale());
            case CHAR:
                return DataType.ofLength(DataType.Kind.CHAR, ((CharType) type).getLength());
            case VARCHAR:
                return DataType.ofLength(DataType.Kind.VARCHAR, ((VarCharType) type).getLength());
            case BINARY:
                return DataType.ofLength(DataType.Kind.BINARY, ((BinaryType) type).getLength());
            case VARBINARY:
                return DataType.ofLength(DataType.Kind.VARBINARY, ((VarBinaryType) type).getLength());
            case DATE:
                return DataType.of(DataType.Kind.DATE);
            case TIME_WITHOUT_TIME_ZONE:
                return DataType.ofPrecision(DataType.Kind.TIME, ((TimeType) type).getPrecision());
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                return DataType.ofPrecision(DataType.Kind.TIMESTAMP, ((TimestampType) type).getPrecision());
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return DataType.ofPrecision(
                        DataType.Kind.TIMESTAMP_LTZ, ((LocalZonedTimestampType) type).getPrecision());
            case ARRAY:
                return DataType.array(convert(table, column, whole, ((ArrayType) type).getElementType()));
            case MAP:
                return DataType.map(
                        convert(table, column, whole, ((MapType) type).getKeyType()),
                        convert(table, column, whole, ((MapType) type).getValueType()));
            case ROW:
                List<Column> fields = new ArrayList<>();
                for (RowType.RowField field : ((RowType) type).getFields()) {
                    fields.add(new Column(
                            field.getName(),
                            convert(table, column, whole, field.getType()),
                            field.getDescription().orElse("")));
                }
                return DataType.row(fields);
            default:
                String within = type == whole ? "" : ", which has " + type.asSummaryString() + " in it";
                throw new ValidationException(String.format(
                        "Column '%s' of table %s has the type %s%s, which is not supported. Supported are %s.",
                        column, table, whole.asSummaryString(), within, SUPPORTED));
        }
    }

    public static LogicalType toFlink(DataType type) {
        boolean nullable = type.isNullable();
        switch (type.kind()) {
            case BOOLEAN:
                return new BooleanType(nullable);
            case TINYINT:
                return new TinyIntType(nullable);
            case SMALLINT:
                return new SmallIntType(nullable);
            case INT:
                return new IntType(nullable);
            case BIGINT:
                return new BigIntType(nullable);
            case FLOAT:
                return new FloatType(nullable);
            case DOUBLE:
                return new DoubleType(nullable);
            case DECIMAL:
                return new DecimalType(nullable, type.precision(), type.scale());
            case CHAR:
                return new CharType(nullable, type.length());
            case VARCHAR:
                return new VarCharType(nullable, type.length());
            case BINARY:
                return new BinaryType(nullable, type.length());
            case VARBINARY:
                return new VarBinaryType(nullable, type.length());
            case DATE:
                return new DateType(nullable);
            case TIME:
                return new TimeType(nullable, type.precision());
            case TIMESTAMP:
                return new TimestampType(nullable, type.precision());
            case TIMESTAMP_LTZ:
                return new LocalZonedTimestampType(nullable, type.precision());
            case ARRAY:
                return new ArrayType(nullable, toFlink(type.children().get(0)));
            case MAP:
                return new MapType(
                        nullable,
                        toFlink(type.children().get(0)),
                        toFlink(type.children().get(1)));
            case ROW:
                return new RowType(nullable, toFields(type.fields()));
            default:
                throw new IllegalStateException("no Flink type for " + type);
        }
    }

    /** The physical row of a table. */
    public static RowType toRowType(List<Column> columns) {
        return new RowType(false, toFields(columns));
    }

    private static List<RowType.RowField> toFields(List<Column> columns) {
        List<RowType.RowField> fields = new ArrayList<>();
        for (Column column : columns) {
            fields.add(new RowType.RowField(
                    column.name(), toFlink(column.type()), column.comment().isEmpty() ? null : column.comment()));
        }
        return fields;
    }

    /**
     * The type of a field, nullable where a ROW around it is.
     *
     * @param path position of the column, then those of the fields within it
     */
    public static LogicalType typeOf(RowType rowType, int[] path) {
        LogicalType type = rowType;
        boolean nullable = false;
        for (int step : path) {
            type = ((RowType) type).getTypeAt(step);
            nullable |= type.isNullable();
        }
        return type.copy(nullable);
    }
}
