//! What a tablet needs of a key-value store. [`crate::RocksKvStores`] is the store of the product, [`crate::MemoryKvStores`] the one of
//! the simulation; `tests/conformance.rs` holds both to what is said here.
use std::fmt::Debug;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use fluss_types::{LogOffset, Result};
use rocksdb::DBPinnableSlice;

use crate::pre_write::Changes;

/// A stored row.
pub enum KvValue<'a> {
    /// In RocksDB's cache.
    Pinned(DBPinnableSlice<'a>),
    /// In memory that is shared: from the pre-write buffer.
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

/// State of one bucket at its applied offset: rows by key, both bytes. It has no write-ahead log of its own. After a crash it is the
/// state of some [`KvStore::apply`] between the last flush and the last one.
pub trait KvStore: Send + Sync + Debug {
    /// Log offset up to which all changes are in the store; 0 for a new one.
    fn applied_offset(&self) -> Result<LogOffset>;
    /// Applies changes and the offset they reach, in one piece.
    fn apply(&self, changes: &Changes, applied_offset: LogOffset) -> Result<()>;
    /// The rows of some keys, in their order; keys may be repeated.
    fn multi_get(&self, keys: &[&[u8]]) -> Result<Vec<Option<KvValue<'_>>>>;
    /// Returns when all that was applied before the call is durable.
    fn flush(&self) -> Result<()>;
    /// Makes a durable copy of the state as it is, for [`KvStores::open_snapshot`]; `dir` must not exist, its parent must.
    fn checkpoint(&self, dir: &Path) -> Result<()>;
}

/// A copy made by [`KvStore::checkpoint`]. Its position is a key, so a scan can go on after a restart.
pub trait KvSnapshot: Send + Sync + Debug {
    /// Calls `row` in key order with the rows after the key `after` (empty: from the first) until `max_rows` or at least `max_bytes` have been
    /// seen. Returns the key of the last of them; `None`: there was none.
    fn scan(&self, after: &[u8], max_rows: usize, max_bytes: usize, row: &mut dyn FnMut(&[u8])) -> Result<Option<Vec<u8>>>;
}

/// Opens the stores of an engine, which share memory.
pub trait KvStores: Send + Sync + Debug {
    /// Opens the store in a folder, or makes it; the folder exists. One opener at a time.
    fn open(&self, dir: &Path) -> Result<Arc<dyn KvStore>>;
    /// Opens a copy that [`KvStore::checkpoint`] made.
    fn open_snapshot(&self, dir: &Path) -> Result<Box<dyn KvSnapshot>>;
    /// Bytes in use now, by all stores of the process: block cache, memtables.
    fn memory_used(&self) -> (u64, u64);
}
