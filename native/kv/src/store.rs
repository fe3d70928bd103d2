//! What tablets need of a key-value store. [`crate::RocksKvStores`] is the store of the product, [`crate::MemoryKvStores`] the one of
//! the simulation; `tests/conformance.rs` holds both to what is said here. Why a table is one store: `native/docs/kv.md`.
use std::fmt::Debug;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use fluss_types::{BucketId, LogOffset, PartitionId, Result};
use rocksdb::DBPinnableSlice;

use crate::pre_write::Changes;

/// A stored row.
pub enum KvValue<'a> {
    /// In RocksDB's cache.
    Pinned(DBPinnableSlice<'a>),
    /// In memory that is shared: from the pre-write buffer, or a copy of what the row cache has.
    Buffered(Bytes),
}

impl Deref for KvValue<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Pinned(p) => p,
            Self::Buffered(b) => b,
        }
    }
}

/// How far the state of a tablet is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// All changes of the log below are in the store; 0 for a new one.
    pub offset: LogOffset,
    /// Number of rows, as those who apply count them.
    pub rows: i64,
}

/// Which rows of a tablet, and how many of them at once.
#[derive(Clone, Copy, Debug)]
pub struct KvRange<'a> {
    /// Only keys that begin so; empty: all.
    pub within: &'a [u8],
    /// Only keys after this one; empty: from the first. A scan that returned a key goes on after it.
    pub after: &'a [u8],
    /// Rows of one scan.
    pub max_rows: usize,
    /// The scan ends with the row that reaches so many bytes of keys and rows.
    pub max_bytes: usize,
}

impl KvRange<'static> {
    /// All rows.
    pub const ALL: Self = Self { within: &[], after: &[], max_rows: usize::MAX, max_bytes: usize::MAX };
}

/// Takes the key and the row of each row of a scan.
pub type OnRow<'a> = dyn FnMut(&[u8], &[u8]) + 'a;

/// Takes the number of the prefix, the key and the row of each row of a scan of prefixes.
pub type OnPrefixRow<'a> = dyn FnMut(usize, &[u8], &[u8]) -> Result<()> + 'a;

/// Whether a stored row may be removed: whoever reads it takes it for absent.
pub type IsRemovable = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// The state of one tablet: rows by key, both bytes.
pub trait KvStore: Send + Sync + Debug {
    /// How far it is.
    fn applied(&self) -> Result<Applied>;
    /// The applied offset that a crash now would leave, or an earlier one.
    fn durable_offset(&self) -> Result<LogOffset>;
    /// Applies changes and how far they lead, in one piece. One call after the other.
    fn apply(&self, changes: &Changes, applied: Applied) -> Result<()>;
    /// The row of a key.
    fn get(&self, key: &[u8]) -> Result<Option<KvValue<'_>>> {
        Ok(self.multi_get(&[key])?.pop().flatten())
    }
    /// The same if it is known without reading files; `None`: it is not.
    fn get_in_memory(&self, key: &[u8]) -> Result<Option<Option<KvValue<'_>>>> {
        self.get(key).map(Some)
    }
    /// The rows of some keys, in their order; keys may be repeated.
    fn multi_get(&self, keys: &[&[u8]]) -> Result<Vec<Option<KvValue<'_>>>>;
    /// Calls `row` in key order with the rows of a range, all of one point in time. Returns the key of the last one; `None`: there was none.
    fn scan(&self, range: &KvRange<'_>, row: &mut OnRow<'_>) -> Result<Option<Vec<u8>>>;
    /// Calls `row` with the number of a prefix, the key and the row of each row whose key begins with it: those of the first prefix in key order,
    /// then those of the second, and so on, until it fails. All of one point in time, which is over when `begun` is called.
    fn scan_prefixes(&self, prefixes: &[&[u8]], begun: &mut dyn FnMut(), row: &mut OnPrefixRow<'_>) -> Result<()>;
    /// The state as it is now, for a scan of several calls. In memory only, until the table is closed; it keeps old rows from being freed.
    fn snapshot(&self) -> Result<Box<dyn KvSnapshot>>;
    /// Removes everything, durably: the next state begins at offset 0.
    fn clear(&self) -> Result<()>;
}

