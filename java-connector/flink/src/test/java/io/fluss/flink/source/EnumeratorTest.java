package io.fluss.flink.source;

import io.fluss.flink.source.enumerator.FlussEnumeratorState;
import io.fluss.flink.source.split.FlussSplit;

import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.connector.testframe.external.source.TestingSourceSettings;
import org.apache.flink.connector.testutils.source.reader.TestingSplitEnumeratorContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;

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
