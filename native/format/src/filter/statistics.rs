//! Whether a batch may have matching rows, from its statistics. Unless they prove that it has none, it may.
use fluss_types::{DataType, Result, Schema, TypeRoot};

use super::{Comparison, Filter, Predicate, encoded};
use crate::statistics::{Entry, entries};

/// Which outcomes the rows of a batch may have; a row whose outcome is unknown has neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Possible {
    yes: bool,
    no: bool,
}

const ANY: Possible = Possible { yes: true, no: true };
const UNKNOWN: Possible = Possible { yes: false, no: false };

/// What is known of the filter's columns in a batch.
struct Batch<'a> {
    rows: u32,
    columns: Vec<Option<(Entry<'a>, &'a DataType)>>,
}

impl Filter {
    /// Whether a batch of `rows` rows of schema `written` may have a matching one.
    pub(crate) fn may_match(&self, statistics: &[u8], rows: u32, written: &Schema) -> Result<bool> {
        if statistics.is_empty() {
            return Ok(true);
        }
        let entries = entries(statistics)?;
        let columns = self.projection.projected().iter().map(|p| {
            let [i] = p.path[..] else { return None };
            let column = &self.projection.schema().columns()[i];
            // A column that the batch lacks has no entry; one of another type has bounds of another kind.
            let stored = written.columns().iter().find(|c| c.id == column.id)?;
            if stored.data_type.root != column.data_type.root {
                return None;
            }
            let entry = entries.iter().find(|e| e.id == column.id)?;
            Some((*entry, &column.data_type))
        });
        let batch = Batch { rows, columns: columns.collect() };
        Ok(batch.possible(&self.predicate)?.yes)
    }
}

impl Batch<'_> {
    fn possible(&self, p: &Predicate<usize>) -> Result<Possible> {
        Ok(match p {
            Predicate::And(ps) => {
                let ps = ps.iter().map(|p| self.possible(p)).collect::<Result<Vec<_>>>()?;
                Possible { yes: ps.iter().all(|p| p.yes), no: ps.iter().any(|p| p.no) }
            }
            Predicate::Or(ps) => {
                let ps = ps.iter().map(|p| self.possible(p)).collect::<Result<Vec<_>>>()?;
                Possible { yes: ps.iter().any(|p| p.yes), no: ps.iter().all(|p| p.no) }
            }
            Predicate::Not(p) => {
                let p = self.possible(p)?;
                Possible { yes: p.no, no: p.yes }
            }
            Predicate::IsNull(c) => match &self.columns[*c] {
                Some((e, _)) => Possible { yes: e.nulls > 0, no: e.nulls < self.rows },
                None => ANY,
            },
            Predicate::Compare(c, comparison, literal) => match &self.columns[*c] {
                Some((e, t)) => self.compare(e, *comparison, encoded(literal, t)?.as_deref()),
                None => ANY,
            },
            Predicate::In(c, literals) => {
                let Some((e, t)) = &self.columns[*c] else { return Ok(ANY) };
                let mut all = Possible { yes: false, no: true };
                for literal in literals {
                    let one = self.compare(e, Comparison::Equal, encoded(literal, t)?.as_deref());
                    all = Possible { yes: all.yes | one.yes, no: all.no & one.no };
                }
                all
            }
            Predicate::StartsWith(c, prefix) => match &self.columns[*c] {
                Some((e, t)) if is_bytes(t) => self.starts_with(e, prefix),
                _ => ANY,
            },
        })
    }

    fn compare(&self, e: &Entry<'_>, comparison: Comparison, literal: Option<&[u8]>) -> Possible {
        let Some(literal) = literal else { return UNKNOWN };
        if e.nulls == self.rows {
            return UNKNOWN;
        }
        // Bounds may lie beyond the values themselves: they say what cannot be, not what is.
        let may_be_less = e.min.is_none_or(|min| min < literal);
        let may_be_greater = e.max.is_none_or(|max| max > literal);
        let may_be_equal = e.min.is_none_or(|min| min <= literal) && e.max.is_none_or(|max| max >= literal);
        let (less, equal, greater) = (may_be_less, may_be_equal, may_be_greater);
        match comparison {
            Comparison::Equal => Possible { yes: equal, no: less || greater },
            Comparison::NotEqual => Possible { yes: less || greater, no: equal },
            Comparison::Less => Possible { yes: less, no: equal || greater },
            Comparison::LessOrEqual => Possible { yes: less || equal, no: greater },
            Comparison::Greater => Possible { yes: greater, no: less || equal },
            Comparison::GreaterOrEqual => Possible { yes: equal || greater, no: less },
        }
    }

    fn starts_with(&self, e: &Entry<'_>, prefix: &[u8]) -> Possible {
        if e.nulls == self.rows {
            return UNKNOWN;
        }
        let above = e.min.is_some_and(|min| min > prefix && !min.starts_with(prefix));
        let below = e.max.is_some_and(|max| max < prefix);
        Possible { yes: !above && !below, no: true }
    }
}

fn is_bytes(t: &DataType) -> bool {
    matches!(t.root, TypeRoot::Char(_) | TypeRoot::VarChar(_) | TypeRoot::Binary(_) | TypeRoot::VarBinary(_))
}
