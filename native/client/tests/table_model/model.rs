//! What a primary-key table should hold, and what its changelog should say: written from what the merge engines promise, not from the code.
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use fluss_testkit::Value;

use crate::aggregate::aggregate;
use crate::definition::{Definition, Deletes, MergeEngine};

pub type Row = Vec<Value>;

/// A row of the changelog. `kind`: 1 +I, 2 -U, 3 +U, 4 -D.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub kind: u8,
    pub row: Row,
}

/// A row that is written.
#[derive(Clone, Debug)]
pub struct Write {
    pub row: Row,
    pub delete: bool,
}

/// A table: its rows by key, and all of its changelog.
#[derive(Debug)]
pub struct Model {
    pub definition: Definition,
    pub rows: BTreeMap<String, Row>,
    pub changes: Vec<Change>,
}

impl Model {
    pub fn new(definition: Definition) -> Self {
        Self { definition, rows: BTreeMap::new(), changes: Vec::new() }
    }

    /// Keys are equal when this text is.
    pub fn key(&self, row: &Row) -> String {
        format!("{:?}", self.definition.key.iter().map(|&k| &row[k]).collect::<Vec<_>>())
    }

    /// One row after the other. `targets`: positions of the columns that are written, `None`: all.
    pub fn write(&mut self, writes: &[Write], targets: Option<&[usize]>) {
        self.write_onto(writes, targets, |_| true);
    }

    /// The table is what these writes make of an empty one; the rows that are left of the old ones are deleted then, in any order.
    pub fn overwrite(&mut self, writes: &[(Option<Vec<usize>>, Vec<Write>)]) {
        let mut seen = BTreeSet::new();
        for (targets, writes) in writes {
            for write in writes {
                self.write_onto(std::slice::from_ref(write), targets.as_deref(), |key| seen.contains(key));
                if !write.delete {
                    seen.insert(self.key(&write.row));
                }
            }
        }
        let old: Vec<String> = self.rows.keys().filter(|key| !seen.contains(*key)).cloned().collect();
        for key in old {
            let row = self.rows.remove(&key).expect("it is there");
            self.changes.push(Change { kind: 4, row });
        }
    }

    /// `meets`: whether the row of a key counts for what a write makes of it.
    fn write_onto(&mut self, writes: &[Write], targets: Option<&[usize]>, meets: impl Fn(&str) -> bool) {
        let targets = targets.filter(|t| t.len() < self.definition.columns.len());
        for write in writes {
            let key = self.key(&write.row);
            let old = self.rows.get(&key).cloned();
            let merged = self.merge(old.as_ref().filter(|_| meets(&key)), write, targets);
            let mut push = |kind, row: &Row| self.changes.push(Change { kind, row: row.clone() });
            match (old, merged) {
                (_, Merged::Nothing) => {}
                (None, Merged::Row(row)) => {
                    let blind = self.definition.wal && self.definition.engine == MergeEngine::LastRow && targets.is_none();
                    push(if blind { 3 } else { 1 }, &row);
                    self.rows.insert(key, row);
                }
                (Some(old), Merged::Row(row)) => {
                    if !self.definition.wal {
                        push(2, &old);
                    }
                    push(3, &row);
                    self.rows.insert(key, row);
                }
                (old, Merged::Removed) => {
                    push(4, &old.expect("only what is there is removed"));
                    self.rows.remove(&key);
                }
            }
        }
    }

    fn merge(&self, old: Option<&Row>, write: &Write, targets: Option<&[usize]>) -> Merged {
        let d = &self.definition;
        let Write { row: new, delete } = write;
        let is_target = |c: usize| targets.is_none_or(|t| t.contains(&c));
        if *delete {
            return match (d.deletes, old, targets) {
                (Deletes::Disable, ..) => panic!("the write was to be refused"),
                (Deletes::Ignore, ..) | (_, None, _) => Merged::Nothing,
                (_, Some(_), None) => Merged::Removed,
                (_, Some(old), Some(_)) => {
                    let left: Row = (0..old.len())
                        .map(|c| if is_target(c) && !d.key.contains(&c) { Value::Null } else { old[c].clone() })
                        .collect();
                    let nothing_left = (0..left.len()).all(|c| d.key.contains(&c) || left[c] == Value::Null);
                    if nothing_left { Merged::Removed } else { Merged::Row(left) }
                }
            };
        }
        let given: Row = (0..new.len()).map(|c| if is_target(c) { new[c].clone() } else { Value::Null }).collect();
        let Some(old) = old else { return Merged::Row(given) };
        if targets.is_some_and(|t| t.iter().all(|c| d.key.contains(c))) {
            return Merged::Nothing;
        }
        match d.engine {
            MergeEngine::LastRow => {
                Merged::Row((0..new.len()).map(|c| if is_target(c) { new[c].clone() } else { old[c].clone() }).collect())
            }
            MergeEngine::FirstRow => Merged::Nothing,
            MergeEngine::Versioned(version) => match compare(&given[version], &old[version]) {
                Ordering::Less => Merged::Nothing,
                _ => Merged::Row(given),
            },
            MergeEngine::Aggregation => {
                let column = |c: usize| match &d.functions[c] {
                    Some(function) if is_target(c) => aggregate(function, &d.columns[c].data_type.root, &old[c], &new[c]),
                    _ => old[c].clone(),
                };
                Merged::Row((0..new.len()).map(column).collect())
            }
        }
    }
}

enum Merged {
    /// Nothing changes, nothing is logged.
    Nothing,
    Row(Row),
    Removed,
}

/// NULL is the smallest.
fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        other => panic!("versions {other:?}"),
    }
}

/// The table that a changelog makes.
pub fn replay<'a>(model: &Model, changes: impl IntoIterator<Item = &'a Change>) -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    for change in changes {
        let key = model.key(&change.row);
        match change.kind {
            2 => {}
            4 => drop(rows.remove(&key)),
            _ => drop(rows.insert(key, change.row.clone())),
        }
    }
    rows
}
