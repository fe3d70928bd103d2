//! A batch that is merged with the rows that are there, row by row.
use std::borrow::Cow;

use arrow_array::Array;
use fluss_format::{ColumnValues, KeyEncoder};
use fluss_kv::{Merged, RowMerger};
use fluss_types::{ChangelogImage, DeleteBehavior, Error, ErrorCode, Result};

use super::changelog::{Changelog, Place};
use super::encoded::{Encoded, range};
use super::olds::Old;
use super::{Definition, Onto, Rows};

impl Definition {
    /// Refuses what a write of these rows refuses whatever rows are there, by writing them to where none is.
    pub(in crate::tablet) fn check_upserts(&self, rows: &Rows) -> Result<()> {
        let Outcome { changelog, made, .. } = Batch::new(self, rows, Onto::Merged)?.merge(&[], &[], 0, |_| Ok(0))?;
        changelog.into_batch(&self.codec, &rows.batch, &[], &made.all()).map(drop)
    }

    /// What merges these rows with those that are there; refuses deletes where there are none, and columns that cannot be given alone.
    fn merger(&self, rows: &Rows, onto: Onto<'_>) -> Result<RowMerger<'_>> {
        if !matches!(onto, Onto::Removed)
            && self.merging.delete == DeleteBehavior::Disable
            && rows.deletes.as_ref().is_some_and(|d| d.contains(&true))
        {
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

/// Rows of the current schema, encoded.
pub(super) struct Batch<'a> {
    definition: &'a Definition,
    rows: &'a Rows,
    onto: Onto<'a>,
    merger: RowMerger<'a>,
    pub keys: Encoded,
    /// Those of deletes are empty.
    pub values: Encoded,
}

/// Rows that were made of two, side by side.
#[derive(Default)]
pub(super) struct Made {
    pub bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Made {
    fn get(&self, i: usize) -> &[u8] {
        &self.bytes[range(&self.ends, i)]
    }

    pub fn all(&self) -> Vec<&[u8]> {
        (0..self.ends.len()).map(|i| self.get(i)).collect()
    }
}

impl From<Made> for Encoded {
    fn from(made: Made) -> Self {
        Self { bytes: made.bytes.into(), ends: made.ends }
    }
}

/// What became of the rows.
pub(super) struct Outcome {
    pub changelog: Changelog,
    pub made: Made,
    /// The row of its key after each row of the batch.
    pub after: Vec<Option<Place>>,
}

impl<'a> Batch<'a> {
    pub fn new(definition: &'a Definition, rows: &'a Rows, onto: Onto<'a>) -> Result<Self> {
        let codec = &definition.codec;
        let schema = codec.schema();
        let n = rows.batch.num_rows();
        let merger = definition.merger(rows, onto)?;
        let key_columns = ColumnValues::of(&rows.batch, schema.columns(), schema.primary_key())?;
        let columns = ColumnValues::all(&rows.batch, schema.columns())?;
        let keys = Encoded::new(n, |i, out| {
            KeyEncoder::encode(&key_columns, i, out);
            Ok(())
        })?;
        let values = Encoded::new(n, |i, out| if rows.is_delete(i) { Ok(()) } else { codec.encode(&columns, i, out) })?;
        Ok(Self { definition, rows, onto, merger, keys, values })
    }

    pub fn len(&self) -> usize {
        self.rows.batch.num_rows()
    }

    /// Gives the rows the time of their commit, if their table has them keep it.
    pub fn set_time(self, now_ms: i64) -> Self {
        let codec = &self.definition.codec;
        if !codec.is_timed() {
            return self;
        }
        let timed = |row: &mut [u8]| {
            if !row.is_empty() {
                codec.set_time(row, now_ms);
            }
        };
        Self { values: self.values.map(timed), ..self }
    }

    /// Whether nobody has to know what was there before a row.
    pub fn is_put(&self, i: usize) -> bool {
        self.definition.merging.image == ChangelogImage::Wal && self.merger.replaces() && !self.rows.is_delete(i)
    }

    /// The stored rows, as they can be merged.
    pub fn readable<'b>(&self, stored: Vec<&'b [u8]>) -> Result<Vec<Cow<'b, [u8]>>> {
        match self.merger.reads_old() {
            true => self.definition.codec.upgrade(&stored),
            false => Ok(stored.into_iter().map(Cow::Borrowed).collect()),
        }
    }

    /// Goes through the rows in their order. `olds`: what was there before each, among `stored`; `number`: gives the next one of an auto-increment
    /// column.
    pub fn merge(
        &self,
        olds: &[Old],
        stored: &[Cow<'_, [u8]>],
        now_ms: i64,
        mut number: impl FnMut(usize) -> Result<i64>,
    ) -> Result<Outcome> {
        let Definition { codec, merging, .. } = self.definition;
        let n = self.len();
        let mut made = Made::default();
        let mut changelog = Changelog::with_capacity(n, merging.image);
        let mut after: Vec<Option<Place>> = Vec::with_capacity(n);
        let mut copy = Vec::new();
        for i in 0..n {
            if self.is_put(i) {
                changelog.put(Place::New(i));
                after.push(Some(Place::New(i)));
                continue;
            }
            let before = match olds.get(i) {
                None | Some(Old::Absent | Old::Unread) => None,
                Some(Old::Stored(s)) => Some(Place::Stored(*s)),
                Some(Old::InBatch(j)) => after[*j],
            };
            let row = match before {
                None => None,
                Some(Place::New(j)) => Some(self.values.get(j)),
                // It counts for the changelog only.
                Some(Place::Stored(_)) if self.onto.replaces(self.keys.get(i)) => None,
                Some(Place::Stored(s)) => Some(&*stored[s]),
                Some(Place::Made(m)) => {
                    copy.clear();
                    copy.extend_from_slice(made.get(m));
                    Some(&copy[..])
                }
            };
            let merged = match (row, merging.auto_increment) {
                _ if matches!(self.onto, Onto::Removed) => Ok(before.map_or(Merged::Unchanged, |_| Merged::Removed)),
                _ if self.rows.is_delete(i) => self.merger.delete(row, &mut made.bytes),
                (None, Some(column)) => self.merger.insert(self.values.get(i), number(column)?, &mut made.bytes),
                _ => self.merger.upsert(row, self.values.get(i), &mut made.bytes),
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
        Ok(Outcome { changelog, made, after })
    }
}
