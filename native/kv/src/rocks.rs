//! RocksDB: one for all tablets of a table. Its own write-ahead log is off: the logs of the buckets are the write-ahead log, and how far a
//! tablet is is written in the same batch as its rows. A key begins with its tablet, so a tablet and a partition are ranges.
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use fluss_types::{BucketId, Error, ErrorCode, PartitionId, Result};
use rocksdb::checkpoint::Checkpoint;
use rocksdb::{
    BlockBasedOptions, CompactionDecision, DB, DBCompressionType, DEFAULT_COLUMN_FAMILY_NAME as DEFAULT_CF, DataBlockIndexType,
    FlushOptions, LogLevel, Options, ReadOptions, ReadTier, WriteBatch, WriteOptions, properties,
};

use crate::rocks_memory::{KvMemory, Written};
use crate::rocks_scan::{LiveScans, RocksCheckpoint};
use crate::rocks_tablet::{RocksTablet, TabletKeys};
use crate::store::{IsRemovable, KvCheckpoint, KvFigures, KvLoad, KvMemoryUsed, KvStore, KvStores, KvTable};

/// RocksDB slows writes down at 20 files that are not compacted, and one memtable before so many that wait to be written out; files to stop at.
/// More of each if more than a memtable may be on its way when a crowd begins.
const MAX_MEMTABLES: u64 = 8;
const SLOW_FILES: u64 = 20;
const STOP_FILES: u64 = 36;
/// From so many files or waiting memtables on those who write much wait.
const CROWDED_FILES: u64 = 8;
const CROWDED_MEMTABLES: u64 = 2;
/// Memtables that may still come in then.
const ROOM: u64 = 3;
/// A memtable remembers where it inserted last, for each tablet: the first bytes of a row's stored key.
const INSERT_NEAR_THE_LAST: &str = "memtable_insert_with_hint_prefix_extractor=fixed:9";
/// How often all files of a table with removable rows are compacted.
const PERIODIC_COMPACTION_SECONDS: u64 = 86_400;

/// RocksDB's stores of one engine.
pub struct RocksKvStores {
    memory: KvMemory,
    write_buffer_size: usize,
    on_its_way: u64,
}

impl std::fmt::Debug for RocksKvStores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RocksKvStores").field("write_buffer_size", &self.write_buffer_size).finish_non_exhaustive()
    }
}

impl RocksKvStores {
    /// A memtable is written out at `write_buffer_size` bytes. `on_its_way`: bytes that may be appended to logs and not applied at any time.
    pub fn new(memory: KvMemory, write_buffer_size: usize, on_its_way: u64) -> Self {
        Self { memory, write_buffer_size, on_its_way }
    }

    /// RocksDB's options of a store.
    pub fn options(&self) -> Options {
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(self.memory.cache());
        table.set_bloom_filter(10.0, false);
        table.set_cache_index_and_filter_blocks(true);
        table.set_pin_l0_filter_and_index_blocks_in_cache(true);
        table.set_format_version(5);
        table.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
        // The rows of a batch come in key order, each near the one before it. Faster with it, right without.
        let mut o = Options::default().get_options_from_string(INSERT_NEAR_THE_LAST).unwrap_or_default();
        o.create_if_missing(true);
        o.set_block_based_table_factory(&table);
        o.set_write_buffer_manager(self.memory.write_buffers());
        o.set_write_buffer_size(self.write_buffer_size);
        // Whoever waits in a crowd has appended before: that still comes, and none of it may wait in RocksDB.
        let more = self.on_its_way.div_ceil(self.memtable().max(1)).saturating_sub(1).min(1 << 20);
        o.set_max_write_buffer_number((MAX_MEMTABLES + more) as i32);
        o.set_level_zero_slowdown_writes_trigger((SLOW_FILES + more) as i32);
        o.set_level_zero_stop_writes_trigger((STOP_FILES + more) as i32);
        // What an idle table costs: RocksDB would give each a megabyte with its first row.
        o.set_arena_block_size(64 << 10);
        // Only those that are written much get the filter: [`Written`].
        o.set_memtable_whole_key_filtering(true);
        o.set_compression_type(DBCompressionType::Lz4);
        o.set_level_compaction_dynamic_level_bytes(true);
        o.set_max_background_jobs(2);
        o.set_keep_log_file_num(1);
        o.set_log_level(LogLevel::Warn);
        o.set_stats_dump_period_sec(0);
        o
    }

