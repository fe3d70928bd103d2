//! Rows that expire, by a clock that the test moves.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use common::as_text::*;
use common::{alter, create_snapshot, options, release_snapshot};
use fluss_client::{Connection, Table};
use fluss_proto as proto;
use fluss_types::time::Clock;
use fluss_types::{ErrorCode, TablePath};

struct ManualClock(AtomicI64);

impl ManualClock {
    fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(1_000_000)))
    }

    fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

fn open(dir: &Path, clock: &Arc<ManualClock>) -> Arc<Connection> {
    Connection::open_with_clock(options(&[("data.dir", dir.to_str().unwrap())]), clock.clone()).unwrap()
}

/// A table of `a BIGINT, b INT, v INT` with the key `a, b`; its rows live a second.
fn declared<'a>(options: &'a [(&'a str, &'a str)]) -> Declared<'a> {
    let columns = &["a BIGINT", "b INT", "v INT"];
    Declared { columns, primary_key: &["a", "b"], bucket_key: &["a"], buckets: 1, options, ..Declared::default() }
}

const TTL: (&str, &str) = ("table.row.ttl", "1 s");

fn set(connection: &Connection, ttl: &str) -> fluss_types::Result<()> {
    let set_options = options(&[("table.row.ttl", ttl)]).into_iter().collect();
    alter(connection, "t", proto::AlterTable { set_options, ..Default::default() })
}

fn some(rows: &[&str]) -> Vec<Option<String>> {
    rows.iter().map(|r| (*r != "-").then(|| (*r).to_string())).collect()
}

/// The rows of a prefix.
fn prefix(table: &Arc<Table>, key: &str) -> Vec<String> {
    let lookuper = table.prefix_lookuper(&["a"], all_columns(table)).unwrap();
    rows(table, &lookuper.lookup(&batch(lookuper.key_schema(), &[key])).unwrap().rows)
}

fn scan(table: &Arc<Table>, snapshot: &proto::SnapshotInfo) -> Vec<String> {
    let scanner = table.snapshot_scanner(0, &snapshot.snapshot_id, all_columns(table), &[]).unwrap();
    let mut found = Vec::new();
    while let Some(batch) = scanner.poll().unwrap() {
        found.extend(rows(table, &batch));
    }
    found
}

#[test]
fn an_expired_row_is_as_one_that_is_not_there() {
    for image in ["FULL", "WAL"] {
        let (dir, clock) = (tempfile::tempdir().unwrap(), ManualClock::new());
        let connection = open(dir.path(), &clock);
        let table_options = [TTL, ("table.changelog.image", image)];
        let table = declare(&connection, "t", declared(&table_options)).unwrap();
        write(&table, &["1 1 10", "1 2 20"]);
        clock.advance(600);
        write(&table, &["1 2 21", "1 3 30"]);
        clock.advance(399);
        assert_eq!(lookup(&table, &["1 1", "1 2", "1 3"]), some(&["1 1 10", "1 2 21", "1 3 30"]));
        clock.advance(1);
        assert_eq!(lookup(&table, &["1 1", "1 2", "1 3"]), some(&["-", "1 2 21", "1 3 30"]));
        assert_eq!(prefix(&table, "1"), ["1 2 21", "1 3 30"]);
        let snapshot = create_snapshot(&connection, "t");
        // What a scan shows does not change with the time: it is that of its snapshot.
        clock.advance(10_000);
        assert_eq!(scan(&table, &snapshot), ["1 2 21", "1 3 30"]);
        release_snapshot(&connection, "t", &snapshot.snapshot_id);
        assert!(prefix(&table, "1").is_empty());
        write(&table, &["1 1 11", "!1 2 -", "1 3 31", "1 3 32"]);
        assert_eq!(prefix(&table, "1"), ["1 1 11", "1 3 32"]);
        if image == "FULL" {
            let before = ["+I 1 1 10", "+I 1 2 20", "-U 1 2 20", "+U 1 2 21", "+I 1 3 30"];
            assert_eq!(changes(&table, 0, 0)[..5], before);
            assert_eq!(changes(&table, 0, 5), ["+I 1 1 11", "+I 1 3 31", "-U 1 3 31", "+U 1 3 32"], "no -D of what has expired");
        }
        connection.close().unwrap();
    }
}

