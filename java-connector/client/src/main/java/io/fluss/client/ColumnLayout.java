package io.fluss.client;

/** How a type lies in the buffers of {@code native/docs/jni.md}. */
enum ColumnLayout {
    /** One bit a row. */
    BITS(0),
    BYTE_1(1),
    BYTE_2(2),
    BYTE_4(4),
    BYTE_8(8),
    /** i128, unscaled. */
    DECIMAL(16),
    MILLIS(8),
    MICROS(8),
    /** i64 milliseconds and i32 nanoseconds of the millisecond. */
    MILLIS_AND_NANOS(8),
    /** Bytes and i32 offsets. */
    VARIABLE(0),
    /** ARRAY, MAP: i32 offsets into the nodes that follow, no data. */
    LIST(0),
    /** ROW: validity only; its fields are the nodes that follow. */
    ROW(0);

    /** Bytes of data a row; 0 for bits, variable width and nested types. */
    final int width;

    ColumnLayout(int width) {
        this.width = width;
    }

    boolean hasAux() {
        return this == MILLIS_AND_NANOS || hasOffsets();
    }

    boolean hasOffsets() {
        return this == VARIABLE || this == LIST;
    }

    boolean hasData() {
        return this != LIST && this != ROW;
    }

    static ColumnLayout of(DataType type) {
        switch (type.kind()) {
            case BOOLEAN:
                return BITS;
            case TINYINT:
                return BYTE_1;
            case SMALLINT:
                return BYTE_2;
            case INT:
            case FLOAT:
            case DATE:
            case TIME:
                return BYTE_4;
            case BIGINT:
            case DOUBLE:
                return BYTE_8;
            case DECIMAL:
                return DECIMAL;
            case TIMESTAMP:
            case TIMESTAMP_LTZ:
                return type.precision() <= 3 ? MILLIS : type.precision() <= 6 ? MICROS : MILLIS_AND_NANOS;
            case CHAR:
            case VARCHAR:
            case BINARY:
            case VARBINARY:
                return VARIABLE;
            case ARRAY:
            case MAP:
                return LIST;
            case ROW:
                return ROW;
            default:
                throw FlussException.of(FlussException.INTERNAL, false, "no layout for type " + type);
        }
    }
}
