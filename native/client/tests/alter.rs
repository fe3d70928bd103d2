//! Random changes of a table between writes by tables that were opened before and after them, and restarts: the log and lookups read what a model of
//! rows by column id says.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch};
use common::{connect, create, long};
use fluss_client::{Connection, Table};
use fluss_format::ColumnBatch;
use fluss_proto::admin_request::Request;
use fluss_proto::data_type::Kind;
use fluss_proto::schema_change::{Add, Change, Comment, Drop, Move, Rename, Widen};
use fluss_proto::{self as proto, AdminRequest, AlterTable};
use fluss_testkit::Random;
use fluss_types::{FieldId, TablePath, TypeRoot};

/// Values by column id; what is not there is NULL. The key is apart.
type Values = BTreeMap<FieldId, i64>;

const KEYS: u64 = 12;

struct Run {
    connection: Arc<Connection>,
    keyed: bool,
    random: Random,
    /// Opened at different times; the last one is the newest.
    open: Vec<Arc<Table>>,
    changes: Vec<(u8, i64, Values)>,
    state: BTreeMap<i64, Values>,
    names: u64,
}

impl Run {
    fn table(&self) -> Arc<Table> {
        self.connection.table(&TablePath::new("db", "t")).unwrap()
    }

    fn newest(&self) -> &Arc<Table> {
        &self.open[self.open.len() - 1]
    }

