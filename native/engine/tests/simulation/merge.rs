//! What becomes of a row that meets another: merge engines, delete behaviours, partial updates, changelog images.
use std::collections::{BTreeMap, BTreeSet};

use crate::rows::Row;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MergeEngine {
    /// None: the last row stays.
    #[default]
    LastRow,
    FirstRow,
    /// By `n`.
    Versioned,
    /// `n` is summed up, of `v` the greatest stays, of other columns the last that is not NULL.
    Aggregation,
}

impl MergeEngine {
    pub fn takes_partial_updates(self) -> bool {
        matches!(self, Self::LastRow | Self::Aggregation)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deletes {
    #[default]
    Allow,
    Ignore,
    Disable,
}

/// How a primary-key table merges.
#[derive(Clone, Copy, Debug, Default)]
pub struct Merging {
    pub engine: MergeEngine,
    pub deletes: Deletes,
    /// Its changelog has no `-U`.
    pub wal: bool,
    /// `table.row.ttl`, ms.
    pub row_ttl: Option<i64>,
}

/// Names of columns.
pub type Names = BTreeSet<String>;

pub enum Merged {
    /// Nothing changes, nothing is logged.
    Nothing,
    Row(Row),
    Removed,
}

impl Row {
    /// It without the columns that are not wanted.
    fn only(&self, wanted: impl Fn(&str) -> bool) -> Row {
        Row {
            id: self.id,
            p: self.p.clone(),
            v: self.v.clone().filter(|_| wanted("v")),
            n: self.n.filter(|_| wanted("n")),
            added: self.added.iter().filter(|(name, _)| wanted(name)).map(|(name, n)| (name.clone(), *n)).collect(),
        }
    }

    /// The first that is not NULL, column by column: of this row, else of the other.
    fn or(self, other: Row) -> Row {
        let mut added: BTreeMap<String, i64> = other.added;
        added.extend(self.added);
        Row { id: self.id, p: self.p, v: self.v.or(other.v), n: self.n.or(other.n), added }
    }

    fn is_only_key(&self) -> bool {
        self.v.is_none() && self.n.is_none() && self.added.is_empty()
    }
}

impl Merging {
    /// Whether a row of this commit is still there at a time, ms.
    pub fn is_alive(&self, timestamp: i64, now: i64) -> bool {
        self.row_ttl.is_none_or(|ttl| now - timestamp < ttl)
    }

    /// A row comes to the old one. `columns`: those that the table has now besides its key; `targets`: those that the writer gives, `None`: all.
    pub fn merge(&self, old: Option<&Row>, new: &Row, delete: bool, columns: &Names, targets: Option<&Names>) -> Merged {
        let has = |name: &str| columns.contains(name);
        let is_target = |name: &str| has(name) && targets.is_none_or(|t| t.contains(name));
        if delete {
            return match (self.deletes, old) {
                (Deletes::Disable, _) => panic!("the write was to be refused"),
                (Deletes::Ignore, _) | (_, None) => Merged::Nothing,
                (_, Some(old)) => match old.only(|name| has(name) && !is_target(name)) {
                    left if targets.is_none() || left.is_only_key() => Merged::Removed,
                    left => Merged::Row(left),
                },
            };
        }
        let new = new.only(is_target);
        let Some(old) = old.map(|old| old.only(has)) else { return Merged::Row(new) };
        if targets.is_some() && !columns.iter().any(|c| is_target(c)) {
            return Merged::Nothing;
        }
        let untouched = old.only(|name| !is_target(name));
        match self.engine {
            MergeEngine::LastRow => Merged::Row(new.or(untouched)),
            MergeEngine::FirstRow => Merged::Nothing,
            // A missing version is the smallest.
            MergeEngine::Versioned if new.n < old.n => Merged::Nothing,
            MergeEngine::Versioned => Merged::Row(new),
            MergeEngine::Aggregation => {
                let n = match (old.n, new.n) {
                    (Some(a), Some(b)) => Some(a + b),
                    (a, b) => a.or(b),
                };
                let v = old.v.clone().max(new.v.clone());
                Merged::Row(Row { n, v, ..new.or(old) })
            }
        }
    }

    /// The changes that make it so, with their kinds: 1 +I, 2 -U, 3 +U, 4 -D.
    pub fn changes<'a>(&self, old: Option<&'a Row>, merged: &'a Merged, partial: bool) -> Vec<(u8, &'a Row)> {
        let blind = self.wal && self.engine == MergeEngine::LastRow && !partial;
        match (old, merged) {
            (_, Merged::Nothing) => Vec::new(),
            (None, Merged::Row(row)) => vec![(if blind { 3 } else { 1 }, row)],
            (Some(_), Merged::Row(row)) if self.wal => vec![(3, row)],
            (Some(old), Merged::Row(row)) => vec![(2, old), (3, row)],
            (old, Merged::Removed) => vec![(4, old.expect("only what is there is removed"))],
        }
    }
}
