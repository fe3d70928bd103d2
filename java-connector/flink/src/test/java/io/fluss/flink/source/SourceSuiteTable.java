package io.fluss.flink.source;

import io.fluss.client.DataType;
import io.fluss.client.Projection;
import io.fluss.client.TableDescriptor;
import io.fluss.client.TableWriter;
import io.fluss.flink.row.BucketFunction;
import io.fluss.flink.row.RowDataWriter;
import io.fluss.flink.row.TypeConversion;
import io.fluss.flink.source.enumerator.FlussEnumeratorState;
import io.fluss.flink.source.split.FlussSplit;
import io.fluss.flink.testing.SuiteTable;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.connector.testframe.external.ExternalSystemSplitDataWriter;
import org.apache.flink.connector.testframe.external.source.DataStreamSourceExternalContext;
import org.apache.flink.connector.testframe.external.source.TestingSourceSettings;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.RowType;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import static io.fluss.flink.table.StartupMode.FULL;

/** A table in a store of its own for Flink's suite: a split is a bucket of a log table, or a partition of a primary-key table. */
final class SourceSuiteTable extends SuiteTable implements DataStreamSourceExternalContext<RowData> {
    private static final int BUCKETS = 4;

    private final boolean keyed;
    private final RowType rowType;
    private final RowDataSerializer serializer;
    /** Goes up, since a snapshot is in the order of its keys. */
    private long nextId;

    SourceSuiteTable(Path directory, boolean keyed) {
        super(directory, descriptor(keyed));
        this.keyed = keyed;
        rowType = TypeConversion.toRowType(table.info().descriptor().columns());
        serializer = new RowDataSerializer(rowType);
    }

    private static TableDescriptor descriptor(boolean keyed) {
        TableDescriptor.Builder descriptor = TableDescriptor.builder()
                .column("split", DataType.of(DataType.Kind.INT).withNullable(false))
                .column("id", DataType.of(DataType.Kind.BIGINT).withNullable(false))
                .column("v", DataType.string());
        if (keyed) {
            descriptor.primaryKey("split", "id").partitionKeys(List.of("split")).bucketCount(1);
        } else {
            descriptor.bucketKey(List.of("split")).bucketCount(BUCKETS);
        }
        return descriptor.build();
    }

    @Override
    public Source<RowData, FlussSplit, FlussEnumeratorState> createSource(TestingSourceSettings settings) {
        boolean bounded = settings.getBoundedness() == Boundedness.BOUNDED;
        return FlussSource.ofRows(ScanSpec.builder()
                .connectionOptions(options())
                .table(PATH, table.info().tableId(), keyed, keyed, rowType)
                .projection(Projection.of(0, 1, 2))
                .startup(FULL, OffsetChoice.EARLIEST)
                .stop(bounded ? OffsetChoice.LATEST : null)
                .partitionDiscovery(Duration.ofMillis(200))
                .checkpointing(!bounded)
                .build());
    }

    /** The rows say which split they are of. */
    @Override
    public ExternalSystemSplitDataWriter<RowData> createSourceSplitDataWriter(TestingSourceSettings settings) {
        TableWriter writer = table.newWriter();
        RowDataWriter rows = new RowDataWriter(
                PATH.toString(), rowType, keyed ? new int[] {0, 1} : new int[0], new int[0], writer.batch());
        return new ExternalSystemSplitDataWriter<>() {
            @Override
            public void writeRecords(List<RowData> records) {
                writer.batch().clear();
                records.forEach(rows::upsert);
                writer.write(writer.batch());
                writer.flush();
            }

            @Override
            public void close() {
                writer.close();
            }
        };
    }

    @Override
    public List<RowData> generateTestData(TestingSourceSettings settings, int split, long seed) {
        Random random = new Random(seed);
        int value = keyed ? split : valueOfBucket(split);
        List<RowData> rows = new ArrayList<>();
        for (int i = 50 + random.nextInt(50); i > 0; i--) {
            StringData text = StringData.fromString("x".repeat(random.nextInt(20)) + nextId);
            rows.add(serializer.toBinaryRow(GenericRowData.of(value, nextId++, text)).copy());
        }
        return rows;
    }

    private int valueOfBucket(int bucket) {
        BucketFunction buckets = new BucketFunction(rowType, new int[] {0});
        int value = 0;
        while (buckets.bucket(GenericRowData.of(value, 0L, null), BUCKETS) != bucket) {
            value++;
        }
        return value;
    }

    @Override
    public TypeInformation<RowData> getProducedType() {
        return InternalTypeInfo.of(rowType);
    }

    @Override
    public String toString() {
        return keyed ? "partitions of a primary-key table" : "buckets of a log table";
    }
}
