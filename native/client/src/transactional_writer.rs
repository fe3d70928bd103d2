//! Writes that nobody sees before their commit.
use arrow_array::RecordBatch;
use fluss_format::Committable;
use fluss_types::Result;

use crate::Writer;

/// Writes to one table in transactions, one after the other: what is written until [`Self::prepare`] is one. Rows that were not prepared are
/// gone with the writer.
#[derive(Debug)]
pub struct TransactionalWriter {
    writer: Writer,
}

impl TransactionalWriter {
    /// `writer` stages.
    pub(crate) fn new(writer: Writer) -> Self {
        Self { writer }
    }

    /// As [`Writer::write`], of rows that are staged. After an error the same call, made again as the next one, completes the write; else the
    /// transaction can only be aborted.
    pub fn write(&self, kinds: Option<&[u8]>, rows: &RecordBatch) -> Result<()> {
        self.writer.write(kinds, rows)
    }

    /// Returns when all that was written since the last time is durable. [`Connection::commit`](crate::Connection::commit) with what it gives
    /// lets others see it, in this process or a later one, within `transaction.timeout`. May be repeated after an error. The next
    /// write begins a new transaction.
    pub fn prepare(&self) -> Result<Committable> {
        self.writer.prepare()
    }

    /// Forgets what was written and is not prepared.
    pub fn abort(&self) -> Result<()> {
        self.writer.abort()
    }
}

impl Drop for TransactionalWriter {
    fn drop(&mut self) {
        // What stays is removed when the store is opened again, or after `transaction.timeout`.
        let _ = self.abort();
    }
}
