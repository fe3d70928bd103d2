//! Asynchronous calls of a connection: a few worker threads run them, one Java thread fetches what has ended. No worker
//! ever enters the JVM. Every accepted call ends: one that is dropped, by close or by a bug, ends with an error.
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use fluss_types::{Error, ErrorCode, Result};

use crate::guard::panic_error;

/// Calls that may wait for a worker; more of them make the caller wait. Each is a batch of keys.
const MAX_WAITING: usize = 1024;

type Job<T> = Box<dyn FnOnce() -> Result<T> + Send>;

/// The calls of one connection.
pub struct Completions<T> {
    max_workers: usize,
    state: Mutex<State<T>>,
    /// A worker has something to do, or must end.
    work: Condvar,
    /// A call has ended, or the connection is closed.
    ended: Condvar,
    /// There is room for another call.
    room: Condvar,
}

struct State<T> {
    waiting: VecDeque<(Completion<T>, Job<T>)>,
    ended: VecDeque<(i64, Result<T>)>,
    /// Accepted, not ended.
    open: usize,
    workers: usize,
    idle: usize,
    closed: bool,
}

/// Ends one call exactly once; dropped without a result it ends the call with an error.
struct Completion<T> {
    completions: Option<Arc<Completions<T>>>,
    call: i64,
}

impl<T: Send + 'static> Completions<T> {
    /// Threads are started when calls come, up to `max_workers`.
    pub fn new(max_workers: usize) -> Arc<Self> {
        let state = State { waiting: VecDeque::new(), ended: VecDeque::new(), open: 0, workers: 0, idle: 0, closed: false };
        Arc::new(Self {
            max_workers: max_workers.max(1),
            state: Mutex::new(state),
            work: Condvar::new(),
            ended: Condvar::new(),
            room: Condvar::new(),
        })
    }

    /// Accepts a call; its result comes out of [`Completions::next`] under `call`. Waits while too many calls wait.
    pub fn submit(self: &Arc<Self>, call: i64, job: impl FnOnce() -> Result<T> + Send + 'static) -> Result<()> {
        let mut state = self.lock();
        while state.waiting.len() >= MAX_WAITING && !state.closed {
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return Err(closed());
        }
        if state.idle <= state.waiting.len() && state.workers < self.max_workers {
            self.start_worker(&mut state)?;
        }
        state.open += 1;
        state.waiting.push_back((Completion { completions: Some(self.clone()), call }, Box::new(job)));
        drop(state);
        self.work.notify_one();
        Ok(())
    }

    /// Waits for calls to end and gives up to `max` of them with their results; `None`: closed, and all were given.
    pub fn next(&self, max: usize) -> Option<Vec<(i64, Result<T>)>> {
        let mut state = self.lock();
        loop {
            if !state.ended.is_empty() {
                let count = state.ended.len().min(max);
                return Some(state.ended.drain(..count).collect());
            }
            if state.closed && state.open == 0 {
                return None;
            }
            state = self.ended.wait(state).unwrap_or_else(PoisonError::into_inner);
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
        self.work.notify_all();
        self.ended.notify_all();
        self.room.notify_all();
    }

    /// Whether the next [`Completions::next`] would return `None` at once.
    pub fn is_drained(&self) -> bool {
        let state = self.lock();
        state.closed && state.open == 0 && state.ended.is_empty()
    }

    fn start_worker(self: &Arc<Self>, state: &mut State<T>) -> Result<()> {
        let this = self.clone();
        let name = format!("fluss-lookup-{}", state.workers);
        match thread::Builder::new().name(name).spawn(move || this.work()) {
            Ok(_) => state.workers += 1,
            Err(e) if state.workers == 0 => {
                return Err(Error::io("starting a thread for asynchronous lookups", &e));
            }
            // The workers there are will do.
            Err(_) => {}
        }
        Ok(())
    }

    fn work(&self) {
        while let Some((completion, job)) = self.take_job() {
            let result = catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|payload| Err(panic_error(payload)));
            completion.end(result);
        }
    }

    fn take_job(&self) -> Option<(Completion<T>, Job<T>)> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.waiting.pop_front() {
                self.room.notify_one();
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state.idle += 1;
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
}

impl<T> Completions<T> {
    // Jobs run outside the lock, so a poisoned lock still guards a whole state.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Completion<T> {
    fn end(mut self, result: Result<T>) {
        self.end_once(|_| result);
    }

    fn end_once(&mut self, result: impl FnOnce(&State<T>) -> Result<T>) {
        if let Some(completions) = self.completions.take() {
            let mut state = completions.lock();
            let result = result(&state);
            state.ended.push_back((self.call, result));
            state.open -= 1;
            drop(state);
            completions.ended.notify_all();
        }
    }
}

impl<T> Drop for Completion<T> {
    fn drop(&mut self) {
        self.end_once(|state| Err(if state.closed { closed() } else { Error::internal("an asynchronous call was dropped") }));
    }
}

fn closed() -> Error {
    Error::new(ErrorCode::Closed, "the connection was closed before the lookup ran; open a connection and look up again")
}

#[cfg(test)]
#[path = "completion_tests.rs"]
mod tests;
