//! The memory budget of a process: how it is divided, what readers and writers hold of it, and when one of them waits.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The native memory of a process (`memory.size`), one for all engines that it has open. Block cache and write buffers are bounded by RocksDB,
/// readers and writers by their [`MemoryShare`].
#[derive(Debug)]
pub struct MemoryBudget {
    size: u64,
    writers: Arc<MemoryShare>,
    readers: Arc<MemoryShare>,
    copies: Arc<MemoryShare>,
}

impl MemoryBudget {
    /// A budget of `size` bytes.
    pub fn new(size: u64) -> Self {
        let share = |bytes| Arc::new(MemoryShare::new(bytes));
        Self { size, writers: share(size / 8), readers: share(size / 8), copies: share(size / 8 * 3) }
    }

    /// All of it, bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes for RocksDB's blocks: half, and what [`Self::write_buffers`] are not taken for, less what [`Self::copies`] take.
    pub fn block_cache(&self) -> u64 {
        self.size / 2
    }

    /// Bytes for all memtables together: a quarter.
    pub fn write_buffers(&self) -> u64 {
        self.size / 4
    }

    /// What is appended and not committed yet, in the log and in the pre-write buffers, of all tablets: an eighth.
    pub fn writers(&self) -> &Arc<MemoryShare> {
        &self.writers
    }

    /// Batches given to readers and not released: an eighth.
    pub fn readers(&self) -> &Arc<MemoryShare> {
        &self.readers
    }

    /// Copies of tables for lookups: taken from the block cache, three eighths at most.
    pub fn copies(&self) -> &Arc<MemoryShare> {
        &self.copies
    }
}

/// A part of the budget that many take from.
#[derive(Debug)]
pub struct MemoryShare {
    limit: u64,
    used: AtomicU64,
}

impl MemoryShare {
    fn new(limit: u64) -> Self {
        Self { limit, used: AtomicU64::new(0) }
    }

    /// Bytes that users may take.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Bytes taken now, by all users.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Somebody who takes from the share: a tablet for its writers, a scanner for its batches.
    pub fn user(self: &Arc<Self>) -> Arc<MemoryUser> {
        Arc::new(MemoryUser { share: self.clone(), used: AtomicU64::new(0) })
    }
}

/// One of those who take from a [`MemoryShare`].
#[derive(Debug)]
pub struct MemoryUser {
    share: Arc<MemoryShare>,
    used: AtomicU64,
}

impl MemoryUser {
    /// Whether the user may take more: there is room in the share, or it holds nothing. So nobody ever waits for memory that only another
    /// can give back, and the share holds its limit and at most one batch a user more.
    pub fn may_take(&self) -> bool {
        self.share.used() < self.share.limit || self.used.load(Ordering::Relaxed) == 0
    }

    /// Counts `bytes` until the guard is dropped. Never waits and never fails: whoever can wait asks [`Self::may_take`] before.
    pub fn take(self: &Arc<Self>, bytes: u64) -> MemoryGuard {
        let mut guard = MemoryGuard { user: self.clone(), bytes: 0 };
        guard.grow(bytes);
        guard
    }
}

/// Memory that is counted while this lives.
#[derive(Debug)]
pub struct MemoryGuard {
    user: Arc<MemoryUser>,
    bytes: u64,
}

impl MemoryGuard {
    /// Counts `bytes` more.
    pub fn grow(&mut self, bytes: u64) {
        self.bytes += bytes;
        self.user.used.fetch_add(bytes, Ordering::Relaxed);
        self.user.share.used.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts `bytes` from now on.
    pub fn set(&mut self, bytes: u64) {
        if let Some(more) = bytes.checked_sub(self.bytes) {
            return self.grow(more);
        }
        let less = self.bytes - bytes;
        self.bytes = bytes;
        self.user.used.fetch_sub(less, Ordering::Relaxed);
        self.user.share.used.fetch_sub(less, Ordering::Relaxed);
    }

    /// What it counts.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Moves what is counted to a new guard; this one goes on at nothing.
    #[must_use]
    pub fn split(&mut self) -> Self {
        Self { user: self.user.clone(), bytes: std::mem::take(&mut self.bytes) }
    }
}

impl Drop for MemoryGuard {
    fn drop(&mut self) {
        self.user.share.used.fetch_sub(self.bytes, Ordering::Relaxed);
        self.user.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_whole() {
        let b = MemoryBudget::new(256 << 20);
        assert_eq!(b.block_cache() + b.write_buffers() + b.writers().limit + b.readers().limit, b.size());
    }

    #[test]
    fn a_full_share_makes_those_wait_who_hold_something_and_lets_the_others_take_one() {
        let budget = MemoryBudget::new(8 << 20);
        let (a, b) = (budget.readers().user(), budget.readers().user());
        let small = a.take(1);
        assert!(a.may_take(), "there is room");
        let large = b.take(2 << 20);
        assert!(!a.may_take() && !b.may_take());
        drop(small);
        assert!(a.may_take(), "it holds nothing");
        let mut last = a.take(5);
        assert_eq!(budget.readers().used(), (2 << 20) + 5);
        drop(large);
        assert!(a.may_take() && b.may_take());
        let moved = last.split();
        last.grow(7);
        drop(moved);
        assert_eq!(budget.readers().used(), 7);
        last.set(9);
        assert_eq!(budget.readers().used(), 9);
        last.set(4);
        assert_eq!(budget.readers().used(), 4);
        drop(last);
        assert_eq!((budget.readers().used(), budget.writers().used()), (0, 0));
    }
}
