//! Reads a snapshot of one bucket.
use std::sync::Arc;

use fluss_format::{Filter, Predicate, Projection};
use fluss_tablet::SnapshotReader;
use fluss_types::{MemoryUser, Result};

use crate::ReadBatch;

/// Rows of a snapshot in key order.
#[derive(Debug)]
pub struct SnapshotScanner {
    reader: SnapshotReader,
    memory: Arc<MemoryUser>,
}

impl SnapshotScanner {
    pub(crate) fn new(reader: SnapshotReader, memory: Arc<MemoryUser>) -> Self {
        Self { reader, memory }
    }

    /// Gives only rows that match; called before the first poll. Paths are into the table's schema. Of a limit only these count.
    pub fn filtered(mut self, predicate: Predicate) -> Result<Self> {
        self.reader.filter = Some(Filter::new(self.reader.projection.schema().clone(), predicate)?);
        Ok(self)
    }

    /// What it reads.
    pub fn projection(&self) -> &Projection {
        &self.reader.projection
    }

    /// The next rows; `None` at the end. With a filter a batch may have no rows: a poll reads a bounded part of the table. Counted as reader memory, but never waits for it: nothing could wake the caller.
    pub fn poll(&self) -> Result<Option<ReadBatch>> {
        Ok(self.reader.poll()?.map(|batch| ReadBatch::new(batch, &self.memory)))
    }

    /// Where the next [`Self::poll`] begins: the last key that was read, empty before the first.
    pub fn position(&self) -> Vec<u8> {
        self.reader.position()
    }
}
