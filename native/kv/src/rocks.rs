//! RocksDB as the state of one bucket. Its own write-ahead log is off: the log of the bucket is the write-ahead log, and
//! the applied log offset is written in the same batch as the rows.
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluss_types::{Error, ErrorCode, LogOffset, Result};
use rocksdb::checkpoint::Checkpoint;
use rocksdb::{
    BlockBasedOptions, Cache, DB, DBCompressionType, DEFAULT_COLUMN_FAMILY_NAME as DEFAULT_CF, DataBlockIndexType, LogLevel,
    Options, WriteBatch, WriteBufferManager, WriteOptions,
};

use crate::pre_write::Changes;
use crate::rocks_snapshot::RocksSnapshot;
use crate::store::{KvSnapshot, KvStore, KvStores, KvValue};

/// First byte of a key: the store's own entries, or rows.
pub(crate) const META: u8 = 0;
pub(crate) const ROW: u8 = 1;
const APPLIED_OFFSET: [u8; 2] = [META, b'o'];

/// RocksDB's memory, shared by all stores of the process.
#[derive(Clone)]
pub struct KvMemory {
    cache: Cache,
    write_buffers: WriteBufferManager,
}

impl std::fmt::Debug for KvMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KvMemory").finish_non_exhaustive()
    }
}

impl KvMemory {
    /// `cache` bytes of block cache and `write_buffers` bytes for all memtables together.
    pub fn new(cache: usize, write_buffers: usize) -> Self {
        Self {
            cache: Cache::new_hyper_clock_cache(cache, 0),
            write_buffers: WriteBufferManager::new_write_buffer_manager(write_buffers, false),
        }
    }
}

/// RocksDB's stores of one engine.
pub struct RocksKvStores {
    memory: KvMemory,
    write_buffer_size: usize,
}

impl std::fmt::Debug for RocksKvStores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RocksKvStores").field("write_buffer_size", &self.write_buffer_size).finish_non_exhaustive()
    }
}

impl RocksKvStores {
    /// A memtable is written out at `write_buffer_size` bytes.
    pub fn new(memory: KvMemory, write_buffer_size: usize) -> Self {
        Self { memory, write_buffer_size }
    }

    pub(crate) fn options(&self) -> Options {
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(&self.memory.cache);
        table.set_bloom_filter(10.0, false);
        table.set_cache_index_and_filter_blocks(true);
        table.set_pin_l0_filter_and_index_blocks_in_cache(true);
        table.set_format_version(5);
        table.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
        let mut o = Options::default();
        o.create_if_missing(true);
        o.set_block_based_table_factory(&table);
        o.set_write_buffer_manager(&self.memory.write_buffers);
        o.set_write_buffer_size(self.write_buffer_size);
        o.set_max_write_buffer_number(3);
        // An upsert looks every key up first; most lookups of new keys end at this filter.
        o.set_memtable_whole_key_filtering(true);
        o.set_memtable_prefix_bloom_ratio(0.05);
        o.set_compression_type(DBCompressionType::Lz4);
        o.set_level_compaction_dynamic_level_bytes(true);
        o.set_max_background_jobs(2);
        o.set_keep_log_file_num(1);
        o.set_log_level(LogLevel::Warn);
        o.set_stats_dump_period_sec(0);
        o
    }
}

impl KvStores for RocksKvStores {
    fn open(&self, dir: &Path) -> Result<Arc<dyn KvStore>> {
        // Naming the column family is what makes its handle known, which a batched multi-get needs.
        let options = self.options();
        let db =
            DB::open_cf_with_opts(&options, dir, [(DEFAULT_CF, options.clone())]).map_err(|e| rocks_error("open", dir, &e))?;
        let mut write = WriteOptions::default();
        write.disable_wal(true);
        Ok(Arc::new(RocksKv { db, dir: dir.to_path_buf(), write }))
    }

    fn open_snapshot(&self, dir: &Path) -> Result<Box<dyn KvSnapshot>> {
        Ok(Box::new(RocksSnapshot::open(dir, &self.options())?))
    }

    fn memory_used(&self) -> (u64, u64) {
        (self.memory.cache.get_usage() as u64, self.memory.write_buffers.get_usage() as u64)
    }
}

struct RocksKv {
    db: DB,
    dir: PathBuf,
    write: WriteOptions,
}

impl std::fmt::Debug for RocksKv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RocksKv").field("dir", &self.dir).finish_non_exhaustive()
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

/// The stored key of a row.
pub(crate) fn row_key(key: &[u8]) -> Vec<u8> {
    let mut k = Vec::with_capacity(key.len() + 1);
    k.push(ROW);
    k.extend_from_slice(key);
    k
}

impl RocksKv {
    fn fail(&self, what: &str, e: &rocksdb::Error) -> Error {
        rocks_error(what, &self.dir, e)
    }
}

impl KvStore for RocksKv {
    fn applied_offset(&self) -> Result<LogOffset> {
        let stored = self.db.get_pinned(APPLIED_OFFSET).map_err(|e| self.fail("read", &e))?;
        match stored {
            None => Ok(0),
            Some(v) => v.as_ref().try_into().map(LogOffset::from_le_bytes).map_err(|_| {
                Error::new(
                    ErrorCode::CorruptKv,
                    format!("kv store {}: the applied offset has {} bytes", self.dir.display(), v.len()),
                )
            }),
        }
    }

    fn apply(&self, changes: &Changes, applied_offset: LogOffset) -> Result<()> {
        let mut batch = WriteBatch::default();
        let mut stored = vec![ROW];
        for (key, row) in changes {
            stored.truncate(1);
            stored.extend_from_slice(key);
            match row {
                Some(row) => batch.put(&stored, row),
                None => batch.delete(&stored),
            }
        }
        batch.put(APPLIED_OFFSET, applied_offset.to_le_bytes());
        self.db.write_opt(batch, &self.write).map_err(|e| self.fail("write", &e))
    }

    fn multi_get(&self, keys: &[&[u8]]) -> Result<Vec<Option<KvValue<'_>>>> {
        if let [key] = keys {
            let row = self.db.get_pinned(row_key(key)).map_err(|e| self.fail("read", &e))?;
            return Ok(vec![row.map(KvValue::Pinned)]);
        }
        let cf = self.db.cf_handle(DEFAULT_CF).ok_or_else(|| Error::internal("RocksDB has no default column family"))?;
        // RocksDB reads neighbouring keys of a sorted batch from one block.
        let mut order: Vec<(Vec<u8>, usize)> = keys.iter().enumerate().map(|(i, k)| (row_key(k), i)).collect();
        order.sort_unstable();
        let found = self.db.batched_multi_get_cf(cf, order.iter().map(|(k, _)| k), true);
        let mut out: Vec<Option<KvValue<'_>>> = Vec::with_capacity(keys.len());
        out.resize_with(keys.len(), || None);
        for ((_, i), row) in order.iter().zip(found) {
            out[*i] = row.map_err(|e| self.fail("read", &e))?.map(KvValue::Pinned);
        }
        Ok(out)
    }

    fn flush(&self) -> Result<()> {
        self.db.flush().map_err(|e| self.fail("flush", &e))
    }

    /// The copy is hard-linked.
    fn checkpoint(&self, dir: &Path) -> Result<()> {
        Checkpoint::new(&self.db).and_then(|c| c.create_checkpoint(dir)).map_err(|e| rocks_error("make snapshot of", dir, &e))
    }
}
