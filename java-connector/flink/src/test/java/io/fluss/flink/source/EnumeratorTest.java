package io.fluss.flink.source;

import io.fluss.flink.source.enumerator.FlussEnumeratorState;
import io.fluss.flink.row.UnrecoverableException;
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

import java.nio.file.Path;
import java.util.List;

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
}
