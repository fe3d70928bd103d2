//! Stores with a row cache in front.
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use fluss_types::{BucketId, PartitionId, Result};

use crate::forward_kv;
use crate::pre_write::Changes;
use crate::row_cache::RowCache;
use crate::store::{Applied, IsRemovable, KvMemoryUsed, KvStore, KvStores, KvTable, KvValue};

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

    fn memory_used(&self) -> KvMemoryUsed {
        KvMemoryUsed { row_cache: self.cache.used(), ..self.stores.memory_used() }
    }

    forward_kv!(stores: open_checkpoint, lend, figures);
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

    forward_kv!(table: flush, flush_in_background, checkpoint, remove_partition, load, close);
}

#[derive(Debug)]
struct CachedTablet {
    store: Arc<dyn KvStore>,
    cache: RowCache,
    /// Under which its rows are cached.
    number: AtomicU64,
}

impl CachedTablet {
    /// The row of a key, cached or from the store, if `read` can tell.
    fn get_from<'a>(
        &self,
        key: &[u8],
        read: impl FnOnce() -> Result<Option<Option<KvValue<'a>>>>,
    ) -> Result<Option<Option<KvValue<'a>>>> {
        let number = self.number.load(Ordering::Acquire);
        let mut cached = Vec::new();
        let ticket = match self.cache.get(number, key, &mut cached) {
            Ok(_) => return Ok(Some(Some(KvValue::Buffered(cached.into())))),
            Err(ticket) => ticket,
        };
        let row = read()?;
        match (ticket, &row) {
            (Some(ticket), Some(Some(row))) => self.cache.put(ticket, number, key, row),
            // It will be asked for in another way, which is the same question.
            (None, None) => self.cache.forget(number, key),
            _ => {}
        }
        Ok(row)
    }
}

impl KvStore for CachedTablet {
    fn apply(&self, changes: &Changes, applied: Applied) -> Result<()> {
        self.store.apply(changes, applied)?;
        let number = self.number.load(Ordering::Acquire);
        changes.iter().for_each(|(key, row)| self.cache.change(number, key, row.as_deref()));
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Result<Option<KvValue<'_>>> {
        Ok(self.get_from(key, || self.store.get(key).map(Some))?.flatten())
    }

    fn get_in_memory(&self, key: &[u8]) -> Result<Option<Option<KvValue<'_>>>> {
        self.get_from(key, || self.store.get_in_memory(key))
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

    fn clear(&self) -> Result<()> {
        let cleared = self.store.clear();
        // Who began to read before puts under the old number.
        self.number.store(self.cache.number(), Ordering::Release);
        cleared
    }

    forward_kv!(store: applied, durable_offset, scan, scan_prefixes, snapshot);
}
