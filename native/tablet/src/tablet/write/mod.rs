//! Writes: append to the log and to the pre-write buffer; the commit does the rest.
mod batch;
mod changelog;
mod encoded;
mod olds;
mod onto;
mod upsert;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use arrow_array::{RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::Schema as ArrowSchema;
use fluss_format::{EncodeOptions, EncodedBatch, encode_batch, evolve_batch};
use fluss_types::{BatchSequence, Error, ErrorCode, FieldId, LogOffset, Result, SchemaId, TableKind, TableOptions};

use super::{Definition, Tablet};

pub(super) use onto::{KeyHash, Onto, Seen};

/// Rows of one bucket, all columns of the table; `deletes[i]`: row i is a delete, of which only the key counts.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The version of the table's schema that the writer knows. Of an older one the columns added since are NULL.
    pub schema_id: SchemaId,
    /// The columns.
    pub batch: RecordBatch,
    /// `None`: no deletes.
    pub deletes: Option<Vec<bool>>,
    /// Ids of the columns that the writer gives, those of the key among them; of other columns what lies in `batch` does not count. `None`: all.
    pub targets: Option<Arc<[FieldId]>>,
    /// The number that an idempotent writer gave to these rows in this bucket.
    pub writer: Option<BatchSequence>,
}

impl Rows {
    /// The first half of the rows, and the second; neither has a number.
    pub fn halves(&self) -> [Self; 2] {
        let (n, middle) = (self.batch.num_rows(), self.batch.num_rows() / 2);
        [(0, middle), (middle, n)].map(|(from, to)| Self {
            schema_id: self.schema_id,
            batch: self.batch.slice(from, to - from),
            deletes: self.deletes.as_ref().map(|d| d[from..to].to_vec()),
            targets: self.targets.clone(),
            writer: None,
        })
    }

    pub(super) fn is_delete(&self, row: usize) -> bool {
        self.deletes.as_ref().is_some_and(|d| d[row])
    }
}

impl Definition {
    /// The rows with the current schema's columns, NULL in those that the writer does not give.
    pub(super) fn current<'a>(&self, rows: &'a Rows) -> Result<Cow<'a, Rows>> {
        let schema = self.codec.schema();
        let mut current = Cow::Borrowed(rows);
        if rows.schema_id != schema.id() {
            let Some(written) = self.codec.schemas().get(rows.schema_id) else {
                let m = format!("rows of schema {} were written, the table has schemas up to {}", rows.schema_id, schema.id());
                return Err(Error::new(ErrorCode::SchemaMismatch, m));
            };
            let batch = evolve_batch(&rows.batch, written, schema)?;
            current = Cow::Owned(Rows { batch, schema_id: schema.id(), ..rows.clone() });
        }
        if let Some(targets) = &rows.targets {
            let batch = &current.batch;
            if batch.num_columns() != schema.columns().len() {
                let m = format!("the rows have {} columns, {} were expected", batch.num_columns(), schema.columns().len());
                return Err(Error::new(ErrorCode::SchemaMismatch, m));
            }
            let columns = schema.columns().iter().zip(batch.columns()).map(|(c, a)| match targets.contains(&c.id) {
                true => a.clone(),
                false => new_null_array(&c.data_type.to_arrow(), batch.num_rows()),
            });
            let columns = columns.collect();
            let fields: Vec<_> = schema.columns().iter().map(|c| c.to_field().with_nullable(true)).collect();
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let batch = RecordBatch::try_new_with_options(Arc::new(ArrowSchema::new(fields)), columns, &options)
                .map_err(|e| Error::new(ErrorCode::SchemaMismatch, e.to_string()))?;
            current.to_mut().batch = batch;
        }
        Ok(current)
    }

    /// The batch of a log table, of rows with the current schema's columns.
    pub(super) fn encode_appends(&self, rows: &Rows) -> Result<EncodedBatch> {
        if rows.deletes.is_some() {
            return Err(Error::invalid("a log table takes appends only, a delete was written"));
        }
        if let Some(targets) = &rows.targets {
            self.merging.check_targets(self.codec.schema(), targets)?;
        }
        self.encode(&rows.batch, true)
    }

    fn encode(&self, batch: &RecordBatch, append_only: bool) -> Result<EncodedBatch> {
        let TableOptions { compression, zstd_level, .. } = self.options;
        let options = EncodeOptions { append_only, compression, zstd_level, statistics: &self.statistics };
        encode_batch(batch, self.codec.schema(), &options)
    }
}

