package io.fluss.flink.sink;

import io.fluss.client.TablePath;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;

/**
 * Writes rows to one table, at least once: a checkpoint completes when every row before it is durable. Upserts and
 * deletes by key make a replay after a restore harmless; a log table may then hold rows twice.
 */
public final class FlussSink implements Sink<RowData> {
    private static final long serialVersionUID = 1L;

    private final HashMap<String, String> connectionOptions;
    private final TablePath path;
    private final RowType rowType;
    private final int[] primaryKeyIndexes;
    private final FlussSinkOptions options;

    /** @param primaryKeyIndexes empty for a log table */
    public FlussSink(
            Map<String, String> connectionOptions,
            TablePath path,
            RowType rowType,
            int[] primaryKeyIndexes,
            FlussSinkOptions options) {
        this.connectionOptions = new HashMap<>(connectionOptions);
        this.path = path;
        this.rowType = rowType;
        this.primaryKeyIndexes = primaryKeyIndexes.clone();
        this.options = options;
    }

    @Override
    public SinkWriter<RowData> createWriter(WriterInitContext context) {
        return FlussSinkWriter.open(
                connectionOptions,
                path,
                rowType,
                primaryKeyIndexes,
                options,
                context.getProcessingTimeService(),
                context.metricGroup());
    }
}
