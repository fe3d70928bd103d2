package io.fluss.flink.table;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.table.connector.source.lookup.LookupOptions;
import org.apache.flink.table.factories.FactoryUtil;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Every option of the connector: name, meaning, unit, default. Each belongs to one scope: connection (where the store is),
 * engine (the same for all who open a directory), table (kept in the store), or use (scan, lookup and sink; only these
 * work in {@code OPTIONS} hints).
 */
public final class FlussConnectorOptions {
    private FlussConnectorOptions() {}

    // ------------------------------------------------------------------ connection

    public static final ConfigOption<String> DATA_DIR =
            ConfigOptions.key("data.dir")
                    .stringType()
                    .noDefaultValue()
                    .withDescription(
                            "Directory of an embedded store: an absolute path or file:///path. It is created when missing. "
                                    + "Exactly one of 'data.dir' and 'bootstrap.servers' is given.");

    public static final ConfigOption<String> BOOTSTRAP_SERVERS =
            ConfigOptions.key("bootstrap.servers")
                    .stringType()
                    .noDefaultValue()
                    .withDescription(
                            "Servers to ask, 'host:port,host:port'. Exactly one of 'data.dir' and 'bootstrap.servers' is given.");

    // ------------------------------------------------------------------ engine

    public static final ConfigOption<Integer> DEFAULT_BUCKET_NUMBER =
            ConfigOptions.key("default.bucket.number")
                    .intType()
                    .defaultValue(1)
                    .withDescription("Buckets of a table that does not say 'bucket.num'.");

    public static final ConfigOption<Integer> MAX_BUCKET_NUMBER =
            ConfigOptions.key("max.bucket.num")
                    .intType()
                    .defaultValue(4096)
                    .withDescription("Most buckets that a table may have.");

    public static final ConfigOption<MemorySize> MEMORY_SIZE =
            ConfigOptions.key("memory.size")
                    .memoryType()
                    .defaultValue(MemorySize.ofMebiBytes(256))
                    .withDescription(
                            "Native memory of the process for block cache, write buffers, readers and writers, counted once for "
                                    + "all jobs. It is outside the JVM heap: leave room for it in Flink's off-heap setting.");

    public static final ConfigOption<MemorySize> LOG_SEGMENT_FILE_SIZE =
            ConfigOptions.key("log.segment.file-size")
                    .memoryType()
                    .defaultValue(MemorySize.ofMebiBytes(1024))
                    .withDescription("A log segment is closed at this size.");

    public static final ConfigOption<MemorySize> LOG_INDEX_INTERVAL_SIZE =
            ConfigOptions.key("log.index.interval-size")
                    .memoryType()
                    .defaultValue(new MemorySize(4096))
                    .withDescription("Bytes of log between two entries of the offset index.");

    public static final ConfigOption<MemorySize> KV_WRITE_BUFFER_SIZE =
            ConfigOptions.key("kv.rocksdb.writebuffer.size")
                    .memoryType()
                    .defaultValue(MemorySize.ofMebiBytes(64))
                    .withDescription("RocksDB write buffer of a bucket.");

    public static final ConfigOption<Duration> KV_SNAPSHOT_INTERVAL =
            ConfigOptions.key("kv.snapshot.interval")
                    .durationType()
                    .defaultValue(Duration.ofMinutes(10))
                    .withDescription("Time between two snapshots of a primary-key table's state.");

    public static final ConfigOption<Duration> AUTO_PARTITION_CHECK_INTERVAL =
            ConfigOptions.key("auto-partition.check.interval")
                    .durationType()
                    .defaultValue(Duration.ofMinutes(10))
                    .withDescription("Time between two looks at the partitions that should exist.");

    // ------------------------------------------------------------------ table

    public static final ConfigOption<Integer> BUCKET_NUM =
            ConfigOptions.key("bucket.num")
                    .intType()
                    .noDefaultValue()
                    .withDescription("Number of buckets. Default: the engine's 'default.bucket.number'.");

    public static final ConfigOption<String> BUCKET_KEY =
            ConfigOptions.key("bucket.key")
                    .stringType()
                    .noDefaultValue()
                    .withDescription(
                            "Columns, separated by commas, whose hash chooses the bucket. Default: the primary key; for a log "
                                    + "table none, batches go round the buckets.");

