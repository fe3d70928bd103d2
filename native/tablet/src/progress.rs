//! How far a tablet is: what is appended, what is durable, and who waits for it.
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use fluss_types::{Error, LogOffset, Result};

/// Wakes a reader that waits for any of several tablets.
#[derive(Debug, Default)]
pub struct Signal {
    raised: Mutex<bool>,
    condition: Condvar,
}

impl Signal {
    /// Wakes the waiter, or makes its next wait return at once.
    pub fn raise(&self) {
        *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.condition.notify_all();
    }

    /// Waits until the signal is raised or the time is over; lowers it. Returns whether it was raised.
    pub fn wait(&self, timeout: Duration) -> bool {
        let raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut raised, _) = self.condition.wait_timeout_while(raised, timeout, |r| !*r).unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *raised)
    }
}

#[derive(Debug, Default)]
struct State {
    failure: Option<Error>,
    listeners: Vec<Weak<Signal>>,
}

/// High watermark and waiters of one tablet.
#[derive(Debug)]
pub(crate) struct Progress {
    high_watermark: AtomicI64,
    state: Mutex<State>,
    changed: Condvar,
}

impl Progress {
    pub(crate) fn new(high_watermark: LogOffset) -> Self {
        Self { high_watermark: AtomicI64::new(high_watermark), state: Mutex::default(), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Readers stop here: durable, and visible to lookups.
    pub(crate) fn high_watermark(&self) -> LogOffset {
        self.high_watermark.load(Ordering::Acquire)
    }

    pub(crate) fn committed(&self, high_watermark: LogOffset) {
        self.high_watermark.store(high_watermark, Ordering::Release);
        self.wake(&mut self.state());
    }

    /// Fails all who wait and all later calls.
    pub(crate) fn fail(&self, error: Error) {
        let mut state = self.state();
        state.failure.get_or_insert(error);
        self.wake(&mut state);
    }

    fn wake(&self, state: &mut State) {
        self.changed.notify_all();
        state.listeners.retain(|l| l.upgrade().inspect(|s| s.raise()).is_some());
    }

    pub(crate) fn check(&self) -> Result<()> {
        self.state().failure.clone().map_or(Ok(()), Err)
    }

    pub(crate) fn listen(&self, signal: &Arc<Signal>) {
        let mut state = self.state();
        if !state.listeners.iter().any(|l| std::ptr::eq(l.as_ptr(), Arc::as_ptr(signal))) {
            state.listeners.push(Arc::downgrade(signal));
        }
    }

    /// Waits until all up to `offset` is durable; false: the deadline came first.
    pub(crate) fn wait_durable(&self, offset: LogOffset, deadline: Option<Instant>) -> Result<bool> {
        self.wait(deadline, || self.high_watermark() >= offset)
    }

    /// Waits until `done`, which is asked after every commit.
    pub(crate) fn wait_until(&self, done: impl Fn() -> bool) -> Result<()> {
        self.wait(None, done).map(drop)
    }

    fn wait(&self, deadline: Option<Instant>, done: impl Fn() -> bool) -> Result<bool> {
        let mut state = self.state();
        loop {
            if done() {
                return Ok(true);
            }
            if let Some(e) = &state.failure {
                return Err(e.clone());
            }
            state = match deadline.map(|d| d.saturating_duration_since(Instant::now())) {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) if left.is_zero() => return Ok(false),
                Some(left) => self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }
}
