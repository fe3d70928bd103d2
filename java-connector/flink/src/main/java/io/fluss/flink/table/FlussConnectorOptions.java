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
import java.util.regex.Pattern;

/**
 * Java types and defaults of the connector's options. What they mean, their units and prices stand in
 * {@code docs/options.md}, which a test compares with this class. Each belongs to one scope: connection (where the store is), engine (the same for all who open a
 * directory), table (kept in the store), or use (scan, lookup and sink; only these work in {@code OPTIONS} hints).
 */
public final class FlussConnectorOptions {
    private FlussConnectorOptions() {}

    // ------------------------------------------------------------------ connection

    public static final ConfigOption<String> DATA_DIR =
            ConfigOptions.key("data.dir").stringType().noDefaultValue();

    public static final ConfigOption<String> BOOTSTRAP_SERVERS =
            ConfigOptions.key("bootstrap.servers").stringType().noDefaultValue();

    // ------------------------------------------------------------------ engine

    public static final ConfigOption<Integer> DEFAULT_BUCKET_NUMBER =
            ConfigOptions.key("default.bucket.number").intType().defaultValue(1);

    public static final ConfigOption<Integer> MAX_BUCKET_NUMBER =
            ConfigOptions.key("max.bucket.num").intType().defaultValue(4096);

    public static final ConfigOption<Integer> MAX_PARTITION_NUMBER =
            ConfigOptions.key("max.partition.num").intType().defaultValue(1000);

    public static final ConfigOption<MemorySize> MEMORY_SIZE =
            ConfigOptions.key("memory.size").memoryType().defaultValue(MemorySize.ofMebiBytes(256));

    public static final ConfigOption<MemorySize> LOG_SEGMENT_FILE_SIZE =
            ConfigOptions.key("log.segment.file-size").memoryType().defaultValue(MemorySize.ofMebiBytes(1024));

    public static final ConfigOption<MemorySize> LOG_INDEX_INTERVAL_SIZE =
            ConfigOptions.key("log.index.interval-size").memoryType().defaultValue(new MemorySize(4096));

    public static final ConfigOption<Duration> LOG_RETENTION_CHECK_INTERVAL =
            ConfigOptions.key("log.retention.check-interval").durationType().defaultValue(Duration.ofMinutes(5));

    public static final ConfigOption<MemorySize> KV_WRITE_BUFFER_SIZE =
            ConfigOptions.key("kv.rocksdb.writebuffer.size").memoryType().defaultValue(MemorySize.ofMebiBytes(64));

    public static final ConfigOption<Duration> KV_SNAPSHOT_INTERVAL =
            ConfigOptions.key("kv.snapshot.interval").durationType().defaultValue(Duration.ofMinutes(10));

    public static final ConfigOption<Duration> AUTO_PARTITION_CHECK_INTERVAL =
            ConfigOptions.key("auto-partition.check.interval").durationType().defaultValue(Duration.ofMinutes(10));

    public static final ConfigOption<Duration> TRANSACTION_TIMEOUT =
            ConfigOptions.key("transaction.timeout").durationType().defaultValue(Duration.ofDays(7));

    // ------------------------------------------------------------------ table

    public static final ConfigOption<Integer> BUCKET_NUM =
            ConfigOptions.key("bucket.num").intType().noDefaultValue();

    public static final ConfigOption<String> BUCKET_KEY =
            ConfigOptions.key("bucket.key").stringType().noDefaultValue();

    public static final ConfigOption<Consistency> TABLE_LOG_CONSISTENCY =
            ConfigOptions.key("table.log.consistency").enumType(Consistency.class).defaultValue(Consistency.STRONG);

    public static final ConfigOption<Duration> TABLE_LOG_FLUSH_INTERVAL =
            ConfigOptions.key("table.log.flush.interval").durationType().defaultValue(Duration.ofMillis(100));

    public static final ConfigOption<Compression> TABLE_LOG_ARROW_COMPRESSION_TYPE =
            ConfigOptions.key("table.log.arrow.compression.type")
                    .enumType(Compression.class)
                    .defaultValue(Compression.ZSTD);

