//! Row kinds an engine, an image and a delete behaviour: the statements D1 to D8 of `fluss-semantics.md` 2.D, and that an opening replays to the
//! same state.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::sync::Arc;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use common::*;
use fluss_client::{Connection, Table, Writer};
use fluss_format::{AlignedBytes, ColumnBatch};
use fluss_proto::{self as proto, schema_change};
use fluss_types::{ErrorCode, Result};
use tempfile::TempDir;

const FULL: (&str, &str) = ("table.changelog.image", "FULL");
const WAL: (&str, &str) = ("table.changelog.image", "WAL");
const AGGREGATION: (&str, &str) = ("table.merge-engine", "aggregation");

/// A value of each column, as `id a b c`; `-` is NULL.
fn batch(table: &Table, rows: &[&str]) -> RecordBatch {
    let cells: Vec<Vec<Option<&str>>> = rows.iter().map(|r| r.split(' ').map(|c| (c != "-").then_some(c)).collect()).collect();
    let column = |i: usize| cells.iter().map(move |r| r[i]);
    let long = |i| Arc::new(Int64Array::from_iter(column(i).map(|c| c.map(|c| c.parse::<i64>().unwrap())))) as ArrayRef;
    let int = Arc::new(Int32Array::from_iter(column(1).map(|c| c.map(|c| c.parse::<i32>().unwrap()))));
    let columns = vec![long(0), int, Arc::new(StringArray::from_iter(column(2))), long(3)];
    RecordBatch::try_new(table.write_schema(), columns).unwrap()
}

fn render(columns: &[ArrayRef], row: usize) -> String {
    let cell = |i: usize, a: &ArrayRef| match i {
        _ if a.is_null(row) => "-".into(),
        1 => a.as_primitive::<Int32Type>().value(row).to_string(),
        2 => a.as_string::<i32>().value(row).to_string(),
        _ => a.as_primitive::<Int64Type>().value(row).to_string(),
    };
    columns.iter().enumerate().map(|(i, a)| cell(i, a)).collect::<Vec<_>>().join(" ")
}

/// The columns of a batch that a reader got.
fn arrays(table: &Table, batch: &ColumnBatch) -> Vec<ArrayRef> {
    let mut bytes = AlignedBytes::new(batch.bytes.len());
    bytes.extend_from_slice(&batch.bytes);
    let copy = ColumnBatch { bytes, columns: batch.columns.clone(), ..*batch };
    copy.arrays(table.schema().columns().iter().map(|c| &c.data_type)).unwrap()
}

/// A store with one table, whose log is read bit by bit.
struct Fixture {
    dir: TempDir,
    connection: Arc<Connection>,
    table: Arc<Table>,
    read: i64,
}

impl Fixture {
    fn new(options: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let connection = connect(dir.path());
        let table = create_four(&connection, "t", options).unwrap();
        Self { dir, connection, table, read: 0 }
    }

    /// Writes rows as one batch: those that begin with `!` are deletes. Gives the changes that they made.
    fn try_write(&mut self, writer: &Writer, rows: &[&str]) -> Result<Vec<String>> {
        let kinds: Vec<u8> = rows.iter().map(|r| u8::from(r.starts_with('!'))).collect();
        let rows: Vec<&str> = rows.iter().map(|r| r.trim_start_matches('!')).collect();
        writer.write(kinds.contains(&1).then_some(&kinds), &batch(&self.table, &rows))?;
        writer.flush()?;
        Ok(self.changes())
    }

    fn write(&mut self, rows: &[&str]) -> Vec<String> {
        let writer = self.table.writer().unwrap();
        self.try_write(&writer, rows).unwrap()
    }

    fn write_part(&mut self, columns: &[usize], rows: &[&str]) -> Vec<String> {
        let writer = self.table.partial_writer(columns).unwrap();
        self.try_write(&writer, rows).unwrap()
    }

