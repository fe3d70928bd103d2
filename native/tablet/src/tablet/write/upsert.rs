//! Upserts and deletes: the rows that are there, what the table's merger makes of them and the written ones, and the changelog.
use std::sync::{Arc, PoisonError};

use fluss_format::EncodedBatch;
use fluss_types::{Error, LogOffset, Result, TypeRoot};

use super::batch::{Batch, Outcome};
use super::changelog::Place;
use super::encoded::Encoded;
use super::olds::{Old, Olds};
use super::{Definition, Onto, Rows, Tablet};
use crate::tablet::Appended;

impl Tablet {
    pub(super) fn upsert(&self, rows: &Rows, onto: Onto<'_>) -> Result<LogOffset> {
        loop {
            let definition = self.definition();
            if let Some(end) = self.upsert_as(&definition, definition.current(rows)?.as_ref(), onto)? {
                return Ok(end);
            }
        }
    }

    /// The number of a new key.
    fn next_number(&self, definition: &Definition, column: usize, appended: &mut Appended) -> Result<i64> {
        if appended.numbers.is_empty() {
            let is_int = definition.codec.schema().columns()[column].data_type.root == TypeRoot::Int;
            let max = if is_int { i32::MAX.into() } else { i64::MAX };
            let count = definition.options.auto_increment.as_ref().map_or(1, |a| a.cache_size);
            appended.numbers = (self.kv_state()?.table.reserve_numbers)(count, max)?;
        }
        appended.numbers.next().ok_or_else(|| Error::internal("no number was reserved"))
    }

    /// `None`: the table was altered meanwhile, so that rows may be stored that this definition does not know.
    fn upsert_as(&self, definition: &Arc<Definition>, rows: &Rows, onto: Onto<'_>) -> Result<Option<LogOffset>> {
        let state = self.kv_state()?;
        let codec = &definition.codec;
        let batch = Batch::new(definition, rows, onto)?;

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
        let now_ms = self.now_ms();
        let batch = batch.set_time(now_ms);
        let kv = self.store(state)?;
        let Olds { olds, stored, last } = match (0..batch.len()).all(|i| batch.is_put(i)) {
            // Not even which keys are repeated.
            true => Olds { olds: Vec::new(), stored: Vec::new(), last: (0..batch.len()).collect() },
            false => Olds::read(state, kv.as_ref(), &batch, definition.expiry(now_ms))?,
        };
        let stored = batch.readable(stored.iter().map(|row| &**row).collect())?;
        let next_number = |column| self.next_number(definition, column, &mut appended);
        let Outcome { changelog, made, after } = batch.merge(&olds, &stored, now_ms, next_number)?;

        if changelog.is_empty() {
            // The number counts all the same.
            let end = match rows.writer {
                Some(_) => {
                    let mut empty = EncodedBatch::without_rows(codec.schema().id());
                    self.append_encoded(&mut empty, rows.writer, now_ms, 0, &mut appended)?
                }
                None => appended.end_offset,
            };
            return Ok(Some(end));
        }
        let row_delta = changelog.row_delta;
        let stored: Vec<&[u8]> = stored.iter().map(|row| &**row).collect();
        let changes = changelog.into_batch(codec, &rows.batch, &stored, &made.all())?;
        let Batch { keys, values, .. } = batch;
        let buffered = keys.bytes.len() + values.bytes.len() + made.bytes.len();
        let end = self.append_encoded(&mut definition.encode(&changes, false)?, rows.writer, now_ms, buffered, &mut appended)?;
        appended.rows += row_delta;
        let made = Encoded::from(made);
        let mut buffer = state.buffer.write().unwrap_or_else(PoisonError::into_inner);
        for i in last {
            let row = match after[i] {
                Some(Place::New(j)) => Some(values.share(j)),
                Some(Place::Made(m)) => Some(made.share(m)),
                None if !matches!(olds[i], Old::Absent) => None,
                // As it was.
                Some(Place::Stored(_)) | None => continue,
            };
            buffer.put(keys.share(i), row);
        }
        Ok(Some(end))
    }
}