impl Tablet {
    /// Appends rows and returns the offset that [`Tablet::wait_durable`] has to reach. Rows of an idempotent writer that are there already are
    /// left as they are, and the offset is that of the first time. Log tables take no deletes. Waits while the writers'
    /// share of the memory budget is used up and the tablet has a part in it: its own commit gives that back. Waits too while the kv state of the
    /// table is behind and the tablet has brought in its share: native/docs/kv.md.
    pub fn write(self: &Arc<Self>, rows: &Rows) -> Result<LogOffset> {
        self.write_onto(rows, Onto::Merged)
    }

    /// As [`Tablet::write`]; of a primary-key table `onto` says what becomes of the rows that are there.
    pub(super) fn write_onto(self: &Arc<Self>, rows: &Rows, onto: Onto<'_>) -> Result<LogOffset> {
        self.check_open()?;
        if !self.memory.may_take() {
            self.context.committer.expedite(self);
            self.progress.wait_until(|| self.memory.may_take())?;
            self.check_open()?;
        }
        if let Some(state) = &self.kv {
            state.table.flow.admit(&state.share, || self.check_open())?;
        }
        let end = self.or_poison(|| match self.kind {
            TableKind::Log => self.append(rows),
            TableKind::PrimaryKey => self.upsert(rows, onto),
        });
        let end = end.map_err(|e| e.at(&self.name))?;
        self.schedule_commit();
        Ok(end)
    }

    fn append(&self, rows: &Rows) -> Result<LogOffset> {
        let definition = self.definition();
        let rows = definition.current(rows)?;
        let mut encoded = definition.encode_appends(&rows)?;
        let mut appended = self.appended();
        self.append_encoded(&mut encoded, rows.writer, self.now_ms(), 0, &mut appended)
    }

    /// `now_ms`: becomes the commit timestamp. `buffered`: bytes that the batch takes in the pre-write buffer. Returns the end offset, that of the first time for a batch that is
    /// there already.
    pub(super) fn append_encoded(
        &self,
        encoded: &mut EncodedBatch,
        writer: Option<BatchSequence>,
        now_ms: i64,
        buffered: usize,
        appended: &mut super::Appended,
    ) -> Result<LogOffset> {
        // Once more, under the lock: after the last commit of `close` the files are another opener's.
        self.check_open()?;
        let done = self.log.append(encoded, writer, now_ms, self.high_watermark()).inspect_err(|e| {
            // A failed append is cut off again and the tablet goes on; when even that failed, nothing is sure any more.
            if e.code() == ErrorCode::Poisoned {
                self.poison(e);
            }
        })?;
        match done {
            fluss_log::Appended::Duplicate { end_offset } => Ok(end_offset),
            fluss_log::Appended::New { end_offset, .. } => {
                appended.end_offset = end_offset;
                self.time.fetch_max(now_ms, Ordering::Relaxed);
                appended.uncommitted.grow((encoded.len() + buffered) as u64);
                Ok(end_offset)
            }
        }
    }

    /// Waits until all that is appended by now is durable and visible to readers.
    pub fn wait_appended(&self) -> Result<()> {
        let end = self.appended().end_offset;
        self.wait_durable(end, None).map(drop)
    }

    /// Waits until all up to an offset is durable and visible to readers; under `eventual` too. False: the deadline came first.
    pub fn wait_durable(&self, offset: LogOffset, deadline: Option<Instant>) -> Result<bool> {
        self.context.committer.expedite(self);
        self.progress.wait_durable(offset, deadline)
    }
}
