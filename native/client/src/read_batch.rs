//! A batch on loan: its memory counts towards the readers' share of the budget until it is dropped.
use std::ops::Deref;
use std::sync::Arc;

use fluss_format::ColumnBatch;
use fluss_tablet::Signal;
use fluss_types::{MemoryGuard, MemoryUser, PartitionId};

/// A [`ColumnBatch`] given to a reader.
#[derive(Debug)]
pub struct ReadBatch {
    batch: ColumnBatch,
    partition: PartitionId,
    memory: Option<MemoryGuard>,
    /// Raised when the memory is given back.
    waiting: Option<Arc<Signal>>,
}

impl ReadBatch {
    /// Counts the batch for `reader`.
    pub fn new(batch: ColumnBatch, reader: &Arc<MemoryUser>) -> Self {
        let memory = reader.take(batch.bytes.capacity() as u64);
        Self { batch, partition: 0, memory: Some(memory), waiting: None }
    }

    /// Says which partition its bucket is of.
    pub(crate) fn in_partition(mut self, partition: PartitionId) -> Self {
        self.partition = partition;
        self
    }

    /// The partition of its [`bucket`](ColumnBatch::bucket) in a batch of a log; 0: the table has none.
    pub fn partition(&self) -> PartitionId {
        self.partition
    }

    /// Raises `signal` once the batch is dropped.
    pub(crate) fn with_signal(mut self, signal: &Arc<Signal>) -> Self {
        self.waiting = Some(signal.clone());
        self
    }
}

impl Deref for ReadBatch {
    type Target = ColumnBatch;

    fn deref(&self) -> &ColumnBatch {
        &self.batch
    }
}

impl Drop for ReadBatch {
    fn drop(&mut self) {
        fluss_format::give_back(std::mem::take(&mut self.batch.bytes));
        self.memory.take();
        if let Some(signal) = &self.waiting {
            signal.raise();
        }
    }
}
