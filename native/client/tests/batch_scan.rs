//! Scans of a table as it is now, and the number of its rows.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::sync::Arc;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use common::*;
use fluss_client::{SnapshotScanner, Table, Writer};
use fluss_format::{Comparison, Predicate};
use fluss_proto as proto;
use fluss_types::{ErrorCode, TablePath};

fn rows(table: &Table, ids: &[i64], value: &str) -> RecordBatch {
    let values = StringArray::from_iter_values(ids.iter().map(|_| value));
    RecordBatch::try_new(table.write_schema(), vec![Arc::new(Int64Array::from(ids.to_vec())), Arc::new(values)]).unwrap()
}

fn put(writer: &Writer, table: &Table, ids: &[i64], value: &str) {
    writer.write(None, &rows(table, ids, value)).unwrap();
    writer.flush().unwrap();
}

fn delete(writer: &Writer, table: &Table, ids: &[i64]) {
    writer.write(Some(&vec![1; ids.len()]), &rows(table, ids, "")).unwrap();
    writer.flush().unwrap();
}

fn all(scanner: &SnapshotScanner) -> Vec<(i64, String)> {
    let mut found = Vec::new();
    while let Some(b) = scanner.poll().unwrap() {
        found.extend((0..b.rows).map(|row| (long(&b, 0, row), text(&b, 1, row))));
    }
    found
}

#[test]
fn a_scan_gives_the_rows_as_they_were_when_it_began() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 2, &[]);
    let writer = table.writer().unwrap();
    let ids: Vec<i64> = (0..30_000).collect();
    put(&writer, &table, &ids, "before");
    let scanners = [0, 1].map(|bucket| table.batch_scanner(bucket, vec![0, 1], None).unwrap());
    let first = scanners[0].poll().unwrap().unwrap();
    assert_eq!(first.base_offset, offsets(&connection, "t")[0], "the log goes on there");
    put(&writer, &table, &ids, "after");
    delete(&writer, &table, &ids[..100]);
    let mut found: Vec<_> = (0..first.rows).map(|row| (long(&first, 0, row), text(&first, 1, row))).collect();
    found.extend(all(&scanners[0]));
    assert!(found.is_sorted(), "in the order of the key");
    found.extend(all(&scanners[1]));
    found.sort();
    assert!(found.iter().map(|r| r.0).eq(ids.iter().copied()) && found.iter().all(|r| r.1 == "before"));
    assert!(scanners[0].poll().unwrap().is_none());

    for limit in [0, 1, 8192, 10_000] {
        for bucket in [0, 1] {
            assert_eq!(all(&table.batch_scanner(bucket, vec![0, 1], Some(limit)).unwrap()).len(), limit);
        }
    }
    let limited = table.batch_scanner(0, vec![0, 1], Some(3)).unwrap();
    assert_eq!(all(&limited), all(&table.batch_scanner(0, vec![0, 1], None).unwrap())[..3]);
    connection.close().unwrap();
}

