//! Options that the Java connector reads. `FlussConnectorOptions` has their Java types and defaults; a Java test compares it
//! with the page that is made from here.
use super::kind::Kind;
use super::spec::OptionSpec;

/// Java's `Integer.MAX_VALUE`.
const INT_MAX: u64 = i32::MAX as u64;
/// Java's `Long.MAX_VALUE`.
const LONG_MAX: u64 = i64::MAX as u64;

pub(super) const CONNECTION: &[OptionSpec] = &[
    OptionSpec {
        key: "data.dir",
        kind: Kind::Text("`/path` or `file:///path`"),
        default: None,
        alterable: false,
        meaning: "Directory of an embedded store, made when missing. Exactly one of `data.dir` and `bootstrap.servers` is given.",
        price: "A directory belongs to one process at a time; a second one gets an error that names the first.",
    },
    OptionSpec {
        key: "bootstrap.servers",
        kind: Kind::Text("`host:port,host:port`"),
        default: None,
        alterable: false,
        meaning: "Servers to ask.",
        price: "Refused: there is no server yet.",
    },
];

pub(super) const CATALOG: &[OptionSpec] = &[
    OptionSpec {
        key: "type",
        kind: Kind::Text("`fluss`"),
        default: None,
        alterable: false,
        meaning: "Makes the catalog a Fluss catalog.",
        price: "None.",
    },
    OptionSpec {
        key: "default-database",
        kind: Kind::Text("name"),
        default: Some("fluss"),
        alterable: false,
        meaning: "Database of names without one, made when missing.",
        price: "None.",
    },
];

pub(super) const DECLARATION: &[OptionSpec] = &[
    OptionSpec {
        key: "connector",
        kind: Kind::Text("`fluss`"),
        default: None,
        alterable: false,
        meaning: "Makes the table a Fluss table; needed outside a Fluss catalog.",
        price: "None.",
    },
    OptionSpec {
        key: "bucket.num",
        kind: Kind::Int { min: 1, max: 65536 },
        default: None,
        alterable: false,
        meaning: "Number of buckets, at most `max.bucket.num`. Not given: `default.bucket.number`.",
        price: "As many can be written and read side by side. Each has a log: a folder of files, about 8 KiB of memory, and a sync of its own. \
                The rows of a primary-key table are in one RocksDB, whatever number of buckets it has.",
    },
    OptionSpec {
        key: "bucket.key",
        kind: Kind::Text("column names separated by commas"),
        default: None,
        alterable: false,
        meaning: "Columns whose hash chooses the bucket; of a primary-key table a part of the key, without the partition keys. \
                  Not given: all of that; of a log table none, its batches go round the buckets.",
        price: "Few different values leave buckets empty.",
    },
];

