//! Options that the store reads: of the engine and of tables.
use std::collections::BTreeMap;
use std::time::Duration;

use super::auto_increment::AutoIncrement;
use super::auto_partition::{AUTO_PARTITION, AutoPartition};
use super::door::Values;
use super::kind::Kind;
use super::merge::{self, MergeOptions};
use super::spec::OptionSpec;
use super::statistics::StatisticsColumns;
use crate::{Error, ErrorCode, Merging, Result, Schema, TableKind};

/// When a write is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// When it is durable.
    Strong,
    /// After the local append; durable within `table.log.flush.interval`. A lost machine may lose that tail.
    Eventual,
}

/// Compression of each buffer of a log batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Compression {
    /// None: fixed-width columns are read in place.
    None = 0,
    /// LZ4 frames: cheap.
    Lz4Frame = 1,
    /// ZSTD: smaller, several times the CPU of LZ4 when writing.
    Zstd = 2,
}

/// Options of one table, section "Table" of `docs/options.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOptions {
    /// `table.log.consistency`
    pub consistency: Consistency,
    /// `table.log.flush.interval`
    pub flush_interval: Duration,
    /// `table.log.arrow.compression.type`
    pub compression: Compression,
    /// `table.log.arrow.compression.zstd.level`, 1 to 22
    pub zstd_level: i32,
    /// `table.log.ttl`; `None`: the log is kept for ever
    pub log_ttl: Option<Duration>,
    /// `table.statistics.columns`
    pub statistics: StatisticsColumns,
    /// `auto-increment.fields` and `table.auto-increment.cache-size`
    pub auto_increment: Option<AutoIncrement>,
    /// `table.row.ttl`; `None`: rows stay, and their values have no time
    pub row_ttl: Option<Duration>,
    /// `table.merge-engine`, `table.delete.behavior`, `table.changelog.image`, `fields.…`
    pub merge: MergeOptions,
    /// `table.auto-partition.*`; `None`: not enabled
    pub auto_partition: Option<AutoPartition>,
}

/// Options of the engine, the same for all who open a directory; section "Engine" of `docs/options.md`.
/// `kv.snapshot.interval` is checked only, until the background work exists that reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// `default.bucket.number`
    pub default_buckets: u32,
    /// `max.bucket.num`
    pub max_buckets: u32,
    /// `max.partition.num`
    pub max_partitions: u32,
    /// `memory.size`, bytes
    pub memory: u64,
    /// `log.segment.file-size`, bytes
    pub segment_size: u64,
    /// `log.index.interval-size`, bytes
    pub index_interval: u64,
    /// `log.retention.check-interval`
    pub retention_check_interval: Duration,
    /// `auto-partition.check.interval`
    pub auto_partition_interval: Duration,
    /// `transaction.timeout`
    pub transaction_timeout: Duration,
    /// `kv.rocksdb.writebuffer.size`, bytes
    pub kv_write_buffer: u64,
}

impl TableOptions {
    /// Reads the options of a table. An unknown one is refused with the nearest known name, a bad value with what is expected.
    pub fn parse(options: &BTreeMap<String, String>) -> Result<Self> {
        let (fields, options) = merge::split_fields(options)?;
        let values = Values::read("table option", TABLE, &options)?;
        Ok(Self {
            merge: MergeOptions::read(&values, fields, &options)?,
            auto_partition: AutoPartition::read(&values)?,
            consistency: values
                .choice("table.log.consistency", &[("strong", Consistency::Strong), ("eventual", Consistency::Eventual)])?,
            flush_interval: values.duration("table.log.flush.interval")?,
            compression: values.choice(
                "table.log.arrow.compression.type",
                &[("NONE", Compression::None), ("LZ4_FRAME", Compression::Lz4Frame), ("ZSTD", Compression::Zstd)],
            )?,
            zstd_level: values.int("table.log.arrow.compression.zstd.level")?,
            log_ttl: values.time_to_live("table.log.ttl")?,
            statistics: StatisticsColumns::parse(values.text("table.statistics.columns").unwrap_or_default())?,
            auto_increment: AutoIncrement::parse(
                values.text("auto-increment.fields").unwrap_or_default(),
                values.int("table.auto-increment.cache-size")?,
            )?,
            row_ttl: values.optional_time_to_live("table.row.ttl"),
        })
    }