    public static final ConfigOption<Integer> TABLE_LOG_ARROW_COMPRESSION_ZSTD_LEVEL =
            ConfigOptions.key("table.log.arrow.compression.zstd.level").intType().defaultValue(1);

    public static final ConfigOption<Duration> TABLE_LOG_TTL =
            ConfigOptions.key("table.log.ttl").durationType().defaultValue(Duration.ofDays(7));

    public static final ConfigOption<String> TABLE_STATISTICS_COLUMNS =
            ConfigOptions.key("table.statistics.columns").stringType().noDefaultValue();

    public static final ConfigOption<Duration> TABLE_ROW_TTL =
            ConfigOptions.key("table.row.ttl").durationType().noDefaultValue();

    public static final ConfigOption<String> AUTO_INCREMENT_FIELDS =
            ConfigOptions.key("auto-increment.fields").stringType().noDefaultValue();

    public static final ConfigOption<Integer> TABLE_AUTO_INCREMENT_CACHE_SIZE =
            ConfigOptions.key("table.auto-increment.cache-size").intType().defaultValue(100000);

    public static final ConfigOption<Boolean> TABLE_AUTO_PARTITION_ENABLED =
            ConfigOptions.key("table.auto-partition.enabled").booleanType().defaultValue(false);

    public static final ConfigOption<String> TABLE_AUTO_PARTITION_KEY =
            ConfigOptions.key("table.auto-partition.key").stringType().noDefaultValue();

    public static final ConfigOption<TimeUnit> TABLE_AUTO_PARTITION_TIME_UNIT =
            ConfigOptions.key("table.auto-partition.time-unit").enumType(TimeUnit.class).defaultValue(TimeUnit.DAY);

    public static final ConfigOption<String> TABLE_AUTO_PARTITION_TIME_FORMAT =
            ConfigOptions.key("table.auto-partition.time-format").stringType().noDefaultValue();

    public static final ConfigOption<String> TABLE_AUTO_PARTITION_TIME_ZONE =
            ConfigOptions.key("table.auto-partition.time-zone").stringType().noDefaultValue();

    public static final ConfigOption<Integer> TABLE_AUTO_PARTITION_NUM_PRECREATE =
            ConfigOptions.key("table.auto-partition.num-precreate").intType().noDefaultValue();

    public static final ConfigOption<Integer> TABLE_AUTO_PARTITION_NUM_RETENTION =
            ConfigOptions.key("table.auto-partition.num-retention").intType().defaultValue(7);

    public static final ConfigOption<MergeEngine> TABLE_MERGE_ENGINE =
            ConfigOptions.key("table.merge-engine").enumType(MergeEngine.class).noDefaultValue();

    public static final ConfigOption<String> TABLE_MERGE_ENGINE_VERSION_COLUMN =
            ConfigOptions.key("table.merge-engine.versioned.ver-column").stringType().noDefaultValue();

    public static final ConfigOption<DeleteBehavior> TABLE_DELETE_BEHAVIOR =
            ConfigOptions.key("table.delete.behavior").enumType(DeleteBehavior.class).defaultValue(DeleteBehavior.ALLOW);

    public static final ConfigOption<ChangelogImage> TABLE_CHANGELOG_IMAGE =
            ConfigOptions.key("table.changelog.image").enumType(ChangelogImage.class).defaultValue(ChangelogImage.FULL);

    private static final Pattern COLUMN_OPTION =
            Pattern.compile("fields\\..+\\.(agg|listagg\\.delimiter|string_agg\\.delimiter)");

    // ------------------------------------------------------------------ scan

    public static final ConfigOption<StartupMode> SCAN_STARTUP_MODE =
            ConfigOptions.key("scan.startup.mode").enumType(StartupMode.class).defaultValue(StartupMode.FULL);

    public static final ConfigOption<String> SCAN_STARTUP_TIMESTAMP =
            ConfigOptions.key("scan.startup.timestamp").stringType().noDefaultValue();