pub(super) const SCAN: &[OptionSpec] = &[
    OptionSpec {
        key: "scan.startup.mode",
        kind: Kind::Choice(&["full", "earliest", "latest", "timestamp", "specific-offsets"]),
        default: Some("full"),
        alterable: true,
        meaning: "`full`: a primary-key table's snapshot, then its changelog; a log table from its first row. `earliest`, `latest`, \
                  `timestamp`, `specific-offsets`: the log from there (of a primary-key table: the raw changelog).",
        price: "`full` reads the whole table first.",
    },
    OptionSpec {
        key: "scan.startup.timestamp",
        kind: Kind::Text("milliseconds since 1970, or `yyyy-MM-dd HH:mm:ss` in the session's time zone"),
        default: None,
        alterable: true,
        meaning: "Start of mode `timestamp`, which needs it: rows committed then or later are read.",
        price: "None.",
    },
    OptionSpec {
        key: "scan.startup.specific-offsets",
        kind: Kind::Text(
            "`bucket:0,offset:42;bucket:1,offset:300`, with `partition:NAME,` before `bucket` in a table with partitions",
        ),
        default: None,
        alterable: true,
        meaning: "Start of mode `specific-offsets`, which needs it: the offset of the first row of each bucket. A bucket that is not named is \
                  not read; a partition that is made later is read from its start.",
        price: "None.",
    },
    OptionSpec {
        key: "scan.bounded.mode",
        kind: Kind::Choice(&["unbounded", "latest-offset", "timestamp", "specific-offsets"]),
        default: Some("unbounded"),
        alterable: true,
        meaning: "Where a scan ends. `unbounded`: a streaming read never, a batch read as `latest-offset`: at what is there when it starts. \
                  Whatever the mode, a scan that ends does not wait for rows that are not there yet. A primary-key table that is read from its \
                  snapshot (startup mode `full`) is read as it was at the end: as by `scan.snapshot.timestamp`, but without what was committed at \
                  that time.",
        price: "None.",
    },
    OptionSpec {
        key: "scan.bounded.timestamp",
        kind: Kind::Text("milliseconds since 1970, or `yyyy-MM-dd HH:mm:ss` in the session's time zone"),
        default: None,
        alterable: true,
        meaning: "End of mode `timestamp`, which needs it: rows committed then or later are not read.",
        price: "None.",
    },
    OptionSpec {
        key: "scan.bounded.specific-offsets",
        kind: Kind::Text("as `scan.startup.specific-offsets`"),
        default: None,
        alterable: true,
        meaning: "End of mode `specific-offsets`, which needs it: the offset behind the last row of each bucket. A bucket that is not named is \
                  not read.",
        price: "None.",
    },
    OptionSpec {
        key: "scan.snapshot.timestamp",
        kind: Kind::Text("as `scan.startup.timestamp`"),
        default: None,
        alterable: true,
        meaning: "The table as it was then, with what was committed at that time: all that is read, in streaming queries too. It must be over, and \
                  the log not gone since (`table.log.ttl`). Not for tables with `table.changelog.image` = `WAL` or with `table.row.ttl`. \
                  A partition that was dropped is not read, and of a log table only rows that are still kept.",
        price: "Of a primary-key table, the log since then is read, and the rows of all keys that have changed since are held in memory, by each \
                reader at most an eighth of `memory.size`: more is an error that says how many there were.",
    },
    OptionSpec {
        key: "scan.snapshot.specific-offsets",
        kind: Kind::Text("as `scan.startup.specific-offsets`"),
        default: None,
        alterable: true,
        meaning: "The table as it was when the log of each bucket ended there, as `scan.snapshot.timestamp`. A bucket that is not named is not read.",
        price: "As `scan.snapshot.timestamp`.",
    },
    OptionSpec {
        key: "scan.partition.discovery.interval",
        kind: Kind::TimeToLive,
        default: Some("1min"),
        alterable: true,
        meaning: "How often a streaming read looks for partitions that were made since; they are read from their start, whatever the startup \
                  mode. 0: never.",
        price: "The partitions of the table are listed each time.",
    },
    OptionSpec {
        key: "scan.kv.snapshot.lease.duration",
        kind: Kind::Duration { min_ms: 1 },
        default: Some("1d"),
        alterable: true,
        meaning: "How long the snapshot that a job reads is kept when the job does not come back. A savepoint taken in the middle of a \
                  snapshot can be resumed for that long.",
        price: "The files of a snapshot take disk as long as it is kept.",
    },
    OptionSpec {
        key: "scan.parallelism",
        kind: Kind::Int { min: 1, max: INT_MAX },
        default: None,
        alterable: true,
        meaning: "Subtasks of the source. Not given: the planner's choice.",
        price: "More than buckets are idle.",
    },
    OptionSpec {
        key: "scan.watermark.emit.strategy",
        kind: Kind::Choice(&["on-event", "on-periodic"]),
        default: Some("on-periodic"),
        alterable: true,
        meaning: "Flink's: when watermarks are given, of every row, or every `pipeline.auto-watermark-interval`.",
        price: "`on-event`: a watermark a row.",
    },
    OptionSpec {
        key: "scan.watermark.alignment.group",
        kind: Kind::Text("name"),
        default: None,
        alterable: true,
        meaning: "Flink's: sources of one group wait for each other, and so do the buckets of one scan: those that are ahead are not read.",
        price: "None.",
    },
    OptionSpec {
        key: "scan.watermark.alignment.max-drift",
        kind: Kind::Duration { min_ms: 0 },
        default: None,
        alterable: true,
        meaning: "Flink's: how far one may be ahead of the others of its group, in event time. Needed with a group.",
        price: "None.",
    },
    OptionSpec {
        key: "scan.watermark.alignment.update-interval",
        kind: Kind::Duration { min_ms: 1 },
        default: Some("1s"),
        alterable: true,
        meaning: "Flink's: how often they are compared.",
        price: "None.",
    },
    OptionSpec {
        key: "scan.watermark.idle-timeout",
        kind: Kind::Duration { min_ms: 0 },
        default: None,
        alterable: true,
        meaning: "Flink's: a bucket without rows for so long does not hold back watermarks. Not given: `table.exec.source.idle-timeout`.",
        price: "Its rows may be late then.",
    },
];

