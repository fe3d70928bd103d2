//! What comes into the kv state of a table: who waits while it is behind, and when it is written out.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fluss_kv::{KvLoad, KvTable};
use fluss_types::Result;

/// Bytes of log and rows after which the kv state is written out even if its memory is not full: the same few rows, changed again and again,
/// take none. It bounds what an opening replays after a crash.
const REPLAY_BOUND: u64 = 128 << 20;

/// How often those who wait look whether there is room: nobody tells them.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What the tablets of a table bring into its kv state.
#[derive(Debug)]
pub(crate) struct Flow {
    kv: Arc<dyn KvTable>,
    state: Mutex<State>,
    looked: Condvar,
    tablets: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    /// As it was last seen.
    memtable: u64,
    /// Bytes that came in since the memory was last written out.
    unflushed: u64,
    /// The number of the crowd, and whether there is one now.
    crowd: u64,
    crowded: bool,
    /// What each tablet may bring in during this crowd, bytes.
    share: u64,
    /// Failures when it began.
    failures: u64,
}

/// What a tablet has brought in during a crowd.
#[derive(Debug, Default)]
pub(crate) struct Share {
    crowd: u64,
    bytes: u64,
}

impl Share {
    /// In another crowd all begin anew.
    fn meet(&mut self, crowd: u64) {
        if self.crowd != crowd {
            *self = Self { crowd, bytes: 0 };
        }
    }
}

impl Flow {
    pub(crate) fn new(kv: Arc<dyn KvTable>) -> Self {
        Self { kv, state: Mutex::default(), looked: Condvar::new(), tablets: AtomicUsize::new(0) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more tablet.
    pub(crate) fn joined(&self) {
        self.tablets.fetch_add(1, Ordering::Relaxed);
    }

    /// One less: its partition was dropped.
    pub(crate) fn left(&self) {
        self.tablets.fetch_sub(1, Ordering::Relaxed);
    }

    /// A tablet has brought changes of so many bytes into the kv state.
    pub(crate) fn applied(&self, bytes: u64, share: &Mutex<Share>) {
        let load = self.kv.load();
        let mut state = self.state();
        state.unflushed += bytes;
        self.look(&mut state, load);
        if state.crowded {
            let mut share = share.lock().unwrap_or_else(PoisonError::into_inner);
            share.meet(state.crowd);
            share.bytes += bytes;
        }
        // Near its stall RocksDB would make the caller wait, a commit thread. Until there is room again what comes in is written out anyway.
        let due = state.unflushed >= REPLAY_BOUND && load.room.is_none();
        if due {
            state.unflushed = 0;
        }
        drop(state);
        if due {
            // What hinders it shows with the next apply.
            let _ = self.kv.flush_in_background();
        }
    }

    fn look(&self, state: &mut State, load: KvLoad) {
        if load.memtable < state.memtable {
            state.unflushed = 0;
        }
        state.memtable = load.memtable;
        match load.room {
            // It would never end: the apply that follows says why.
            Some(_) if state.crowded && load.failures > state.failures => state.crowded = false,
            Some(_) if state.crowded => return,
            Some(room) => {
                state.crowd += 1;
                state.crowded = true;
                state.share = room / self.tablets.load(Ordering::Relaxed).max(1) as u64;
                state.failures = load.failures;
                return;
            }
            None => state.crowded = false,
        }
        self.looked.notify_all();
    }

    /// Waits until a tablet may bring in more: while the kv state does not write out what comes in fast enough, each tablet may bring in its share
    /// and no more. So RocksDB is never so far behind that it slows down all of them, and those that write little do not wait.
    /// `check` is asked now and then whether to go on waiting.
    pub(crate) fn admit(&self, share: &Mutex<Share>, check: impl Fn() -> Result<()>) -> Result<()> {
        let mut state = self.state();
        while state.crowded {
            {
                let mut share = share.lock().unwrap_or_else(PoisonError::into_inner);
                share.meet(state.crowd);
                if share.bytes < state.share {
                    break;
                }
            }
            check()?;
            state = self.looked.wait_timeout(state, LOOK_EVERY).unwrap_or_else(PoisonError::into_inner).0;
            drop(state);
            let load = self.kv.load();
            state = self.state();
            self.look(&mut state, load);
        }
        Ok(())
    }
}
