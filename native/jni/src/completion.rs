//! Asynchronous calls of a connection. The threads that fetch their results run them, so that no result goes from one thread to another and the
//! library has no threads that enter the JVM. Every accepted call ends: one that is dropped, by close or by a bug, ends with an error.
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use fluss_types::{Error, ErrorCode, Result};

use crate::guard::panic_error;

type Job<T> = Box<dyn FnOnce() -> Result<T> + Send>;

/// The calls of one connection.
pub struct Completions<T> {
    state: Mutex<State<T>>,
    /// There is a call to run or a result to give, or nothing comes any more.
    news: Condvar,
}

struct State<T> {
    waiting: VecDeque<(Completion<T>, Job<T>)>,
    ended: VecDeque<(i64, Result<T>)>,
    /// Accepted, not ended.
    open: usize,
    closed: bool,
}

/// Ends one call exactly once; dropped without a result it ends the call with an error.
struct Completion<T> {
    completions: Option<Arc<Completions<T>>>,
    call: i64,
}

impl<T: Send + 'static> Completions<T> {
    /// Nobody runs a call before [`Completions::next`] is asked.
    pub fn new() -> Arc<Self> {
        let state = State { waiting: VecDeque::new(), ended: VecDeque::new(), open: 0, closed: false };
        Arc::new(Self { state: Mutex::new(state), news: Condvar::new() })
    }

    /// Accepts a call; its result comes out of [`Completions::next`] under `call`. Never waits: whoever asks may be one who runs calls. How many calls
    /// there are is for the caller to bound.
    pub fn submit(self: &Arc<Self>, call: i64, job: impl FnOnce() -> Result<T> + Send + 'static) -> Result<()> {
        let mut state = self.lock();
        if state.closed {
            return Err(closed());
        }
        state.open += 1;
        state.waiting.push_back((Completion { completions: Some(self.clone()), call }, Box::new(job)));
        drop(state);
        self.news.notify_one();
        Ok(())
    }

    /// Runs a call, or waits for one, and gives its result; or up to `max` results of calls that ended without being run. `None`: closed, and all
    /// were given. Any number of threads; each runs a call at a time.
    pub fn next(&self, max: usize) -> Option<Vec<(i64, Result<T>)>> {
        let mut state = self.lock();
        loop {
            if !state.ended.is_empty() {
                let count = state.ended.len().min(max);
                return Some(state.ended.drain(..count).collect());
            }
            if let Some((completion, job)) = state.waiting.pop_front() {
                drop(state);
                let result = catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|payload| Err(panic_error(payload)));
                return Some(vec![(completion.given(), result)]);
            }
            if state.closed && state.open == 0 {
                return None;
            }
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// No call is accepted any more; those that wait end with code 801, those that run end as they end. Idempotent.
    pub fn close(&self) {
        let waiting = {
            let mut state = self.lock();
            state.closed = true;
            std::mem::take(&mut state.waiting)
        };
        // Outside the lock: dropping a completion takes it.
        drop(waiting);
        self.news.notify_all();
    }

    /// Whether the next [`Completions::next`] would return `None` at once.
    pub fn is_drained(&self) -> bool {
        let state = self.lock();
        state.closed && state.open == 0 && state.ended.is_empty()
    }
}

impl<T> Completions<T> {
    // Jobs run outside the lock, so a poisoned lock still guards a whole state.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends one.
    fn end(&self, result: impl FnOnce(&mut State<T>)) {
        let mut state = self.lock();
        result(&mut state);
        state.open -= 1;
        let wake = state.closed || !state.ended.is_empty();
        drop(state);
        if wake {
            self.news.notify_all();
        }
    }
}

impl<T> Completion<T> {
    /// The call, whose result is given by whoever asks.
    fn given(mut self) -> i64 {
        if let Some(completions) = self.completions.take() {
            completions.end(|_| {});
        }
        self.call
    }
}

impl<T> Drop for Completion<T> {
    fn drop(&mut self) {
        if let Some(completions) = self.completions.take() {
            completions.end(|state| {
                let error = if state.closed { closed() } else { Error::internal("an asynchronous call was dropped") };
                state.ended.push_back((self.call, Err(error)));
            });
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorCode::Closed, "the connection was closed before the lookup ran; open a connection and look up again")
}

#[cfg(test)]
#[path = "completion_tests.rs"]
mod tests;