    public static final ConfigOption<Consistency> TABLE_LOG_CONSISTENCY =
            ConfigOptions.key("table.log.consistency")
                    .enumType(Consistency.class)
                    .defaultValue(Consistency.STRONG)
                    .withDescription(
                            "'strong': a write is acknowledged when it is durable. 'eventual': after the local append; a lost "
                                    + "machine may lose the last 'table.log.flush.interval'. A Flink checkpoint waits for "
                                    + "durability in both.");

    public static final ConfigOption<Duration> TABLE_LOG_FLUSH_INTERVAL =
            ConfigOptions.key("table.log.flush.interval")
                    .durationType()
                    .defaultValue(Duration.ofMillis(100))
                    .withDescription("With 'eventual' consistency: time within which a write becomes durable.");

    public static final ConfigOption<Compression> TABLE_LOG_ARROW_COMPRESSION_TYPE =
            ConfigOptions.key("table.log.arrow.compression.type")
                    .enumType(Compression.class)
                    .defaultValue(Compression.ZSTD)
                    .withDescription(
                            "Compression of each column buffer of a log batch. NONE lets readers use fixed-width columns in "
                                    + "place.");

    // ------------------------------------------------------------------ scan

    public static final ConfigOption<StartupMode> SCAN_STARTUP_MODE =
            ConfigOptions.key("scan.startup.mode")
                    .enumType(StartupMode.class)
                    .defaultValue(StartupMode.FULL)
                    .withDescription(
                            "'full': a primary-key table's snapshot, then its changelog; a log table from its first row. "
                                    + "'earliest', 'latest', 'timestamp': the log from there (of a primary-key table: the raw "
                                    + "changelog).");

    public static final ConfigOption<String> SCAN_STARTUP_TIMESTAMP =
            ConfigOptions.key("scan.startup.timestamp")
                    .stringType()
                    .noDefaultValue()
                    .withDescription(
                            "Start of mode 'timestamp': milliseconds since the epoch, or 'yyyy-MM-dd HH:mm:ss' in the session "
                                    + "time zone. Rows committed at or after it are read.");

    public static final ConfigOption<Duration> SCAN_KV_SNAPSHOT_LEASE_DURATION =
            ConfigOptions.key("scan.kv.snapshot.lease.duration")
                    .durationType()
                    .defaultValue(Duration.ofDays(1))
                    .withDescription(
                            "How long the snapshot that a job reads is kept when the job does not come back. A savepoint "
                                    + "taken in the middle of a snapshot can be resumed for that long.");

    public static final ConfigOption<Integer> SCAN_PARALLELISM = FactoryUtil.SOURCE_PARALLELISM;

    // ------------------------------------------------------------------ lookup

    public static final ConfigOption<Boolean> LOOKUP_ASYNC =
            ConfigOptions.key("lookup.async")
                    .booleanType()
                    .defaultValue(true)
                    .withDescription("Whether lookup joins run asynchronously.");

    public static final ConfigOption<Integer> CLIENT_LOOKUP_QUEUE_SIZE =
            ConfigOptions.key("client.lookup.queue-size")
                    .intType()
                    .defaultValue(25600)
                    .withDescription(
                            "Lookups that may wait; Flink's own 'table.exec.async-lookup.buffer-capacity' bounds them first.");

    public static final ConfigOption<Integer> CLIENT_LOOKUP_MAX_BATCH_SIZE =
            ConfigOptions.key("client.lookup.max-batch-size")
                    .intType()
                    .defaultValue(128)
                    .withDescription("Most keys of one request.");

    public static final ConfigOption<Integer> CLIENT_LOOKUP_MAX_INFLIGHT_REQUESTS =
            ConfigOptions.key("client.lookup.max-inflight-requests")
                    .intType()
                    .defaultValue(128)
                    .withDescription("Most requests on their way at once.");

    public static final ConfigOption<Duration> CLIENT_LOOKUP_BATCH_TIMEOUT =
            ConfigOptions.key("client.lookup.batch-timeout")
                    .durationType()
                    .defaultValue(Duration.ZERO)
                    .withDescription("How long a lookup waits for others to share its request. 0: never.");

    public static final ConfigOption<Integer> CLIENT_LOOKUP_MAX_RETRIES =
            ConfigOptions.key("client.lookup.max-retries")
                    .intType()
                    .defaultValue(Integer.MAX_VALUE)
                    .withDescription("Retries of a lookup that failed in a way that can pass.");

    // ------------------------------------------------------------------ sink

    public static final ConfigOption<Boolean> SINK_IGNORE_DELETE =
            ConfigOptions.key("sink.ignore-delete")
                    .booleanType()
                    .defaultValue(false)
                    .withDescription("Drop -D and -U rows at the sink.");

