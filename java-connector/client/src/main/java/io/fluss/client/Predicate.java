package io.fluss.client;

import io.fluss.client.proto.ProtoWriter;
import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a scan asks of a row; the store gives only rows for which it is true. Logic has three values, as SQL's: what is unknown is not
 * true. A column is named by its position, a field within a ROW by the positions that lead to it, of the table as it was opened.
 *
 * <p>A literal is a value of the column's type as a Java object: Boolean; Byte, Short, Integer, Long; Float, Double; String (CHAR, VARCHAR);
 * {@code byte[]} (BINARY, VARBINARY); BigDecimal; LocalDate; LocalTime; LocalDateTime (TIMESTAMP); Instant (TIMESTAMP_LTZ); or null. One that
 * the column's type does not have (too large, finer than its precision) is refused with code 106 when the scanner is opened. Text and bytes
 * compare byte by byte; NaN is the greatest number and equals itself; -0.0 is 0.0.
 */
public final class Predicate implements Serializable {
    private static final long serialVersionUID = 1L;

    private static final int DECIMAL_BYTES = 16;
    private static final int NANOS_PER_MILLI = 1_000_000;

    /** Operators of {@link #compare}. */
    public enum Comparison {
        EQUAL(1),
        NOT_EQUAL(2),
        LESS(3),
        LESS_OR_EQUAL(4),
        GREATER(5),
        GREATER_OR_EQUAL(6);

        private final int number;

        Comparison(int number) {
            this.number = number;
        }
    }

    /** The message of {@code fluss.proto}; never empty. */
    private final byte[] message;

    private final String text;
    private final TreeSet<Integer> columns;

    private Predicate(int kind, ProtoWriter body, String text, TreeSet<Integer> columns) {
        this.message = new ProtoWriter().message(kind, body).toByteArray();
        this.text = text;
        this.columns = columns;
    }

    private Predicate(int kind, ProtoWriter body, String text, int[] column) {
        this(kind, body, text, new TreeSet<>(Arrays.asList(column[0])));
    }

    /** All are true; true if there is none. */
    public static Predicate and(Collection<Predicate> predicates) {
        return new Predicate(1, junction(predicates), "AND" + predicates, columns(predicates));
    }

    /** One is true; false if there is none. */
    public static Predicate or(Collection<Predicate> predicates) {
        return new Predicate(2, junction(predicates), "OR" + predicates, columns(predicates));
    }

    /** It is false. */
    public static Predicate not(Predicate predicate) {
        return new Predicate(3, predicate.body(), "NOT(" + predicate + ")", predicate.columns);
    }

    /** @param column position of the column, then those of fields within it. Not for ARRAY, MAP, ROW */
    public static Predicate compare(int[] column, Comparison comparison, Object literal) {
        ProtoWriter body = new ProtoWriter().message(1, Projection.path(column));
        body.varint(2, comparison.number).message(3, literal(literal));
        return new Predicate(4, body, name(column) + " " + comparison + " " + literal, column);
    }

    /** The column equals one of the literals. @param column as for {@link #compare} */
    public static Predicate in(int[] column, Collection<?> literals) {
        ProtoWriter body = new ProtoWriter().message(1, Projection.path(column));
        literals.forEach(literal -> body.message(2, literal(literal)));
        return new Predicate(5, body, name(column) + " IN " + literals, column);
    }

    /** @param column as for {@link #compare}; any type */
    public static Predicate isNull(int... column) {
        return new Predicate(6, Projection.path(column), name(column) + " IS NULL", column);
    }

    /** Text that begins so. @param column as for {@link #compare}, of type CHAR or VARCHAR */
    public static Predicate startsWith(int[] column, String prefix) {
        return startsWith(column, prefix.getBytes(StandardCharsets.UTF_8));
    }

    /** Bytes that begin so. @param column as for {@link #compare}, of type BINARY, VARBINARY, CHAR or VARCHAR */
    public static Predicate startsWith(int[] column, byte[] prefix) {
        ProtoWriter body = new ProtoWriter().message(1, Projection.path(column)).bytes(2, prefix);
        return new Predicate(7, body, name(column) + " STARTS WITH " + prefix.length + " bytes", column);
    }

