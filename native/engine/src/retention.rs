//! The background thread that removes what has outlived `table.log.ttl`.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use fluss_types::{Error, ErrorCode, Result};

use crate::engine::Tablets;

/// Visits the open tablets every so often, until it is dropped.
#[derive(Debug)]
pub(crate) struct Retention {
    /// Dropped, it ends the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    failures: Arc<AtomicU64>,
}

impl Retention {
    pub(crate) fn start(tablets: Arc<Tablets>, interval: Duration) -> Result<Self> {
        let (stop, stopped) = channel();
        let failures = Arc::new(AtomicU64::new(0));
        let counter = failures.clone();
        let run = move || {
            while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                // Nothing is lost: more is kept than need be, until the next time.
                let retained = catch_unwind(AssertUnwindSafe(|| retain(&tablets)));
                if let Err(e) = retained.unwrap_or_else(|_| Err(Error::new(ErrorCode::Panic, "retention panicked"))) {
                    counter.fetch_add(1, Ordering::Relaxed);
                    eprintln!("fluss: expired rows could not be removed, tried again in {interval:?}: {e}");
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("fluss-retention".into())
            .spawn(run)
            .map_err(|e| Error::io("start the retention thread", &e))?;
        Ok(Self { stop: Some(stop), thread: Some(thread), failures })
    }

    /// Rounds that failed.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

impl Drop for Retention {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It catches panics.
            let _ = thread.join();
        }
    }
}

/// One round; the first error is returned, all tablets are tried.
pub(crate) fn retain(tablets: &Tablets) -> Result<()> {
    let slots: Vec<_> = tablets.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
    let mut result = Ok(());
    for slot in slots {
        let tablet = slot.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let retained = tablet.map_or(Ok(()), |tablet| tablet.retain());
        // One that was closed or dropped meanwhile needs nothing.
        result = result.and(retained.or_else(|e| match e.code() {
            ErrorCode::Closed | ErrorCode::TableNotFound => Ok(()),
            _ => Err(e),
        }));
    }
    result
}
