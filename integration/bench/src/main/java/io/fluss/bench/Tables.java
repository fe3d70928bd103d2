package io.fluss.bench;

/** The tables and generators of the benchmarks: `users` (primary key, 8 columns) and `events` (log, 20 columns). */
final class Tables {
    static final String USERS = "id BIGINT, name STRING, email STRING, country STRING, balance DOUBLE, score INT, updated TIMESTAMP(3), bio STRING";
    static final String EVENTS = "event_id BIGINT, user_id BIGINT, session_id STRING, event_type STRING, page STRING, referrer STRING,"
            + " country STRING, city STRING, device STRING, os STRING, browser STRING, ip STRING, price DOUBLE, quantity INT, discount FLOAT,"
            + " is_new BOOLEAN, latency_ms INT, amount DECIMAL(12, 2), event_time TIMESTAMP(3), payload STRING";

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
                + lengths("name", 12, "email", 20, "country", 2, "bio", 40) + ")";
    }

    static String eventsGenerator(String name, long rows) {
        return "CREATE TEMPORARY TABLE " + name + " (" + EVENTS + ") WITH (" + DATAGEN + ", 'number-of-rows' = '" + rows + "'"
                + lengths("session_id", 12, "event_type", 6, "page", 16, "referrer", 16, "country", 2, "city", 8, "device", 6, "os", 5, "browser", 6,
                        "ip", 12, "payload", 40) + ")";
    }

    /** Keys to ask for, with the processing time that a lookup join wants. */
    static String probes(String name, long rows, long keys) {
        return "CREATE TEMPORARY TABLE " + name + " (id BIGINT, proc AS PROCTIME()) WITH (" + DATAGEN + ", 'number-of-rows' = '" + rows
                + "', 'fields.id.min' = '0', 'fields.id.max' = '" + (keys - 1) + "')";
    }

    private static String lengths(Object... columnsAndLengths) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < columnsAndLengths.length; i += 2) {
            out.append(", 'fields.").append(columnsAndLengths[i]).append(".length' = '").append(columnsAndLengths[i + 1]).append("'");
        }
        return out.toString();
    }
}