    public static final ConfigOption<String> SCAN_STARTUP_SPECIFIC_OFFSETS =
            ConfigOptions.key("scan.startup.specific-offsets").stringType().noDefaultValue();

    public static final ConfigOption<BoundedMode> SCAN_BOUNDED_MODE =
            ConfigOptions.key("scan.bounded.mode").enumType(BoundedMode.class).defaultValue(BoundedMode.UNBOUNDED);

    public static final ConfigOption<String> SCAN_BOUNDED_TIMESTAMP =
            ConfigOptions.key("scan.bounded.timestamp").stringType().noDefaultValue();

    public static final ConfigOption<String> SCAN_BOUNDED_SPECIFIC_OFFSETS =
            ConfigOptions.key("scan.bounded.specific-offsets").stringType().noDefaultValue();

    public static final ConfigOption<String> SCAN_SNAPSHOT_TIMESTAMP =
            ConfigOptions.key("scan.snapshot.timestamp").stringType().noDefaultValue();

    public static final ConfigOption<String> SCAN_SNAPSHOT_SPECIFIC_OFFSETS =
            ConfigOptions.key("scan.snapshot.specific-offsets").stringType().noDefaultValue();

    public static final ConfigOption<Duration> SCAN_PARTITION_DISCOVERY_INTERVAL =
            ConfigOptions.key("scan.partition.discovery.interval").durationType().defaultValue(Duration.ofMinutes(1));

    public static final ConfigOption<Duration> SCAN_KV_SNAPSHOT_LEASE_DURATION =
            ConfigOptions.key("scan.kv.snapshot.lease.duration").durationType().defaultValue(Duration.ofDays(1));

    public static final ConfigOption<Integer> SCAN_PARALLELISM = FactoryUtil.SOURCE_PARALLELISM;

    // ------------------------------------------------------------------ lookup

    public static final ConfigOption<Boolean> LOOKUP_ASYNC =
            ConfigOptions.key("lookup.async").booleanType().defaultValue(true);

    public static final ConfigOption<Boolean> LOOKUP_INSERT_IF_NOT_EXISTS =
            ConfigOptions.key("lookup.insert-if-not-exists").booleanType().defaultValue(false);

    public static final ConfigOption<String> LOOKUP_WAIT_FOR_TIMESTAMP =
            ConfigOptions.key("lookup.wait-for.timestamp").stringType().noDefaultValue();

    public static final ConfigOption<String> LOOKUP_WAIT_FOR_SPECIFIC_OFFSETS =
            ConfigOptions.key("lookup.wait-for.specific-offsets").stringType().noDefaultValue();

    public static final ConfigOption<Duration> LOOKUP_WAIT_FOR_TIMEOUT =
            ConfigOptions.key("lookup.wait-for.timeout").durationType().defaultValue(Duration.ofMinutes(10));

    public static final ConfigOption<Integer> CLIENT_LOOKUP_QUEUE_SIZE =
            ConfigOptions.key("client.lookup.queue-size").intType().defaultValue(25600);

    public static final ConfigOption<Integer> CLIENT_LOOKUP_MAX_BATCH_SIZE =
            ConfigOptions.key("client.lookup.max-batch-size").intType().defaultValue(128);

    public static final ConfigOption<Integer> CLIENT_LOOKUP_MAX_INFLIGHT_REQUESTS =
            ConfigOptions.key("client.lookup.max-inflight-requests").intType().defaultValue(128);

    public static final ConfigOption<Duration> CLIENT_LOOKUP_BATCH_TIMEOUT =
            ConfigOptions.key("client.lookup.batch-timeout").durationType().defaultValue(Duration.ZERO);

    public static final ConfigOption<Integer> CLIENT_LOOKUP_MAX_RETRIES =
            ConfigOptions.key("client.lookup.max-retries").intType().defaultValue(Integer.MAX_VALUE);

    // ------------------------------------------------------------------ sink

    public static final ConfigOption<Boolean> SINK_IGNORE_DELETE =
            ConfigOptions.key("sink.ignore-delete").booleanType().defaultValue(false);

    public static final ConfigOption<Integer> SINK_PARALLELISM = FactoryUtil.SINK_PARALLELISM;

