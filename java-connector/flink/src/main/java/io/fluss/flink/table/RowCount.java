package io.fluss.flink.table;

import io.fluss.client.Connection;
import io.fluss.flink.source.ScanSpec;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.source.DataStreamScanProvider;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;

import java.util.Collections;

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
