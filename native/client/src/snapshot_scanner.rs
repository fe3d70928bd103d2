//! Reads a snapshot of one bucket.
use std::sync::{Arc, Mutex, PoisonError};

use fluss_format::{AggregateFunction, Aggregates, ColumnBatch, Filter, Fold, Predicate, Projection};
use fluss_tablet::SnapshotReader;
use fluss_types::{MemoryUser, Result};

use crate::ReadBatch;

/// Rows of a snapshot in key order, or what is made of them.
#[derive(Debug)]
pub struct SnapshotScanner {
    reader: SnapshotReader,
    memory: Arc<MemoryUser>,
    aggregates: Option<Aggregation>,
}

#[derive(Debug)]
struct Aggregation {
    aggregates: Arc<Aggregates>,
    /// `None`: it was given out.
    fold: Mutex<Option<Fold>>,
}

impl SnapshotScanner {
    pub(crate) fn new(reader: SnapshotReader, memory: Arc<MemoryUser>) -> Self {
        Self { reader, memory, aggregates: None }
    }

    /// Gives only rows that match; called before the first poll. Paths are into the table's schema. Of a limit only these count.
    pub fn filtered(mut self, predicate: Predicate) -> Result<Self> {
        let filter = Filter::new(self.reader.projection.schema().clone(), predicate)?;
        self.reader = self.reader.filtered(filter)?;
        Ok(self)
    }

    /// Gives one row in place of all, of functions of the projected columns as [`Aggregates::new`] takes them; none if there are no rows. Called before the first poll.
    pub fn aggregated(mut self, functions: impl IntoIterator<Item = (AggregateFunction, Option<usize>)>) -> Result<Self> {
        let aggregates = Arc::new(Aggregates::new(&self.reader.projection, functions)?);
        self.aggregates = Some(Aggregation { fold: Mutex::new(Some(Fold::new(aggregates.clone()))), aggregates });
        Ok(self)
    }

    /// What it reads.
    pub fn projection(&self) -> &Projection {
        &self.reader.projection
    }

    /// Nodes of a batch.
    pub fn nodes(&self) -> usize {
        self.aggregates.as_ref().map_or_else(|| self.projection().nodes(), |a| a.aggregates.nodes())
    }

    /// The next rows; `None` at the end. With a filter or aggregates a batch may have no rows: a poll reads a bounded part of the table. Counted as reader memory, but never waits for it: nothing could wake the caller.
    pub fn poll(&self) -> Result<Option<ReadBatch>> {
        let batch = match &self.aggregates {
            None => self.reader.poll()?,
            Some(aggregation) => self.fold(aggregation)?,
        };
        Ok(batch.map(|batch| ReadBatch::new(batch, &self.memory)))
    }

    fn fold(&self, of: &Aggregation) -> Result<Option<ColumnBatch>> {
        let mut fold = of.fold.lock().unwrap_or_else(PoisonError::into_inner);
        match (self.reader.poll()?, &mut *fold) {
            (Some(batch), Some(fold)) => {
                fold.add(batch)?;
                of.aggregates.nothing_yet().map(Some)
            }
            _ => fold.take().map_or(Ok(None), Fold::finish),
        }
    }

    /// Where the next [`Self::poll`] begins: the last key that was read, empty before the first.
    pub fn position(&self) -> Vec<u8> {
        self.reader.position()
    }
}
