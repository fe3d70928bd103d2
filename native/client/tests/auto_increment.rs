//! A column that the store fills with numbers.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use common::as_text::*;
use common::{alter, connect, offsets, table_options};
use fluss_client::{Connection, Table};
use fluss_proto::{self as proto, schema_change};
use fluss_types::{ErrorCode, TablePath};

const NUMBERED: &[(&str, &str)] = &[("auto-increment.fields", "id")];

/// A table of `k STRING, id BIGINT, v INT` with the key `k`.
fn declared<'a>(buckets: u32, options: &'a [(&'a str, &'a str)]) -> Declared<'a> {
    Declared { columns: &["k STRING", "id BIGINT", "v INT"], primary_key: &["k"], buckets, options, ..Declared::default() }
}

fn reopened(dir: &std::path::Path) -> (Arc<Connection>, Arc<Table>) {
    let connection = connect(dir);
    let table = connection.table(&TablePath::new("db", "t")).unwrap();
    (connection, table)
}

#[test]
fn a_new_key_gets_the_next_number_and_keeps_it() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = declare(&connection, "t", declared(1, NUMBERED)).unwrap();
    write(&table, &["a - 1"]);
    write(&table, &["a - 2", "b - 1"]);
    write(&table, &["c - 1", "c - 2", "!b - -", "b - 7"]);
    write(&table, &["!a - -"]);
    write(&table, &["a - 9", "!x - -"]);
    let wanted = [
        "+I a 1 1", "-U a 1 1", "+U a 1 2", "+I b 2 1", "+I c 3 1", "-U c 3 1", "+U c 3 2", "-D b 2 1", "+I b 4 7", "-D a 1 2",
        "+I a 5 9",
    ];
    assert_eq!(changes(&table, 0, 0), wanted);
    let rows = ["a 5 9", "b 4 7", "c 3 2"].map(|r| Some(r.to_string()));
    assert_eq!(lookup(&table, &["a", "b", "c"]), rows);
    connection.close().unwrap();

    // From the log alone.
    let kv = std::fs::read_dir(dir.path().join("tables")).unwrap().next().unwrap().unwrap().path().join("kv");
    std::fs::remove_dir_all(kv).unwrap();
    let (connection, table) = reopened(dir.path());
    assert_eq!(lookup(&table, &["a", "b", "c"]), rows);
    write(&table, &["a - 10", "d - 1"]);
    assert_eq!(changes(&table, 0, 11), ["-U a 5 9", "+U a 5 10", "+I d 100001 1"], "a gap after an opening");
    connection.close().unwrap();
}

#[test]
fn with_the_wal_image_old_rows_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let options = [NUMBERED[0], ("table.changelog.image", "WAL")];
    let table = declare(&connection, "t", declared(1, &options)).unwrap();
    write(&table, &["a - 1", "b - 1"]);
    write(&table, &["a - 2", "!b - -"]);
    assert_eq!(changes(&table, 0, 0), ["+I a 1 1", "+I b 2 1", "+U a 1 2", "-D b 2 1"]);
    connection.close().unwrap();
}

