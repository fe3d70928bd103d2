//! Group commit: a few threads make what tablets have appended durable, bring it to RocksDB, and move the high watermark.
//! While one commit of a tablet syncs, its writers append the next group.
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fluss_types::{Error, Result};

use crate::Tablet;

#[derive(Default)]
struct Queue {
    ready: VecDeque<Arc<Tablet>>,
    /// Tablets that commit later (`eventual`), in no order; there are few.
    delayed: Vec<(Instant, Arc<Tablet>)>,
    /// Threads that have nothing to do. The one that had something last is woken first: few threads keep memory and stay in the caches
    /// of processors, however many there are.
    idle: Vec<usize>,
    stopped: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    /// One a thread.
    wake: Vec<Condvar>,
}

/// The commit threads of a process.
pub struct Committer {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl std::fmt::Debug for Committer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Committer").finish_non_exhaustive()
    }
}

impl Committer {
    /// Starts the threads.
    pub fn start(threads: usize) -> Result<Self> {
        let committer = Self::with_threads(threads);
        for i in 0..threads {
            let shared = committer.shared.clone();
            let thread = std::thread::Builder::new()
                .name(format!("fluss-commit-{i}"))
                .spawn(move || shared.run(i))
                .map_err(|e| Error::io("start a commit thread", &e))?;
            committer.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(committer)
    }

    /// A committer without threads: nothing is committed but by [`Committer::run_next`]. A write that has to wait for the commit before
    /// it (the writers' share of the memory budget is used up) waits for ever.
    pub fn manual() -> Self {
        Self::with_threads(0)
    }

    fn with_threads(threads: usize) -> Self {
        let wake = (0..threads).map(|_| Condvar::new()).collect();
        Self { shared: Arc::new(Shared { queue: Mutex::default(), wake }), threads: Mutex::default() }
    }

    /// Commits one of the tablets that wait for it, those whose time has not come too, in the caller's thread: number `choose(n)` of the
    /// `n` that wait. False: none does.
    pub fn run_next(&self, choose: impl FnOnce(usize) -> usize) -> bool {
        let tablet = {
            let mut queue = self.shared.queue();
            let ready = queue.ready.len();
            match ready + queue.delayed.len() {
                0 => return false,
                n => match choose(n) {
                    i if i < ready => queue.ready.remove(i),
                    i => Some(queue.delayed.remove(i - ready).1),
                },
            }
        };
        if let Some(tablet) = tablet {
            tablet.commit();
        }
        true
    }

    /// Asks for a commit of a tablet that is not waiting for one.
    pub(crate) fn schedule(&self, tablet: Arc<Tablet>, after: Duration) {
        let mut queue = self.shared.queue();
        if after.is_zero() {
            queue.ready.push_back(tablet);
        } else {
            queue.delayed.push((Instant::now() + after, tablet));
        }
        self.shared.wake_one(&mut queue);
    }

    /// Commits a delayed tablet now.
    pub(crate) fn expedite(&self, tablet: &Tablet) {
        let mut queue = self.shared.queue();
        if let Some(i) = queue.delayed.iter().position(|(_, t)| std::ptr::eq(t.as_ref(), tablet)) {
            let (_, tablet) = queue.delayed.swap_remove(i);
            queue.ready.push_back(tablet);
            self.shared.wake_one(&mut queue);
        }
    }

    /// Commits what is waiting and ends the threads.
    pub fn stop(&self) {
        self.shared.queue().stopped = true;
        self.shared.wake.iter().for_each(Condvar::notify_all);
        for t in self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // A panic in a commit has poisoned its tablet already.
            let _ = t.join();
        }
    }
}

impl Drop for Committer {
    /// An engine that fails to open leaves no thread behind. They are not waited for: one of them may be the caller.
    fn drop(&mut self) {
        self.shared.queue().stopped = true;
        self.shared.wake.iter().for_each(Condvar::notify_all);
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_one(&self, queue: &mut Queue) {
        if let Some(thread) = queue.idle.pop() {
            self.wake[thread].notify_one();
        }
    }

    fn next(&self, thread: usize) -> Option<Arc<Tablet>> {
        let mut queue = self.queue();
        loop {
            let now = Instant::now();
            if let Some(i) = queue.delayed.iter().position(|(at, _)| queue.stopped || *at <= now) {
                return Some(queue.delayed.swap_remove(i).1);
            }
            if let Some(tablet) = queue.ready.pop_front() {
                return Some(tablet);
            }
            if queue.stopped {
                return None;
            }
            let earliest = queue.delayed.iter().map(|(at, _)| *at).min();
            queue.idle.push(thread);
            let wake = &self.wake[thread];
            queue = match earliest {
                None => wake.wait(queue).unwrap_or_else(PoisonError::into_inner),
                Some(at) => wake.wait_timeout(queue, at.saturating_duration_since(now)).unwrap_or_else(PoisonError::into_inner).0,
            };
            // It still is among them if nobody woke it.
            queue.idle.retain(|t| *t != thread);
        }
    }

    fn run(&self, thread: usize) {
        while let Some(tablet) = self.next(thread) {
            let committed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tablet.commit()));
            if committed.is_err() {
                tablet.poison(&Error::internal("a commit panicked"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threads_end_with_a_committer_that_nobody_stopped() {
        let committer = Committer::start(2).unwrap();
        let threads = std::mem::take(&mut *committer.threads.lock().unwrap());
        drop(committer);
        // For ever, if they do not.
        threads.into_iter().for_each(|t| t.join().unwrap());
    }
}