    /// What a table of this schema makes of an old and a new row of one key.
    pub fn merging(&self, schema: &Schema) -> Result<Merging> {
        let auto_increment = self.auto_increment.as_ref().map(|a| a.resolve(schema)).transpose()?;
        Ok(Merging { auto_increment, ..self.merge.resolve(schema)? })
    }

    /// Whether the options fit a table of this schema.
    pub fn check(&self, schema: &Schema) -> Result<()> {
        self.statistics.resolve(schema)?;
        self.merging(schema)?;
        if self.row_ttl.is_some() && schema.kind() == TableKind::Log {
            let message = "option 'table.row.ttl': rows of a log table live as long as 'table.log.ttl' says; only a primary-key table has a row TTL";
            return Err(Error::new(ErrorCode::InvalidOption, message));
        }
        Ok(())
    }

    /// Whether a table may have these options instead of `before`: what is stored must stay readable.
    pub fn check_change(&self, before: &Self) -> Result<()> {
        if self.row_ttl.is_some() == before.row_ttl.is_some() {
            return Ok(());
        }
        let message = "option 'table.row.ttl': a table has a row TTL from its creation on, or never: its rows are stored with their time. \
                       Of one that has it the length may be altered; a long one, such as '36500 d', keeps rows";
        Err(Error::new(ErrorCode::InvalidOption, message))
    }
}

impl EngineOptions {
    /// Reads the engine options. An unknown one is refused with the nearest known name, a bad value with what is expected.
    pub fn parse(options: &BTreeMap<String, String>) -> Result<Self> {
        let values = Values::read("engine option", ENGINE, options)?;
        Ok(Self {
            default_buckets: values.int("default.bucket.number")?,
            max_buckets: values.int("max.bucket.num")?,
            max_partitions: values.int("max.partition.num")?,
            memory: values.bytes("memory.size")?,
            segment_size: values.bytes("log.segment.file-size")?,
            index_interval: values.bytes("log.index.interval-size")?,
            retention_check_interval: values.duration("log.retention.check-interval")?,
            auto_partition_interval: values.duration("auto-partition.check.interval")?,
            transaction_timeout: values.duration("transaction.timeout")?,
            kv_write_buffer: values.bytes("kv.rocksdb.writebuffer.size")?,
        })
    }
}

