//! Row mergers: what a table keeps of the row that is there and the one that comes. On stored rows, field by field as bytes, whatever their types.
mod bitmap;
mod function;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use fluss_format::RowCodec;
use fluss_types::{DataType, DeleteBehavior, Error, ErrorCode, FieldId, MergeEngine, Merging, Result, Schema};

use self::function::{aggregate, check, compare};

/// What a change makes of the row of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged {
    /// It stays as it is, or away.
    Unchanged,
    /// It is the written row.
    New,
    /// It is a row made of both, which was appended to `out`.
    Made,
    /// It is gone.
    Removed,
}

/// Merges the rows of one batch. Rows are of the codec's current schema.
#[derive(Debug)]
pub struct RowMerger<'a> {
    codec: &'a RowCodec,
    merging: &'a Merging,
    /// Of a writer that gives a part of the columns: whether it gives this one.
    targets: Option<Vec<bool>>,
}

impl<'a> RowMerger<'a> {
    /// `targets`: ids of the columns that the writer gives, see [`MergeEngine::check_targets`]; the others are NULL in its rows.
    pub fn new(codec: &'a RowCodec, merging: &'a Merging, targets: Option<&[FieldId]>) -> Result<Self> {
        let schema = codec.schema();
        let targets = match targets {
            None => None,
            Some(targets) => {
                merging.check_targets(schema, targets)?;
                let given: Vec<bool> = schema.columns().iter().map(|c| targets.contains(&c.id)).collect();
                let is_key = |i: usize| schema.primary_key().contains(&i);
                // Of a table of a key and a number the key is all, and still leaves the row as it is.
                let of_key = !given.iter().all(|g| *g) && given.iter().enumerate().all(|(i, g)| !g || is_key(i));
                let of_all = given.iter().enumerate().all(|(i, g)| *g || merging.auto_increment == Some(i));
                (of_key || !of_all).then_some(given)
            }
        };
        Ok(Self { codec, merging, targets })
    }

    /// Whether it is enough to know of an upsert that the new row is there.
    pub fn replaces(&self) -> bool {
        self.merging.engine == MergeEngine::LastRow && self.takes_all()
    }

    /// Whether the fields of old rows are looked at.
    pub fn reads_old(&self) -> bool {
        !self.takes_all() || matches!(self.merging.engine, MergeEngine::Versioned { .. } | MergeEngine::Aggregation { .. })
    }

    fn schema(&self) -> &Schema {
        self.codec.schema()
    }

    /// Whether all columns of a new row are those that were written.
    fn takes_all(&self) -> bool {
        self.targets.is_none() && self.merging.auto_increment.is_none()
    }

    fn is_target(&self, column: usize) -> bool {
        self.merging.auto_increment != Some(column) && self.targets.as_ref().is_none_or(|t| t[column])
    }

    fn is_key(&self, column: usize) -> bool {
        self.schema().primary_key().contains(&column)
    }

    /// Whether nothing but the key is given.
    fn key_only(&self) -> bool {
        self.targets.as_ref().is_some_and(|t| t.iter().enumerate().all(|(i, given)| !given || self.is_key(i)))
    }

    /// The row after an upsert.
    pub fn upsert(&self, old: Option<&[u8]>, new: &[u8], out: &mut Vec<u8>) -> Result<Merged> {
        let Some(old) = old else {
            self.check_new(new)?;
            return Ok(Merged::New);
        };
        if self.key_only() {
            return Ok(Merged::Unchanged);
        }
        match &self.merging.engine {
            MergeEngine::LastRow => self.replace(old, new, out),
            MergeEngine::FirstRow => Ok(Merged::Unchanged),
            MergeEngine::Versioned { column } => {
                let newer = match (self.codec.field(old, *column)?, self.codec.field(new, *column)?) {
                    (None, _) => true,
                    (Some(_), None) => false,
                    (Some(old), Some(new)) => compare(self.data_type(*column), old, new) != Ordering::Greater,
                };
                if newer { self.replace(old, new, out) } else { Ok(Merged::Unchanged) }
            }
            MergeEngine::Aggregation { functions } => {
                let mut row = self.codec.builder(out);
                for (i, function) in functions.iter().enumerate() {
                    let before = self.codec.field(old, i)?;
                    if !self.is_target(i) || self.is_key(i) {
                        row.push(before);
                        continue;
                    }
                    let value = self.codec.field(new, i)?;
                    aggregate(function, self.data_type(i), before, value, &mut row).map_err(|e| self.at_column(&e, i))?;
                }
                row.finish().map(|()| Merged::Made)
            }
        }
    }

    /// The row with the columns that the writer gives.
    fn replace(&self, old: &[u8], new: &[u8], out: &mut Vec<u8>) -> Result<Merged> {
        if self.takes_all() {
            return Ok(Merged::New);
        }
        let mut row = self.codec.builder(out);
        for i in 0..self.schema().columns().len() {
            row.push(self.codec.field(if self.is_target(i) { new } else { old }, i)?);
        }
        row.finish().map(|()| Merged::Made)
    }

    /// The row of a new key in a table with an auto increment column, which gets `number`.
    pub fn insert(&self, new: &[u8], number: i64, out: &mut Vec<u8>) -> Result<Merged> {
        self.check_new(new)?;
        let mut row = self.codec.builder(out);
        for (i, column) in self.schema().columns().iter().enumerate() {
            if self.merging.auto_increment == Some(i) {
                row.push(Some(&number.to_le_bytes()[..column.data_type.fixed_width().unwrap_or(8)]));
            } else {
                row.push(self.codec.field(new, i)?);
            }
        }
        row.finish().map(|()| Merged::Made)
    }

    /// The row after a delete: without the columns that the writer gives, and gone when nothing but the key and its number would be left.
    pub fn delete(&self, old: Option<&[u8]>, out: &mut Vec<u8>) -> Result<Merged> {
        let (Some(old), DeleteBehavior::Allow) = (old, self.merging.delete) else { return Ok(Merged::Unchanged) };
        let Some(targets) = &self.targets else { return Ok(Merged::Removed) };
        let stays = |i: usize| Ok::<bool, Error>(!targets[i] && self.codec.field(old, i)?.is_some());
        let mut others = (0..targets.len()).filter(|i| !self.is_key(*i) && self.merging.auto_increment != Some(*i));
        if !others.try_fold(false, |any, i| Ok::<bool, Error>(any || stays(i)?))? {
            return Ok(Merged::Removed);
        }
        let mut row = self.codec.builder(out);
        for (i, target) in targets.iter().enumerate() {
            if !target || self.is_key(i) {
                row.push(self.codec.field(old, i)?);
                continue;
            }
            let column = &self.schema().columns()[i];
            if !column.data_type.nullable {
                let m = format!("column '{}' is NOT NULL, and a partial delete would make it NULL", column.name);
                return Err(Error::new(ErrorCode::SchemaMismatch, m));
            }
            row.push(None);
        }
        row.finish().map(|()| Merged::Made)
    }

    /// Refuses values that no later one could be put together with.
    fn check_new(&self, new: &[u8]) -> Result<()> {
        let MergeEngine::Aggregation { functions } = &self.merging.engine else { return Ok(()) };
        for (i, function) in functions.iter().enumerate() {
            check(function, self.codec.field(new, i)?).map_err(|e| self.at_column(&e, i))?;
        }
        Ok(())
    }

    fn data_type(&self, column: usize) -> &DataType {
        &self.schema().columns()[column].data_type
    }

    fn at_column(&self, e: &Error, column: usize) -> Error {
        e.at(format_args!("column '{}'", self.schema().columns()[column].name))
    }
}