    /** Positions of the columns that it asks of. */
    public Set<Integer> columns() {
        return Collections.unmodifiableSet(columns);
    }

    private static TreeSet<Integer> columns(Collection<Predicate> predicates) {
        TreeSet<Integer> columns = new TreeSet<>();
        predicates.forEach(predicate -> columns.addAll(predicate.columns));
        return columns;
    }

    /** Writes a field of type Predicate; nothing if it is null. */
    static void write(Predicate predicate, ProtoWriter writer, int field) {
        if (predicate != null) {
            writer.bytes(field, predicate.message);
        }
    }

    private ProtoWriter body() {
        return ProtoWriter.of(message);
    }

    private static ProtoWriter junction(Collection<Predicate> predicates) {
        ProtoWriter body = new ProtoWriter();
        predicates.forEach(predicate -> body.bytes(1, predicate.message));
        return body;
    }

    private static ProtoWriter literal(Object value) {
        ProtoWriter literal = new ProtoWriter();
        if (value == null) {
            return literal;
        } else if (value instanceof Boolean) {
            return literal.present(1, (Boolean) value ? 1 : 0);
        } else if (value instanceof Byte || value instanceof Short || value instanceof Integer || value instanceof Long) {
            return literal.present(2, ((Number) value).longValue());
        } else if (value instanceof Float || value instanceof Double) {
            return literal.fixed64(3, Double.doubleToLongBits(((Number) value).doubleValue()));
        } else if (value instanceof String) {
            return literal.element(4, (String) value);
        } else if (value instanceof byte[]) {
            return literal.message(4, ProtoWriter.of((byte[]) value));
        } else if (value instanceof BigDecimal) {
            return literal.message(5, decimal((BigDecimal) value));
        } else if (value instanceof LocalDate) {
            return literal.present(2, ((LocalDate) value).toEpochDay());
        } else if (value instanceof LocalTime) {
            return literal.present(2, milliOfDay((LocalTime) value));
        } else if (value instanceof LocalDateTime) {
            return literal.message(6, timestamp(((LocalDateTime) value).toInstant(ZoneOffset.UTC)));
        } else if (value instanceof Instant) {
            return literal.message(6, timestamp((Instant) value));
        }
        throw FlussException.invalid("a literal of " + value.getClass() + " in a filter; Predicate says which classes there are");
    }

    private static ProtoWriter decimal(BigDecimal value) {
        BigDecimal scaled = value.scale() < 0 ? value.setScale(0) : value;
        BigInteger unscaled = scaled.unscaledValue();
        if (unscaled.bitLength() >= 8 * DECIMAL_BYTES) {
            throw FlussException.invalid("the filter's literal " + value + " has more digits than any DECIMAL");
        }
        byte[] bytes = new byte[DECIMAL_BYTES];
        for (int i = 0; i < DECIMAL_BYTES; i++) {
            bytes[i] = unscaled.shiftRight(8 * i).byteValue();
        }
        return new ProtoWriter().bytes(1, bytes).varint(2, scaled.scale());
    }

    private static long milliOfDay(LocalTime time) {
        long nanos = time.toNanoOfDay();
        if (nanos % NANOS_PER_MILLI != 0) {
            throw FlussException.invalid("the filter's literal " + time + " is finer than a millisecond; no TIME is");
        }
        return nanos / NANOS_PER_MILLI;
    }

    private static ProtoWriter timestamp(Instant instant) {
        long millis = Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1000), instant.getNano() / NANOS_PER_MILLI);
        return new ProtoWriter().varint(1, millis).varint(2, instant.getNano() % NANOS_PER_MILLI);
    }

    private static String name(int[] column) {
        StringBuilder name = new StringBuilder("column ");
        for (int i = 0; i < column.length; i++) {
            name.append(i == 0 ? "" : ".").append(column[i]);
        }
        return name.toString();
    }

    @Override
    public String toString() {
        return text;
    }
}
