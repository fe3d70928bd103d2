package io.fluss.flink.source;

import org.apache.flink.connector.testframe.environment.MiniClusterTestEnvironment;
import org.apache.flink.connector.testframe.external.ExternalContextFactory;
import org.apache.flink.connector.testframe.junit.annotations.TestContext;
import org.apache.flink.connector.testframe.junit.annotations.TestEnv;
import org.apache.flink.connector.testframe.junit.annotations.TestSemantics;
import org.apache.flink.connector.testframe.testsuites.SourceTestSuiteBase;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

/** Flink's suite for sources: all of its tests, of a log table's buckets and of a primary-key table's partitions. */
@Timeout(300)
class SourceSuiteITCase extends SourceTestSuiteBase<RowData> {
    /** Deleted after the cluster has ended, so that no task still writes there. */
    @TempDir
    static Path directories;

    private int stores;

    @TestSemantics
    CheckpointingMode[] semantics = {CheckpointingMode.EXACTLY_ONCE};

    @TestEnv
    MiniClusterTestEnvironment cluster = new MiniClusterTestEnvironment();

    @TestContext
    ExternalContextFactory<SourceSuiteTable> log = test -> new SourceSuiteTable(directory(), false);

    @TestContext
    ExternalContextFactory<SourceSuiteTable> keyed = test -> new SourceSuiteTable(directory(), true);

    private Path directory() {
        return directories.resolve("store-" + stores++);
    }
}