pub(super) const ENGINE: &[OptionSpec] = &[
    OptionSpec {
        key: "default.bucket.number",
        kind: Kind::Int { min: 1, max: 4096 },
        default: Some("1"),
        alterable: false,
        meaning: "Buckets of a table that does not say `bucket.num`.",
        price: "See `bucket.num`.",
    },
    OptionSpec {
        key: "max.bucket.num",
        kind: Kind::Int { min: 1, max: 1_000_000 },
        default: Some("4096"),
        alterable: false,
        meaning: "Most buckets that a table may have, all its partitions together.",
        price: "None itself; each bucket has a folder of log files, one of them open, and about 8 KiB of memory.",
    },
    OptionSpec {
        key: "max.partition.num",
        kind: Kind::Int { min: 1, max: 1_000_000 },
        default: Some("1000"),
        alterable: false,
        meaning: "Most partitions that a table may have.",
        price: "Its name in memory; each one that is used has files for each bucket.",
    },
    OptionSpec {
        key: "memory.size",
        kind: Kind::Size { min: 16 << 20 },
        default: Some("256mb"),
        alterable: false,
        meaning: "Native memory of the process: half of it for the block cache, a quarter for RocksDB's write buffers, an eighth each for \
                  readers and writers. One budget for all stores that the process has open: a second one with another value is refused.",
        price: "Outside the JVM heap: leave room for it in Flink's off-heap setting. Too little: lookups and upserts read the disk, \
                readers and writers get one batch at a time.",
    },
    OptionSpec {
        key: "log.segment.file-size",
        kind: Kind::Size { min: 64 << 10 },
        default: Some("1gb"),
        alterable: false,
        meaning: "A log segment is closed before it would grow beyond this size.",
        price: "Small: many files. Large: the log is removed in large pieces, and a missing index takes long to make again.",
    },
    OptionSpec {
        key: "log.index.interval-size",
        kind: Kind::Size { min: 1 },
        default: Some("4kb"),
        alterable: false,
        meaning: "Bytes of log between two entries of a segment's index.",
        price: "24 bytes of memory and disk an entry; a reader that begins at an offset skips up to one interval.",
    },
    OptionSpec {
        key: "log.retention.check-interval",
        kind: Kind::Duration { min_ms: 1 },
        default: Some("5min"),
        alterable: false,
        meaning: "Time between two looks for log segments that are older than `table.log.ttl`.",
        price: "Short: the log of each open table is looked at more often. Long: expired rows take disk for that much longer.",
    },
    OptionSpec {
        key: "transaction.timeout",
        kind: Kind::Duration { min_ms: 1 },
        default: Some("7d"),
        alterable: false,
        meaning: "How long a transaction that is prepared waits for its commit, and how long it is known that it was committed. A writer that \
                  is idle for so long is forgotten too.",
        price: "Long: what jobs that never came back have staged takes disk for that long. Short: a job that restarts later than that cannot \
                commit what its checkpoint holds, an error.",
    },
    OptionSpec {
        key: "kv.rocksdb.writebuffer.size",
        kind: Kind::Size { min: 64 << 10 },
        default: Some("64mb"),
        alterable: false,
        meaning: "RocksDB write buffer of a table.",
        price: "When those of all tables are over a quarter of `memory.size`, they are written out earlier. Small: more files, more compaction.",
    },
    OptionSpec {
        key: "kv.snapshot.interval",
        kind: Kind::Duration { min_ms: 1 },
        default: Some("10min"),
        alterable: false,
        meaning: "Time between two snapshots of a primary-key table's state.",
        price: "No effect in a local store: snapshots are made for readers that ask, and what an opening after a crash replays is bounded by \
                bytes, not by time. It is for the snapshots in the object store, which this version does not have yet.",
    },
    OptionSpec {
        key: "auto-partition.check.interval",
        kind: Kind::Duration { min_ms: 1 },
        default: Some("10min"),
        alterable: false,
        meaning: "Time between two looks at the partitions that should exist: `table.auto-partition.enabled`.",
        price: "Long: a partition is there that much after its time has begun, if none are made ahead, and stays that much longer.",
    },
];

