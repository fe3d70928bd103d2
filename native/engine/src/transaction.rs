//! A transaction in all its buckets.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fluss_format::Committable;
use fluss_tablet::Tablet;
use fluss_types::{Error, ErrorCode, PartitionBucket, Result, WriterId};

use crate::engine::dropped;
use crate::{Engine, Table};

/// Buckets whose files are synced at a time.
const THREADS: usize = 16;

impl Table {
    /// Makes what a transaction has staged durable, in these buckets so many pieces. What it returns commits the transaction, also after a
    /// loss of power. May be repeated after an error.
    pub fn prepare_transaction(&self, id: WriterId, buckets: Vec<(PartitionBucket, u32)>) -> Result<Committable> {
        let committable = Committable { transaction: id, table_id: self.meta.table_id, table: self.path.clone(), buckets };
        self.each(&committable.buckets, |tablet, pieces| tablet.prepare(id, pieces))?;
        Ok(committable)
    }

    /// Forgets what a transaction has staged in some buckets.
    pub fn abort_transaction(&self, id: WriterId, buckets: &[(PartitionBucket, u32)]) -> Result<()> {
        self.each(buckets, |tablet, _| tablet.abort_transaction(id))
    }

    /// Does something in those of the buckets whose partition is there; the first error is returned, all are tried.
    fn each(&self, buckets: &[(PartitionBucket, u32)], act: impl Fn(&Arc<Tablet>, u32) -> Result<()> + Sync) -> Result<()> {
        let next = AtomicUsize::new(0);
        let result = Mutex::new(Ok(()));
        let run = || {
            while let Some((bucket, pieces)) = buckets.get(next.fetch_add(1, Ordering::Relaxed)) {
                let acted = self.tablet(*bucket).and_then(|tablet| act(&tablet, *pieces));
                // With a partition that was dropped its rows are gone.
                if let Err(e) = acted
                    && e.code() != ErrorCode::PartitionNotFound
                {
                    let mut result = result.lock().unwrap_or_else(PoisonError::into_inner);
                    *result = result.clone().and(Err(e));
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..buckets.len().min(THREADS) {
                scope.spawn(run);
            }
            run();
        });
        result.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Appends what a prepared transaction has staged and returns when all of it is durable and visible: in each bucket once, however often
    /// it is called; not in all buckets at the same time.
    pub fn commit_transaction(self: &Arc<Self>, committable: &Committable) -> Result<()> {
        let id = committable.transaction;
        if committable.buckets.is_empty() {
            return Ok(());
        }
        self.table_of(committable)?.each(&committable.buckets, |tablet, pieces| tablet.commit_transaction(id, pieces))
    }

    /// Ends a transaction whose commit cannot succeed: what of it is not committed yet is dropped, in all its buckets, and from now on its commit
    /// has succeeded. May be repeated.
    pub fn skip_transaction(self: &Arc<Self>, committable: &Committable) -> Result<()> {
        let id = committable.transaction;
        if committable.buckets.is_empty() {
            return Ok(());
        }
        self.table_of(committable)?.each(&committable.buckets, |tablet, pieces| tablet.skip_transaction(id, pieces))
    }

    /// Forgets what a prepared transaction has staged. Refused when its commit has begun.
    pub fn abort_transaction(self: &Arc<Self>, committable: &Committable) -> Result<()> {
        match self.table_of(committable) {
            // It is gone with its table.
            Err(e) if e.code() == ErrorCode::TableNotFound => Ok(()),
            table => table?.abort_transaction(committable.transaction, &committable.buckets),
        }
    }

    fn table_of(self: &Arc<Self>, committable: &Committable) -> Result<Table> {
        let Committable { transaction, table_id, table: path, .. } = committable;
        let at = |e: Error| e.at(format_args!("transaction {transaction}"));
        self.check_open()?;
        // It may have another name by now.
        match self.meta().table_with_id(path, *table_id).map_err(at)? {
            Some((path, meta)) => self.opened(path, meta),
            None if self.meta().table(path).is_ok() => {
                let m = format!("table {path} was dropped and made again: what the transaction staged is gone with the old one");
                Err(at(Error::new(ErrorCode::TableNotFound, m)))
            }
            None => Err(at(dropped(path))),
        }
    }
}
