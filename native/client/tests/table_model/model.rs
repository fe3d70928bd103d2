//! What a primary-key table should hold, and what its changelog should say: written from what the merge engines promise, not from the code.
use std::cmp::Ordering;
use std::collections::BTreeMap;

use fluss_testkit::Value;

use crate::aggregate::aggregate;
use crate::definition::{Definition, Deletes, MergeEngine};

pub type Row = Vec<Value>;

/// A row of the changelog. `kind`: 1 +I, 2 -U, 3 +U, 4 -D.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub kind: u8,
    pub row: Row,
    /// Of its commit, ms.
    pub time: i64,
}

/// A row that is written.
#[derive(Clone, Debug)]
pub struct Write {
    pub row: Row,
    pub delete: bool,
}

/// A row and the time of the commit that wrote it, ms.
#[derive(Clone, Debug)]
struct Stored {
    row: Row,
    time: i64,
}

/// A table: its rows by key, and all of its changelog.
#[derive(Debug)]
pub struct Model {
    pub definition: Definition,
    rows: BTreeMap<String, Stored>,
    pub changes: Vec<Change>,
    /// Numbers of the auto-increment column that were seen: those of the model are only names for them.
    numbers: BTreeMap<i128, i128>,
    numbered: i128,
}

impl Model {
    pub fn new(definition: Definition) -> Self {
        Self { definition, rows: BTreeMap::new(), changes: Vec::new(), numbers: BTreeMap::new(), numbered: 0 }
    }

    /// Keys are equal when this text is.
    pub fn key(&self, row: &Row) -> String {
        format!("{:?}", self.definition.key.iter().map(|&k| &row[k]).collect::<Vec<_>>())
    }

    /// Whether a row of this time is still there.
    pub fn is_alive(&self, time: i64, now: i64) -> bool {
        self.definition.ttl.is_none_or(|ttl| now - time < ttl)
    }

    /// The rows that are there now.
    pub fn rows(&self, now: i64) -> BTreeMap<String, Row> {
        let alive = self.rows.iter().filter(|(_, s)| self.is_alive(s.time, now));
        alive.map(|(key, s)| (key.clone(), s.row.clone())).collect()
    }

    /// Whether a row that was read is this one. The numbers of the auto-increment column may be any, each for one row.
    pub fn is_it(&mut self, found: &Row, expected: &Row) -> bool {
        let mut expected = expected.clone();
        if let Some(column) = self.definition.number
            && let (Value::Int(named), Value::Int(n)) = (&expected[column], &found[column])
        {
            if !self.numbers.contains_key(named) {
                assert!(*n > 0 && self.numbers.values().all(|given| given != n), "the number {n} was given before");
                self.numbers.insert(*named, *n);
            }
            expected[column] = Value::Int(self.numbers[named]);
        }
        *found == expected
    }

    /// One row after the other. `targets`: positions of the columns that are written, `None`: all.
    pub fn write(&mut self, writes: &[Write], targets: Option<&[usize]>, now: i64) {
        let targets = targets.filter(|t| t.len() < self.definition.columns.len());
        for write in writes {
            let key = self.key(&write.row);
            let old = self.rows.get(&key).filter(|s| self.is_alive(s.time, now)).map(|s| s.row.clone());
            let mut merged = self.merge(old.as_ref(), write, targets);
            if let (Some(column), Merged::Row(row)) = (self.definition.number, &mut merged) {
                row[column] = match &old {
                    Some(old) => old[column].clone(),
                    None => {
                        self.numbered += 1;
                        Value::Int(self.numbered)
                    }
                };
            }
            let mut push = |kind, row: &Row| self.changes.push(Change { kind, row: row.clone(), time: now });
            match (old, merged) {
                (_, Merged::Nothing) => {}
                (None, Merged::Row(row)) => {
                    let d = &self.definition;
                    let blind = d.wal && d.engine == MergeEngine::LastRow && targets.is_none() && d.number.is_none();
                    push(if blind { 3 } else { 1 }, &row);
                    self.rows.insert(key, Stored { row, time: now });
                }
                (Some(old), Merged::Row(row)) => {
                    if !self.definition.wal {
                        push(2, &old);
                    }
                    push(3, &row);
                    self.rows.insert(key, Stored { row, time: now });
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
                    let nothing_left =
                        (0..left.len()).all(|c| d.key.contains(&c) || d.number == Some(c) || left[c] == Value::Null);
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

/// The table that a changelog makes, as it is at a time.
pub fn replay<'a>(model: &Model, changes: impl IntoIterator<Item = &'a Change>, now: i64) -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    for change in changes {
        let key = model.key(&change.row);
        match change.kind {
            2 => {}
            4 => drop(rows.remove(&key)),
            _ => drop(rows.insert(key, change)),
        }
    }
    rows.retain(|_, change| model.is_alive(change.time, now));
    rows.into_iter().map(|(key, change)| (key, change.row.clone())).collect()
}