    fn changes(&mut self) -> Vec<String> {
        let end = offsets(&self.connection, "t")[0];
        let scanner = self.table.log_scanner([0, 1, 2, 3]).unwrap();
        scanner.subscribe(0, self.read, end).unwrap();
        let mut changes = Vec::new();
        while self.read < end {
            let batch = scanner.poll(Duration::from_secs(10)).unwrap().unwrap();
            let kinds_at = batch.row_bytes.unwrap();
            let kinds: Vec<u8> = batch.bytes[kinds_at..kinds_at + batch.rows].to_vec();
            let columns = arrays(&self.table, &batch);
            for row in batch.first_row..batch.end_row {
                changes.push(format!("{} {}", ["+A", "+I", "-U", "+U", "-D"][usize::from(kinds[row])], render(&columns, row)));
                self.read += 1;
            }
        }
        changes
    }

    /// The row of a key.
    fn row(&self, id: i64) -> Option<String> {
        let keys = RecordBatch::try_new(self.table.key_schema(), vec![Arc::new(Int64Array::from(vec![id]))]).unwrap();
        let found = self.table.lookuper([0, 1, 2, 3]).unwrap().lookup(&keys).unwrap();
        let there = found.bytes[found.row_bytes.unwrap()] == 1;
        there.then(|| render(&arrays(&self.table, &found), 0))
    }

    /// Closes the store, and removes what RocksDB has, so that all of it comes from the log again.
    fn replay(mut self) -> Self {
        self.connection.close().unwrap();
        let removed = walk(self.dir.path()).into_iter().filter(|d| d.ends_with("kv")).map(std::fs::remove_dir_all);
        assert!(removed.map(|r| r.unwrap()).count() > 0);
        self.connection = connect(self.dir.path());
        self.table = self.connection.table(&fluss_types::TablePath::new("db", "t")).unwrap();
        self
    }
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let inner = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir());
    inner.flat_map(|p| if p.ends_with("kv") { vec![p] } else { walk(&p) }).collect()
}

#[test]
fn d1_full_image_of_last_row() {
    for options in [&[][..], &[FULL]] {
        let mut t = Fixture::new(options);
        assert_eq!(t.write(&["1 10 x 7"]), ["+I 1 10 x 7"]);
        assert_eq!(t.write(&["1 10 x 7"]), ["-U 1 10 x 7", "+U 1 10 x 7"], "equal rows too");
        assert_eq!(t.write(&["1 11 - -"]), ["-U 1 10 x 7", "+U 1 11 - -"]);
        assert_eq!(t.write(&["!1 - - -", "!2 - - -"]), ["-D 1 11 - -"], "a delete of an absent key is nothing");
        assert_eq!(t.row(1), None);
        // C9: one after the other.
        let twice = ["3 1 v3 -", "3 2 v33 -", "!3 - - -", "!3 - - -", "3 3 v333 -"];
        assert_eq!(t.write(&twice), ["+I 3 1 v3 -", "-U 3 1 v3 -", "+U 3 2 v33 -", "-D 3 2 v33 -", "+I 3 3 v333 -"]);
        assert_eq!(t.replay().row(3).unwrap(), "3 3 v333 -");
    }
}

#[test]
fn d2_wal_image() {
    let mut t = Fixture::new(&[WAL]);
    assert_eq!(t.write(&["1 10 x 7", "1 11 x 7", "2 0 - -"]), ["+U 1 10 x 7", "+U 1 11 x 7", "+U 2 0 - -"]);
    assert_eq!(t.write(&["!1 - - -", "!9 - - -"]), ["-D 1 11 x 7"]);
    assert_eq!(
        t.write(&["3 1 - -", "!3 - - -", "!2 - - -", "2 5 - -"]),
        ["+U 3 1 - -", "-D 3 1 - -", "-D 2 0 - -", "+U 2 5 - -"]
    );
    // With a part of the columns, or an engine, it is known what was there.
    assert_eq!(t.write_part(&[0, 2], &["4 9 y 9", "2 9 z 9"]), ["+I 4 - y -", "+U 2 5 z -"]);
    let t = t.replay();
    assert_eq!([t.row(1), t.row(2), t.row(3), t.row(4)], [None, Some("2 5 z -".into()), None, Some("4 - y -".into())]);

    let mut t = Fixture::new(&[WAL, ("table.merge-engine", "versioned"), ("table.merge-engine.versioned.ver-column", "c")]);
    assert_eq!(t.write(&["1 0 x 5", "1 0 y 4", "1 0 z 5"]), ["+I 1 0 x 5", "+U 1 0 z 5"]);
    let mut t = Fixture::new(&[WAL, ("table.merge-engine", "first_row")]);
    assert_eq!(t.write(&["1 0 x 5", "1 0 y 4"]), ["+I 1 0 x 5"]);
}

