//! The changes that a write makes, as the rows of a log batch.
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, UInt8Array};
use arrow_select::interleave::interleave;
use fluss_format::{RowCodec, check_nulls, log_schema};
use fluss_types::{ChangeType, ChangelogImage, Error, Result};

/// Where a row of a changelog lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the batch that is written.
    New(usize),
    /// Among the rows that were read.
    Stored(usize),
    /// Among those that were made of two.
    Made(usize),
}

/// The changes in their order.
pub(super) struct Changelog {
    image: ChangelogImage,
    kinds: Vec<u8>,
    /// Array and row of it, as `interleave` takes them.
    picks: Vec<(usize, usize)>,
    /// What they do to the number of rows; with a blind put it is not known, and left out.
    pub row_delta: i64,
}

const NEW: usize = 0;
const STORED: usize = 1;
const MADE: usize = 2;

impl Changelog {
    pub fn with_capacity(rows: usize, image: ChangelogImage) -> Self {
        let n = if image == ChangelogImage::Full { 2 * rows } else { rows };
        Self { image, kinds: Vec::with_capacity(n), picks: Vec::with_capacity(n), row_delta: 0 }
    }

    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    fn push(&mut self, kind: ChangeType, place: Place) {
        self.kinds.push(kind as u8);
        self.picks.push(match place {
            Place::New(i) => (NEW, i),
            Place::Stored(i) => (STORED, i),
            Place::Made(i) => (MADE, i),
        });
    }

    /// The row of a key has changed.
    pub fn change(&mut self, before: Option<Place>, after: Option<Place>) {
        match (before, after) {
            (None, None) => {}
            (None, Some(after)) => {
                self.push(ChangeType::Insert, after);
                self.row_delta += 1;
            }
            (Some(before), None) => {
                self.push(ChangeType::Delete, before);
                self.row_delta -= 1;
            }
            (Some(before), Some(after)) => {
                if self.image == ChangelogImage::Full {
                    self.push(ChangeType::UpdateBefore, before);
                }
                self.push(ChangeType::UpdateAfter, after);
            }
        }
    }

    /// A row was put without a look at what was there.
    pub fn put(&mut self, after: Place) {
        self.push(ChangeType::UpdateAfter, after);
    }

    /// The rows of the log batch. `stored` and `made`: the rows that places are about, of any version of the schema.
    pub fn into_batch(self, codec: &RowCodec, new: &RecordBatch, stored: &[&[u8]], made: &[&[u8]]) -> Result<RecordBatch> {
        let as_written = self.picks.len() == new.num_rows() && self.picks.iter().enumerate().all(|(i, p)| *p == (NEW, i));
        let others = if as_written {
            Vec::new()
        } else if made.is_empty() {
            vec![codec.decode(stored)?]
        } else {
            vec![codec.decode(stored)?, codec.decode(made)?]
        };
        let mut columns: Vec<ArrayRef> = vec![Arc::new(UInt8Array::from(self.kinds))];
        for (c, new) in new.columns().iter().enumerate() {
            if as_written {
                columns.push(new.clone());
                continue;
            }
            let arrays: Vec<_> = std::iter::once(new.as_ref()).chain(others.iter().map(|b| b.column(c).as_ref())).collect();
            columns.push(interleave(&arrays, &self.picks)?);
        }
        check_nulls(&columns[1..], codec.schema())?;
        RecordBatch::try_new(log_schema(codec.schema(), false), columns).map_err(|e| Error::invalid(e.to_string()))
    }
}
