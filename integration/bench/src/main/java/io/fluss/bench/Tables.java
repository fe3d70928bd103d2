package io.fluss.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The tables and generators of the benchmarks: `users` (primary key, 8 columns) and `events` (log, 20 columns). */
final class Tables {
    static final String USERS = "id BIGINT, name STRING, email STRING, country STRING, balance DOUBLE, score INT, updated TIMESTAMP(3), bio STRING";
    static final String EVENTS = "event_id BIGINT, user_id BIGINT, session_id STRING, event_type STRING, page STRING, referrer STRING,"
            + " country STRING, city STRING, device STRING, os STRING, browser STRING, ip STRING, price DOUBLE, quantity INT, discount FLOAT,"
            + " is_new BOOLEAN, latency_ms INT, amount DECIMAL(12, 2), event_time TIMESTAMP(3), payload STRING";

    /** Lengths of the strings, which are hexadecimal digits. */
    private static final Map<String, Integer> LENGTHS = new LinkedHashMap<>();

    static {
        Object[] lengths = {"name", 12, "email", 20, "country", 2, "bio", 40, "session_id", 12, "event_type", 6, "page", 16, "referrer", 16, "city", 8,
            "device", 6, "os", 5, "browser", 6, "ip", 12, "payload", 40};
        for (int i = 0; i < lengths.length; i += 2) {
            LENGTHS.put((String) lengths[i], (Integer) lengths[i + 1]);
        }
    }

    /** Without a rate, the generator keeps to 10,000 rows a second. */
    private static final String DATAGEN = "'connector' = 'datagen', 'rows-per-second' = '1000000000'";

    private Tables() {}

    static String users(String name) {
        return "CREATE TABLE " + name + " (" + USERS + ", PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '2')";
    }

    static String events(String name) {
        return "CREATE TABLE " + name + " (" + EVENTS + ") WITH ('bucket.num' = '2')";
    }

    static String sink(String name, String columns, String connector) {
        return "CREATE TEMPORARY TABLE " + name + " (" + columns + ") WITH ('connector' = '" + connector + "')";
    }

    /** Every key from 0 once, or {@code rows} random keys below {@code keys}. */
    static String usersGenerator(String name, long rows, long keys, boolean random) {
        return "CREATE TEMPORARY TABLE " + name + " (" + USERS + ") WITH (" + DATAGEN
                + (random
                        ? ", 'number-of-rows' = '" + rows + "', 'fields.id.min' = '0', 'fields.id.max' = '" + (keys - 1) + "'"
                        : ", 'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '" + (keys - 1) + "'")
                + lengths(USERS) + ")";
    }

    static String eventsGenerator(String name, long rows) {
        return "CREATE TEMPORARY TABLE " + name + " (" + EVENTS + ") WITH (" + DATAGEN + ", 'number-of-rows' = '" + rows + "'"
                + lengths(EVENTS) + ")";
    }

    /** Rows of a batch that is ready. @param keys if not 0: the first column is random below this */
    static String ready(String name, String columns, long rows, long keys) {
        return "CREATE TEMPORARY TABLE " + name + " (" + columns + ") WITH ('connector' = 'ready', 'rows' = '" + rows + "', 'keys' = '" + keys + "')";
    }

    /** As {@link #ready}, so many rows a second, whose second column is when they came. */
    static String paced(String name, String columns, long rows, long keys, int rate) {
        return ready(name, columns, rows, keys).replaceFirst("\\)$", ", 'rate' = '" + rate + "')");
    }

    /** A sink that reads every column, and takes the first one for the time at which the row came. */
    static String stamped(String name, String columns, long rows) {
        return timed(name, columns, rows, true).replaceFirst("\\)$", ", 'stamped' = 'true')");
    }

    /** A sink that times so many rows. @param reads every column, else nothing, like Flink's blackhole */
    static String timed(String name, String columns, long rows, boolean reads) {
        return "CREATE TEMPORARY TABLE " + name + " (" + columns + ") WITH ('connector' = 'consume', 'read' = '" + reads + "', 'rows' = '" + rows + "')";
    }

    /** Those of {@code columns} whose name or type is among {@code wanted}. */
    static String columns(String columns, String... wanted) {
        return split(columns).filter(c -> Arrays.stream(c.split(" ")).anyMatch(Arrays.asList(wanted)::contains)).collect(Collectors.joining(", "));
    }

    static String names(String columns) {
        return split(columns).map(c -> c.split(" ")[0]).collect(Collectors.joining(", "));
    }

    /** At the commas that are not within parentheses. */
    private static Stream<String> split(String columns) {
        return Arrays.stream(columns.split(", (?![^(]*\\))"));
    }

    /** Digits of a string column. */
    static int length(String column) {
        return LENGTHS.get(column);
    }

    private static String lengths(String columns) {
        StringBuilder out = new StringBuilder();
        LENGTHS.forEach((column, length) -> {
            if (columns.contains(column + " STRING")) {
                out.append(", 'fields.").append(column).append(".length' = '").append(length).append("'");
            }
        });
        return out.toString();
    }
}