#[test]
fn d3_first_row() {
    let mut t = Fixture::new(&[("table.merge-engine", "first_row")]);
    assert_eq!(t.write(&["1 1 x -", "1 2 y -", "2 - - -"]), ["+I 1 1 x -", "+I 2 - - -"]);
    assert_eq!(t.write(&["2 5 - -", "!1 - - -"]), [""; 0], "deletes are ignored");
    assert_eq!(t.row(1).unwrap(), "1 1 x -");
    let e = t.table.partial_writer(&[0, 1]).unwrap_err();
    assert!(e.message().contains("'FIRST_ROW' merge engine which does not support partial updates"), "{e}");
    assert_eq!(t.replay().row(2).unwrap(), "2 - - -");
    let refused = create_four(
        &connect(tempfile::tempdir().unwrap().path()),
        "u",
        &[("table.merge-engine", "first_row"), ("table.delete.behavior", "ALLOW")],
    );
    assert!(refused.unwrap_err().message().contains("but got 'allow'"));
}

#[test]
fn d4_versioned() {
    let mut t = Fixture::new(&[("table.merge-engine", "versioned"), ("table.merge-engine.versioned.ver-column", "a")]);
    assert_eq!(t.write(&["1 - x -"]), ["+I 1 - x -"]);
    assert_eq!(t.write(&["1 - y -"]), ["-U 1 - x -", "+U 1 - y -"], "NULL is as old as NULL");
    assert_eq!(t.write(&["1 -5 z -"]), ["-U 1 - y -", "+U 1 -5 z -"], "and smaller than all else");
    assert_eq!(t.write(&["1 - w -", "1 -6 w -", "!1 - - -"]), [""; 0]);
    assert_eq!(t.write(&["1 -5 v -", "1 7 u -", "1 6 t -"]), ["-U 1 -5 z -", "+U 1 -5 v -", "-U 1 -5 v -", "+U 1 7 u -"]);
    assert_eq!(t.replay().row(1).unwrap(), "1 7 u -");
}

#[test]
fn d5_aggregation() {
    let options = [AGGREGATION, ("fields.a.agg", "sum"), ("fields.b.agg", "listagg"), ("fields.b.listagg.delimiter", ";")];
    let mut t = Fixture::new(&options);
    assert_eq!(table_options(&t.connection, "t")["table.delete.behavior"], "IGNORE");
    assert_eq!(t.write(&["1 1 x 7"]), ["+I 1 1 x 7"]);
    assert_eq!(t.write(&["1 2 y -"]), ["-U 1 1 x 7", "+U 1 3 x;y 7"]);
    assert_eq!(t.write(&["1 - - -"]), ["-U 1 3 x;y 7", "+U 1 3 x;y 7"], "also when no value changes");
    assert_eq!(t.write(&["2 1 p -", "2 1 q 5", "!2 - - -"]), ["+I 2 1 p -", "-U 2 1 p -", "+U 2 2 p;q 5"]);
    assert_eq!(t.write_part(&[0, 1], &["1 10 n 99", "3 4 n 99"]), ["-U 1 3 x;y 7", "+U 1 13 x;y 7", "+I 3 4 - -"]);
    let mut t = t.replay();
    assert_eq!([t.row(1), t.row(2)], [Some("1 13 x;y 7".into()), Some("2 2 p;q 5".into())]);
    assert_eq!(t.write(&["1 1 z -"]), ["-U 1 13 x;y 7", "+U 1 14 x;y;z 7"]);

    let mut t = Fixture::new(&[AGGREGATION, ("fields.a.agg", "sum"), ("table.delete.behavior", "ALLOW")]);
    assert_eq!(t.write(&["1 1 x 7", "!1 - - -", "1 5 x 7"]), ["+I 1 1 x 7", "-D 1 1 x 7", "+I 1 5 x 7"]);
    assert_eq!(t.write_part(&[0, 1], &["!1 - - -", "1 2 - -"]), ["-U 1 5 x 7", "+U 1 - x 7", "-U 1 - x 7", "+U 1 2 x 7"]);
}

