package io.fluss.flink.catalog;

import io.fluss.client.TableDescriptor;

import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.CatalogMaterializedTable;
import org.apache.flink.table.catalog.CatalogMaterializedTable.LogicalRefreshMode;
import org.apache.flink.table.catalog.CatalogMaterializedTable.RefreshMode;
import org.apache.flink.table.catalog.CatalogMaterializedTable.RefreshStatus;
import org.apache.flink.table.catalog.IntervalFreshness;
import org.apache.flink.table.catalog.ResolvedCatalogMaterializedTable;

import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/** What makes a table a materialized one, as properties that the store keeps, under the names of Apache Fluss. */
public final class MaterializedTables {
    private static final String PREFIX = "materialized-table.";
    private static final String QUERY = PREFIX + "definition-query";
    private static final String FRESHNESS = PREFIX + "interval-freshness";
    private static final String FRESHNESS_UNIT = PREFIX + "interval-freshness.time-unit";
    private static final String LOGICAL_REFRESH_MODE = PREFIX + "logical-refresh-mode";
    private static final String REFRESH_MODE = PREFIX + "refresh-mode";
    private static final String REFRESH_STATUS = PREFIX + "refresh-status";
    private static final String HANDLER_DESCRIPTION = PREFIX + "refresh-handler-description";
    private static final String HANDLER = PREFIX + "refresh-handler-bytes";
    /** The process that the refresh job runs in: it is the one that has the store open, and the job ends with it. */
    private static final String PROCESS = PREFIX + "refresh-process";

    private MaterializedTables() {}

    /** Whether a table of the store is a materialized one. */
    public static boolean isOne(TableDescriptor stored) {
        return stored.customProperties().containsKey(QUERY);
    }

    /** @throws ValidationException if it is refreshed as a whole */
    @SuppressWarnings("deprecation") // The interval as a number is not in Flink 1.20.
    static Map<String, String> properties(String name, ResolvedCatalogMaterializedTable table) {
        if (table.getRefreshMode() != RefreshMode.CONTINUOUS) {
            throw new ValidationException(
                    "Materialized table '" + name + "' with REFRESH_MODE = FULL is not supported by the Fluss catalog: say"
                            + " REFRESH_MODE = CONTINUOUS, or a FRESHNESS below"
                            + " 'materialized-table.refresh-mode.freshness-threshold'.");
        }
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put(QUERY, table.getDefinitionQuery());
        properties.put(FRESHNESS, table.getDefinitionFreshness().getInterval());
        properties.put(FRESHNESS_UNIT, table.getDefinitionFreshness().getTimeUnit().name());
        properties.put(LOGICAL_REFRESH_MODE, table.getLogicalRefreshMode().name());
        properties.put(REFRESH_MODE, table.getRefreshMode().name());
        properties.put(REFRESH_STATUS, table.getRefreshStatus().name());
        table.getRefreshHandlerDescription().ifPresent(text -> properties.put(HANDLER_DESCRIPTION, text));
        if (table.getSerializedRefreshHandler() != null) {
            properties.put(HANDLER, Base64.getEncoder().encodeToString(table.getSerializedRefreshHandler()));
        }
        properties.put(PROCESS, process());
        return properties;
    }

    /** Removes what {@link #properties} gave from {@code properties}; empty: the table is an ordinary one. */
    static Map<String, String> take(Map<String, String> properties) {
        Map<String, String> taken = new LinkedHashMap<>();
        properties.forEach((key, value) -> {
            if (key.startsWith(PREFIX)) {
                taken.put(key, value);
            }
        });
        properties.keySet().removeAll(taken.keySet());
        return taken;
    }

    /** A table without schema, keys and options yet. */
    static CatalogMaterializedTable.Builder builder(Map<String, String> properties) {
        RefreshStatus status = RefreshStatus.valueOf(properties.get(REFRESH_STATUS));
        if (!process().equals(properties.get(PROCESS))) {
            // Flink asks the cluster for an activated job before it drops or resumes it, and takes one that is gone for an error.
            status = RefreshStatus.SUSPENDED;
        }
        String handler = properties.get(HANDLER);
        return CatalogMaterializedTable.newBuilder()
                .definitionQuery(properties.get(QUERY))
                .freshness(IntervalFreshness.of(
                        properties.get(FRESHNESS), IntervalFreshness.TimeUnit.valueOf(properties.get(FRESHNESS_UNIT))))
                .logicalRefreshMode(LogicalRefreshMode.valueOf(properties.get(LOGICAL_REFRESH_MODE)))
                .refreshMode(RefreshMode.valueOf(properties.get(REFRESH_MODE)))
                .refreshStatus(status)
                .refreshHandlerDescription(properties.get(HANDLER_DESCRIPTION))
                .serializedRefreshHandler(handler == null ? null : Base64.getDecoder().decode(handler));
    }

    /** Not a random id: each class loader would have one of its own. */
    private static String process() {
        ProcessHandle process = ProcessHandle.current();
        return process.pid() + process.info().startInstant().map(start -> "@" + start.toEpochMilli()).orElse("");
    }
}