    /// Bytes of a memtable when it is written out, or less.
    fn memtable(&self) -> u64 {
        (self.write_buffer_size as u64).min(self.memory.write_buffers_size() / 2)
    }
}

impl KvStores for RocksKvStores {
    fn open(&self, dir: &Path, removable: Option<IsRemovable>) -> Result<Arc<dyn KvTable>> {
        // Naming the column family is what makes its handle known, which a batched multi-get needs.
        let mut options = self.options();
        if let Some(removable) = removable {
            options.set_compaction_filter("fluss-removable-rows", move |_, key: &[u8], row: &[u8]| {
                if TabletKeys::is_row(key) && removable(row) { CompactionDecision::Remove } else { CompactionDecision::Keep }
            });
            // Files that nothing is written to are looked at too.
            options.set_periodic_compaction_seconds(PERIODIC_COMPACTION_SECONDS);
        }
        let db =
            DB::open_cf_with_opts(&options, dir, [(DEFAULT_CF, options.clone())]).map_err(|e| rocks_error("open", dir, &e))?;
        let mut in_memory = ReadOptions::default();
        in_memory.set_read_tier(ReadTier::BlockCache);
        let mut write = WriteOptions::default();
        write.disable_wal(true);
        let (memory, written) = (self.memory.clone(), Written::default());
        let db = Arc::new(Db {
            db,
            dir: dir.to_path_buf(),
            write,
            in_memory,
            write_buffer_size: self.write_buffer_size,
            memtable: self.memtable(),
            scans: LiveScans::default(),
            memory,
            written,
        });
        self.memory.add(&db);
        Ok(Arc::new(RocksTable { dir: dir.to_path_buf(), db: RwLock::new(Some(db)) }))
    }

    fn open_checkpoint(&self, dir: &Path) -> Result<Arc<dyn KvCheckpoint>> {
        Ok(Arc::new(RocksCheckpoint::open(dir, &self.options())?))
    }

    fn lend(&self, bytes: &dyn Fn() -> u64) {
        self.memory.lend(bytes);
    }

    fn memory_used(&self) -> KvMemoryUsed {
        self.memory.used()
    }

    fn figures(&self) -> KvFigures {
        self.memory.figures()
    }
}

pub(crate) fn rocks_error(what: &str, dir: &Path, e: &rocksdb::Error) -> Error {
    let text = format!("{what} kv store {}: {e}", dir.display());
    match e.kind() {
        rocksdb::ErrorKind::Corruption => Error::new(ErrorCode::CorruptKv, text),
        rocksdb::ErrorKind::IOError if e.as_ref().contains("No space left") => Error::new(ErrorCode::DiskFull, text),
        rocksdb::ErrorKind::IOError => Error::new(ErrorCode::Io, text),
        _ => Error::internal(text),
    }
}

pub(crate) fn closed(dir: &Path) -> Error {
    Error::new(ErrorCode::Closed, format!("kv store {} was closed", dir.display()))
}

/// An open RocksDB.
pub(crate) struct Db {
    pub(crate) db: DB,
    pub(crate) dir: PathBuf,
    pub(crate) write: WriteOptions,
    /// Reads no file.
    pub(crate) in_memory: ReadOptions,
    /// Bytes of a memtable: as asked for, and as it comes out at least.
    pub(crate) write_buffer_size: usize,
    memtable: u64,
    pub(crate) scans: LiveScans,
    pub(crate) memory: KvMemory,
    pub(crate) written: Written,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        self.memory.closed(&self.written);
    }
}

impl Db {
    pub(crate) fn fail(&self, what: &str, e: &rocksdb::Error) -> Error {
        rocks_error(what, &self.dir, e)
    }

    pub(crate) fn write(&self, batch: WriteBatch) -> Result<()> {
        let bytes = batch.size_in_bytes() as u64;
        self.db.write_opt(batch, &self.write).map_err(|e| self.fail("write", &e))?;
        self.memory.written(self, bytes);
        Ok(())
    }

    pub(crate) fn flush(&self) -> Result<()> {
        self.db.flush().map_err(|e| self.fail("flush", &e))
    }

    pub(crate) fn flush_in_background(&self) -> Result<()> {
        let mut options = FlushOptions::default();
        options.set_wait(false);
        self.db.flush_opt(&options).map_err(|e| self.fail("flush", &e))
    }