    /** Not given: exactly once where the merge engine adds up, else at least once. */
    public static final ConfigOption<DeliveryGuarantee> SINK_DELIVERY_GUARANTEE =
            ConfigOptions.key("sink.delivery-guarantee").enumType(DeliveryGuarantee.class).noDefaultValue();

    public static final ConfigOption<DistributionMode> SINK_DISTRIBUTION_MODE =
            ConfigOptions.key("sink.distribution-mode").enumType(DistributionMode.class).defaultValue(DistributionMode.AUTO);

    public static final ConfigOption<Boolean> SINK_BUCKET_SHUFFLE =
            ConfigOptions.key("sink.bucket-shuffle").booleanType().defaultValue(true);

    public static final ConfigOption<MemorySize> CLIENT_WRITER_BATCH_SIZE =
            ConfigOptions.key("client.writer.batch-size").memoryType().defaultValue(MemorySize.ofMebiBytes(2));

    public static final ConfigOption<Duration> CLIENT_WRITER_BATCH_TIMEOUT =
            ConfigOptions.key("client.writer.batch-timeout").durationType().defaultValue(Duration.ofMillis(100));

    public static final ConfigOption<Boolean> CLIENT_WRITER_CREATE_PARTITION =
            ConfigOptions.key("client.writer.dynamic-create-partition.enabled").booleanType().defaultValue(true);

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

    /** Values of {@link #TABLE_MERGE_ENGINE}. */
    public enum MergeEngine {
        FIRST_ROW,
        VERSIONED,
        AGGREGATION
    }

    /** Values of {@link #TABLE_DELETE_BEHAVIOR}. */
    public enum DeleteBehavior {
        ALLOW,
        IGNORE,
        DISABLE
    }

    /** Values of {@link #TABLE_CHANGELOG_IMAGE}. */
    public enum ChangelogImage {
        FULL,
        WAL
    }

    /** Values of {@link #TABLE_AUTO_PARTITION_TIME_UNIT}. */
    public enum TimeUnit {
        HOUR,
        DAY,
        MONTH,
        QUARTER,
        YEAR
    }

    /** Values of {@link #SINK_DELIVERY_GUARANTEE}, as those of Flink's connectors. */
    public enum DeliveryGuarantee {
        AT_LEAST_ONCE("at-least-once"),
        EXACTLY_ONCE("exactly-once");

        private final String name;

