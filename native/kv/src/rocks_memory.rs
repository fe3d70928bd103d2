//! RocksDB's memory in a process: one block cache, and one bound for the memtables of all stores.
//!
//! Over that bound RocksDB writes out the memtable of the store that is just being written, however small it is: with many tables, each with a
//! little in memory, those that are busy would make tiny files without end. So before it comes to that the largest memtable is written out.
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use fluss_types::{Error, ErrorCode, Result};
use rocksdb::{Cache, WriteBufferManager};

use crate::rocks::Db;
use crate::store::KvFigures;

/// A memtable filter of so much of the write buffer's size: 20 bits a row of 250 bytes. An upsert looks every key up first; most lookups of new keys
/// end here. Memtables hold it whole from the start on, so only a table that has been written so many bytes gets one, while all together take
/// less than a share of the write buffers.
const FILTER_RATIO: f64 = 0.01;
const FILTER_FROM: u64 = 8 << 20;
const FILTERS_SHARE: u64 = 8;

/// The most live scans of a process.
const MAX_SCANS: usize = 200;

/// RocksDB's memory, shared by all stores of the process.
#[derive(Clone)]
pub struct KvMemory(Arc<Shared>);

struct Shared {
    cache: Cache,
    /// Bytes of the cache when nothing of it is lent.
    cache_size: usize,
    /// One at a time who lends.
    lending: Mutex<()>,
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
        let cache_size = cache + write_buffers;
        let cache = Cache::new_hyper_clock_cache(cache_size, 0);
        let write_buffers = WriteBufferManager::new_write_buffer_manager_with_cache(write_buffers, false, cache.clone());
        Self(Arc::new(Shared {
            cache,
            cache_size,
            lending: Mutex::default(),
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
        let _one_at_a_time = self.0.lending.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.cache.clone().set_capacity(self.0.cache_size.saturating_sub(bytes() as usize));
    }

    /// Bytes of blocks, and of memtables, which the cache counts as its own in steps of 256 KiB.
    pub(crate) fn used(&self) -> (u64, u64) {
        let memtables = self.0.write_buffers.get_usage();
        (self.0.cache.get_usage().saturating_sub(memtables) as u64, memtables as u64)
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