pub(super) const LOOKUP: &[OptionSpec] = &[
    OptionSpec {
        key: "lookup.async",
        kind: Kind::Bool,
        default: Some("true"),
        alterable: true,
        meaning: "Whether lookup joins may run asynchronously; the LOOKUP hint decides then.",
        price: "`false`: one key at a time.",
    },
    OptionSpec {
        key: "lookup.cache",
        kind: Kind::Choice(&["NONE", "PARTIAL", "FULL"]),
        default: Some("NONE"),
        alterable: true,
        meaning: "`NONE`: the store is asked each time. `PARTIAL`: Flink's cache of rows that were found. `FULL`: a copy of the table in native memory, one that all jobs of the process share; a bucket is copied when it is first asked for, and follows the changes that are durable. Synchronous only, and not with `lookup.insert-if-not-exists`.",
        price: "`PARTIAL`: JVM heap in each subtask, and rows as old as `lookup.partial-cache.expire-after-write` allows. `FULL`: the buckets that are asked for must fit into three eighths of `memory.size`.",
    },
    OptionSpec {
        key: "lookup.partial-cache.max-rows",
        kind: Kind::Int { min: 0, max: LONG_MAX },
        default: None,
        alterable: true,
        meaning: "Most rows of the partial cache of a subtask. Not given: no bound.",
        price: "JVM heap.",
    },
    OptionSpec {
        key: "lookup.partial-cache.expire-after-access",
        kind: Kind::Duration { min_ms: 0 },
        default: None,
        alterable: true,
        meaning: "How long the partial cache keeps a row that nobody asks for. Not given: for ever.",
        price: "Long: JVM heap.",
    },
    OptionSpec {
        key: "lookup.partial-cache.expire-after-write",
        kind: Kind::Duration { min_ms: 0 },
        default: None,
        alterable: true,
        meaning: "How long the partial cache keeps a row. Not given: for ever.",
        price: "Long: old rows are joined.",
    },
    OptionSpec {
        key: "lookup.partial-cache.cache-missing-key",
        kind: Kind::Bool,
        default: Some("true"),
        alterable: true,
        meaning: "Whether the partial cache keeps that a key has no row.",
        price: "`true`: a row that comes later is not seen until the entry expires.",
    },
    OptionSpec {
        key: "lookup.max-retries",
        kind: Kind::Int { min: 0, max: INT_MAX },
        default: Some("3"),
        alterable: true,
        meaning: "How often a lookup is asked again after an error that can pass, such as a bound of memory that was reached: after 10 ms, then \
                  twice as long each time, 1 s at most. Other errors fail the job at once. Of this and `client.lookup.max-retries` the smaller one counts.",
        price: "The job fails later.",
    },
    OptionSpec {
        key: "lookup.insert-if-not-exists",
        kind: Kind::Bool,
        default: Some("false"),
        alterable: true,
        meaning: "A lookup by the whole primary key that finds no row makes one: the key, a number in a column of `auto-increment.fields`, NULL \
                  elsewhere. However many ask for a key at once, all get the same row.",
        price: "`true`: a missing key waits for its row to be durable. Refused where another column is NOT NULL.",
    },
    OptionSpec {
        key: "lookup.wait-for.timestamp",
        kind: Kind::Text("as `scan.startup.timestamp`"),
        default: None,
        alterable: true,
        meaning: "Before a subtask of a lookup join asks for its first key, it waits until every bucket of the table has a row that was committed then or later and \
                  can be read; of a table with partitions, that bucket of any partition. A bucket that gets no rows never reaches a time: give \
                  offsets, or have fewer buckets. Rows that come after are not waited for. The time must not be older than what the log keeps \
                  (`table.log.ttl`), or a job that starts again later fails. A table with more than 1,000 partitions is refused: give offsets.",
        price: "Until then the job has no rows and no checkpoints.",
    },
    OptionSpec {
        key: "lookup.wait-for.specific-offsets",
        kind: Kind::Text("as `scan.startup.specific-offsets`"),
        default: None,
        alterable: true,
        meaning: "As `lookup.wait-for.timestamp`, but until the log of each bucket that is named can be read up to that offset, without it: \
                  `offset:42` waits for 42 changes. A bucket that is not named is not waited for; a partition that is named and not there is.",
        price: "As `lookup.wait-for.timestamp`.",
    },
    OptionSpec {
        key: "lookup.wait-for.timeout",
        kind: Kind::Duration { min_ms: 1 },
        default: Some("10min"),
        alterable: true,
        meaning: "How long it waits at most. Then the job fails with an error that says how far each bucket is that was waited for.",
        price: "Short: a job that starts while the table is loaded fails.",
    },
    OptionSpec {
        key: "client.lookup.max-batch-size",
        kind: Kind::Int { min: 1, max: INT_MAX },
        default: Some("128"),
        alterable: true,
        meaning: "Waiting keys of asynchronous lookups at which a request is sent although another is on its way.",
        price: "Small: more requests. Large: keys wait for an answer before they are sent.",
    },
    OptionSpec {
        key: "client.lookup.max-inflight-requests",
        kind: Kind::Int { min: 1, max: INT_MAX },
        default: Some("128"),
        alterable: true,
        meaning: "Most requests on their way at once, of one subtask.",
        price: "Memory for their keys and rows.",
    },
    OptionSpec {
        key: "client.lookup.queue-size",
        kind: Kind::Int { min: 1, max: INT_MAX },
        default: Some("25600"),
        alterable: true,
        meaning: "Most lookups of a subtask that wait to be sent, for the first time or again: a further one holds the subtask up until there is room.",
        price: "Small: the subtask stands still. Flink asks for no more than `table.exec.async-lookup.buffer-capacity` at a time.",
    },
    OptionSpec {
        key: "client.lookup.batch-timeout",
        kind: Kind::Duration { min_ms: 0 },
        default: Some("0ms"),
        alterable: true,
        meaning: "Of asynchronous lookups that are not answered at once (from memory, or a file that the system has cached). 0: sent \
                  at once when none is on its way, else with the next answer. Longer: so long it waits for \
                  `client.lookup.max-batch-size` others to share its request.",
        price: "The wait is in every lookup that finds no full batch. A synchronous lookup never waits: it is alone.",
    },
    OptionSpec {
        key: "client.lookup.max-retries",
        kind: Kind::Int { min: 0, max: INT_MAX },
        default: Some("2147483647"),
        alterable: true,
        meaning: "As `lookup.max-retries`; the smaller one counts.",
        price: "As `lookup.max-retries`.",
    },
];