/// A clock that goes on by its number with each look.
struct Leaping(AtomicI64, AtomicI64);

impl Clock for Leaping {
    fn now_ms(&self) -> i64 {
        self.0.fetch_add(self.1.load(Ordering::SeqCst), Ordering::SeqCst)
    }
}

#[test]
fn a_row_that_expires_before_it_is_read_is_not_made_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(Leaping(AtomicI64::new(1_000_000), AtomicI64::new(0)));
    let connection = Connection::open_with_clock(options(&[("data.dir", dir.path().to_str().unwrap())]), clock.clone()).unwrap();
    let table = declare(&connection, "t", declared(&[TTL])).unwrap();
    let lookuper = table.lookuper(all_columns(&table)).unwrap().inserting().unwrap();
    let keys = batch(table.key_schema(), &["1 1"]);
    clock.1.store(1001, Ordering::SeqCst);
    let e = lookuper.lookup(&keys).unwrap_err();
    assert!(e.code() == ErrorCode::Unavailable && e.message().contains("'table.row.ttl' is shorter"), "{e}");
    clock.1.store(0, Ordering::SeqCst);
    lookuper.lookup(&keys).unwrap();
    assert_eq!(lookup(&table, &["1 1"]), some(&["1 1 -"]));
    connection.close().unwrap();
}

#[test]
fn rows_expire_before_they_are_committed_too() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), ManualClock::new());
    let connection = open(dir.path(), &clock);
    let table_options = [TTL, ("table.log.consistency", "eventual"), ("table.log.flush.interval", "1 h")];
    let table = declare(&connection, "t", declared(&table_options)).unwrap();
    let writer = table.writer().unwrap();
    writer.write(None, &batch(table.write_schema(), &["1 1 10"])).unwrap();
    assert_eq!(prefix(&table, "1"), ["1 1 10"]);
    clock.advance(1000);
    assert_eq!(lookup(&table, &["1 1"]), [None]);
    assert!(prefix(&table, "1").is_empty());
    writer.write(None, &batch(table.write_schema(), &["1 1 11"])).unwrap();
    writer.flush().unwrap();
    assert_eq!(changes(&table, 0, 0), ["+I 1 1 10", "+I 1 1 11"]);
    connection.close().unwrap();
}

#[test]
fn a_replay_gives_rows_the_time_of_their_commit() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), ManualClock::new());
    let connection = open(dir.path(), &clock);
    let table = declare(&connection, "t", declared(&[TTL])).unwrap();
    write(&table, &["1 1 10"]);
    clock.advance(500);
    write(&table, &["1 2 20"]);
    connection.close().unwrap();
    let kv = std::fs::read_dir(dir.path().join("tables")).unwrap().next().unwrap().unwrap().path().join("kv");
    std::fs::remove_dir_all(kv).unwrap();
    clock.advance(500);
    let connection = open(dir.path(), &clock);
    let table = connection.table(&TablePath::new("db", "t")).unwrap();
    assert_eq!(lookup(&table, &["1 1", "1 2"]), some(&["-", "1 2 20"]));
    clock.advance(500);
    assert_eq!(lookup(&table, &["1 2"]), [None]);
    connection.close().unwrap();
}

#[test]
fn a_row_of_a_transaction_lives_from_its_commit_on() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), ManualClock::new());
    let connection = open(dir.path(), &clock);
    let table = declare(&connection, "t", declared(&[TTL])).unwrap();
    let writer = table.transactional_writer().unwrap();
    writer.write(None, &batch(table.write_schema(), &["1 1 10"])).unwrap();
    let prepared = writer.prepare().unwrap();
    clock.advance(5000);
    connection.commit(&prepared).unwrap();
    clock.advance(999);
    assert_eq!(lookup(&table, &["1 1"]), some(&["1 1 10"]));
    clock.advance(1);
    assert_eq!(lookup(&table, &["1 1"]), [None]);
    connection.close().unwrap();
}