/// The filter looks at a column that is not read; a poll that reads much and finds nothing gives a batch without rows.
#[test]
fn a_scan_with_a_filter_gives_the_rows_that_match_and_counts_only_these() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 1, &[]);
    let writer = table.writer().unwrap();
    let ids: Vec<i64> = (0..600_000).collect();
    ids.chunks(50_000).for_each(|ids| writer.write(None, &rows(&table, ids, "v")).unwrap());
    put(&writer, &table, &[700, 599_998, 599_999], "w");
    let is_w = || Predicate::Compare(vec![1], Comparison::Equal, Arc::new(StringArray::from(vec!["w"])));
    let scan = |limit| table.batch_scanner(0, [0usize], limit).unwrap().filtered(is_w()).unwrap();
    let found = |scanner: &SnapshotScanner| {
        let (mut ids, mut empty) = (Vec::new(), 0);
        while let Some(b) = scanner.poll().unwrap() {
            empty += usize::from(b.rows == 0);
            ids.extend((0..b.rows).map(|row| long(&b, 0, row)));
        }
        (ids, empty)
    };
    assert_eq!(found(&scan(None)), (vec![700, 599_998, 599_999], 1));
    assert_eq!(found(&scan(Some(2))), (vec![700, 599_998], 1));
    assert_eq!(found(&scan(Some(1))), (vec![700], 0));
    let none = Predicate::And(vec![is_w(), Predicate::IsNull(vec![1])]);
    let nothing = table.batch_scanner(0, [0usize], None).unwrap().filtered(none).unwrap();
    assert_eq!(found(&nothing).0, Vec::<i64>::new());
    let wrong = Predicate::Compare(vec![0], Comparison::Equal, Arc::new(StringArray::from(vec!["w"])));
    let refused = table.batch_scanner(0, [0usize], None).unwrap().filtered(wrong).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::SchemaMismatch);

    // A snapshot that is read in two goes, rows of two schemas among them.
    let snapshot = create_snapshot(&connection, "t");
    let add = proto::schema_change::Add {
        parent: vec![],
        column: Some(proto::Column {
            name: "n".into(),
            r#type: Some(proto::DataType { kind: proto::data_type::Kind::Int.into(), ..Default::default() }),
            ..Default::default()
        }),
    };
    let change = proto::SchemaChange { change: Some(proto::schema_change::Change::Add(add)) };
    alter(&connection, "t", proto::AlterTable { changes: vec![change], ..Default::default() }).unwrap();
    let table = connection.table(&TablePath::new("db", "t")).unwrap();
    let after = |position: &[u8]| {
        let scanner = table.snapshot_scanner(0, &snapshot.snapshot_id, [0usize], position).unwrap();
        scanner.filtered(Predicate::And(vec![is_w(), Predicate::IsNull(vec![2])])).unwrap()
    };
    let first = after(&[]);
    assert_eq!(first.poll().unwrap().unwrap().rows, 1);
    assert_eq!(found(&after(&first.position())), (vec![599_998, 599_999], 1));
    connection.close().unwrap();
}

#[test]
fn a_scan_that_is_open_does_not_keep_the_store_from_closing() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 1, &[]);
    put(&table.writer().unwrap(), &table, &[1, 2], "a");
    let scanner = table.batch_scanner(0, vec![0, 1], None).unwrap();
    connection.close().unwrap();
    assert_eq!(scanner.poll().unwrap_err().code(), ErrorCode::Closed);
    let connection = connect(dir.path());
    let table = connection.table(&TablePath::new("db", "t")).unwrap();
    assert_eq!(all(&table.batch_scanner(0, vec![0, 1], None).unwrap()).len(), 2);
    drop_table(&connection, "t");
    connection.close().unwrap();
}

#[test]
fn rows_are_counted_whatever_the_changelog_says() {
    let dir = tempfile::tempdir().unwrap();
    let mut connection = connect(dir.path());
    for (name, key, options) in
        [("full", true, vec![]), ("wal", true, vec![("table.changelog.image", "WAL")]), ("log", false, vec![])]
    {
        let table = create(&connection, name, key, 3, &options);
        let writer = table.writer().unwrap();
        assert_eq!(row_count(&connection, name), 0);
        put(&writer, &table, &[1, 2, 3, 4, 5, 5, 1], "a");
        if key {
            delete(&writer, &table, &[2, 9]);
            put(&writer, &table, &[1, 2, 7], "b");
            delete(&writer, &table, &[7, 7]);
        }
        assert_eq!(row_count(&connection, name), if key { 5 } else { 7 }, "{name}");
    }
    for _ in 0..2 {
        connection.close().unwrap();
        connection = connect(dir.path());
        assert_eq!(["full", "wal", "log"].map(|name| row_count(&connection, name)), [5, 5, 7]);
    }
    connection.close().unwrap();
    // What is made again from the log is counted as it was the first time.
    let tables = std::fs::read_dir(dir.path().join("tables")).unwrap();
    tables.for_each(|table| drop(std::fs::remove_dir_all(table.unwrap().path().join("kv"))));
    connection = connect(dir.path());
    assert_eq!(["full", "wal", "log"].map(|name| row_count(&connection, name)), [5, 5, 7]);
    connection.close().unwrap();
}