pub(super) const SINK: &[OptionSpec] = &[
    OptionSpec {
        key: "sink.ignore-delete",
        kind: Kind::Bool,
        default: Some("false"),
        alterable: true,
        meaning: "Drop -D and -U rows at the sink. A log table then takes a changelog, and appends its +I and +U rows.",
        price: "Deleted rows stay.",
    },
    OptionSpec {
        key: "sink.parallelism",
        kind: Kind::Int { min: 1, max: INT_MAX },
        default: None,
        alterable: true,
        meaning: "Subtasks of the sink. Not given: the planner's choice.",
        price: "More subtasks write smaller batches.",
    },
    OptionSpec {
        key: "sink.delivery-guarantee",
        kind: Kind::Choice(&["at-least-once", "exactly-once"]),
        default: None,
        alterable: true,
        meaning: "What becomes of rows when a job fails and goes on from a checkpoint. `at-least-once`: rows are seen as soon as they are durable; \
                  those since the checkpoint come again, which upserts make harmless, but a log table may then have them twice. `exactly-once`: rows are seen once, \
                  when the checkpoint after them (in batch mode the job) has completed. Not given: `exactly-once` for tables whose merge engine is `aggregation`, \
                  which would add rows up twice, else `at-least-once`.",
        price: "`exactly-once`: rows wait for the checkpoint, and are written twice. A streaming job without checkpoints is `at-least-once` and warns. \
                A checkpoint older than `transaction.timeout` cannot be restored.",
    },
    OptionSpec {
        key: "sink.distribution-mode",
        kind: Kind::Choice(&["AUTO", "NONE", "BUCKET", "PARTITION_DYNAMIC"]),
        default: Some("AUTO"),
        alterable: true,
        meaning: "How rows come to the subtasks of the sink. `BUCKET`: those of a bucket to one, so that rows of one key keep their order and batches are large. \
                  `PARTITION_DYNAMIC`, of partitioned log tables: those of a partition to as many as its share of the latest rows asks for. \
                  `NONE`: as they are. `AUTO`: `BUCKET` for primary-key tables and log tables with a bucket key, but for a batch job with one subtask; else `NONE`.",
        price: "`BUCKET`, `PARTITION_DYNAMIC`: rows go over the network. `BUCKET`: more subtasks than buckets have nothing to do, but for those of other partitions.",
    },
    OptionSpec {
        key: "sink.bucket-shuffle",
        kind: Kind::Bool,
        default: Some("true"),
        alterable: true,
        meaning: "`false`: `sink.distribution-mode` = `AUTO` means `NONE`. For users of Apache Fluss; new jobs say it with the mode.",
        price: "As `sink.distribution-mode`.",
    },
    OptionSpec {
        key: "client.writer.batch-size",
        kind: Kind::Size { min: 0 },
        default: Some("2mb"),
        alterable: true,
        meaning: "A batch of rows is handed to the store at this size.",
        price: "Native memory of each subtask. Small: more log batches, larger log.",
    },
    OptionSpec {
        key: "client.writer.batch-timeout",
        kind: Kind::Duration { min_ms: 0 },
        default: Some("100ms"),
        alterable: true,
        meaning: "A batch of rows is handed to the store after this time, full or not.",
        price: "Short: smaller batches. Long: rows are seen later.",
    },
    OptionSpec {
        key: "client.writer.dynamic-create-partition.enabled",
        kind: Kind::Bool,
        default: Some("true"),
        alterable: true,
        meaning: "Whether the first row of a partition that is not there makes it. If not, the write fails.",
        price: "`true`: wrong values in the partition keys make partitions, up to `max.partition.num`.",
    },
];
