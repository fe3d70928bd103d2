package io.fluss.flink.source;

import io.fluss.client.Admin;
import io.fluss.client.Column;
import io.fluss.client.Connection;
import io.fluss.client.DataType;
import io.fluss.client.DatabaseInfo;
import io.fluss.client.TableDescriptor;
import io.fluss.client.TablePath;
import io.fluss.flink.source.enumerator.FlussEnumeratorState;
import io.fluss.flink.row.UnrecoverableException;
import io.fluss.flink.source.deserializer.RowDataDeserializationSchema;
import io.fluss.flink.source.split.FlussSplit;
import io.fluss.flink.source.split.LogSplit;
import io.fluss.flink.source.split.TableBucket;

import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.connector.testframe.external.source.TestingSourceSettings;
import org.apache.flink.connector.testutils.source.reader.TestingReaderContext;
import org.apache.flink.connector.testutils.source.reader.TestingSplitEnumeratorContext;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class EnumeratorTest {
    private static final TestingSourceSettings UNBOUNDED = TestingSourceSettings.builder()
            .setBoundedness(Boundedness.CONTINUOUS_UNBOUNDED)
            .build();

    @TempDir
    Path directory;

    private static void write(SourceSuiteTable table, int split) throws Exception {
        try (var writer = table.createSourceSplitDataWriter(UNBOUNDED)) {
            writer.writeRecords(table.generateTestData(UNBOUNDED, split, split));
        }
    }

    /** A checkpoint of a table that was dropped since: a reader must not give rows of another one under its name, not even one. */
    @Test
    void aReaderRefusesSplitsOfAnotherTable() throws Exception {
        try (SourceSuiteTable table = new SourceSuiteTable(directory, false)) {
            write(table, 0);
            try (SourceReader<RowData, FlussSplit> reader = table.createSource(UNBOUNDED).createReader(new TestingReaderContext())) {
                FlussSplit ofAnother = new LogSplit(77, new TableBucket(0, 0), 0, LogSplit.UNBOUNDED);
                assertThatThrownBy(() -> reader.addSplits(List.of(ofAnother)))
                        .isInstanceOf(UnrecoverableException.class)
                        .hasMessageContaining("split contains 77");
                FlussSplit ofAnOldCheckpoint =
                        new LogSplit(FlussSplit.UNKNOWN_TABLE, new TableBucket(0, 0), 0, LogSplit.UNBOUNDED);
                reader.addSplits(List.of(ofAnOldCheckpoint));
            }
        }
    }

    /** A message to a reader that stops with a savepoint at this moment would let its job fail. */
    @Test
    void readersHearNothingOfADiscoveryWithoutNews() throws Exception {
        TestingSplitEnumeratorContext<FlussSplit> context = new TestingSplitEnumeratorContext<>(1);
        try (SourceSuiteTable table = new SourceSuiteTable(directory, true);
                SplitEnumerator<FlussSplit, FlussEnumeratorState> enumerator =
                        table.createSource(UNBOUNDED).createEnumerator(context)) {
            write(table, 0);
            enumerator.start();
            context.registerReader(0, "localhost");
            enumerator.addReader(0);
            context.getExecutorService().triggerAll();
            assertThat(context.getSplitAssignments().get(0).getAssignedSplits()).hasSize(1);
            context.getSplitAssignments().clear();

            context.triggerAllActions();
            assertThat(context.getSplitAssignments()).isEmpty();

            write(table, 1);
            context.triggerAllActions();
            assertThat(context.getSplitAssignments().get(0).getAssignedSplits()).hasSize(1);
        }
    }

    /** A job ends before the store has heard of it, with an enumerator that another one's checkpoint has restored. */
    @Test
    void aReleaseThatWasBegunIsMadeAtTheEnd() throws Exception {
        try (Connection connection = Connection.open(Map.of("data.dir", directory.toString()))) {
            Admin admin = connection.admin();
            TablePath path = TablePath.of("d", "t");
            admin.createDatabase(new DatabaseInfo("d", "", Map.of()), true);
            TableDescriptor.Builder table = TableDescriptor.builder()
                    .column(new Column("id", DataType.of(DataType.Kind.INT).withNullable(false), ""))
                    .primaryKey(List.of("id"))
                    .bucketCount(1);
            admin.createTable(path, table.build(), false);
            String snapshot = admin.createSnapshot(path, Duration.ofDays(1)).snapshotId();
            TestingSplitEnumeratorContext<FlussSplit> context = new TestingSplitEnumeratorContext<>(1);
            FlussSource<RowData> source = FlussSource.<RowData>builder()
                    .setOption("data.dir", directory.toString())
                    .setDatabase("d")
                    .setTable("t")
                    .setDeserializationSchema(new RowDataDeserializationSchema())
                    .build();
            FlussEnumeratorState state = new FlussEnumeratorState(admin.getTable(path).tableId(), true, Set.of(), List.of());
            try (SplitEnumerator<FlussSplit, FlussEnumeratorState> enumerator = source.restoreEnumerator(context, state)) {
                enumerator.start();
                context.getExecutorService().triggerAll();
                assertThat(snapshots()).isEqualTo(1);
                enumerator.handleSourceEvent(0, new SnapshotFinishedEvent(new TableBucket(0, 0), snapshot));
            }
            assertThat(snapshots()).isZero();
        }
    }

    private long snapshots() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.getParent().getFileName().toString().equals("snapshots")).count();
        }
    }
}
