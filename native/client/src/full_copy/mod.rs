//! A copy of a primary-key table in memory, for lookups: one a process, shared by all who look up in the table, whatever columns they read and
//! filters they have. A bucket is loaded when it is first asked for; a thread then follows the changelogs of all that are loaded. What is promised:
//! `native/docs/consistency.md`, "Full copies".
mod bucket;
mod rows;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use fluss_engine::Engine;
use fluss_tablet::{Signal, Tablet};
use fluss_types::{Error, MemoryUser, PartitionBucket, Result, TableId};

use self::bucket::{Advanced, Loaded};
use crate::Table;

pub(crate) use self::bucket::BucketCopy;
pub use self::bucket::CopyState;

/// Bytes that copies may grow or shrink before the block cache is told.
const SETTLE_BYTES: u64 = 1 << 20;

/// Ends only by a signal.
const FOREVER: Duration = Duration::from_secs(3600);

/// By engine and table; those that nobody uses are dead.
type Copies = HashMap<(usize, TableId), Weak<FullCopy>>;

static COPIES: LazyLock<Mutex<Copies>> = LazyLock::new(Mutex::default);

/// The copy of a table; freed with the last who uses it.
#[derive(Debug)]
pub(crate) struct FullCopy {
    shared: Arc<Shared>,
    follower: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    engine: Arc<Engine>,
    memory: Arc<MemoryUser>,
    buckets: RwLock<HashMap<PartitionBucket, Arc<BucketCopy>>>,
    signal: Arc<Signal>,
    closed: AtomicBool,
    /// What copies held when the block cache was last told.
    settled: Mutex<u64>,
}

impl FullCopy {
    /// The copy of a table, empty if nobody uses one.
    pub(crate) fn of(table: &Table) -> Result<Arc<Self>> {
        let engine = table.inner.engine();
        // A copy keeps its engine, so that no other has its address.
        let id = (Arc::as_ptr(engine) as usize, table.inner.meta().table_id);
        let mut copies = COPIES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(copy) = copies.get(&id).and_then(Weak::upgrade) {
            return Ok(copy);
        }
        copies.retain(|_, copy| copy.strong_count() > 0);
        let shared = Arc::new(Shared {
            engine: engine.clone(),
            memory: engine.memory().copies().user(),
            buckets: RwLock::default(),
            signal: Arc::default(),
            closed: AtomicBool::new(false),
            settled: Mutex::default(),
        });
        let following = shared.clone();
        let follower = thread::Builder::new().name(format!("fluss-copy-{}", id.1)).spawn(move || following.follow());
        let follower =
            follower.map_err(|e| Error::io(format!("start the thread of a copy of table {}", table.inner.path()), &e))?;
        let copy = Arc::new(Self { shared, follower: Some(follower) });
        copies.insert(id, Arc::downgrade(&copy));
        Ok(copy)
    }

    /// As [`Tablet::lookup`], without rows that are not durable.
    pub(crate) fn lookup(&self, tablet: &Arc<Tablet>, keys: &[&[u8]], mut found: impl FnMut(usize, &[u8])) -> Result<()> {
        let expiry = tablet.expiry();
        self.with(tablet, |bucket| {
            for (i, key) in keys.iter().enumerate() {
                if let Some(row) = bucket.rows.get(key).filter(|row| !expiry.is_over(row)) {
                    found(i, row);
                }
            }
            Ok(())
        })
    }

    /// As [`Tablet::prefix_lookup`], without rows that are not durable.
    pub(crate) fn prefix_lookup(
        &self,
        tablet: &Arc<Tablet>,
        prefixes: &[&[u8]],
        mut found: impl FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let expiry = tablet.expiry();
        self.with(tablet, |bucket| {
            for (i, prefix) in prefixes.iter().enumerate() {
                bucket.rows.within(prefix).filter(|row| !expiry.is_over(row)).try_for_each(|row| found(i, row))?;
            }
            Ok(())
        })
    }

    /// All of it together; the staleness is that of the bucket that is furthest behind.
    pub(crate) fn state(&self) -> CopyState {
        let now_ms = self.shared.engine.now_ms();
        self.shared.buckets().iter().fold(CopyState::default(), |all, bucket| {
            let one = bucket.state(now_ms);
            CopyState {
                staleness_ms: all.staleness_ms.max(one.staleness_ms),
                rows: all.rows + one.rows,
                bytes: all.bytes + one.bytes,
            }
        })
    }

    /// The copy of a bucket, which may not be loaded.
    pub(crate) fn bucket(&self, bucket: PartitionBucket) -> Arc<BucketCopy> {
        self.shared.bucket(bucket)
    }

    /// Loads the bucket if it is not, and reads in it.
    fn with<T>(&self, tablet: &Arc<Tablet>, read: impl FnOnce(&Loaded) -> Result<T>) -> Result<T> {
        let bucket = self.bucket(tablet.partition_bucket());
        loop {
            tablet.check_open()?;
            if let Some(loaded) = bucket.read().as_ref() {
                return read(loaded);
            }
            let shared = &self.shared;
            let loaded = bucket.load(tablet, shared.engine.now_ms(), &shared.memory, shared.engine.memory());
            shared.settle();
            if loaded? {
                tablet.listen(&shared.signal);
                shared.signal.raise();
            }
        }
    }
}

impl Drop for FullCopy {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
        self.shared.signal.raise();
        if let Some(follower) = self.follower.take() {
            let _ = follower.join();
        }
        self.shared.buckets.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.shared.engine.settle_copies();
    }
}

impl Shared {
    fn bucket(&self, bucket: PartitionBucket) -> Arc<BucketCopy> {
        if let Some(copy) = self.buckets.read().unwrap_or_else(PoisonError::into_inner).get(&bucket) {
            return copy.clone();
        }
        self.buckets.write().unwrap_or_else(PoisonError::into_inner).entry(bucket).or_default().clone()
    }

    fn buckets(&self) -> Vec<Arc<BucketCopy>> {
        self.buckets.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn follow(&self) {
        while !self.closed.load(Ordering::Acquire) {
            let advance = |bucket: &Arc<BucketCopy>| {
                // A panic must not leave rows that nobody follows.
                catch_unwind(AssertUnwindSafe(|| bucket.advance(self.engine.memory()))).unwrap_or_else(|_| {
                    bucket.unload();
                    Advanced::Unloaded
                })
            };
            let advanced: Vec<Advanced> = self.buckets().iter().map(advance).collect();
            self.settle();
            if advanced.contains(&Advanced::Unloaded) {
                let mut buckets = self.buckets.write().unwrap_or_else(PoisonError::into_inner);
                // Nobody loads one that nobody else has. That of a partition that was dropped is never asked for again.
                buckets.retain(|_, bucket| Arc::strong_count(bucket) > 1 || bucket.read().is_some());
            } else if !advanced.contains(&Advanced::Moved) {
                self.signal.wait(FOREVER);
            }
        }
    }

    /// The block cache makes room for copies, or gets its memory back.
    fn settle(&self) {
        let used = self.engine.memory().copies().used();
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        if used.abs_diff(*settled) >= SETTLE_BYTES {
            *settled = used;
            self.engine.settle_copies();
        }
    }
}