/// A state of one tablet that stays as it is.
pub trait KvSnapshot: Send + Sync + Debug {
    /// How far it is.
    fn applied(&self) -> Result<Applied>;
    /// As [`KvStore::scan`].
    fn scan(&self, range: &KvRange<'_>, row: &mut OnRow<'_>) -> Result<Option<Vec<u8>>>;
}

/// How a store copes with what comes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KvLoad {
    /// Bytes in the memory that applies go to. Less than before: what was in it is being written out, and soon durable.
    pub memtable: u64,
    /// `None`: what comes in is written out fast enough. Else bytes that may still come in, of all tablets together, before applies are slowed down.
    pub room: Option<u64>,
    /// Writings out that have failed since it was opened.
    pub failures: u64,
}

/// Bytes that the stores of a process have in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KvMemoryUsed {
    /// Rows that were read by their keys.
    pub row_cache: u64,
    /// Blocks of files.
    pub block_cache: u64,
    /// Memtables.
    pub write_buffers: u64,
}

/// The states of all tablets of a table. It has no write-ahead log of its own: after a crash each tablet is in the state of some
/// [`KvStore::apply`] between the last flush and the last one.
pub trait KvTable: Send + Sync + Debug {
    /// The state of a tablet; one that was never written is empty. Its user lets go of it before somebody else asks for it.
    fn tablet(&self, partition: PartitionId, bucket: BucketId) -> Result<Arc<dyn KvStore>>;
    /// Returns when all that was applied before the call is durable.
    fn flush(&self) -> Result<()>;
    /// Sees to it that all that was applied before the call becomes durable soon.
    fn flush_in_background(&self) -> Result<()>;
    /// Makes a durable copy of the state as it is, for [`KvStores::open_checkpoint`]; `dir` must not exist, its parent must.
    fn checkpoint(&self, dir: &Path) -> Result<()>;
    /// Removes all tablets of a partition, durably. Nobody uses them, now or later.
    fn remove_partition(&self, partition: PartitionId) -> Result<()>;
    /// How it copes with what comes in.
    fn load(&self) -> KvLoad;
    /// Gives the folder free; whatever is called after that, and its live snapshots, fail with `Closed`. Its tablets are let go of before. Does not flush.
    fn close(&self);
}

/// A copy that [`KvTable::checkpoint`] made.
pub trait KvCheckpoint: Send + Sync + Debug {
    /// The state of a tablet.
    fn tablet(&self, partition: PartitionId, bucket: BucketId) -> Box<dyn KvSnapshot>;
}

/// What the stores of a process do now, all together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KvFigures {
    /// Tables that are open.
    pub tables: u64,
    /// Bytes of their files.
    pub file_bytes: u64,
    /// Files that are not compacted yet, of the table that has the most of them.
    pub level0_files: u64,
    /// Bytes that compactions still have to read.
    pub compaction_pending_bytes: u64,
    /// Compactions that run.
    pub compactions: u64,
    /// Memtables that are being written out.
    pub flushes: u64,
    /// Tables whose writes are slowed down or stopped.
    pub stalled: u64,
}

/// Opens the stores of an engine, which share memory.
pub trait KvStores: Send + Sync + Debug {
    /// Opens the store of a table in a folder, or makes it; the folder exists. One opener at a time. It may remove rows that are `removable`, at any
    /// time, to reclaim their space.
    fn open(&self, dir: &Path, removable: Option<IsRemovable>) -> Result<Arc<dyn KvTable>>;
    /// Opens a copy that [`KvTable::checkpoint`] made.
    fn open_checkpoint(&self, dir: &Path) -> Result<Arc<dyn KvCheckpoint>>;
    /// Bytes in use now, by all stores of the process.
    fn memory_used(&self) -> KvMemoryUsed;
    /// The block cache does without the memory that others hold of it now: so many bytes, which are asked for by one at a time.
    fn lend(&self, _bytes: &dyn Fn() -> u64) {}
    /// What all stores of the process do now. Asks each of them.
    fn figures(&self) -> KvFigures;
}
