//! RocksDB's memory in a process: one block cache, one bound for the memtables of all stores, and what the row cache
//! may take of both.
//!
//! Over that bound RocksDB writes out the memtable of the store that is just being written, however small it is: with many tables, each with a
//! little in memory, those that are busy would make tiny files without end. So before it comes to that the largest memtable is written out.
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use fluss_types::{Error, ErrorCode, Result};
use rocksdb::{Cache, WriteBufferManager};

use crate::rocks::Db;
use crate::row_cache::RowCache;
use crate::store::{KvFigures, KvMemoryUsed};

/// A memtable filter of so much of the write buffer's size: 20 bits a row of 250 bytes. An upsert looks every key up first; most lookups of new keys
/// end here. Memtables hold it whole from the start on, so only a table that has been written so many bytes gets one, while all together take
/// less than a share of the write buffers.
const FILTER_RATIO: f64 = 0.01;
const FILTER_FROM: u64 = 8 << 20;
const FILTERS_SHARE: u64 = 8;

/// What memtables, indexes and filters leave is rows' up to this share, the rest is blocks'.
const ROWS_SHARE: (u64, u64) = (3, 4);
/// Bytes that rows may always have, if that is not more than their share.
const ROWS_ALWAYS: u64 = 8 << 20;
/// Bytes that blocks give up for rows before these need them.
const ROWS_AHEAD: u64 = 1 << 20;
/// Indexes and filters are looked at again when rows have asked so often: 16 MiB of them.
const LOOK_AGAIN: u64 = 64;

/// The most live scans of a process.
const MAX_SCANS: usize = 200;

/// RocksDB's memory, shared by all stores of the process.
#[derive(Clone)]
pub struct KvMemory(Arc<Shared>);

struct Shared {
    /// Bytes of all: the block cache with what memtables take of it, the row cache, and what is lent.
    size: u64,
    rows: RowCache,
    /// How often it was asked what rows may take, and what indexes and filters needed when they were last looked at.
    asked: AtomicU64,
    needed: AtomicU64,
    cache: Cache,
    /// Bytes that others hold: copies of tables.
    lent: Mutex<u64>,
    write_buffers: WriteBufferManager,
    stores: Mutex<Vec<Weak<Db>>>,
    /// Bytes that came in since memtables were last looked at.
    unseen: AtomicU64,
    /// Bytes of filters that memtables have.
    filters: AtomicU64,
    /// Live scans that are open.
    scans: AtomicUsize,
}

/// One of the live scans of a process, until it is dropped.
#[derive(Debug)]
pub(crate) struct ScanPermit(KvMemory);

impl Drop for ScanPermit {
    fn drop(&mut self) {
        self.0.0.scans.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a store knows of its writes.
#[derive(Debug, Default)]
pub(crate) struct Written {
    bytes: AtomicU64,
    decided: AtomicBool,
    /// Bytes of its memtable's filter.
    filter: AtomicU64,
}

impl std::fmt::Debug for KvMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KvMemory").finish_non_exhaustive()
    }
}

impl KvMemory {
    /// `cache` bytes of block cache and `write_buffers` bytes for all memtables together. What memtables do not take now is the block cache's too.
    pub fn new(cache: usize, write_buffers: usize) -> Self {
        let size = cache + write_buffers;
        let cache = Cache::new_hyper_clock_cache(size, 0);
        let write_buffers = WriteBufferManager::new_write_buffer_manager_with_cache(write_buffers, false, cache.clone());
        Self(Arc::new_cyclic(|shared: &Weak<Shared>| Shared {
            size: size as u64,
            rows: RowCache::within(
                size as u64,
                Box::new({
                    let shared = shared.clone();
                    move |used| shared.upgrade().map_or(0, |shared| Self(shared).for_rows(used))
                }),
            ),
            asked: AtomicU64::new(0),
            needed: AtomicU64::new(0),
            cache,
            lent: Mutex::default(),
            write_buffers,
            stores: Mutex::default(),
            unseen: AtomicU64::new(0),
            filters: AtomicU64::new(0),
            scans: AtomicUsize::new(0),
        }))
    }

    /// Room for one more live scan: each has a thread, and keeps rows that were changed since.
    pub(crate) fn begin_scan(&self) -> Result<ScanPermit> {
        if self.0.scans.fetch_add(1, Ordering::Relaxed) >= MAX_SCANS {
            self.0.scans.fetch_sub(1, Ordering::Relaxed);
            let message = format!(
                "{MAX_SCANS} scans of tables are open in this process, which is the most there may be: close some, or try again when they have ended"
            );
            return Err(Error::new(ErrorCode::Unavailable, message));
        }
        Ok(ScanPermit(self.clone()))
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.0.cache
    }

    pub(crate) fn write_buffers(&self) -> &WriteBufferManager {
        &self.0.write_buffers
    }

    /// As [`KvStores::lend`](crate::KvStores::lend).
    pub(crate) fn lend(&self, bytes: impl Fn() -> u64) {
        {
            let mut lent = self.0.lent.lock().unwrap_or_else(PoisonError::into_inner);
            *lent = bytes();
            self.leave_to_blocks(self.0.rows.used() + *lent);
        }
        self.0.rows.fit();
    }

    /// Blocks have what others do not take.
    fn leave_to_blocks(&self, others: u64) {
        self.0.cache.clone().set_capacity(self.0.size.saturating_sub(others) as usize);
    }

    /// The cache of the rows of these stores.
    pub fn row_cache(&self) -> RowCache {
        self.0.rows.clone()
    }

    /// Bytes of blocks, and of memtables, which the cache counts as its own in steps of 256 KiB.
    pub(crate) fn used(&self) -> KvMemoryUsed {
        let memtables = self.0.write_buffers.get_usage();
        let block_cache = self.0.cache.get_usage().saturating_sub(memtables) as u64;
        KvMemoryUsed { row_cache: 0, block_cache, write_buffers: memtables as u64 }
    }

