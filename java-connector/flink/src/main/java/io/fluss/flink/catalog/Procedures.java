package io.fluss.flink.catalog;

import io.fluss.client.Admin;
import io.fluss.client.FlussException;
import io.fluss.client.OptionInfo;
import io.fluss.client.TablePath;
import io.fluss.client.TransactionInfo;

import org.apache.flink.table.annotation.ArgumentHint;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.ProcedureHint;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.exceptions.CatalogException;
import org.apache.flink.table.procedure.ProcedureContext;
import org.apache.flink.table.procedures.Procedure;
import org.apache.flink.types.Row;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What {@code CALL sys.…} does: under the names of Apache Fluss, and what an operator of a store with transactions needs. The database {@code sys} is
 * there for procedures only.
 */
final class Procedures {
    static final String DATABASE = "sys";

    private static final String ABORT_TRANSACTION = "abort_transaction";
    private static final String GET_CLUSTER_CONFIGS = "get_cluster_configs";
    private static final String LIST_TRANSACTIONS = "list_transactions";

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
        return Arrays.asList(ABORT_TRANSACTION, GET_CLUSTER_CONFIGS, LIST_TRANSACTIONS);
    }

    /**
     * @return null: there is none of that name
     * @throws CatalogException for one that Apache Fluss has and this store has no use for
     */
    static Procedure of(String name, Supplier<Admin> admin) {
        switch (name) {
            case ABORT_TRANSACTION:
                return new AbortTransaction(admin);
            case GET_CLUSTER_CONFIGS:
                return new GetClusterConfigs(admin);
            case LIST_TRANSACTIONS:
                return new ListTransactions(admin);
            default:
                if (LEFT_OUT.containsKey(name)) {
                    throw new CatalogException(
                            "There is no procedure 'sys." + name + "' here: " + LEFT_OUT.get(name) + ".");
                }
                return null;
        }
    }

    private static List<TransactionInfo> transactions(Admin admin, TablePath table) {
        try {
            return admin.listTransactions(table);
        } catch (FlussException e) {
            throw new CatalogException("The transactions of table '" + table + "' could not be listed: " + e.getMessage(), e);
        }
    }

    private static TablePath path(String table) {
        int dot = table.indexOf('.');
        if (dot < 0) {
            throw new ValidationException("'" + table + "' names no database: say 'database.table'.");
        }
        return TablePath.of(table.substring(0, dot), table.substring(dot + 1));
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

    /** The transactions that have rows in a table and are not committed, by number. */
    public static final class ListTransactions implements Procedure {
        private final Supplier<Admin> admin;

        ListTransactions(Supplier<Admin> admin) {
            this.admin = admin;
        }

        /** @param table {@code database.table} */
        @ProcedureHint(
                output = @DataTypeHint("ROW<transaction_id BIGINT, prepared_at TIMESTAMP_LTZ(3)>"),
                argument = @ArgumentHint(name = "table", type = @DataTypeHint("STRING")))
        public Row[] call(ProcedureContext context, String table) {
            List<Row> rows = new ArrayList<>();
            for (TransactionInfo transaction : transactions(admin.get(), path(table))) {
                Instant prepared = transaction.preparedMs().isPresent()
                        ? Instant.ofEpochMilli(transaction.preparedMs().getAsLong())
                        : null;
                rows.add(Row.of(transaction.transactionId(), prepared));
            }
            return rows.toArray(new Row[0]);
        }
    }

    /** Forgets what a transaction has staged: for one whose job is gone for good. */
    public static final class AbortTransaction implements Procedure {
        private final Supplier<Admin> admin;

        AbortTransaction(Supplier<Admin> admin) {
            this.admin = admin;
        }

        /** @param table {@code database.table} */
        @ProcedureHint(
                output = @DataTypeHint("STRING"),
                argument = {
                    @ArgumentHint(name = "table", type = @DataTypeHint("STRING")),
                    @ArgumentHint(name = "transaction_id", type = @DataTypeHint("BIGINT"))
                })
        public String[] call(ProcedureContext context, String table, Long transactionId) {
            TablePath path = path(table);
            for (TransactionInfo transaction : transactions(admin.get(), path)) {
                if (transaction.transactionId() == transactionId) {
                    admin.get().abortTransaction(transaction.committable());
                    return new String[] {"success"};
                }
            }
            throw new ValidationException(
                    "Table '" + path + "' has no transaction " + transactionId
                            + " that is not committed: CALL sys.list_transactions('" + path + "') shows those that it has.");
        }
    }
}