#[test]
fn d6_d7_partial_updates_and_deletes() {
    let mut t = Fixture::new(&[]);
    assert_eq!(t.write_part(&[0], &["1 9 n 9", "1 9 n 9"]), ["+I 1 - - -"], "of the key alone: nothing where there is a row");
    assert_eq!(t.write_part(&[0, 2], &["1 9 x 9", "1 9 y 9"]), ["-U 1 - - -", "+U 1 - x -", "-U 1 - x -", "+U 1 - y -"]);
    assert_eq!(t.write_part(&[1, 0, 3], &["1 5 n -"]), ["-U 1 - y -", "+U 1 5 y -"]);
    assert_eq!(t.write_part(&[0, 2], &["!1 - - -"]), ["-U 1 5 y -", "+U 1 5 - -"]);
    assert_eq!(t.write_part(&[0, 1], &["!1 - - -", "!1 - - -"]), ["-D 1 5 - -"], "nothing but the key is left");
    assert_eq!(t.write_part(&[0, 1, 2, 3], &["2 1 x 1", "!2 - - -"]), ["+I 2 1 x 1", "-D 2 1 x 1"], "all columns");
    let refused = |columns: &[usize], why: &str| {
        let e = t.table.partial_writer(columns).unwrap_err();
        assert!(e.message().contains("db.t") && e.message().contains(why), "{e}");
    };
    refused(&[1, 2], "the target write columns [a, b] must contain the primary key columns [id]");
    refused(&[0, 4], "4");
}

#[test]
fn d8_delete_behavior() {
    let mut t = Fixture::new(&[("table.delete.behavior", "IGNORE")]);
    assert_eq!(t.write(&["1 1 x -", "!1 - - -"]), ["+I 1 1 x -"]);
    assert_eq!(t.write_part(&[0, 1], &["!1 - - -"]), [""; 0]);
    let mut t = Fixture::new(&[("table.delete.behavior", "DISABLE")]);
    assert_eq!(t.write(&["1 1 x -"]), ["+I 1 1 x -"]);
    let writer = t.table.writer().unwrap();
    let e = t.try_write(&writer, &["1 2 x -", "!1 - - -"]).unwrap_err();
    assert_eq!(e.code(), ErrorCode::DeletionDisabled);
    assert!(
        e.message().contains("Delete operations are disabled for this table. The table.delete.behavior is set to 'disable'.")
    );
    assert_eq!(t.row(1).unwrap(), "1 1 x -", "nothing of the batch");
    assert_eq!(t.try_write(&writer, &["1 3 x -"]).unwrap(), ["-U 1 1 x -", "+U 1 3 x -"]);
}

#[test]
fn f3_however_many_look_a_missing_key_up_one_row_is_made() {
    for options in [&[][..], &[WAL], &[("table.merge-engine", "first_row")], &[AGGREGATION, ("fields.a.agg", "sum")]] {
        let mut t = Fixture::new(options);
        t.write(&["1 1 x 7"]);
        let keys = RecordBatch::try_new(t.table.key_schema(), vec![Arc::new(Int64Array::from(vec![2, 1, 2, 3]))]).unwrap();
        let lookuper = t.table.lookuper([0, 1, 2, 3]).unwrap().inserting().unwrap();
        std::thread::scope(|s| {
            for _ in 0..8 {
                s.spawn(|| {
                    let found = lookuper.lookup(&keys).unwrap();
                    let columns = arrays(&t.table, &found);
                    let rows: Vec<String> = (0..4).map(|row| render(&columns, row)).collect();
                    assert_eq!(rows, ["2 - - -", "1 1 x 7", "2 - - -", "3 - - -"]);
                });
            }
        });
        assert_eq!(t.changes(), ["+I 2 - - -", "+I 3 - - -"]);
    }
    let dir = tempfile::tempdir().unwrap();
    let strict = create_not_null(&connect(dir.path()), "t", true);
    let e = strict.lookuper([0]).unwrap().inserting().unwrap_err();
    assert!(e.message().contains("table db.t") && e.message().contains("column 'v' is NOT NULL"), "{e}");
}

