//! Stores with a row cache in front.
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use fluss_types::{BucketId, LogOffset, PartitionId, Result};

use crate::pre_write::Changes;
use crate::row_cache::RowCache;
use crate::store::{
    Applied, IsRemovable, KvCheckpoint, KvFigures, KvLoad, KvMemoryUsed, KvRange, KvSnapshot, KvStore, KvStores, KvTable,
    KvValue, OnPrefixRow, OnRow,
};

/// Stores whose rows a cache keeps that were read by their keys. Whatever changes rows goes through it.
#[derive(Debug)]
pub struct CachedKvStores {
    stores: Arc<dyn KvStores>,
    cache: RowCache,
}

impl CachedKvStores {
    /// `cache` in front of `stores`. Several may share one cache.
    pub fn new(stores: Arc<dyn KvStores>, cache: RowCache) -> Self {
        Self { stores, cache }
    }
}

impl KvStores for CachedKvStores {
    fn open(&self, dir: &Path, removable: Option<IsRemovable>) -> Result<Arc<dyn KvTable>> {
        let removes = removable.is_some();
        let table = self.stores.open(dir, removable)?;
        // What a compaction has removed must not come back with a longer TTL to those alone who ask by key.
        Ok(if removes { table } else { Arc::new(CachedTable { table, cache: self.cache.clone() }) })
    }

    fn open_checkpoint(&self, dir: &Path) -> Result<Arc<dyn KvCheckpoint>> {
        self.stores.open_checkpoint(dir)
    }

    fn lend(&self, bytes: &dyn Fn() -> u64) {
        self.stores.lend(bytes);
    }

    fn memory_used(&self) -> KvMemoryUsed {
        KvMemoryUsed { row_cache: self.cache.used(), ..self.stores.memory_used() }
    }

    fn figures(&self) -> KvFigures {
        self.stores.figures()
    }
}

#[derive(Debug)]
struct CachedTable {
    table: Arc<dyn KvTable>,
    cache: RowCache,
}

impl KvTable for CachedTable {
    fn tablet(&self, partition: PartitionId, bucket: BucketId) -> Result<Arc<dyn KvStore>> {
        let (store, cache) = (self.table.tablet(partition, bucket)?, self.cache.clone());
        Ok(Arc::new(CachedTablet { store, number: AtomicU64::new(cache.number()), cache }))
    }

    fn flush(&self) -> Result<()> {
        self.table.flush()
    }

    fn flush_in_background(&self) -> Result<()> {
        self.table.flush_in_background()
    }

    fn checkpoint(&self, dir: &Path) -> Result<()> {
        self.table.checkpoint(dir)
    }

    fn remove_partition(&self, partition: PartitionId) -> Result<()> {
        self.table.remove_partition(partition)
    }

    fn load(&self) -> KvLoad {
        self.table.load()
    }

    fn close(&self) {
        self.table.close();
    }
}

#[derive(Debug)]
struct CachedTablet {
    store: Arc<dyn KvStore>,
    cache: RowCache,
    /// Under which its rows are cached.
    number: AtomicU64,
}

impl KvStore for CachedTablet {
    fn applied(&self) -> Result<Applied> {
        self.store.applied()
    }

    fn durable_offset(&self) -> Result<LogOffset> {
        self.store.durable_offset()
    }

    fn apply(&self, changes: &Changes, applied: Applied) -> Result<()> {
        self.store.apply(changes, applied)?;
        let number = self.number.load(Ordering::Acquire);
        changes.iter().for_each(|(key, row)| self.cache.change(number, key, row.as_deref()));
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Result<Option<KvValue<'_>>> {
        let number = self.number.load(Ordering::Acquire);
        let mut cached = Vec::new();
        let ticket = match self.cache.get(number, key, &mut cached) {
            Ok(_) => return Ok(Some(KvValue::Buffered(cached.into()))),
            Err(ticket) => ticket,
        };
        let row = self.store.get(key)?;
        if let (Some(ticket), Some(row)) = (ticket, &row) {
            self.cache.put(ticket, number, key, row);
        }
        Ok(row)
    }

    fn multi_get(&self, keys: &[&[u8]]) -> Result<Vec<Option<KvValue<'_>>>> {
        let number = self.number.load(Ordering::Acquire);
        let (mut bytes, mut cached) = (Vec::new(), Vec::new());
        let (mut missing, mut others) = (Vec::with_capacity(keys.len()), Vec::with_capacity(keys.len()));
        for (i, key) in keys.iter().enumerate() {
            match self.cache.get(number, key, &mut bytes) {
                Ok(row) => cached.push((i, row)),
                Err(ticket) => {
                    missing.push((i, ticket));
                    others.push(*key);
                }
            }
        }
        let mut out: Vec<Option<KvValue<'_>>> = Vec::with_capacity(keys.len());
        out.resize_with(keys.len(), || None);
        let bytes = Bytes::from(bytes);
        for (i, row) in cached {
            out[i] = Some(KvValue::Buffered(bytes.slice(row)));
        }
        if !others.is_empty() {
            for ((i, ticket), row) in missing.into_iter().zip(self.store.multi_get(&others)?) {
                if let (Some(ticket), Some(row)) = (ticket, &row) {
                    self.cache.put(ticket, number, keys[i], row);
                }
                out[i] = row;
            }
        }
        Ok(out)
    }

    fn scan(&self, range: &KvRange<'_>, row: &mut OnRow<'_>) -> Result<Option<Vec<u8>>> {
        self.store.scan(range, row)
    }

    fn scan_prefixes(&self, prefixes: &[&[u8]], begun: &mut dyn FnMut(), row: &mut OnPrefixRow<'_>) -> Result<()> {
        self.store.scan_prefixes(prefixes, begun, row)
    }

    fn snapshot(&self) -> Result<Box<dyn KvSnapshot>> {
        self.store.snapshot()
    }

    fn clear(&self) -> Result<()> {
        let cleared = self.store.clear();
        // Who began to read before puts under the old number.
        self.number.store(self.cache.number(), Ordering::Release);
        cleared
    }
}