    /// One of the open tables writes some rows.
    fn write(&mut self) {
        let table = self.open[self.random.below(self.open.len() as u64) as usize].clone();
        let rows = 1 + self.random.below(6) as usize;
        let keys: Vec<i64> = (0..rows).map(|_| self.random.below(KEYS) as i64).collect();
        let deletes: Vec<u8> = (0..rows).map(|_| u8::from(self.keyed && self.random.below(4) == 0)).collect();
        let mut columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(keys.clone()))];
        let mut written = vec![Values::new(); rows];
        for column in &table.schema().columns()[1..] {
            let wide = column.data_type.root == TypeRoot::BigInt;
            let values: Vec<Option<i64>> = (0..rows)
                .map(|_| {
                    let bits = self.random.bits() as i64;
                    (bits % 4 != 0).then_some(if wide { bits } else { i64::from(bits as i32) })
                })
                .collect();
            if self.newest().schema().columns().iter().any(|c| c.id == column.id) {
                written.iter_mut().zip(&values).for_each(|(w, v)| w.extend(v.map(|v| (column.id, v))));
            }
            columns.push(match wide {
                true => Arc::new(Int64Array::from(values)),
                false => Arc::new(values.iter().map(|v| v.map(|v| v as i32)).collect::<Int32Array>()),
            });
        }
        let batch = RecordBatch::try_new(table.write_schema(), columns).unwrap();
        let writer = table.writer().unwrap();
        writer.write(self.keyed.then_some(&deletes[..]), &batch).unwrap();
        writer.flush().unwrap();
        for ((key, new), delete) in keys.into_iter().zip(written).zip(deletes) {
            self.apply(key, new, delete == 1);
        }
    }

    fn apply(&mut self, key: i64, new: Values, delete: bool) {
        if !self.keyed {
            return self.changes.push((0, key, new));
        }
        let old = if delete { self.state.remove(&key) } else { self.state.insert(key, new.clone()) };
        match (old, delete) {
            (None, true) => {}
            (None, false) => self.changes.push((1, key, new)),
            (Some(old), true) => self.changes.push((4, key, old)),
            (Some(old), false) => self.changes.extend([(2, key, old), (3, key, new)]),
        }
    }

    fn alter(&mut self) {
        let columns = self.newest().schema().columns().to_vec();
        let picked = &columns[1 + self.random.below(columns.len() as u64 - 1) as usize];
        let path = vec![picked.name.clone()];
        self.names += 1;
        let name = format!("n{}", self.names);
        let int = |kind: Kind| Some(proto::DataType { kind: kind.into(), ..Default::default() });
        let change = match self.random.below(6) {
            0 if columns.len() > 2 => Change::Drop(Drop { path }),
            1 => Change::Rename(Rename { path, name }),
            2 => Change::Widen(Widen { path, r#type: int(Kind::Bigint) }),
            // The key comes first in this test's rows.
            3 => Change::Move(Move { path, after: Some(columns[0].name.clone()) }),
            4 => Change::Comment(Comment { path, comment: name }),
            _ => {
                let column = proto::Column { name, r#type: int(Kind::Int), ..Default::default() };
                Change::Add(Add { parent: vec![], column: Some(column) })
            }
        };
        let alter = AlterTable {
            path: Some(proto::TablePath { database: "db".into(), table: "t".into() }),
            changes: vec![proto::SchemaChange { change: Some(change) }],
            expected_schema_id: Some(self.newest().schema().id()),
            ..Default::default()
        };
        let altered = self.connection.admin(AdminRequest { request: Some(Request::AlterTable(alter)) }).unwrap();
        self.open.push(self.table());
        assert_eq!(altered.table.unwrap().schema_id, self.newest().schema().id());
    }

    fn restart(&mut self, dir: &Path) {
        self.open.clear();
        self.connection.close().unwrap();
        self.connection = connect(dir);
        self.open.push(self.table());
    }

    /// The values of a row, by the ids of the table's columns.
    fn values(table: &Table, batch: &ColumnBatch, row: usize) -> Values {
        let value = |(i, c): (usize, &fluss_types::Column)| {
            let valid = batch.columns[i].validity.is_none_or(|at| batch.bytes[at + row / 8] >> (row % 8) & 1 == 1);
            let value = || match c.data_type.root {
                TypeRoot::BigInt => long(batch, i, row),
                _ => {
                    let at = batch.columns[i].data + 4 * row;
                    i32::from_le_bytes(batch.bytes[at..at + 4].try_into().unwrap()).into()
                }
            };
            valid.then(|| (c.id, value()))
        };
        table.schema().columns().iter().enumerate().skip(1).filter_map(value).collect()
    }

    fn check(&self) {
        let table = self.newest();
        let ids: Vec<FieldId> = table.schema().columns().iter().map(|c| c.id).collect();
        let now = |v: &Values| v.iter().filter(|(id, _)| ids.contains(id)).map(|(id, v)| (*id, *v)).collect::<Values>();
        let all: Vec<usize> = (0..ids.len()).collect();
        let scanner = table.log_scanner(all.clone()).unwrap();
        scanner.subscribe(0, 0, self.changes.len() as i64).unwrap();
        let mut read = Vec::new();
        while read.len() < self.changes.len() {
            let b = scanner.poll(Duration::from_secs(10)).unwrap().expect("rows");
            for row in b.first_row..b.end_row {
                let kind = b.row_bytes.map_or(0, |at| b.bytes[at + row]);
                read.push((kind, long(&b, 0, row), Self::values(table, &b, row)));
            }
        }
        let expected: Vec<_> = self.changes.iter().map(|(kind, key, v)| (*kind, *key, now(v))).collect();
        assert_eq!(read, expected, "log");
        if self.keyed {
            let keys = RecordBatch::try_new(table.key_schema(), vec![Arc::new(Int64Array::from_iter_values(0..KEYS as i64))]);
            let found = table.lookuper(all).unwrap().lookup(&keys.unwrap()).unwrap();
            for key in 0..KEYS as usize {
                let row = (found.bytes[found.row_bytes.unwrap() + key] == 1).then(|| Self::values(table, &found, key));
                assert_eq!(row, self.state.get(&(key as i64)).map(now), "lookup of {key}");
            }
        }
    }
}

#[test]
fn rows_are_read_with_the_schema_of_the_reader_whoever_wrote_them() {
    for seed in 0..12 {
        let dir = tempfile::tempdir().unwrap();
        let connection = connect(dir.path());
        let keyed = seed % 3 != 0;
        // `id BIGINT, v STRING`; the STRING goes at once, so that all columns but the key are numbers.
        drop(create(&connection, "t", keyed, 1, &[]));
        let change = |change| proto::SchemaChange { change: Some(change) };
        let int = proto::DataType { kind: Kind::Int.into(), ..Default::default() };
        let column = Some(proto::Column { name: "n".into(), r#type: Some(int), ..Default::default() });
        let alter = AlterTable {
            path: Some(proto::TablePath { database: "db".into(), table: "t".into() }),
            changes: vec![
                change(Change::Add(Add { parent: vec![], column })),
                change(Change::Drop(Drop { path: vec!["v".into()] })),
            ],
            ..Default::default()
        };
        connection.admin(AdminRequest { request: Some(Request::AlterTable(alter)) }).unwrap();
        let mut run = Run {
            connection,
            keyed,
            random: Random(seed),
            open: Vec::new(),
            changes: Vec::new(),
            state: BTreeMap::new(),
            names: 0,
        };
        run.open.push(run.table());
        for _ in 0..40 {
            match run.random.below(8) {
                0 | 1 => run.alter(),
                2 => run.check(),
                3 if run.random.below(3) == 0 => run.restart(dir.path()),
                _ => run.write(),
            }
        }
        run.check();
        run.restart(dir.path());
        run.check();
        run.open.clear();
        run.connection.close().unwrap();
    }
}