#[test]
fn every_merge_engine_keeps_the_number() {
    for (engine, others, wanted) in [
        ("first_row", ("table.delete.behavior", "ignore"), &["+I a 1 5", "+I b 2 1"][..]),
        ("versioned", ("table.merge-engine.versioned.ver-column", "v"), &["+I a 1 5", "+I b 2 1", "-U a 1 5", "+U a 1 6"]),
        ("aggregation", ("fields.v.agg", "sum"), &["+I a 1 5", "-U a 1 5", "+U a 1 8", "+I b 2 1", "-U a 1 8", "+U a 1 14"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let connection = connect(dir.path());
        let options = [NUMBERED[0], ("table.merge-engine", engine), others];
        let table = declare(&connection, "t", declared(1, &options)).unwrap();
        write(&table, &["a - 5"]);
        write(&table, &["a - 3", "b - 1"]);
        write(&table, &["a - 6"]);
        assert_eq!(changes(&table, 0, 0), wanted, "{engine}");
        connection.close().unwrap();
    }
}

#[test]
fn writers_leave_the_column_out() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = declare(&connection, "t", declared(1, NUMBERED)).unwrap();
    let refused = |e: fluss_types::Error, why: &str| {
        assert_eq!(e.code(), ErrorCode::InvalidArgument);
        assert!(e.message().contains(why), "{e}");
    };
    let whole = table.writer().unwrap();
    let e = write_with(&whole, &table, &["a - 1", "b 7 1"]).unwrap_err();
    refused(
        e,
        "This table has auto increment column [id]. Explicitly specifying values for an auto increment column is not allowed.",
    );
    // Of a delete only the key counts.
    write_with(&table.writer().unwrap(), &table, &["!b 7 1"]).unwrap();
    let e = table.partial_writer(&[0, 1]).unwrap_err();
    refused(e, "Explicitly specifying values for the auto increment column id is not allowed.");

    let part = table.partial_writer(&[0, 2]).unwrap();
    write_with(&part, &table, &["a - 1"]).unwrap();
    let key = table.partial_writer(&[0]).unwrap();
    write_with(&key, &table, &["b - -", "a - -"]).unwrap();
    write_with(&part, &table, &["b - 3", "!a - -"]).unwrap();
    assert_eq!(
        changes(&table, 0, 0),
        ["+I a 1 1", "+I b 2 -", "-U b 2 -", "+U b 2 3", "-D a 1 1"],
        "a row of which nothing but key and number is left is deleted"
    );
    connection.close().unwrap();
}

/// A dictionary: whoever brings a key that is there changes nothing.
#[test]
fn the_key_alone_leaves_a_row_of_key_and_number_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let declared = Declared { columns: &["k STRING", "id BIGINT"], ..declared(1, NUMBERED) };
    let table = declare(&connection, "t", declared).unwrap();
    let key = table.partial_writer(&[0]).unwrap();
    write_with(&key, &table, &["a -", "b -", "a -"]).unwrap();
    write_with(&key, &table, &["b -", "c -", "!a -"]).unwrap();
    write_with(&table.writer().unwrap(), &table, &["b -"]).unwrap();
    assert_eq!(changes(&table, 0, 0), ["+I a 1", "+I b 2", "+I c 3", "-D a 1", "-U b 2", "+U b 2"]);
    connection.close().unwrap();
}

#[test]
fn a_number_is_given_once_in_a_table() {
    let dir = tempfile::tempdir().unwrap();
    let options = [NUMBERED[0], ("table.auto-increment.cache-size", "10")];
    let connection = connect(dir.path());
    declare(&connection, "t", declared(4, &options)).unwrap();
    connection.close().unwrap();
    let mut ids = BTreeSet::new();
    let mut count = 0;
    for round in 0..3 {
        let (connection, table) = reopened(dir.path());
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let table = &table;
                scope.spawn(move || {
                    let rows: Vec<String> = (0..40).map(|i| format!("r{round}w{writer}i{i} - 1")).collect();
                    rows.chunks(10).for_each(|rows| write(table, &rows.iter().map(String::as_str).collect::<Vec<_>>()));
                });
            }
        });
        for row in (0..4).flat_map(|bucket| changes(&table, bucket, 0)) {
            ids.insert(row.split(' ').nth(2).unwrap().parse::<i64>().unwrap());
        }
        count += 160;
        assert_eq!(ids.len(), count);
        assert!(*ids.first().unwrap() == 1 && *ids.last().unwrap() < count as i64 + 10 * 4 * (round + 1), "{ids:?}");
        connection.close().unwrap();
    }
}

/// The number of each key, a row made where there is none.
fn numbers(table: &Arc<Table>, keys: &[&str]) -> Vec<String> {
    let lookuper = table.lookuper(all_columns(table)).unwrap().inserting().unwrap();
    let found = lookuper.lookup(&batch(table.key_schema(), keys)).unwrap();
    rows(table, &found).iter().map(|row| row.split(' ').nth(1).unwrap().to_string()).collect()
}

#[test]
fn all_who_look_up_a_new_key_at_once_get_its_one_number() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = declare(&connection, "t", declared(2, NUMBERED)).unwrap();
    let keys: Vec<String> = (0..50).map(|i| format!("k{i}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let found: Vec<Vec<String>> = std::thread::scope(|scope| {
        let lookups: Vec<_> = (0..8).map(|_| scope.spawn(|| numbers(&table, &keys))).collect();
        lookups.into_iter().map(|l| l.join().unwrap()).collect()
    });
    assert!(found.iter().all(|f| f == &found[0]), "{found:?}");
    assert_eq!(found[0].iter().collect::<BTreeSet<_>>().len(), 50);
    let written: Vec<String> = (0..2).flat_map(|bucket| changes(&table, bucket, 0)).collect();
    assert!(written.len() == 50 && written.iter().all(|c| c.starts_with("+I")), "{written:?}");
    connection.close().unwrap();
}

