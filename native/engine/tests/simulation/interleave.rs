//! Something that happens in the middle of a commit, as if another thread had done it: before or after a sync of a file, or while the kv store
//! applies. Also makes the kv store write its state out at times of its own, as RocksDB does.
use std::io::Result as IoResult;
use std::path::Path;
use std::sync::{Arc, Mutex};

use fluss_kv::{Applied, Changes, IsRemovable, KvStore, KvStores, KvTable, MemoryKvStores, forward_kv};
use fluss_testkit::{HookedFiles, Random};
use fluss_types::file::FileSystem;
use fluss_types::{BucketId, PartitionId, Result};

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

    forward_kv!(stores: open_checkpoint, memory_used, figures);
}

impl KvTable for PointedTable {
    fn tablet(&self, partition: PartitionId, bucket: BucketId) -> Result<Arc<dyn KvStore>> {
        let (table, store) = (self.table.clone(), self.table.tablet(partition, bucket)?);
        Ok(Arc::new(PointedStore { table, store, interleave: self.interleave.clone(), random: self.random.clone() }))
    }

    forward_kv!(table: flush, flush_in_background, checkpoint, remove_partition, load, close);
}

impl KvStore for PointedStore {
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

    forward_kv!(store: applied, durable_offset, multi_get, scan, scan_prefixes, snapshot, clear);
}
