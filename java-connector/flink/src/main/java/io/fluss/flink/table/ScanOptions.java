package io.fluss.flink.table;

import io.fluss.client.TableDescriptor;
import io.fluss.client.TableInfo;
import io.fluss.client.TablePath;
import io.fluss.flink.catalog.TableMapping;
import io.fluss.flink.row.TypeConversion;
import io.fluss.flink.source.OffsetChoice;
import io.fluss.flink.source.ScanSpec;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;

import java.time.Duration;
import java.util.Map;

/** What the options of a table say of a scan. */
public final class ScanOptions {
    private ScanOptions() {}

    /**
     * A stream of the rows of a table; without a projection it has no columns.
     *
     * @param connectionOptions {@code data.dir} and engine options
     * @param options of the table and of the job
     */
    public static ScanSpec.Builder stream(Map<String, String> connectionOptions, TableInfo table, ReadableConfig options) {
        ScanRange range = new ScanRange(table.path(), options, new Configuration());
        return scan(connectionOptions, table, options, range, range.end(false, false));
    }

    static ScanSpec.Builder scan(
            Map<String, String> connectionOptions, TableInfo table, ReadableConfig options, ScanRange range, OffsetChoice end) {
        TableDescriptor descriptor = table.descriptor();
        return ScanSpec.builder()
                .connectionOptions(connectionOptions)
                .table(
                        table.path(),
                        table.tableId(),
                        descriptor.hasPrimaryKey(),
                        !descriptor.partitionKeys().isEmpty(),
                        TypeConversion.toRowType(descriptor.columns()))
                .startup(options.get(FlussConnectorOptions.SCAN_STARTUP_MODE), range.start())
                .stop(end)
                .partitionDiscovery(options.get(FlussConnectorOptions.SCAN_PARTITION_DISCOVERY_INTERVAL))
                .snapshotLease(lease(table.path(), options));
    }

    private static Duration lease(TablePath path, ReadableConfig options) {
        Duration lease = options.get(FlussConnectorOptions.SCAN_KV_SNAPSHOT_LEASE_DURATION);
        if (lease.isZero() || lease.isNegative()) {
            throw new ValidationException(
                    "'scan.kv.snapshot.lease.duration' = '" + lease + "' of " + TableMapping.describe(path)
                            + ": a snapshot cannot be read without a lease; give a duration such as '1 d'.");
        }
        return lease;
    }

    /** @throws ValidationException if the table is to be read as it was earlier, and its log does not say how it was */
    public static void requireReadable(ScanSpec scan, MergeBehavior behavior) {
        if (scan.readsSnapshots() && scan.isBounded() && !scan.stop().isLatest() && !behavior.logsRowsBefore()) {
            throw new ValidationException(
                    TableMapping.describe(scan.path())
                            + " cannot be read as it was earlier: its log lacks the row before each change, as with"
                            + " 'table.changelog.image' = 'WAL' or 'table.row.ttl'. Read it as it is now, or its changes: '"
                            + scan.path().table() + "$changelog'.");
        }
    }
}