/// Or a crash would give the key another number than the one that was seen.
#[test]
fn a_number_that_a_lookup_gives_is_durable() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let options = [NUMBERED[0], ("table.log.consistency", "eventual"), ("table.log.flush.interval", "1 h")];
    let table = declare(&connection, "t", declared(1, &options)).unwrap();
    let another = table.partial_writer(&[0]).unwrap();
    another.write(None, &batch(table.write_schema(), &["a - -"])).unwrap();
    assert_eq!(offsets(&connection, "t"), [0]);
    assert_eq!(numbers(&table, &["a"]), ["1"]);
    assert_eq!(offsets(&connection, "t"), [1]);
    connection.close().unwrap();
}

#[test]
fn a_transaction_takes_numbers_when_it_is_committed() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let declared = Declared { columns: &["k STRING", "id BIGINT NOT NULL", "v INT"], ..declared(1, NUMBERED) };
    let table = declare(&connection, "t", declared).unwrap();
    let writer = table.transactional_writer().unwrap();
    let rows = |rows: &[&str]| batch(table.write_schema(), rows);
    assert!(writer.write(None, &rows(&["a 1 1"])).unwrap_err().message().contains("Explicitly specifying values"));
    writer.abort().unwrap();
    writer.write(None, &rows(&["a - 1", "b - 1"])).unwrap();
    let prepared = writer.prepare().unwrap();
    write(&table, &["b - 2"]);
    connection.commit(&prepared).unwrap();
    assert_eq!(changes(&table, 0, 0), ["+I b 1 2", "+I a 2 1", "-U b 1 2", "+U b 1 1"]);
    connection.close().unwrap();
}

#[test]
fn an_int_column_ends() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let options = [NUMBERED[0], ("table.auto-increment.cache-size", "2147483647")];
    let declared = Declared { columns: &["k STRING", "id INT NOT NULL", "v INT"], ..declared(2, &options) };
    let table = declare(&connection, "t", declared).unwrap();
    let writer = table.writer().unwrap();
    let written: Vec<_> =
        ["a - 1", "b - 1", "c - 1", "d - 1", "e - 1"].iter().map(|r| write_with(&writer, &table, &[r])).collect();
    let ids: Vec<String> = (0..2).flat_map(|bucket| changes(&table, bucket, 0)).collect();
    let errors: Vec<_> = written.into_iter().filter_map(Result::err).collect();
    assert!(!ids.is_empty() && !errors.is_empty() && ids.len() + errors.len() == 5, "both buckets have keys: {ids:?}");
    assert!(ids[0].starts_with("+I") && ids[0].ends_with(" 1 1"), "{ids:?}");
    for e in errors {
        assert_eq!(e.code(), ErrorCode::NumbersExhausted);
    }
    connection.close().unwrap();
}

#[test]
fn the_column_may_get_another_name_and_stays() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let old = declare(&connection, "t", declared(1, NUMBERED)).unwrap();
    write(&old, &["a - 1"]);
    let change = |c| proto::AlterTable { changes: vec![proto::SchemaChange { change: Some(c) }], ..Default::default() };
    let rename = schema_change::Rename { path: vec!["id".into()], name: "number".into() };
    alter(&connection, "t", change(schema_change::Change::Rename(rename))).unwrap();
    assert_eq!(table_options(&connection, "t")["auto-increment.fields"], "number");
    write(&old, &["b - 1"]);
    let table = connection.table(&TablePath::new("db", "t")).unwrap();
    write(&table, &["c - 1"]);
    assert_eq!(changes(&table, 0, 0), ["+I a 1 1", "+I b 2 1", "+I c 3 1"]);
    let drop = schema_change::Drop { path: vec!["number".into()] };
    let e = alter(&connection, "t", change(schema_change::Change::Drop(drop))).unwrap_err();
    assert!(e.message().contains("is the auto increment column"), "{e}");
    connection.close().unwrap();
}