#[test]
fn mergers_see_no_expired_rows() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), ManualClock::new());
    let connection = open(dir.path(), &clock);
    let table_options = [TTL, ("table.merge-engine", "aggregation"), ("fields.v.agg", "sum")];
    let table = declare(&connection, "t", declared(&table_options)).unwrap();
    write(&table, &["1 1 10"]);
    clock.advance(999);
    write(&table, &["1 1 1"]);
    clock.advance(999);
    write(&table, &["1 1 1"]);
    clock.advance(1000);
    write(&table, &["1 1 5", "1 1 6"]);
    let wanted = ["+I 1 1 10", "-U 1 1 10", "+U 1 1 11", "-U 1 1 11", "+U 1 1 12", "+I 1 1 5", "-U 1 1 5", "+U 1 1 11"];
    assert_eq!(changes(&table, 0, 0), wanted, "a write begins the row's life anew");
    connection.close().unwrap();
}

#[test]
fn the_length_may_be_altered_and_counts_for_all_rows() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), ManualClock::new());
    let connection = open(dir.path(), &clock);
    let table = declare(&connection, "t", declared(&[TTL])).unwrap();
    declare(&connection, "plain", declared(&[])).unwrap();
    write(&table, &["1 1 10"]);
    clock.advance(2000);
    assert_eq!(lookup(&table, &["1 1"]), [None]);
    set(&connection, "1 min").unwrap();
    assert_eq!(lookup(&table, &["1 1"]), some(&["1 1 10"]));
    set(&connection, "500 ms").unwrap();
    write(&table, &["1 2 20"]);
    clock.advance(500);
    assert_eq!(lookup(&table, &["1 1", "1 2"]), [None, None]);
    let none = proto::AlterTable { reset_options: vec!["table.row.ttl".into()], ..Default::default() };
    for refused in [set(&connection, "0").unwrap_err(), alter(&connection, "t", none).unwrap_err()] {
        assert_eq!(refused.code(), ErrorCode::InvalidOption);
        assert!(refused.message().contains("from its creation on, or never"), "{refused}");
    }
    let set_options = options(&[("table.row.ttl", "1 s")]).into_iter().collect();
    let e = alter(&connection, "plain", proto::AlterTable { set_options, ..Default::default() }).unwrap_err();
    assert!(e.message().contains("from its creation on, or never"), "{e}");
    let log = Declared { primary_key: &[], ..declared(&[TTL]) };
    assert!(declare(&connection, "log", log).unwrap_err().message().contains("only a primary-key table has a row TTL"));
    connection.close().unwrap();
}

#[test]
fn rows_of_an_older_schema_keep_their_time() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), ManualClock::new());
    let connection = open(dir.path(), &clock);
    let table = declare(&connection, "t", declared(&[TTL])).unwrap();
    write(&table, &["1 1 10", "1 2 20"]);
    clock.advance(600);
    let int = proto::DataType { kind: proto::data_type::Kind::Int.into(), ..Default::default() };
    let column = Some(proto::Column { name: "w".into(), r#type: Some(int), ..Default::default() });
    let add = proto::schema_change::Change::Add(proto::schema_change::Add { parent: vec![], column });
    let changes_ = vec![proto::SchemaChange { change: Some(add) }];
    alter(&connection, "t", proto::AlterTable { changes: changes_, ..Default::default() }).unwrap();
    let table = connection.table(&TablePath::new("db", "t")).unwrap();
    assert_eq!(lookup(&table, &["1 1"]), some(&["1 1 10 -"]));
    write(&table, &["1 2 21 5"]);
    assert_eq!(changes(&table, 0, 2), ["-U 1 2 20 -", "+U 1 2 21 5"]);
    clock.advance(400);
    assert_eq!(lookup(&table, &["1 1", "1 2"]), some(&["-", "1 2 21 5"]));
    connection.close().unwrap();
}