        DeliveryGuarantee(String name) {
            this.name = name;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** Values of {@link #SINK_DISTRIBUTION_MODE}. */
    public enum DistributionMode {
        AUTO,
        NONE,
        BUCKET,
        PARTITION_DYNAMIC
    }

    private static final List<ConfigOption<?>> ENGINE =
            Collections.unmodifiableList(
                    Arrays.asList(
                            DEFAULT_BUCKET_NUMBER,
                            MAX_BUCKET_NUMBER,
                            MAX_PARTITION_NUMBER,
                            MEMORY_SIZE,
                            LOG_SEGMENT_FILE_SIZE,
                            LOG_INDEX_INTERVAL_SIZE,
                            LOG_RETENTION_CHECK_INTERVAL,
                            KV_WRITE_BUFFER_SIZE,
                            KV_SNAPSHOT_INTERVAL,
                            AUTO_PARTITION_CHECK_INTERVAL,
                            TRANSACTION_TIMEOUT));

    private static final List<ConfigOption<?>> TABLE =
            Collections.unmodifiableList(
                    Arrays.asList(
                            TABLE_LOG_CONSISTENCY,
                            TABLE_LOG_FLUSH_INTERVAL,
                            TABLE_LOG_TTL,
                            TABLE_LOG_ARROW_COMPRESSION_TYPE,
                            TABLE_LOG_ARROW_COMPRESSION_ZSTD_LEVEL,
                            TABLE_STATISTICS_COLUMNS,
                            TABLE_ROW_TTL,
                            AUTO_INCREMENT_FIELDS,
                            TABLE_AUTO_INCREMENT_CACHE_SIZE,
                            TABLE_MERGE_ENGINE,
                            TABLE_MERGE_ENGINE_VERSION_COLUMN,
                            TABLE_DELETE_BEHAVIOR,
                            TABLE_CHANGELOG_IMAGE,
                            TABLE_AUTO_PARTITION_ENABLED,
                            TABLE_AUTO_PARTITION_KEY,
                            TABLE_AUTO_PARTITION_TIME_UNIT,
                            TABLE_AUTO_PARTITION_TIME_FORMAT,
                            TABLE_AUTO_PARTITION_TIME_ZONE,
                            TABLE_AUTO_PARTITION_NUM_PRECREATE,
                            TABLE_AUTO_PARTITION_NUM_RETENTION));

    private static final List<ConfigOption<?>> USE =
            Collections.unmodifiableList(
                    Arrays.asList(
                            SCAN_STARTUP_MODE,
                            SCAN_STARTUP_TIMESTAMP,
                            SCAN_STARTUP_SPECIFIC_OFFSETS,
                            SCAN_BOUNDED_MODE,
                            SCAN_BOUNDED_TIMESTAMP,
                            SCAN_BOUNDED_SPECIFIC_OFFSETS,
                            SCAN_SNAPSHOT_TIMESTAMP,
                            SCAN_SNAPSHOT_SPECIFIC_OFFSETS,
                            SCAN_PARTITION_DISCOVERY_INTERVAL,
                            SCAN_KV_SNAPSHOT_LEASE_DURATION,
                            SCAN_PARALLELISM,
                            FactoryUtil.WATERMARK_EMIT_STRATEGY,
                            FactoryUtil.WATERMARK_ALIGNMENT_GROUP,
                            FactoryUtil.WATERMARK_ALIGNMENT_MAX_DRIFT,
                            FactoryUtil.WATERMARK_ALIGNMENT_UPDATE_INTERVAL,
                            FactoryUtil.SOURCE_IDLE_TIMEOUT,
                            LOOKUP_ASYNC,
                            LookupOptions.CACHE_TYPE,
                            LookupOptions.MAX_RETRIES,
                            LOOKUP_INSERT_IF_NOT_EXISTS,
                            LookupOptions.PARTIAL_CACHE_MAX_ROWS,
                            LookupOptions.PARTIAL_CACHE_EXPIRE_AFTER_ACCESS,
                            LookupOptions.PARTIAL_CACHE_EXPIRE_AFTER_WRITE,
                            LookupOptions.PARTIAL_CACHE_CACHE_MISSING_KEY,
                            LOOKUP_WAIT_FOR_TIMESTAMP,
                            LOOKUP_WAIT_FOR_SPECIFIC_OFFSETS,
                            LOOKUP_WAIT_FOR_TIMEOUT,
                            CLIENT_LOOKUP_QUEUE_SIZE,
                            CLIENT_LOOKUP_MAX_BATCH_SIZE,
                            CLIENT_LOOKUP_MAX_INFLIGHT_REQUESTS,
                            CLIENT_LOOKUP_BATCH_TIMEOUT,
                            CLIENT_LOOKUP_MAX_RETRIES,
                            SINK_IGNORE_DELETE,
                            SINK_PARALLELISM,
                            SINK_DELIVERY_GUARANTEE,
                            SINK_DISTRIBUTION_MODE,
                            SINK_BUCKET_SHUFFLE,
                            CLIENT_WRITER_BATCH_SIZE,
                            CLIENT_WRITER_BATCH_TIMEOUT,
                            CLIENT_WRITER_CREATE_PARTITION));

    /** Options of the engine, passed to the store as they are. */
    public static List<ConfigOption<?>> engineOptions() {
        return ENGINE;
    }

    /** Options that the store keeps with a table and understands. */
    public static List<ConfigOption<?>> tableOptions() {
        return TABLE;
    }

    /** Whether an option is of a column, with its name in the key: {@code fields.<column>.agg} and the like; kept by the store. */
    public static boolean isColumnOption(String key) {
        return COLUMN_OPTION.matcher(key).matches();
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
