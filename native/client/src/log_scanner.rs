//! Reads the logs of some buckets of a table, waiting for new rows.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fluss_format::{AggregateFunction, Aggregates, ColumnBatch, Filter, Fold, Predicate, Projection};
use fluss_log::ReadHint;
use fluss_tablet::{Signal, Tablet};
use fluss_types::{Error, ErrorCode, LogOffset, MemoryUser, PartitionBucket, Result, TableKind};

use crate::{ReadBatch, Table};

#[derive(Debug)]
struct Subscription {
    bucket: PartitionBucket,
    tablet: Arc<Tablet>,
    next: LogOffset,
    stop: LogOffset,
    hint: ReadHint,
    /// Of a scanner with aggregates, until it was given out.
    fold: Option<Fold>,
}

impl Subscription {
    /// Takes what was read; at the stop gives the row, if there is one.
    fn fold(&mut self, batch: Option<ColumnBatch>) -> Result<Option<ColumnBatch>> {
        if let (Some(batch), Some(fold)) = (batch, &mut self.fold) {
            fold.add(batch)?;
        }
        let at_stop = self.next >= self.stop;
        let mut row = match self.fold.take_if(|_| at_stop) {
            Some(fold) => fold.finish()?,
            None => None,
        };
        if let Some(row) = &mut row {
            (row.bucket, row.base_offset) = (self.bucket.bucket as i32, self.stop - 1);
        }
        Ok(row)
    }
}

#[derive(Debug, Default)]
struct Subscriptions {
    buckets: Vec<Subscription>,
    /// Whose turn it is.
    turn: usize,
}

/// Reads batches of the subscribed buckets in turn.
#[derive(Debug)]
pub struct LogScanner {
    table: Arc<Table>,
    projection: Projection,
    filter: Option<Filter>,
    aggregates: Option<Arc<Aggregates>>,
    subscriptions: Mutex<Subscriptions>,
    signal: Arc<Signal>,
    memory: Arc<MemoryUser>,
    woken: AtomicBool,
    closed: AtomicBool,
}

impl LogScanner {
    pub(crate) fn new(table: Arc<Table>, projection: Projection) -> Self {
        let memory = table.inner.memory().readers().user();
        Self {
            table,
            projection,
            filter: None,
            aggregates: None,
            subscriptions: Mutex::default(),
            signal: Arc::default(),
            memory,
            woken: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }
    }

    /// From now on only batches with rows that match, and in each those rows ([`fluss_format::ColumnBatch::chosen`]). Paths are into the table's
    /// schema. Changes are looked at one by one: of an update one half may match without the other.
    pub fn filtered(self, predicate: Predicate) -> Result<Self> {
        let filter = Some(Filter::new(self.table.schema().clone(), predicate)?);
        Ok(Self { filter, ..self })
    }

    /// From now on one row a bucket, when it was read to its stop: of functions of the projected columns as [`Aggregates::new`] takes them; none if there
    /// are no rows. Its offset is the last before the stop. Of log tables only: the rows of a changelog are changes.
    pub fn aggregated(self, functions: impl IntoIterator<Item = (AggregateFunction, Option<usize>)>) -> Result<Self> {
        if self.table.schema().kind() != TableKind::Log {
            let path = self.table.inner.path();
            return Err(Error::invalid(format!(
                "table {path} has a primary key; aggregates are of its snapshots, not of its changelog"
            )));
        }
        let aggregates = Some(Arc::new(Aggregates::new(&self.projection, functions)?));
        Ok(Self { aggregates, ..self })
    }

    /// What it reads.
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// Nodes of a batch.
    pub fn nodes(&self) -> usize {
        self.aggregates.as_ref().map_or_else(|| self.projection.nodes(), |a| a.nodes())
    }

    fn subscriptions(&self) -> MutexGuard<'_, Subscriptions> {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a bucket, or moves it: rows from `start` to `stop` (exclusive, `i64::MAX`: unbounded).
    pub fn subscribe(&self, bucket: impl Into<PartitionBucket>, start: LogOffset, stop: LogOffset) -> Result<()> {
        let bucket = bucket.into();
        if start < 0 {
            return Err(Error::invalid(format!("start offset {start} of {bucket} is negative")));
        }
        if self.aggregates.is_some() && stop == LogOffset::MAX {
            return Err(Error::invalid(format!("a scan of {bucket} that never stops has no aggregates")));
        }
        let tablet = self.table.inner.tablet(bucket)?;
        tablet.listen(&self.signal);
        let mut s = self.subscriptions();
        s.buckets.retain(|b| b.bucket != bucket);
        let fold = self.aggregates.clone().map(Fold::new);
        s.buckets.push(Subscription { bucket, tablet, next: start, stop, hint: ReadHint::default(), fold });
        self.signal.raise();
        Ok(())
    }

    /// Takes a bucket out.
    pub fn unsubscribe(&self, bucket: impl Into<PartitionBucket>) {
        let bucket = bucket.into();
        self.subscriptions().buckets.retain(|b| b.bucket != bucket);
    }

    /// The offset up to which a bucket was read: all before was given out, or does not match the filter.
    pub fn position(&self, bucket: impl Into<PartitionBucket>) -> Option<LogOffset> {
        let bucket = bucket.into();
        self.subscriptions().buckets.iter().find(|b| b.bucket == bucket).map(|b| b.next)
    }

    /// The next batch of any bucket; `None`: the time is over, [`Self::wake_up`] was called, or all buckets have reached their stop. While the readers' share of the memory budget
    /// is used up, a scanner has one batch at a time: it gets the next when that is dropped.
    pub fn poll(&self, timeout: Duration) -> Result<Option<ReadBatch>> {
        let deadline = Instant::now() + timeout;
        loop {
            if self.closed.load(Ordering::Acquire) {
                return Err(Error::new(ErrorCode::Closed, "the scanner was closed"));
            }
            if self.woken.swap(false, Ordering::AcqRel) {
                return Ok(None);
            }
            if self.memory.may_take()
                && let Some(batch) = self.next_batch()?
            {
                return Ok(Some(batch));
            }
            if self.is_at_stop() {
                return Ok(None);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.signal.wait(left);
        }
    }

    /// Nothing more can come.
    fn is_at_stop(&self) -> bool {
        let s = self.subscriptions();
        !s.buckets.is_empty() && s.buckets.iter().all(|b| b.next >= b.stop)
    }

    fn next_batch(&self) -> Result<Option<ReadBatch>> {
        let mut s = self.subscriptions();
        let n = s.buckets.len();
        for i in 0..n {
            let at = (s.turn + i) % n;
            let b = &mut s.buckets[at];
            if b.next >= b.stop {
                continue;
            }
            let (batch, next) = b.tablet.read_filtered(b.next, b.stop, &self.projection, self.filter.as_ref(), &mut b.hint)?;
            let read_on = next > b.next;
            b.next = next;
            let partition = b.bucket.partition;
            let batch = if self.aggregates.is_some() { b.fold(batch)? } else { batch };
            let skipped = batch.is_none() && read_on;
            if skipped {
                // There may be more: the poll does not wait.
                self.signal.raise();
            }
            if let Some(batch) = batch {
                s.turn = at + 1;
                return Ok(Some(ReadBatch::new(batch, &self.memory).in_partition(partition).with_signal(&self.signal)));
            }
        }
        Ok(None)
    }

    /// Makes a poll that runs, or else the next one, return at once. Any thread.
    pub fn wake_up(&self) {
        self.woken.store(true, Ordering::Release);
        self.signal.raise();
    }

    /// Makes every poll fail from now on.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.signal.raise();
    }
}
