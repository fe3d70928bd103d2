//! Something that happens in the middle of a commit, as if another thread had done it: before or after a sync of a file, or while the kv store
//! applies. Also makes the kv store write its state out at times of its own, as RocksDB does.
use std::io::Result as IoResult;
use std::path::Path;
use std::sync::{Arc, Mutex};

use fluss_kv::{
    Applied, Changes, IsRemovable, KvCheckpoint, KvFigures, KvLoad, KvMemoryUsed, KvRange, KvSnapshot, KvStore, KvStores,
    KvTable, KvValue, MemoryKvStores, OnPrefixRow, OnRow,
};
use fluss_testkit::{HookedFiles, Random};
use fluss_types::file::FileSystem;
use fluss_types::{BucketId, LogOffset, PartitionId, Result};

/// Where in a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    BeforeSync,
    AfterSync,
    BeforeApply,
    AfterApply,
}

type Action = (Point, Box<dyn FnOnce() + Send>);

/// What is to happen, once.
#[derive(Clone, Default)]
pub struct Interleave(Arc<Mutex<Option<Action>>>);

impl std::fmt::Debug for Interleave {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Interleave")
    }
}

impl Interleave {
    pub fn set(&self, action: Option<Action>) {
        *self.0.lock().unwrap() = action;
    }

    fn reach(&self, point: Point) {
        let action = self.0.lock().unwrap().take_if(|a| a.0 == point);
        if let Some((_, run)) = action {
            run();
        }
    }
}

/// A file system whose syncs of files are points.
pub fn pointed_files(fs: Arc<dyn FileSystem>, interleave: Interleave) -> HookedFiles {
    let hook = move |sync: &dyn Fn() -> IoResult<()>| {
        interleave.reach(Point::BeforeSync);
        let synced = sync();
        interleave.reach(Point::AfterSync);
        synced
    };
    HookedFiles::new(fs, Arc::new(hook))
}

/// Kv stores whose apply is a point, and whose state may become durable after any apply.
#[derive(Debug)]
pub struct PointedStores {
    pub stores: MemoryKvStores,
    pub interleave: Interleave,
    pub random: Mutex<Random>,
}

#[derive(Debug)]
struct PointedTable {
    table: Arc<dyn KvTable>,
    interleave: Interleave,
    random: Arc<Mutex<Random>>,
}

#[derive(Debug)]
struct PointedStore {
    table: Arc<dyn KvTable>,
    store: Arc<dyn KvStore>,
    interleave: Interleave,
    random: Arc<Mutex<Random>>,
}

impl KvStores for PointedStores {
    fn open(&self, dir: &Path, removable: Option<IsRemovable>) -> Result<Arc<dyn KvTable>> {
        let random = Arc::new(Mutex::new(Random(self.random.lock().unwrap().bits())));
        let table = self.stores.open(dir, removable)?;
        Ok(Arc::new(PointedTable { table, interleave: self.interleave.clone(), random }))
    }

    fn open_checkpoint(&self, dir: &Path) -> Result<Arc<dyn KvCheckpoint>> {
        self.stores.open_checkpoint(dir)
    }

    fn memory_used(&self) -> KvMemoryUsed {
        self.stores.memory_used()
    }

    fn figures(&self) -> KvFigures {
        self.stores.figures()
    }
}

impl KvTable for PointedTable {
    fn tablet(&self, partition: PartitionId, bucket: BucketId) -> Result<Arc<dyn KvStore>> {
        let (table, store) = (self.table.clone(), self.table.tablet(partition, bucket)?);
        Ok(Arc::new(PointedStore { table, store, interleave: self.interleave.clone(), random: self.random.clone() }))
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

impl KvStore for PointedStore {
    fn applied(&self) -> Result<Applied> {
        self.store.applied()
    }

    fn durable_offset(&self) -> Result<LogOffset> {
        self.store.durable_offset()
    }

    fn apply(&self, changes: &Changes, applied: Applied) -> Result<()> {
        self.interleave.reach(Point::BeforeApply);
        self.store.apply(changes, applied)?;
        if self.random.lock().unwrap().below(3) == 0 {
            // In the background: nobody waits for it, and one that fails is tried again.
            let _ = self.table.flush();
        }
        self.interleave.reach(Point::AfterApply);
        Ok(())
    }

    fn multi_get(&self, keys: &[&[u8]]) -> Result<Vec<Option<KvValue<'_>>>> {
        self.store.multi_get(keys)
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
        self.store.clear()
    }
}
