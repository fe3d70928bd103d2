package io.fluss.flink.sink;

import io.fluss.client.ColumnBatch;
import io.fluss.client.DataType;
import io.fluss.client.LogScanner;
import io.fluss.client.OffsetSpec;
import io.fluss.client.PartitionInfo;
import io.fluss.client.TableDescriptor;
import io.fluss.flink.row.ColumnBatchRows;
import io.fluss.flink.row.OperationType;
import io.fluss.flink.row.RowWithOp;
import io.fluss.flink.row.TypeConversion;
import io.fluss.flink.sink.serializer.FlussSerializationSchema;
import io.fluss.flink.testing.SuiteTable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.testframe.external.ExternalSystemDataReader;
import org.apache.flink.connector.testframe.external.sink.DataStreamSinkV2ExternalContext;
import org.apache.flink.connector.testframe.external.sink.TestingSinkSettings;
import org.apache.flink.streaming.api.CheckpointingMode;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;

/**
 * A table in a store of its own for Flink's suite, which wants elements that can be compared: texts, whose first letter is a column
 * too, which partitions the primary-key table. What is in the table is read from its log, where a row that came twice is seen twice.
 */
final class SinkSuiteTable extends SuiteTable implements DataStreamSinkV2ExternalContext<String> {
    private static final int BUCKETS = 2;

    SinkSuiteTable(Path directory, boolean keyed) {
        super(directory, descriptor(keyed));
    }

    private static TableDescriptor descriptor(boolean keyed) {
        TableDescriptor.Builder descriptor = TableDescriptor.builder()
                .column("letter", DataType.string().withNullable(false))
                .column("v", DataType.string().withNullable(false))
                .bucketCount(BUCKETS);
        if (keyed) {
            descriptor.primaryKey("letter", "v").bucketKey(List.of("v")).partitionKeys(List.of("letter"));
        }
        return descriptor.build();
    }

    // The suite has no other way to tell the guarantee.
    @SuppressWarnings("deprecation")
    @Override
    public Sink<String> createSink(TestingSinkSettings settings) {
        TableDescriptor descriptor = table.info().descriptor();
        SinkSpec spec = SinkSpec.of(
                options(),
                PATH,
                table.info().tableId(),
                descriptor,
                TypeConversion.toRowType(descriptor.columns()),
                FlussSinkOptions.from(new Configuration()));
        return settings.getCheckpointingMode() == CheckpointingMode.EXACTLY_ONCE
                ? new FlussTransactionalSink<>(spec, new Texts(), false)
                : new FlussAtLeastOnceSink<>(spec, new Texts(), false);
    }

    @Override
    public List<String> generateTestData(TestingSinkSettings settings, long seed) {
        Random random = new Random(seed);
        List<String> texts = new ArrayList<>();
        for (int i = 100 + random.nextInt(100); i > 0; i--) {
            texts.add((char) ('a' + random.nextInt(3)) + "-" + i + "-" + "x".repeat(random.nextInt(30)));
        }
        return texts;
    }

    @Override
    public ExternalSystemDataReader<String> createSinkDataReader(TestingSinkSettings settings) {
        LogScanner scanner = table.newLogScanner(new int[] {1});
        return new ExternalSystemDataReader<>() {
            private final List<Integer> subscribed = new ArrayList<>();

            @Override
            public List<String> poll(Duration timeout) {
                subscribeNew(scanner, subscribed);
                List<String> texts = new ArrayList<>();
                ColumnBatch batch = scanner.poll(timeout.toMillis());
                while (batch != null) {
                    ColumnBatchRows rows = ColumnBatchRows.of(batch);
                    for (int row = batch.firstRow(); row < batch.endRow(); row++) {
                        texts.add(rows.row(row).getString(0).toString());
                    }
                    batch.close();
                    batch = scanner.poll(0);
                }
                return texts;
            }

            @Override
            public void close() {
                scanner.close();
            }
        };
    }

    private void subscribeNew(LogScanner scanner, List<Integer> subscribed) {
        List<Integer> present = new ArrayList<>();
        if (table.info().descriptor().partitionKeys().isEmpty()) {
            present.add(0);
        } else {
            connection.admin().listPartitions(PATH).stream().map(PartitionInfo::partitionId).forEach(present::add);
        }
        present.removeAll(subscribed);
        for (int partition : present) {
            long[] starts = connection.admin().listOffsets(PATH, partition, OffsetSpec.EARLIEST);
            for (int bucket = 0; bucket < starts.length; bucket++) {
                scanner.subscribe(partition, bucket, starts[bucket], Long.MAX_VALUE);
            }
        }
        subscribed.addAll(present);
    }

    @Override
    public TypeInformation<String> getProducedType() {
        return Types.STRING;
    }

    @Override
    public String toString() {
        return table.info().hasPrimaryKey() ? "partitions of a primary-key table" : "a log table";
    }

    private static final class Texts implements FlussSerializationSchema<String> {
        private static final long serialVersionUID = 1L;

        @Override
        public RowWithOp serialize(String text) {
            return new RowWithOp(
                    GenericRowData.of(StringData.fromString(text.substring(0, 1)), StringData.fromString(text)),
                    OperationType.UPSERT);
        }
    }
}
