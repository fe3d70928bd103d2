//! Writes: append to the log and to the pre-write buffer; the commit does the rest.
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use arrow_array::{ArrayRef, RecordBatch, UInt8Array};
use arrow_select::interleave::interleave;
use bytes::Bytes;
use fluss_format::{ColumnValues, EncodeOptions, EncodedBatch, KeyEncoder, RowCodec, encode_batch, evolve_batch, log_schema};
use fluss_kv::KvValue;
use fluss_types::{BatchSequence, ChangeType, Error, ErrorCode, FieldId, LogOffset, Result, SchemaId, TableKind, TableOptions};

use super::{Definition, Tablet};

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
    fn is_delete(&self, row: usize) -> bool {
        self.deletes.as_ref().is_some_and(|d| d[row])
    }
}

/// Encoded keys or rows of a batch, side by side.
struct Encoded {
    bytes: Bytes,
    ends: Vec<usize>,
}

impl Encoded {
    fn new(rows: usize, mut encode: impl FnMut(usize, &mut Vec<u8>) -> Result<()>) -> Result<Self> {
        let mut bytes = Vec::new();
        let mut ends = Vec::with_capacity(rows);
        for i in 0..rows {
            encode(i, &mut bytes)?;
            ends.push(bytes.len());
        }
        Ok(Self { bytes: bytes.into(), ends })
    }

    fn range(&self, i: usize) -> std::ops::Range<usize> {
        i.checked_sub(1).map_or(0, |p| self.ends[p])..self.ends[i]
    }

    fn get(&self, i: usize) -> &[u8] {
        &self.bytes[self.range(i)]
    }

    fn share(&self, i: usize) -> Bytes {
        self.bytes.slice(self.range(i))
    }
}

/// The row before a change.
enum Old<'a> {
    Absent,
    Stored(KvValue<'a>),
    /// An earlier row of the same batch.
    InBatch(usize),
}

impl Definition {
    /// The rows with the current schema's columns.
    fn current<'a>(&self, rows: &'a Rows) -> Result<Cow<'a, Rows>> {
        let schema = self.codec.schema();
        if rows.schema_id == schema.id() {
            return Ok(Cow::Borrowed(rows));
        }
        let Some(written) = self.codec.schemas().get(rows.schema_id) else {
            let m = format!("rows of schema {} were written, the table has schemas up to {}", rows.schema_id, schema.id());
            return Err(Error::new(ErrorCode::SchemaMismatch, m));
        };
        let batch = evolve_batch(&rows.batch, written, schema)?;
        Ok(Cow::Owned(Rows { batch, schema_id: schema.id(), ..rows.clone() }))
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
    /// share of the memory budget is used up and the tablet has a part in it: its own commit gives that back.
    pub fn write(self: &Arc<Self>, rows: &Rows) -> Result<LogOffset> {
        self.check_open()?;
        if !self.memory.may_take() {
            self.context.committer.expedite(self);
            self.progress.wait_until(|| self.memory.may_take())?;
            self.check_open()?;
        }
        let end = self.or_poison(|| match self.kind {
            TableKind::Log => self.append(rows),
            TableKind::PrimaryKey => self.upsert(rows),
        });
        let end = end.map_err(|e| e.at(&self.name))?;
        self.schedule_commit();
        Ok(end)
    }

    fn append(&self, rows: &Rows) -> Result<LogOffset> {
        if rows.deletes.is_some() {
            return Err(Error::invalid("a log table takes appends only, a delete was written"));
        }
        let definition = self.definition();
        let rows = definition.current(rows)?;
        let mut encoded = definition.encode(&rows.batch, true)?;
        let mut appended = self.appended();
        self.append_encoded(&mut encoded, rows.writer, 0, &mut appended)
    }

    /// `buffered`: bytes that the batch takes in the pre-write buffer. Returns the end offset, that of the first time for a batch that is
    /// there already.
    pub(super) fn append_encoded(
        &self,
        encoded: &mut EncodedBatch,
        writer: Option<BatchSequence>,
        buffered: usize,
        appended: &mut super::Appended,
    ) -> Result<LogOffset> {
        // Once more, under the lock: after the last commit of `close` the files are another opener's.
        self.check_open()?;
        let done = self.log.append(encoded, writer, self.context.clock.now_ms(), self.high_watermark()).inspect_err(|e| {
            // A failed append is cut off again and the tablet goes on; when even that failed, nothing is sure any more.
            if e.code() == fluss_types::ErrorCode::Poisoned {
                self.poison(e);
            }
        })?;
        match done {
            fluss_log::Appended::Duplicate { end_offset } => Ok(end_offset),
            fluss_log::Appended::New { end_offset, .. } => {
                appended.end_offset = end_offset;
                appended.uncommitted.grow((encoded.len() + buffered) as u64);
                Ok(end_offset)
            }
        }
    }

    fn upsert(&self, rows: &Rows) -> Result<LogOffset> {
        loop {
            let definition = self.definition();
            if let Some(end) = self.upsert_as(&definition, definition.current(rows)?.as_ref())? {
                return Ok(end);
            }
        }
    }

    /// `None`: the table was altered meanwhile, so that rows may be stored that this definition does not know.
    fn upsert_as(&self, definition: &Arc<Definition>, rows: &Rows) -> Result<Option<LogOffset>> {
        let state = self.kv_state()?;
        let codec = &definition.codec;
        let schema = codec.schema();
        let n = rows.batch.num_rows();
        let key_columns = ColumnValues::of(&rows.batch, schema.columns(), schema.primary_key())?;
        let columns = ColumnValues::all(&rows.batch, schema.columns())?;
        let keys = Encoded::new(n, |i, out| {
            KeyEncoder::encode(&key_columns, i, out);
            Ok(())
        })?;
        let values = Encoded::new(n, |i, out| if rows.is_delete(i) { Ok(()) } else { codec.encode(&columns, i, out) })?;

        let mut appended = self.appended();
        if !Arc::ptr_eq(definition, &self.definition()) {
            return Ok(None);
        }
        // Before anything is read: a batch that is there already must not be merged with itself.
        if let Some(writer) = rows.writer
            && let Some(end) = self.log.duplicate_of(writer, self.context.clock.now_ms())?
        {
            return Ok(Some(end));
        }
        let kv = self.store(state)?;
        let mut last: HashMap<&[u8], usize, ahash::RandomState> =
            HashMap::with_capacity_and_hasher(n, ahash::RandomState::default());
        let mut olds = Vec::with_capacity(n);
        let mut unknown = Vec::new();
        {
            let buffer = state.buffer.read().unwrap_or_else(PoisonError::into_inner);
            for i in 0..n {
                olds.push(match last.insert(keys.get(i), i) {
                    Some(j) if rows.is_delete(j) => Old::Absent,
                    Some(j) => Old::InBatch(j),
                    None => match buffer.get(keys.get(i)) {
                        Some(Some(row)) => Old::Stored(KvValue::Buffered(row.clone())),
                        Some(None) => Old::Absent,
                        None => {
                            unknown.push(i);
                            Old::Absent
                        }
                    },
                });
            }
        }
        let unknown_keys: Vec<&[u8]> = unknown.iter().map(|i| keys.get(*i)).collect();
        for (i, row) in unknown.iter().zip(kv.multi_get(&unknown_keys)?) {
            if let Some(row) = row {
                olds[*i] = Old::Stored(row);
            }
        }

        let Some(changelog) = changelog(codec, rows, &olds)? else {
            // The number counts all the same.
            let end = match rows.writer {
                Some(_) => self.append_encoded(&mut EncodedBatch::without_rows(schema.id()), rows.writer, 0, &mut appended)?,
                None => appended.end_offset,
            };
            return Ok(Some(end));
        };
        let buffered = keys.bytes.len() + values.bytes.len();
        let end = self.append_encoded(&mut definition.encode(&changelog, false)?, rows.writer, buffered, &mut appended)?;
        let mut buffer = state.buffer.write().unwrap_or_else(PoisonError::into_inner);
        for i in last.values().copied() {
            buffer.put(keys.share(i), (!rows.is_delete(i)).then(|| values.share(i)));
        }
        Ok(Some(end))
    }

    /// Waits until all up to an offset is durable and visible to readers; under `eventual` too. False: the deadline came first.
    pub fn wait_durable(&self, offset: LogOffset, deadline: Option<Instant>) -> Result<bool> {
        self.context.committer.expedite(self);
        self.progress.wait_durable(offset, deadline)
    }
}

