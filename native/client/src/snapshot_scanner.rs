//! Reads a snapshot of one bucket.
use std::sync::Arc;

use fluss_format::Projection;
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

    /// What it reads.
    pub fn projection(&self) -> &Projection {
        &self.reader.projection
    }

    /// The next rows; `None` at the end. Counted as reader memory, but never waits for it: nothing could wake the caller.
    pub fn poll(&self) -> Result<Option<ReadBatch>> {
        Ok(self.reader.poll()?.map(|batch| ReadBatch::new(batch, &self.memory)))
    }

    /// Where the next [`Self::poll`] begins: the last key given out, empty before the first.
    pub fn position(&self) -> Vec<u8> {
        self.reader.position()
    }
}