pub(super) const TABLE: &[OptionSpec] = &[
    OptionSpec {
        key: "table.log.consistency",
        kind: Kind::Choice(&["strong", "eventual"]),
        default: Some("strong"),
        alterable: false,
        meaning: "`strong`: a write is acknowledged when it is durable. `eventual`: after the local append, and durable within \
                  `table.log.flush.interval`. A Flink checkpoint waits for durability in both.",
        price: "`strong`: a sync of the disk for each group of writes. `eventual`: a lost machine may lose the last interval, and \
                streaming readers see rows that much later.",
    },
    OptionSpec {
        key: "table.log.flush.interval",
        kind: Kind::Duration { min_ms: 0 },
        default: Some("100ms"),
        alterable: false,
        meaning: "With `eventual` consistency: time within which a write becomes durable.",
        price: "Short: more syncs. Long: streaming readers see rows later, and a lost machine loses more.",
    },
    OptionSpec {
        key: "table.log.ttl",
        kind: Kind::TimeToLive,
        default: Some("7d"),
        alterable: true,
        meaning: "How long rows stay in the log, by the time of their commit. The rows of a primary-key table stay; its changelog goes. \
                  Whole segments are removed, of tables that the process has open, every `log.retention.check-interval`.",
        price: "Long: disk. Short: a reader that comes back later than that finds its position gone, an error (\"the fetching offset … is out of range\").",
    },
    OptionSpec {
        key: "table.log.arrow.compression.type",
        kind: Kind::Choice(&["NONE", "LZ4_FRAME", "ZSTD"]),
        default: Some("ZSTD"),
        alterable: false,
        meaning: "Compression of each column buffer of a log batch.",
        price: "`NONE`: most disk, and readers use fixed-width columns in place. `LZ4_FRAME`: little CPU. `ZSTD`: least disk, most CPU \
                when writing.",
    },
    OptionSpec {
        key: "table.log.arrow.compression.zstd.level",
        kind: Kind::ZstdLevel,
        default: Some("1"),
        alterable: false,
        meaning: "How hard ZSTD tries, with `table.log.arrow.compression.type` = `ZSTD`.",
        price: "Higher levels take more CPU and memory when writing: 3, the default of Apache Fluss, took a tenth more CPU an upsert for 0 to 4 % \
                less disk.",
    },
    OptionSpec {
        key: "table.statistics.columns",
        kind: Kind::Text("`*`, or column names separated by commas"),
        default: None,
        alterable: true,
        meaning: "Columns whose least and greatest value and number of NULLs are kept with each log batch, so that a filter can skip \
                  batches. `*`: all whose type has statistics, which BYTES, BINARY, VARBINARY, ARRAY, MAP and ROW have not. Not given: none.",
        price: "When writing, a comparison or two a value; up to 77 bytes a column in each batch.",
    },
    OptionSpec {
        key: "table.row.ttl",
        kind: Kind::TimeToLive,
        default: None,
        alterable: true,
        meaning: "How long a row of a primary-key table lives after it was last written. An expired row is as one that is not there: lookups and \
                  scans leave it out, and the next upsert of its key is an insert; its changelog has no `-D`. Given at creation or never; the \
                  length may be altered, which counts for all rows at once. Not given: rows stay.",
        price: "8 bytes a row. Counting the rows reads them. The disk of expired rows comes back with compactions.",
    },
    OptionSpec {
        key: "auto-increment.fields",
        kind: Kind::Text("column name"),
        default: None,
        alterable: false,
        meaning: "Column of a primary-key table, INT or BIGINT and not of the key, that the store fills: a new key gets the next number, from 1, \
                  unique in the table and kept by updates. Writers leave the column out, or give NULL. Numbers of different buckets are not in the \
                  order of the writes, and closing the store leaves gaps.",
        price: "Upserts read the old row with the `WAL` image too.",
    },
    OptionSpec {
        key: "table.auto-increment.cache-size",
        kind: Kind::Int { min: 1, max: i32::MAX as u64 },
        default: Some("100000"),
        alterable: false,
        meaning: "Numbers that a bucket takes at a time for `auto-increment.fields`.",
        price: "Small: the catalog is written often. Large: larger gaps.",
    },
    OptionSpec {
        key: merge::ENGINE,
        kind: Kind::Choice(&["first_row", "versioned", "aggregation"]),
        default: None,
        alterable: false,
        meaning: "What becomes of a row whose key is there already. Not given: it replaces the old one. `first_row`: the old one stays. `versioned`: \
                  the one with the greater version stays, of equal ones the later; NULL is the smallest. `aggregation`: the values of the columns are \
                  put together as `fields.<column>.agg` says. Primary-key tables only.",
        price: "`aggregation`: rows are made anew, column by column. With each of them SQL's UPDATE and DELETE are refused.",
    },
    OptionSpec {
        key: merge::VERSION_COLUMN,
        kind: Kind::Text("name of an INT, BIGINT, TIMESTAMP or TIMESTAMP_LTZ column"),
        default: None,
        alterable: false,
        meaning: "The version of a row, with `table.merge-engine` = `versioned`, which needs it.",
        price: "None.",
    },
    OptionSpec {
        key: merge::DELETE_BEHAVIOR,
        kind: Kind::Choice(&["ALLOW", "IGNORE", "DISABLE"]),
        default: Some("ALLOW"),
        alterable: false,
        meaning: "What becomes of deletes. `ALLOW`: the row goes. `IGNORE`: nothing. `DISABLE`: the write fails. With a merge engine \
                  the default is `IGNORE`; `first_row` and `versioned` refuse `ALLOW`. Primary-key tables only.",
        price: "None.",
    },
    OptionSpec {
        key: merge::IMAGE,
        kind: Kind::Choice(&["FULL", "WAL"]),
        default: Some("FULL"),
        alterable: false,
        meaning: "What the changelog holds of an update. `FULL`: the row before and the row after it. `WAL`: the row after it; a table without \
                  merge engine does not look whether the row was there, and an insert is an update too. Deletes have the row that they remove in both. \
                  `aggregation` refuses `WAL`. Primary-key tables only.",
        price: "`FULL`: old rows are read, and the log is twice as large. `WAL`: streaming queries that need the row before keep all rows in \
                Flink's state.",
    },
    AUTO_PARTITION[0],
    AUTO_PARTITION[1],
    AUTO_PARTITION[2],
    AUTO_PARTITION[3],
    AUTO_PARTITION[4],
    AUTO_PARTITION[5],
    AUTO_PARTITION[6],
];
