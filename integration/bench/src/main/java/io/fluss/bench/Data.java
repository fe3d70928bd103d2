package io.fluss.bench;

import io.fluss.minicluster.LocalCluster;
import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

/** The store of a run, and the tables that several benchmarks read, loaded when the first of them asks. */
final class Data implements AutoCloseable {
    /** Rows of a warm-up: enough for the JIT to see the path. */
    private static final long WARM_SHARE = 10;

    private final LocalCluster cluster;
    /** Options of the connection. */
    final Map<String, String> store;

    final long rows;
    private Flink streaming;
    private Flink batch;
    private boolean users;
    private boolean evenUsers;
    private boolean events;
    private boolean manyEvents;
    private final Profile profile;
    private FloorProcess floors;

    /** @param profile null: there are none */
    Data(LocalCluster cluster, Map<String, String> store, long rows, Profile profile) {
        this.cluster = cluster;
        this.store = store;
        this.rows = rows;
        this.profile = profile;
    }

    Profile profile() {
        return profile;
    }

    long warmRows() {
        return Math.max(1, rows / WARM_SHARE);
    }

    Flink streaming() throws Exception {
        if (streaming == null) {
            streaming = new Flink(cluster, true, store, Collections.emptyMap());
        }
        return streaming;
    }

    Flink batch() throws Exception {
        if (batch == null) {
            batch = new Flink(cluster, false, store, Collections.emptyMap());
        }
        return batch;
    }

    /** A session whose jobs have one subtask. @param checkpoints how often they take some; null: never */
    Flink oneSubtask(boolean streaming, String checkpoints) throws Exception {
        Map<String, String> config = new HashMap<>();
        config.put("parallelism.default", "1");
        if (checkpoints != null) {
            config.put("execution.checkpointing.interval", checkpoints);
        }
        return new Flink(cluster, streaming, store, config);
    }

    /** A log table of so many rows like those of {@code events}. */
    void needManyEvents(String name, long many) throws Exception {
        if (!manyEvents) {
            streaming().sql(Tables.events(name));
            streaming().sql(Tables.eventsGenerator("all_" + name, many));
            streaming().seconds("INSERT INTO " + name + " SELECT * FROM all_" + name);
            manyEvents = true;
        }
    }

    /** Where floors run that must not share a JVM with the store. */
    FloorProcess floors() throws IOException {
        if (floors == null) {
            floors = new FloorProcess();
        }
        return floors;
    }

    @Override
    public void close() {
        if (floors != null) {
            floors.close();
        }
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

    /** A table like {@code users} with as many rows, whose keys are even, from 0. */
    void needEvenUsers(String name) throws Exception {
        if (!evenUsers) {
            streaming().sql(Tables.users(name));
            streaming().sql(Tables.usersGenerator("all_" + name, rows, rows, false));
            streaming().seconds("INSERT INTO " + name + " SELECT " + Tables.names(Tables.USERS).replaceFirst("id", "id * 2") + " FROM all_" + name);
            evenUsers = true;
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
