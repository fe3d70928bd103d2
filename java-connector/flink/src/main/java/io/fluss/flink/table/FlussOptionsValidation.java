package io.fluss.flink.table;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.ValidationException;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import static io.fluss.flink.table.FlussConnectorOptions.BOOTSTRAP_SERVERS;
import static io.fluss.flink.table.FlussConnectorOptions.DATA_DIR;

/** The one door through which options come in: every error names the place, the option and what to do. */
public final class FlussOptionsValidation {
    private FlussOptionsValidation() {}

    /** Options that Apache Fluss users know and that a later version takes. */
    private static final Set<String> NOT_YET =
            new TreeSet<>(
                    Arrays.asList(
                            "remote.data.dir",
                            "remote.data.dirs",
                            "table.replication.factor",
                            "table.log.local-ttl",
                            "table.log.format",
                            "table.log.tiered.local-segments",
                            "table.kv.format",
                            "table.datalake.enabled",
                            "table.datalake.format",
                            "table.datalake.freshness",
                            "table.datalake.auto-compaction",
                            "scan.split.assignment.batch-size",
                            "scan.kv.snapshot.lease.id",
                            "sink.producer-id",
                            "client.security.protocol",
                            "client.id"));

    /**
     * Refuses unknown options, values that cannot be read, and a store that is not named exactly once.
     *
     * @param where the object in errors, for example {@code table `c`.`d`.`t`}
     * @param options as the user gave them
     * @param known what is allowed
     * @param alsoKnown names that are allowed and not looked at
     */
    public static void validate(
            String where, Map<String, String> options, Collection<ConfigOption<?>> known, Collection<String> alsoKnown) {
        requireKnown(where, options.keySet(), known, alsoKnown);
        Configuration configuration = Configuration.fromMap(options);
        for (ConfigOption<?> option : known) {
            try {
                configuration.getOptional(option);
            } catch (RuntimeException e) {
                throw new ValidationException(
                        "Option '" + option.key() + "' = '" + options.get(option.key()) + "' of " + where
                                + " cannot be read: " + rootMessage(e));
            }
        }
    }

    /** Refuses names of options that are not allowed; the arguments are those of {@link #validate}. */
    public static void requireKnown(
            String where, Collection<String> given, Collection<ConfigOption<?>> known, Collection<String> alsoKnown) {
        Set<String> names = new LinkedHashSet<>(alsoKnown);
        for (ConfigOption<?> option : known) {
            names.add(option.key());
        }
        for (String name : given) {
            if (names.contains(name)) {
                continue;
            }
            if (NOT_YET.contains(name)) {
                throw new ValidationException(
                        "Option '" + name + "' of " + where + " is not supported yet; remove it.");
            }
            throw new ValidationException(
                    "Unknown option '" + name + "' of " + where + "." + hint(name, names) + " Known options: "
                            + String.join(", ", new TreeSet<>(names)) + ".");
        }
    }

    /**
     * What opens the store: a normalised {@code data.dir} and the engine options among {@code options}.
     *
     * @throws ValidationException unless exactly one of {@code data.dir} and {@code bootstrap.servers} is given
     */
    public static Map<String, String> connectionOptions(String where, Map<String, String> options) {
        String directory = options.get(DATA_DIR.key());
        String servers = options.get(BOOTSTRAP_SERVERS.key());
        if (directory == null && servers == null) {
            throw new ValidationException(
                    "Neither 'data.dir' nor 'bootstrap.servers' is given for " + where
                            + ". Give 'data.dir' = '/path' for an embedded store (or 'bootstrap.servers' for a server).");
        }
        if (directory != null && servers != null) {
            throw new ValidationException(
                    "Both 'data.dir' and 'bootstrap.servers' are given for " + where
                            + ". Give exactly one: 'data.dir' for an embedded store, 'bootstrap.servers' for a server.");
        }
        if (directory == null) {
            throw new ValidationException(
                    "'bootstrap.servers' = '" + servers + "' is given for " + where
                            + ", but server mode is not in this version; use 'data.dir' = '/path' (an embedded store).");
        }
        Map<String, String> connection = new LinkedHashMap<>();
        connection.put(DATA_DIR.key(), directory(where, directory));
        for (ConfigOption<?> option : FlussConnectorOptions.engineOptions()) {
            String value = options.get(option.key());
            if (value != null) {
                connection.put(option.key(), value);
            }
        }
        return connection;
    }

    private static String directory(String where, String value) {
        String path = value.trim();
        if (path.startsWith("file:")) {
            path = path.substring("file:".length());
            if (path.startsWith("//")) {
                path = path.substring(2);
            }
        }
        if (!path.startsWith("/")) {
            throw new ValidationException(
                    "'data.dir' = '" + value + "' of " + where
                            + " is not an absolute local directory; give '/path' or 'file:///path'.");
        }
        while (path.length() > 1 && path.endsWith("/")) {
            path = path.substring(0, path.length() - 1);
        }
        return path;
    }

    /** {@code " Did you mean 'x'?"} or nothing. */
    static String hint(String name, Collection<String> known) {
        String best = null;
        int distance = Integer.MAX_VALUE;
        for (String candidate : known) {
            int d = editDistance(name, candidate);
            if (d < distance) {
                distance = d;
                best = candidate;
            }
        }
        boolean near = best != null && distance <= Math.max(best.length(), name.length()) / 3 + 1;
        return near ? " Did you mean '" + best + "'?" : "";
    }

    private static int editDistance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }

    private static String rootMessage(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = String.valueOf(root.getMessage());
        return message.endsWith(".") ? message : message + ".";
    }
}