#[test]
fn d11_old_rows_are_merged_as_rows_of_the_new_schema() {
    let mut t = Fixture::new(&[AGGREGATION, ("fields.a.agg", "sum")]);
    t.write(&["1 2147483647 x 7"]);
    let widen = schema_change::Widen {
        path: vec!["a".into()],
        r#type: Some(proto::DataType { kind: proto::data_type::Kind::Bigint.into(), ..Default::default() }),
    };
    let rename = schema_change::Rename { path: vec!["a".into()], name: "total".into() };
    let changes = [schema_change::Change::Widen(widen), schema_change::Change::Rename(rename)];
    let changes = changes.map(|change| proto::SchemaChange { change: Some(change) }).into();
    alter(&t.connection, "t", proto::AlterTable { changes, ..Default::default() }).unwrap();
    let options = table_options(&t.connection, "t");
    assert_eq!(options.get("fields.total.agg").map(String::as_str), Some("sum"));
    assert!(!options.contains_key("fields.a.agg"));
    // The writer knows the old schema.
    t.table.writer().unwrap().write(None, &batch(&t.table, &["1 1 y -"])).unwrap();
    let table = t.connection.table(&fluss_types::TablePath::new("db", "t")).unwrap();
    let keys = RecordBatch::try_new(table.key_schema(), vec![Arc::new(Int64Array::from(vec![1]))]).unwrap();
    assert_eq!(long(&table.lookuper([1]).unwrap().lookup(&keys).unwrap(), 0, 0), 2_147_483_648);

    let set = proto::AlterTable { set_options: [("fields.b.agg".into(), "max".into())].into(), ..Default::default() };
    assert!(alter(&t.connection, "t", set).unwrap_err().message().contains("not supported to alter yet: 'fields.b.agg'"));
}

#[test]
fn options_of_columns_follow_their_columns() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let versioned = [("table.merge-engine", "versioned"), ("table.merge-engine.versioned.ver-column", "a")];
    create_four(&connection, "versioned", &versioned).unwrap();
    create_four(&connection, "sums", &[AGGREGATION, ("fields.a.agg", "sum"), ("fields.c.agg", "max")]).unwrap();
    let alter = |table: &str, changes: Vec<schema_change::Change>| {
        let changes = changes.into_iter().map(|change| proto::SchemaChange { change: Some(change) }).collect();
        alter(&connection, table, proto::AlterTable { changes, ..Default::default() })
    };
    let drop = |name: &str| schema_change::Change::Drop(schema_change::Drop { path: vec![name.into()] });
    let rename =
        |from: &str, to: &str| schema_change::Change::Rename(schema_change::Rename { path: vec![from.into()], name: to.into() });
    let e = alter("versioned", vec![drop("a")]).unwrap_err();
    assert!(e.message().contains("column 'a' is the version column of the table and cannot be dropped"), "{e}");
    alter("versioned", vec![rename("a", "v"), drop("b")]).unwrap();
    assert_eq!(table_options(&connection, "versioned")["table.merge-engine.versioned.ver-column"], "v");
    // The names change places.
    alter("sums", vec![rename("a", "x"), rename("c", "a"), rename("x", "c")]).unwrap();
    let options = table_options(&connection, "sums");
    assert_eq!([&options["fields.a.agg"], &options["fields.c.agg"]], ["max", "sum"]);
    alter("sums", vec![drop("c")]).unwrap();
    let options = table_options(&connection, "sums");
    let left: Vec<&String> = options.keys().filter(|k| k.starts_with("fields.")).collect();
    assert_eq!(left, ["fields.a.agg"]);
}
