package io.fluss.flink.table;

import io.fluss.client.TablePath;
import io.fluss.flink.testing.Sql;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.ValidationException;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Options and declarations that are refused before any store is opened. */
class OptionsTest {
    private static AbstractThrowableAssert<?, ? extends Throwable> select(String columns, String options) {
        Sql sql = Sql.batch();
        sql.run("CREATE TABLE t (%s) WITH ('connector' = 'fluss'%s)", columns, options);
        return assertThatThrownBy(() -> sql.run("SELECT * FROM t")).hasRootCauseInstanceOf(ValidationException.class)
                .rootCause();
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> catalog(String options) {
        return assertThatThrownBy(() -> Sql.batch().run("CREATE CATALOG c WITH ('type' = 'fluss'%s)", options))
                .hasRootCauseInstanceOf(ValidationException.class)
                .rootCause();
    }

    @Test
    void exactlyOneOfDirectoryAndServers() {
        select("id INT", "")
                .hasMessageContaining("Neither 'data.dir' nor 'bootstrap.servers'")
                .hasMessageContaining("default_database.t");
        select("id INT", ", 'data.dir' = '/nowhere/x', 'bootstrap.servers' = 'h:1'")
                .hasMessageContaining("Both 'data.dir' and 'bootstrap.servers'")
                .hasMessageContaining("default_database.t");
        select("id INT", ", 'bootstrap.servers' = 'h:1'")
                .hasMessageContaining("server mode is not in this version")
                .hasMessageContaining("data.dir");
        catalog("").hasMessageContaining("Neither 'data.dir' nor 'bootstrap.servers'").hasMessageContaining("catalog 'c'");
        catalog(", 'data.dir' = '/nowhere/x', 'bootstrap.servers' = 'h:1'")
                .hasMessageContaining("Both 'data.dir' and 'bootstrap.servers'");
        catalog(", 'bootstrap.servers' = 'h:1'").hasMessageContaining("server mode is not in this version");
    }

    @Test
    void theDirectoryIsLocalAndAbsolute() {
        select("id INT", ", 'data.dir' = 'relative/x'").hasMessageContaining("relative/x").hasMessageContaining("absolute");
        catalog(", 'data.dir' = 's3://bucket/x'").hasMessageContaining("s3://bucket/x");
    }

    @Test
    void anUnknownOptionNamesTableOptionAndTheNearestKnownOne() {
        select("id INT", ", 'data.dir' = '/nowhere/x', 'scan.startup.mod' = 'full'")
                .hasMessageContaining("'scan.startup.mod'")
                .hasMessageContaining("default_database.t")
                .hasMessageContaining("Did you mean 'scan.startup.mode'?");
        select("id INT", ", 'data.dir' = '/nowhere/x', 'table.log.consistancy' = 'strong'")
                .hasMessageContaining("Did you mean 'table.log.consistency'?");
        select("id INT", ", 'data.dir' = '/nowhere/x', 'fields.id.sum' = 'x'").hasMessageContaining("fields.id.sum");
        catalog(", 'data.dirr' = '/nowhere/x'").hasMessageContaining("Did you mean 'data.dir'?");
    }

    @Test
    void whatComesLaterSaysSo() {
        select("id INT", ", 'data.dir' = '/nowhere/x', 'remote.data.dir' = 's3://b'")
                .hasMessageContaining("'remote.data.dir'")
                .hasMessageContaining("not supported yet");
        catalog(", 'data.dir' = '/nowhere/x', 'remote.data.dir' = 's3://b'").hasMessageContaining("not supported yet");
        select("id INT, PRIMARY KEY (id) NOT ENFORCED", ", 'data.dir' = '/nowhere/x', 'table.kv.format' = 'INDEXED'")
                .hasMessageContaining("'table.kv.format'")
                .hasMessageContaining("not supported yet");
    }

    @Test
    void aValueThatCannotBeReadNamesTheOption() {
        select("id INT", ", 'data.dir' = '/nowhere/x', 'bucket.num' = 'many'")
                .hasMessageContaining("many");
        assertThatThrownBy(() -> {
            Sql sql = Sql.batch();
            sql.run("CREATE TABLE t (id INT) WITH ('connector' = 'fluss', 'data.dir' = '/nowhere/x',"
                    + " 'scan.startup.mode' = 'middle')");
            sql.run("SELECT * FROM t");
        }).hasStackTraceContaining("Option 'scan.startup.mode' = 'middle' of table 'default_database.t'");
        select("id INT", ", 'data.dir' = '/nowhere/x', 'bucket.num' = '0'").hasMessageContaining("at least one bucket");
    }

    @Test
    void keysAndColumnsAreChecked() {
        String dir = ", 'data.dir' = '/nowhere/x'";
        select("id INT", dir + ", 'bucket.key' = 'x'").hasMessageContaining("column 'x'").hasMessageContaining("bucket.key");
        select("id INT, v INT, PRIMARY KEY (id) NOT ENFORCED", dir + ", 'bucket.key' = 'v'")
                .hasMessageContaining("not in the primary key [id]");
        select("id INT, `__offset` BIGINT", dir).hasMessageContaining("'__offset'").hasMessageContaining("reserved");
        select("id INT, m MULTISET<INT>", dir)
                .hasMessageContaining("'m'")
                .hasMessageContaining("MULTISET<INT>")
                .hasMessageContaining("TIMESTAMP_LTZ");
        select("id INT, ts TIMESTAMP(3) METADATA", dir).hasMessageContaining("'ts'").hasMessageContaining("metadata");
    }

    @Test
    void aTimestampStartNeedsATimestamp() {
        Configuration options = new Configuration();
        options.set(FlussConnectorOptions.SCAN_STARTUP_MODE, StartupMode.TIMESTAMP);
        ScanRange range = new ScanRange(TablePath.of("d", "t"), options, new Configuration());
        assertThatThrownBy(range::start)
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("'scan.startup.timestamp' is required");
    }
}