    public static final ConfigOption<Integer> SINK_PARALLELISM = FactoryUtil.SINK_PARALLELISM;

    public static final ConfigOption<MemorySize> CLIENT_WRITER_BATCH_SIZE =
            ConfigOptions.key("client.writer.batch-size")
                    .memoryType()
                    .defaultValue(MemorySize.ofMebiBytes(2))
                    .withDescription("A batch of rows is handed to the store at this size.");

    public static final ConfigOption<Duration> CLIENT_WRITER_BATCH_TIMEOUT =
            ConfigOptions.key("client.writer.batch-timeout")
                    .durationType()
                    .defaultValue(Duration.ofMillis(100))
                    .withDescription("A batch of rows is handed to the store after this time, full or not.");

    /** Values of {@link #TABLE_LOG_CONSISTENCY}. */
    public enum Consistency {
        STRONG,
        EVENTUAL
    }

    /** Values of {@link #TABLE_LOG_ARROW_COMPRESSION_TYPE}. */
    public enum Compression {
        NONE,
        LZ4_FRAME,
        ZSTD
    }

    private static final List<ConfigOption<?>> ENGINE =
            Collections.unmodifiableList(
                    Arrays.asList(
                            DEFAULT_BUCKET_NUMBER,
                            MAX_BUCKET_NUMBER,
                            MEMORY_SIZE,
                            LOG_SEGMENT_FILE_SIZE,
                            LOG_INDEX_INTERVAL_SIZE,
                            KV_WRITE_BUFFER_SIZE,
                            KV_SNAPSHOT_INTERVAL,
                            AUTO_PARTITION_CHECK_INTERVAL));

    private static final List<ConfigOption<?>> TABLE =
            Collections.unmodifiableList(
                    Arrays.asList(TABLE_LOG_CONSISTENCY, TABLE_LOG_FLUSH_INTERVAL, TABLE_LOG_ARROW_COMPRESSION_TYPE));

    private static final List<ConfigOption<?>> USE =
            Collections.unmodifiableList(
                    Arrays.asList(
                            SCAN_STARTUP_MODE,
                            SCAN_STARTUP_TIMESTAMP,
                            SCAN_KV_SNAPSHOT_LEASE_DURATION,
                            SCAN_PARALLELISM,
                            LOOKUP_ASYNC,
                            LookupOptions.CACHE_TYPE,
                            LookupOptions.MAX_RETRIES,
                            LookupOptions.PARTIAL_CACHE_MAX_ROWS,
                            LookupOptions.PARTIAL_CACHE_EXPIRE_AFTER_ACCESS,
                            LookupOptions.PARTIAL_CACHE_EXPIRE_AFTER_WRITE,
                            LookupOptions.PARTIAL_CACHE_CACHE_MISSING_KEY,
                            CLIENT_LOOKUP_QUEUE_SIZE,
                            CLIENT_LOOKUP_MAX_BATCH_SIZE,
                            CLIENT_LOOKUP_MAX_INFLIGHT_REQUESTS,
                            CLIENT_LOOKUP_BATCH_TIMEOUT,
                            CLIENT_LOOKUP_MAX_RETRIES,
                            SINK_IGNORE_DELETE,
                            SINK_PARALLELISM,
                            CLIENT_WRITER_BATCH_SIZE,
                            CLIENT_WRITER_BATCH_TIMEOUT));

    /** Options of the engine, passed to the store as they are. */
    public static List<ConfigOption<?>> engineOptions() {
        return ENGINE;
    }

    /** Options that the store keeps with a table and understands. */
    public static List<ConfigOption<?>> tableOptions() {
        return TABLE;
    }

    /** Options of scans, lookups and sinks. */
    public static List<ConfigOption<?>> useOptions() {
        return USE;
    }

    /** What a catalog's WITH clause takes besides its own options. */
    public static Set<ConfigOption<?>> connectionAndEngineOptions() {
        Set<ConfigOption<?>> all = new LinkedHashSet<>(Arrays.asList(DATA_DIR, BOOTSTRAP_SERVERS));
        all.addAll(ENGINE);
        return all;
    }

    /** What a table's WITH clause takes. */
    public static Set<ConfigOption<?>> allTableOptions() {
        Set<ConfigOption<?>> all = connectionAndEngineOptions();
        all.addAll(new ArrayList<>(Arrays.asList(BUCKET_NUM, BUCKET_KEY)));
        all.addAll(TABLE);
        all.addAll(USE);
        return all;
    }
}
