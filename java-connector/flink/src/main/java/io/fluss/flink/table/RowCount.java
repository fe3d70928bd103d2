package io.fluss.flink.table;

import io.fluss.client.Admin;
import io.fluss.client.Connection;
import io.fluss.client.NotFoundException;
import io.fluss.client.PartitionInfo;
import io.fluss.client.TablePath;
import io.fluss.flink.catalog.CatalogStatistics;
import io.fluss.flink.source.PartitionFilter;
import io.fluss.flink.source.ScanSpec;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.source.DataStreamScanProvider;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;

import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** The answer to {@code SELECT COUNT(*)}: the number that the store keeps, when the query is planned. */
final class RowCount implements DataStreamScanProvider {
    private final long rows;
    private final TypeInformation<RowData> type;

    private RowCount(long rows, TypeInformation<RowData> type) {
        this.rows = rows;
        this.type = type;
    }

    static RowCount of(ScanSpec scan, TypeInformation<RowData> type) {
        try (Connection connection = Connection.open(scan.connectionOptions())) {
            return new RowCount(connection.admin().tableStats(scan.path()).rowCount(), type);
        }
    }

    /** The rows of the partitions that may have what is asked for, or of a table without partitions; -1: of too many partitions. */
    static long estimate(ScanSpec scan, PartitionFilter partitions) {
        try (Connection connection = Connection.open(scan.connectionOptions())) {
            Admin admin = connection.admin();
            if (!scan.isPartitioned()) {
                return admin.tableStats(scan.path()).rowCount();
            }
            List<PartitionInfo> asked = admin.listPartitions(scan.path()).stream()
                    .filter(partition -> partitions.mayMatch(partition.values()))
                    .collect(Collectors.toList());
            return asked.size() > CatalogStatistics.MOST_PARTITIONS
                    ? -1
                    : asked.stream().mapToLong(partition -> rows(admin, scan.path(), partition)).sum();
        }
    }

    private static long rows(Admin admin, TablePath path, PartitionInfo partition) {
        try {
            return admin.tableStats(path, partition.partitionId()).rowCount();
        } catch (NotFoundException dropped) {
            return 0;
        }
    }

    @Override
    public DataStream<RowData> produceDataStream(ProviderContext context, StreamExecutionEnvironment env) {
        RowData row = GenericRowData.of(rows);
        return env.fromData(Collections.singletonList(row), type).setParallelism(1);
    }

    @Override
    public boolean isBounded() {
        return true;
    }
}
