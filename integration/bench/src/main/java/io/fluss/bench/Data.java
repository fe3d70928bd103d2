package io.fluss.bench;

import io.fluss.minicluster.LocalCluster;
import java.nio.file.Path;

/** The store of a run, and the tables that several benchmarks read, loaded when the first of them asks. */
final class Data {
    /** Rows of a warm-up: enough for the JIT to see the path. */
    private static final long WARM_SHARE = 10;

    private final LocalCluster cluster;
    final Path store;
    final long rows;
    private Flink streaming;
    private Flink batch;
    private boolean users;
    private boolean events;

    Data(LocalCluster cluster, Path store, long rows) {
        this.cluster = cluster;
        this.store = store;
        this.rows = rows;
    }

    long warmRows() {
        return Math.max(1, rows / WARM_SHARE);
    }

    Flink streaming() throws Exception {
        if (streaming == null) {
            streaming = new Flink(cluster, true, store);
        }
        return streaming;
    }

    Flink batch() throws Exception {
        if (batch == null) {
            batch = new Flink(cluster, false, store);
        }
        return batch;
    }

    /** Table {@code users} with every key from 0 to {@code rows} - 1. */
    void needUsers() throws Exception {
        if (!users) {
            streaming().sql(Tables.users("users"));
            streaming().sql(Tables.usersGenerator("all_users", rows, rows, false));
            streaming().seconds("INSERT INTO users SELECT * FROM all_users");
            users = true;
        }
    }

    /** Log table {@code events} with {@code rows} rows. */
    void needEvents() throws Exception {
        if (!events) {
            streaming().sql(Tables.events("events"));
            streaming().sql(Tables.eventsGenerator("all_events", rows));
            streaming().seconds("INSERT INTO events SELECT * FROM all_events");
            events = true;
        }
    }
}