    /// Removes all keys from `from` to before `to`, durably.
    pub(crate) fn remove(&self, from: &[u8], to: &[u8]) -> Result<()> {
        let mut batch = WriteBatch::default();
        batch.delete_range(from, to);
        self.write(batch)?;
        self.flush()
    }

    fn property(&self, name: &properties::PropName) -> u64 {
        self.db.property_int_value(name).ok().flatten().unwrap_or(0)
    }

    /// Bytes of the indexes and filters of all files.
    pub(crate) fn indexes_and_filters(&self) -> u64 {
        let all = self.db.property_value(properties::AGGREGATED_TABLE_PROPERTIES).ok().flatten().unwrap_or_default();
        let of = |part: &str| part.starts_with("index block size") || part.starts_with("filter block size");
        let bytes = |part: &str| part.rsplit_once('=').and_then(|(_, bytes)| bytes.parse::<u64>().ok());
        all.split("; ").filter(|part| of(part)).filter_map(bytes).sum()
    }

    /// Bytes in the memtable that is being written.
    pub(crate) fn active_memtable(&self) -> u64 {
        self.property(properties::CUR_SIZE_ACTIVE_MEM_TABLE)
    }

    fn level0_files(&self) -> u64 {
        let files = self.db.property_value(properties::num_files_at_level(0));
        files.ok().flatten().and_then(|n| n.parse().ok()).unwrap_or(0)
    }

    /// Adds what this one does.
    pub(crate) fn add_to(&self, figures: &mut KvFigures) {
        figures.tables += 1;
        figures.file_bytes += self.property(properties::LIVE_SST_FILES_SIZE);
        figures.level0_files = figures.level0_files.max(self.level0_files());
        figures.compaction_pending_bytes += self.property(properties::ESTIMATE_PENDING_COMPACTION_BYTES);
        figures.compactions += self.property(properties::NUM_RUNNING_COMPACTIONS);
        figures.flushes += self.property(properties::NUM_RUNNING_FLUSHES);
        let stalled = self.property(properties::IS_WRITE_STOPPED) + self.property(properties::ACTUAL_DELAYED_WRITE_RATE) > 0;
        figures.stalled += u64::from(stalled);
    }

    pub(crate) fn load(&self) -> KvLoad {
        let crowded =
            self.level0_files() >= CROWDED_FILES || self.property(properties::NUM_IMMUTABLE_MEM_TABLE) >= CROWDED_MEMTABLES;
        KvLoad {
            memtable: self.active_memtable(),
            room: crowded.then_some(ROOM * self.memtable),
            failures: self.property(properties::BACKGROUND_ERRORS),
        }
    }
}

#[derive(Debug)]
struct RocksTable {
    dir: PathBuf,
    /// Taken out when it is closed.
    db: RwLock<Option<Arc<Db>>>,
}

impl RocksTable {
    fn db(&self) -> Result<Arc<Db>> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner).clone();
        db.ok_or_else(|| closed(&self.dir))
    }
}

impl KvTable for RocksTable {
    fn tablet(&self, partition: PartitionId, bucket: BucketId) -> Result<Arc<dyn KvStore>> {
        Ok(Arc::new(RocksTablet::new(self.db()?, TabletKeys::new(partition, bucket))))
    }

    fn flush(&self) -> Result<()> {
        self.db()?.flush()
    }

    fn flush_in_background(&self) -> Result<()> {
        self.db()?.flush_in_background()
    }

    /// The copy is hard-linked.
    fn checkpoint(&self, dir: &Path) -> Result<()> {
        let db = self.db()?;
        Checkpoint::new(&db.db).and_then(|c| c.create_checkpoint(dir)).map_err(|e| rocks_error("make snapshot of", dir, &e))
    }

    fn remove_partition(&self, partition: PartitionId) -> Result<()> {
        let db = self.db()?;
        let (from, to) = TabletKeys::of_partition(partition);
        // Whole files at once; that this may uncover older rows of others is of no matter, for nobody reads the partition again.
        db.db.delete_file_in_range(&from, &to).map_err(|e| db.fail("remove files of", &e))?;
        db.remove(&from, &to)
    }

    fn load(&self) -> KvLoad {
        self.db().map(|db| db.load()).unwrap_or_default()
    }

    fn close(&self) {
        let Some(db) = self.db.write().unwrap_or_else(PoisonError::into_inner).take() else { return };
        db.scans.stop();
        // RocksDB's folder lock goes with the last user: a call in flight on another thread ends soon.
        for _ in 0..1000 {
            if Arc::strong_count(&db) == 1 {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