    /// Bytes that cached rows may take, who take `used`: of what memtables, indexes, filters and others leave a share, as far as blocks have given it up.
    fn for_rows(&self, used: u64) -> u64 {
        let Shared { cache, asked, needed, .. } = &*self.0;
        if asked.fetch_add(1, Ordering::Relaxed) % LOOK_AGAIN == 0 {
            needed.store(self.indexes_and_filters(), Ordering::Relaxed);
        }
        let lent = self.0.lent.lock().unwrap_or_else(PoisonError::into_inner);
        let size = self.0.size.saturating_sub(*lent);
        let others = self.0.write_buffers.get_usage() as u64 + needed.load(Ordering::Relaxed);
        let most = size.saturating_sub(others) / ROWS_SHARE.1 * ROWS_SHARE.0;
        // Blocks go when others come, so they give up ahead what is wanted next.
        self.leave_to_blocks(most.min(used + ROWS_AHEAD) + *lent);
        let given_up = size.saturating_sub(cache.get_usage() as u64);
        most.min(given_up.max(used).max(ROWS_ALWAYS))
    }

    /// Bytes of the indexes and filters of all open stores.
    fn indexes_and_filters(&self) -> u64 {
        // Somebody adds a store.
        let Ok(stores) = self.0.stores.try_lock() else { return self.0.needed.load(Ordering::Relaxed) };
        let open: Vec<_> = stores.iter().filter_map(Weak::upgrade).collect();
        drop(stores);
        open.iter().map(|db| db.indexes_and_filters()).sum()
    }

    /// What all stores do now.
    pub(crate) fn figures(&self) -> KvFigures {
        let stores = self.0.stores.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut figures = KvFigures::default();
        // One at a time: a store that is held cannot be closed.
        stores.iter().filter_map(Weak::upgrade).for_each(|db| db.add_to(&mut figures));
        figures
    }

    /// Bytes for all memtables.
    pub(crate) fn write_buffers_size(&self) -> u64 {
        self.0.write_buffers.get_buffer_size() as u64
    }

    pub(crate) fn add(&self, store: &Arc<Db>) {
        let mut stores = self.0.stores.lock().unwrap_or_else(PoisonError::into_inner);
        stores.retain(|s| s.strong_count() > 0);
        stores.push(Arc::downgrade(store));
    }

    /// A store was written.
    pub(crate) fn written(&self, store: &Db, bytes: u64) {
        let total = store.written.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if total >= FILTER_FROM && !store.written.decided.swap(true, Ordering::Relaxed) {
            self.give_filter(store);
        }
        let size = self.write_buffers_size();
        if self.0.unseen.fetch_add(bytes, Ordering::Relaxed) + bytes >= size / 64 {
            self.0.unseen.store(0, Ordering::Relaxed);
            if self.0.write_buffers.get_usage() as u64 > size / 2 {
                self.write_out_the_largest();
            }
        }
    }

    fn give_filter(&self, store: &Db) {
        let filter = (store.write_buffer_size as f64 * FILTER_RATIO) as u64;
        if self.0.filters.fetch_add(filter, Ordering::Relaxed) + filter > self.write_buffers_size() / FILTERS_SHARE
            || store.db.set_options(&[("memtable_prefix_bloom_size_ratio", &FILTER_RATIO.to_string())]).is_err()
        {
            // It is faster with it and right without.
            self.0.filters.fetch_sub(filter, Ordering::Relaxed);
            return;
        }
        store.written.filter.store(filter, Ordering::Relaxed);
    }

    /// A store is closed.
    pub(crate) fn closed(&self, written: &Written) {
        self.0.filters.fetch_sub(written.filter.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Memtables together hold at most five eighths of the write buffers; the rest is for those that are being written out.
    fn write_out_the_largest(&self) {
        // Somebody else does it.
        let Ok(stores) = self.0.stores.try_lock() else { return };
        let sizes: Vec<(u64, Arc<Db>)> = stores.iter().filter_map(Weak::upgrade).map(|db| (db.active_memtable(), db)).collect();
        drop(stores);
        if sizes.iter().map(|s| s.0).sum::<u64>() <= self.write_buffers_size() / 8 * 5 {
            return;
        }
        // One that is crowded would make the caller wait, and its own writers are waiting already.
        let free = sizes.iter().filter(|(_, db)| db.load().room.is_none());
        if let Some((_, db)) = free.max_by_key(|s| s.0) {
            // What hinders it shows with the next write there.
            let _ = db.flush_in_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{Applied, KvStores, RocksKvStores};

    #[test]
    fn indexes_and_filters_of_open_stores_are_known() {
        const ROWS: u64 = 10_000;
        let dir = tempfile::tempdir().unwrap();
        let memory = KvMemory::new(8 << 20, 8 << 20);
        let table = RocksKvStores::new(memory.clone(), 4 << 20, 0).open(dir.path(), None).unwrap();
        assert_eq!(memory.indexes_and_filters(), 0);
        let row = |i: u64| (Bytes::copy_from_slice(&i.to_be_bytes()), Some(Bytes::from_static(&[1; 100])));
        table.tablet(0, 0).unwrap().apply(&(0..ROWS).map(row).collect(), Applied::default()).unwrap();
        table.flush().unwrap();
        // A filter has ten bits a key, an index a few bytes a block of 4 KiB.
        let needed = memory.indexes_and_filters();
        assert!((ROWS * 10 / 8 + 1..ROWS * 3).contains(&needed), "{needed} bytes");
        table.close();
        assert_eq!(memory.indexes_and_filters(), 0);
    }
}