/// The changes that the rows make: `+I`, `-U` and `+U`, `-D`; `None`: none.
fn changelog(codec: &RowCodec, rows: &Rows, olds: &[Old<'_>]) -> Result<Option<RecordBatch>> {
    const NEW: usize = 0;
    const STORED: usize = 1;
    let mut stored: Vec<&[u8]> = Vec::new();
    let mut kinds = Vec::with_capacity(2 * olds.len());
    let mut picks: Vec<(usize, usize)> = Vec::with_capacity(2 * olds.len());
    for (i, old) in olds.iter().enumerate() {
        let before = match old {
            Old::Absent => None,
            Old::InBatch(j) => Some((NEW, *j)),
            Old::Stored(row) => {
                stored.push(row);
                Some((STORED, stored.len() - 1))
            }
        };
        match (before, rows.is_delete(i)) {
            (None, true) => {}
            (None, false) => {
                kinds.push(ChangeType::Insert as u8);
                picks.push((NEW, i));
            }
            (Some(before), true) => {
                kinds.push(ChangeType::Delete as u8);
                picks.push(before);
            }
            (Some(before), false) => {
                kinds.extend([ChangeType::UpdateBefore as u8, ChangeType::UpdateAfter as u8]);
                picks.extend([before, (NEW, i)]);
            }
        }
    }
    if kinds.is_empty() {
        return Ok(None);
    }
    let only_inserts =
        stored.is_empty() && picks.len() == rows.batch.num_rows() && picks.iter().enumerate().all(|(i, p)| p.1 == i);
    let stored = codec.decode(&stored)?;
    let mut columns: Vec<ArrayRef> = vec![Arc::new(UInt8Array::from(kinds))];
    for (c, new) in rows.batch.columns().iter().enumerate() {
        columns.push(if only_inserts { new.clone() } else { interleave(&[new.as_ref(), stored.column(c).as_ref()], &picks)? });
    }
    RecordBatch::try_new(log_schema(codec.schema(), false), columns).map(Some).map_err(|e| Error::invalid(e.to_string()))
}
