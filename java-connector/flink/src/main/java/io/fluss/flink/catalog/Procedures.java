package io.fluss.flink.catalog;

import io.fluss.client.Admin;
import io.fluss.client.OptionInfo;

import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.ProcedureHint;
import org.apache.flink.table.catalog.exceptions.CatalogException;
import org.apache.flink.table.procedure.ProcedureContext;
import org.apache.flink.table.procedures.Procedure;
import org.apache.flink.types.Row;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What {@code CALL sys.…} does, under the names of Apache Fluss. The database {@code sys} is there for procedures only. */
final class Procedures {
    static final String DATABASE = "sys";

    private static final String GET_CLUSTER_CONFIGS = "get_cluster_configs";

    /** Procedures of Apache Fluss that a store in one process has no use for, and why. */
    private static final Map<String, String> LEFT_OUT = new HashMap<>();

    static {
        leftOut(
                "an embedded store has no users: who may read its directory may read all of it",
                "add_acl", "drop_acl", "list_acl");
        leftOut(
                "the options of an open store stand; close it and say others in CREATE CATALOG",
                "set_cluster_configs", "reset_cluster_configs", "append_cluster_configs", "subtract_cluster_configs");
        leftOut(
                "an embedded store has no other servers",
                "add_server_tag", "remove_server_tag", "rebalance", "list_rebalance", "cancel_rebalance");
        leftOut(
                "a lease is of one snapshot, released when its reader is through, and ends by itself after"
                        + " 'scan.kv.snapshot.lease.duration'",
                "drop_kv_snapshot_lease");
    }

    private Procedures() {}

    private static void leftOut(String reason, String... names) {
        for (String name : names) {
            LEFT_OUT.put(name, reason);
        }
    }

    static List<String> names() {
        return Arrays.asList(GET_CLUSTER_CONFIGS);
    }

    /**
     * @return null: there is none of that name
     * @throws CatalogException for one that Apache Fluss has and this store has no use for
     */
    static Procedure of(String name, Supplier<Admin> admin) {
        if (name.equals(GET_CLUSTER_CONFIGS)) {
            return new GetClusterConfigs(admin);
        }
        if (LEFT_OUT.containsKey(name)) {
            throw new CatalogException("There is no procedure 'sys." + name + "' here: " + LEFT_OUT.get(name) + ".");
        }
        return null;
    }

    /** The engine options in force; some, or all. */
    public static final class GetClusterConfigs implements Procedure {
        private final Supplier<Admin> admin;

        GetClusterConfigs(Supplier<Admin> admin) {
            this.admin = admin;
        }

        /** @param keys none: all; what is no option has no row */
        @ProcedureHint(
                output = @DataTypeHint("ROW<config_key STRING, config_value STRING, config_source STRING>"),
                input = {@DataTypeHint("STRING")},
                isVarArgs = true)
        public Row[] call(ProcedureContext context, String... keys) {
            List<String> wanted = Arrays.asList(keys);
            List<Row> rows = new ArrayList<>();
            for (OptionInfo option : admin.get().options()) {
                if (wanted.isEmpty() || wanted.contains(option.key())) {
                    String source = option.isGiven() ? "INITIAL_SERVER_CONFIG" : "DEFAULT_CONFIG";
                    rows.add(Row.of(option.key(), option.value(), source));
                }
            }
            return rows.toArray(new Row[0]);
        }
    }
}
