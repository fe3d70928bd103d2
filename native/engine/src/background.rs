//! Work that is done every so often, on a thread of its own.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use fluss_types::{Error, ErrorCode, Result};

/// What is done, and when.
pub(crate) struct Work {
    /// Name of the thread.
    pub(crate) thread: &'static str,
    /// What it means that a round failed.
    pub(crate) failure: &'static str,
    /// Time until the first round.
    pub(crate) first: Duration,
    /// Time between two rounds.
    pub(crate) interval: Duration,
}

/// Works until it is dropped.
#[derive(Debug)]
pub(crate) struct Background {
    /// Dropped, it ends the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    failures: Arc<AtomicU64>,
}

impl Background {
    pub(crate) fn start(work: Work, round: impl Fn() -> Result<()> + Send + 'static) -> Result<Self> {
        let (stop, stopped) = channel();
        let failures = Arc::new(AtomicU64::new(0));
        let counter = failures.clone();
        let Work { thread: name, failure, first, interval } = work;
        let run = move || {
            let mut wait = first;
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                wait = interval;
                let done = catch_unwind(AssertUnwindSafe(&round));
                if let Err(e) = done.unwrap_or_else(|_| Err(Error::new(ErrorCode::Panic, format!("{name} panicked")))) {
                    if e.code() == ErrorCode::Closed {
                        break; // The store closes: whoever closes it waits for this thread next.
                    }
                    counter.fetch_add(1, Ordering::Relaxed);
                    eprintln!("fluss: {failure}, tried again in {interval:?}: {e}");
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name(name.into())
            .spawn(run)
            .map_err(|e| Error::io(format!("start the thread {name}"), &e))?;
        Ok(Self { stop: Some(stop), thread: Some(thread), failures })
    }

    /// Rounds that failed.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It catches panics.
            let _ = thread.join();
        }
    }
}
