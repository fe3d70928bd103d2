//! The copy of one bucket: loaded by who asks first, then kept up with its log.
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use fluss_format::RowCodec;
use fluss_log::ReadHint;
use fluss_tablet::{Followed, Tablet};
use fluss_types::{Error, ErrorCode, MemoryBudget, MemoryGuard, MemoryUser, Result};

use super::rows::{Entry, Rows};

/// Rows that have expired are looked for when there are twice as many rows as after the last time, and so many at least.
const SWEEP_ROWS: usize = 1024;

/// Its rows, once it is loaded.
#[derive(Debug, Default)]
pub(crate) struct BucketCopy {
    loaded: RwLock<Option<Loaded>>,
    /// One who loads at a time.
    loading: Mutex<()>,
}

#[derive(Debug)]
pub(crate) struct Loaded {
    tablet: Arc<Tablet>,
    pub(super) rows: Rows,
    /// Whether rows expire.
    timed: bool,
    next: Followed,
    hint: ReadHint,
    memory: MemoryGuard,
    /// When expired rows are looked for next.
    sweep: usize,
}

/// What became of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advanced {
    /// It has all changes, or is not loaded.
    AtEnd,
    /// It has more changes than before; there may be more of them.
    Moved,
    /// It failed.
    Unloaded,
}

/// What a copy, or a part of it, is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyState {
    /// Milliseconds between now and the commit timestamp up to which the changes have been followed; 0: to the end.
    pub staleness_ms: i64,
    /// Rows held.
    pub rows: u64,
    /// Memory they take, as it is counted.
    pub bytes: u64,
}

impl BucketCopy {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Option<Loaded>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<Loaded>> {
        self.loaded.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads the bucket unless it is. True: it was not.
    pub(super) fn load(&self, tablet: &Arc<Tablet>, now_ms: i64, user: &Arc<MemoryUser>, budget: &MemoryBudget) -> Result<bool> {
        let _one_at_a_time = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        if self.read().is_some() {
            return Ok(false);
        }
        let codec = tablet.codec();
        let mut rows = Rows::new(codec.schema().prefix_key().is_some());
        let mut memory = user.take(0);
        let mut refused = false;
        let offset = tablet.load(|key, row| {
            let entry = Entry::new(key, row);
            refused = budget.copies().used() + entry.memory() > budget.copies().limit();
            if !refused {
                memory.grow(entry.memory());
                rows.put(entry);
            }
            !refused
        })?;
        if refused {
            let held = memory.bytes();
            // What it holds is not what others do.
            memory.set(0);
            return Err(out_of_memory(tablet, rows.len(), held, budget));
        }
        let sweep = SWEEP_ROWS.max(2 * rows.len());
        let next = Followed { offset, commit_timestamp: now_ms };
        *self.write() = Some(Loaded {
            tablet: tablet.clone(),
            rows,
            timed: codec.is_timed(),
            next,
            hint: ReadHint::default(),
            memory,
            sweep,
        });
        Ok(true)
    }

    /// Takes the next changes over, if there are any. When that fails the rows are let go of: who asks next loads them again, or is told what is wrong.
    pub(super) fn advance(&self, budget: &MemoryBudget) -> Advanced {
        let Some((tablet, from, mut hint)) = self.read().as_ref().map(|l| (l.tablet.clone(), l.next.offset, l.hint)) else {
            return Advanced::AtEnd;
        };
        let mut changes = Vec::new();
        let followed = tablet.follow(from, &mut hint, |key, row| {
            let entry = row.map(|row| Entry::new(&key, &row));
            changes.push((key, entry));
        });
        // What is in these is freed without the lock.
        let mut old = Vec::with_capacity(changes.len());
        match followed {
            Ok(None) => return Advanced::AtEnd,
            Ok(Some(next)) => {
                if let Some(loaded) = self.write().as_mut() {
                    (loaded.next, loaded.hint) = (next, hint);
                    loaded.apply(changes, &mut old);
                }
                if budget.copies().used() <= budget.copies().limit() {
                    return Advanced::Moved;
                }
            }
            Err(e) => {
                // Who asks next gets the same error, if it stays.
                if tablet.check_open().is_ok() {
                    eprintln!("fluss: a full copy lets go of {}: {e}", tablet.partition_bucket());
                }
            }
        }
        self.unload();
        Advanced::Unloaded
    }

    /// Lets go of the rows: who asks next loads them again.
    pub(super) fn unload(&self) {
        // Freed without the lock.
        let _rows = self.write().take();
    }

    pub(super) fn state(&self, now_ms: i64) -> CopyState {
        let loaded = self.read();
        let Some(loaded) = loaded.as_ref() else { return CopyState::default() };
        let behind = loaded.tablet.high_watermark() > loaded.next.offset;
        // Of a change that is committed in this millisecond as well it must not seem to be at the end.
        let staleness_ms = if behind { (now_ms - loaded.next.commit_timestamp).max(1) } else { 0 };
        CopyState { staleness_ms, rows: loaded.rows.len() as u64, bytes: loaded.memory.bytes() }
    }
}

impl Loaded {
    /// The row of a key, unless it has expired.
    pub(crate) fn row(&self, key: &[u8]) -> Option<&[u8]> {
        self.rows.get(key).filter(|row| !self.timed || !self.tablet.expiry().is_over(row))
    }

    /// Knows all versions of the schema.
    pub(crate) fn codec(&self) -> Arc<RowCodec> {
        self.tablet.codec()
    }

    fn apply(&mut self, changes: Vec<(Vec<u8>, Option<Entry>)>, old: &mut Vec<Entry>) {
        let mut bytes = self.memory.bytes();
        for (key, entry) in changes {
            bytes += entry.as_ref().map_or(0, Entry::memory);
            let replaced = match entry {
                Some(entry) => self.rows.put(entry),
                None => self.rows.remove(&key),
            };
            bytes -= replaced.as_ref().map_or(0, Entry::memory);
            old.extend(replaced);
        }
        if self.rows.len() >= self.sweep {
            let expiry = self.tablet.expiry();
            self.rows.retain(|entry| {
                let over = expiry.is_over(entry.row());
                bytes -= if over { entry.memory() } else { 0 };
                !over
            });
            self.sweep = SWEEP_ROWS.max(2 * self.rows.len());
        }
        self.memory.set(bytes);
    }
}

fn out_of_memory(tablet: &Tablet, rows: usize, bytes: u64, budget: &MemoryBudget) -> Error {
    let (copies, size) = (budget.copies(), budget.size());
    Error::new(
        ErrorCode::OutOfMemory,
        format!(
            "{} of a table with 'lookup.cache' = 'FULL' cannot be copied: the first {rows} of its rows take {bytes} bytes; copies of tables hold {} of the {} bytes that they may, three eighths of 'memory.size', which is {size} bytes. Raise 'memory.size', or set 'lookup.cache' to 'NONE' or 'PARTIAL'",
            tablet.partition_bucket(),
            copies.used(),
            copies.limit()
        ),
    )
}
