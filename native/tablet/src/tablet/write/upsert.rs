//! Upserts and deletes: the rows that are there, what the table's merger makes of them and the written ones, and the changelog.
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use arrow_array::Array;
use fluss_format::{ColumnValues, EncodedBatch, Expiry, KeyEncoder};
use fluss_kv::{KvStore, KvValue, Merged, RowMerger};
use fluss_types::{ChangelogImage, DeleteBehavior, Error, ErrorCode, LogOffset, Result, TypeRoot};

use super::changelog::{Changelog, Place};
use super::encoded::{Encoded, range};
use super::{Definition, Rows, Tablet};
use crate::tablet::{Appended, KvState};

/// The row before a change.
#[derive(Clone, Copy)]
enum Old {
    Absent,
    /// Nobody has to know.
    Unread,
    Stored(usize),
    /// What became of an earlier row of the same batch.
    InBatch(usize),
}

/// The rows before the changes of a batch.
struct Olds<'a> {
    olds: Vec<Old>,
    stored: Vec<KvValue<'a>>,
    /// The last row of each key.
    last: HashMap<&'a [u8], usize, ahash::RandomState>,
}

impl<'a> Olds<'a> {
    /// Reads, of the keys that come for the first time, what `wanted` of them asks for. Rows that have expired are absent.
    fn read(
        state: &KvState,
        kv: &'a dyn KvStore,
        keys: &'a Encoded,
        n: usize,
        expiry: Expiry,
        wanted: impl Fn(usize) -> bool,
    ) -> Result<Self> {
        let mut last: HashMap<&[u8], usize, ahash::RandomState> =
            HashMap::with_capacity_and_hasher(n, ahash::RandomState::default());
        let mut olds = Vec::with_capacity(n);
        let mut stored = Vec::new();
        let mut unknown = Vec::new();
        {
            let buffer = state.buffer.read().unwrap_or_else(PoisonError::into_inner);
            for i in 0..n {
                let key = keys.get(i);
                olds.push(match last.insert(key, i) {
                    Some(j) => Old::InBatch(j),
                    None if !wanted(i) => Old::Unread,
                    None => match buffer.get(key) {
                        Some(Some(row)) if !expiry.is_over(row) => {
                            stored.push(KvValue::Buffered(row.clone()));
                            Old::Stored(stored.len() - 1)
                        }
                        Some(_) => Old::Absent,
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
            if let Some(row) = row.filter(|row| !expiry.is_over(row)) {
                olds[*i] = Old::Stored(stored.len());
                stored.push(row);
            }
        }
        Ok(Self { olds, stored, last })
    }
}

/// Rows that were made of two, side by side.
#[derive(Default)]
struct Made {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Made {
    fn get(&self, i: usize) -> &[u8] {
        &self.bytes[range(&self.ends, i)]
    }
}

impl From<Made> for Encoded {
    fn from(made: Made) -> Self {
        Self { bytes: made.bytes.into(), ends: made.ends }
    }
}

impl Definition {
    /// What merges these rows with those that are there; refuses deletes where there are none, and columns that cannot be given alone.
    pub(in crate::tablet) fn merger(&self, rows: &Rows) -> Result<RowMerger<'_>> {
        if self.merging.delete == DeleteBehavior::Disable && rows.deletes.as_ref().is_some_and(|d| d.contains(&true)) {
            let m = "Delete operations are disabled for this table. The table.delete.behavior is set to 'disable'.";
            return Err(Error::new(ErrorCode::DeletionDisabled, m));
        }
        if let Some((column, given)) = self.merging.auto_increment.and_then(|c| Some((c, rows.batch.columns().get(c)?)))
            && (0..given.len()).any(|i| given.is_valid(i) && !rows.is_delete(i))
        {
            let name = &self.codec.schema().columns()[column].name;
            return Err(Error::invalid(format!(
                "This table has auto increment column [{name}]. Explicitly specifying values for an auto increment column is not allowed. Please specify non-auto-increment columns as target columns using partialUpdate first, or write NULL into it."
            )));
        }
        RowMerger::new(&self.codec, &self.merging, rows.targets.as_deref())
    }
}

impl Tablet {
    pub(super) fn upsert(&self, rows: &Rows) -> Result<LogOffset> {
        loop {
            let definition = self.definition();
            if let Some(end) = self.upsert_as(&definition, definition.current(rows)?.as_ref())? {
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
    fn upsert_as(&self, definition: &Arc<Definition>, rows: &Rows) -> Result<Option<LogOffset>> {
        let state = self.kv_state()?;
        let (codec, merging) = (&definition.codec, &definition.merging);
        let schema = codec.schema();
        let n = rows.batch.num_rows();
        let merger = definition.merger(rows)?;
        let blind = merging.image == ChangelogImage::Wal && merger.replaces();
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
        let now_ms = self.now_ms();
        let values = match codec.is_timed() {
            true => values.map(|row| {
                if !row.is_empty() {
                    codec.set_time(row, now_ms)
                }
            }),
            false => values,
        };
        let kv = self.store(state)?;
        let is_put = |i: usize| blind && !rows.is_delete(i);
        let Olds { olds, stored, last } = Olds::read(state, kv.as_ref(), &keys, n, definition.expiry(now_ms), |i| !is_put(i))?;
        let stored: Vec<&[u8]> = stored.iter().map(|row| &**row).collect();
        let stored: Vec<Cow<'_, [u8]>> =
            if merger.reads_old() { codec.upgrade(&stored)? } else { stored.into_iter().map(Cow::Borrowed).collect() };

        let mut made = Made::default();
        let mut changelog = Changelog::with_capacity(n, merging.image);
        let mut after: Vec<Option<Place>> = Vec::with_capacity(n);
        let mut copy = Vec::new();
        for (i, old) in olds.iter().enumerate() {
            if is_put(i) {
                changelog.put(Place::New(i));
                after.push(Some(Place::New(i)));
                continue;
            }
            let before = match *old {
                Old::Absent | Old::Unread => None,
                Old::Stored(s) => Some(Place::Stored(s)),
                Old::InBatch(j) => after[j],
            };
            let row = match before {
                None => None,
                Some(Place::New(j)) => Some(values.get(j)),
                Some(Place::Stored(s)) => Some(&*stored[s]),
                Some(Place::Made(m)) => {
                    copy.clear();
                    copy.extend_from_slice(made.get(m));
                    Some(&copy[..])
                }
            };
            let merged = match (row, merging.auto_increment) {
                _ if rows.is_delete(i) => merger.delete(row, &mut made.bytes),
                (None, Some(column)) => {
                    let number = self.next_number(definition, column, &mut appended)?;
                    merger.insert(values.get(i), number, &mut made.bytes)
                }
                _ => merger.upsert(row, values.get(i), &mut made.bytes),
            };
            let now = match merged.map_err(|e| e.at(format_args!("row {i} of the batch")))? {
                Merged::Unchanged => {
                    after.push(before);
                    continue;
                }
                Merged::New => Some(Place::New(i)),
                Merged::Made => {
                    let start = made.ends.last().copied().unwrap_or(0);
                    codec.set_time(&mut made.bytes[start..], now_ms);
                    made.ends.push(made.bytes.len());
                    Some(Place::Made(made.ends.len() - 1))
                }
                Merged::Removed => None,
            };
            changelog.change(before, now);
            after.push(now);
        }

        if changelog.is_empty() {
            // The number counts all the same.
            let end = match rows.writer {
                Some(_) => {
                    let mut empty = EncodedBatch::without_rows(schema.id());
                    self.append_encoded(&mut empty, rows.writer, now_ms, 0, &mut appended)?
                }
                None => appended.end_offset,
            };
            return Ok(Some(end));
        }
        let row_delta = changelog.row_delta;
        let stored: Vec<&[u8]> = stored.iter().map(|row| &**row).collect();
        let made_rows: Vec<&[u8]> = (0..made.ends.len()).map(|m| made.get(m)).collect();
        let changes = changelog.into_batch(codec, &rows.batch, &stored, &made_rows)?;
        let buffered = keys.bytes.len() + values.bytes.len() + made.bytes.len();
        let end = self.append_encoded(&mut definition.encode(&changes, false)?, rows.writer, now_ms, buffered, &mut appended)?;
        appended.rows += row_delta;
        let made = Encoded::from(made);
        let mut buffer = state.buffer.write().unwrap_or_else(PoisonError::into_inner);
        for i in last.into_values() {
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
