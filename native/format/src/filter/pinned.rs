//! Which keys and which buckets a filter leaves, where it gives the values of key columns: `=`, `IN`, and AND and OR of these.
use arrow_array::{Array, ArrayRef};
use fluss_types::{BucketId, Result};

use super::{Comparison, Filter, Predicate};
use crate::arrays::without_text;
use crate::bucket::Bucketer;
use crate::key::KeyEncoder;
use crate::values::ColumnValues;

/// More keys than so many are not told apart.
const MOST: usize = 1000;

impl Filter {
    /// What the keys of matching rows begin with, ascending, none the beginning of another; `None`: with anything.
    pub fn key_prefixes(&self) -> Result<Option<Vec<Vec<u8>>>> {
        let schema = self.projection.schema();
        let mut prefixes = vec![Vec::new()];
        for (n, &column) in schema.primary_key().iter().enumerate() {
            let values = self.pinned(column).filter(|values| prefixes.len() * values.len() <= MOST);
            let Some(values) = values else { return Ok((n > 0).then(|| sorted(prefixes))) };
            let t = without_text(&schema.columns()[column].data_type);
            let values = values.iter().map(|v| ColumnValues::new(v.as_ref(), &t)).collect::<Result<Vec<_>>>()?;
            let longer = |prefix: &Vec<u8>, value: &ColumnValues<'_>| {
                let mut longer = prefix.clone();
                KeyEncoder::encode_field(value, 0, &mut longer);
                longer
            };
            prefixes = prefixes.iter().flat_map(|p| values.iter().map(move |v| longer(p, v))).collect();
        }
        Ok((!schema.primary_key().is_empty()).then(|| sorted(prefixes)))
    }

    /// The buckets, of so many, that matching rows lie in, ascending; `None`: in any.
    pub fn buckets(&self, buckets: u32) -> Result<Option<Vec<BucketId>>> {
        let schema = self.projection.schema();
        let mut keys: Vec<Vec<&ArrayRef>> = vec![Vec::new()];
        for &column in schema.bucket_key() {
            let values = self.pinned(column).filter(|values| keys.len() * values.len() <= MOST);
            let Some(values) = values else { return Ok(None) };
            keys = keys.iter().flat_map(|key| values.iter().map(move |v| [&key[..], &[*v]].concat())).collect();
        }
        if schema.bucket_key().is_empty() {
            return Ok(None);
        }
        let types: Vec<_> = schema.bucket_key().iter().map(|&c| without_text(&schema.columns()[c].data_type)).collect();
        let mut bucketer = Bucketer::default();
        let bucket = |key: Vec<&ArrayRef>| {
            let key = key.iter().zip(&types).map(|(v, t)| ColumnValues::new(v.as_ref(), t)).collect::<Result<Vec<_>>>()?;
            Ok(bucketer.bucket(&key, 0, buckets))
        };
        keys.into_iter().map(bucket).collect::<Result<_>>().map(|found| Some(sorted(found)))
    }

    /// The values that a column of the table can have in matching rows; `None`: any.
    fn pinned(&self, column: usize) -> Option<Vec<&ArrayRef>> {
        let at = self.projection.projected().iter().position(|p| p.path == [column])?;
        values(&self.predicate, at)
    }
}

fn values(p: &Predicate<usize>, column: usize) -> Option<Vec<&ArrayRef>> {
    match p {
        Predicate::And(ps) => ps.iter().filter_map(|p| values(p, column)).min_by_key(Vec::len),
        Predicate::Or(ps) => ps.iter().map(|p| values(p, column)).collect::<Option<Vec<_>>>().map(|each| each.concat()),
        // NULL equals nothing.
        Predicate::Compare(c, Comparison::Equal, value) if *c == column => {
            Some([value].into_iter().filter(|v| !v.is_null(0)).collect())
        }
        Predicate::In(c, values) if *c == column => Some(values.iter().filter(|v| !v.is_null(0)).collect()),
        _ => None,
    }
}

fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort_unstable();
    all.dedup();
    all
}
