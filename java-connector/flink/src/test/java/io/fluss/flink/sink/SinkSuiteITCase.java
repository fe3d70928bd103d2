package io.fluss.flink.sink;

import java.nio.file.Path;
import org.apache.flink.connector.testframe.environment.MiniClusterTestEnvironment;
import org.apache.flink.connector.testframe.external.ExternalContextFactory;
import org.apache.flink.connector.testframe.junit.annotations.TestContext;
import org.apache.flink.connector.testframe.junit.annotations.TestEnv;
import org.apache.flink.connector.testframe.junit.annotations.TestSemantics;
import org.apache.flink.connector.testframe.testsuites.SinkTestSuiteBase;
import org.apache.flink.core.execution.CheckpointingMode;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Flink's suite for sinks: all of its tests under both guarantees, of a log table and of a primary-key table with partitions. */
@Timeout(300)
class SinkSuiteITCase extends SinkTestSuiteBase<String> {
    /** Deleted after the cluster has ended, so that no task still writes there. */
    @TempDir
    static Path directories;

    private int stores;

    @TestSemantics
    CheckpointingMode[] semantics = {CheckpointingMode.EXACTLY_ONCE, CheckpointingMode.AT_LEAST_ONCE};

    @TestEnv
    MiniClusterTestEnvironment cluster = new MiniClusterTestEnvironment();

    @TestContext
    ExternalContextFactory<SinkSuiteTable> log = test -> new SinkSuiteTable(directory(), false);

    @TestContext
    ExternalContextFactory<SinkSuiteTable> keyed = test -> new SinkSuiteTable(directory(), true);

    private Path directory() {
        return directories.resolve("store-" + stores++);
    }
}
