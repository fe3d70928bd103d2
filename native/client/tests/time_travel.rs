//! A primary-key table as it was at an earlier offset, or time.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use common::*;
use fluss_client::{Connection, SnapshotScanner, Table};
use fluss_format::{Comparison, Predicate};
use fluss_proto::admin_request::Request;
use fluss_proto::{self as proto, AdminRequest, list_offsets::Spec};
use fluss_testkit::Random;
use fluss_types::{ErrorCode, LogOffset, Result, TablePath};

const BUCKETS: u32 = 2;

type State = BTreeMap<i64, String>;

/// All tests of this process: the memory is the process's.
fn open(dir: &Path) -> Arc<Connection> {
    Connection::open(options(&[
        ("data.dir", dir.to_str().unwrap()),
        ("memory.size", "32 mb"),
        ("log.retention.check-interval", "10 ms"),
    ]))
    .unwrap()
}

fn table(connection: &Arc<Connection>, name: &str) -> Arc<Table> {
    connection.table(&TablePath::new("db", name)).unwrap()
}

fn rows(table: &Table, rows: &[(i64, &str)]) -> RecordBatch {
    let ids = Int64Array::from_iter_values(rows.iter().map(|r| r.0));
    let values = StringArray::from_iter_values(rows.iter().map(|r| r.1));
    RecordBatch::try_new(table.write_schema(), vec![Arc::new(ids), Arc::new(values)]).unwrap()
}

fn put(table: &Arc<Table>, put: &[(i64, &str)], deleted: &[u8]) {
    let writer = table.writer().unwrap();
    writer.write((!deleted.is_empty()).then_some(deleted), &rows(table, put)).unwrap();
    writer.flush().unwrap();
}

fn at(connection: &Connection, name: &str, timestamp_ms: i64) -> Result<Vec<i64>> {
    let path = Some(proto::TablePath { database: "db".into(), table: name.into() });
    let request = proto::ListOffsets { path, spec: Spec::AsOf.into(), timestamp_ms, partition_id: 0 };
    let answer = connection.admin(AdminRequest { request: Some(Request::ListOffsets(request)) })?;
    Ok(answer.offsets.iter().map(|o| o.offset).collect())
}

fn read(scanner: &SnapshotScanner, into: &mut State) {
    while let Some(b) = scanner.poll().unwrap() {
        for row in 0..b.rows {
            assert!(into.insert(long(&b, 0, row), text(&b, 1, row)).is_none(), "a key twice");
        }
    }
}

fn now_ms() -> i64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64
}

/// Writes at random, and reads the table as it was after any of the writes, by offset and by time, also in two goes and over restarts.
#[test]
fn a_table_is_read_as_it_was_after_any_of_its_writes() {
    let seed = std::env::var("FLUSS_SEED").map_or(7, |s| s.parse().unwrap());
    let mut random = Random(seed);
    let dir = tempfile::tempdir().unwrap();
    let mut connection = open(dir.path());
    create(&connection, "t", true, BUCKETS, &[]);
    let mut state = State::new();
    let mut known: Vec<(Vec<LogOffset>, i64, State)> = vec![(vec![0; BUCKETS as usize], now_ms() - 1, State::new())];
    for step in 0..60 {
        let t = table(&connection, "t");
        // Some writes are of most keys, some of a few; some remove most.
        let n = [3, 40, 30_000][random.below(3) as usize];
        let (mut ids, mut values, mut deleted) = (Vec::new(), Vec::new(), Vec::new());
        let deletes = random.below(100);
        for _ in 0..n {
            let id = random.below(20_000) as i64;
            let is_delete = random.below(100) < deletes;
            let value = format!("{step} {}", random.below(1000));
            if is_delete {
                state.remove(&id).map(drop)
            } else {
                state.insert(id, value.clone()).map(drop)
            };
            ids.push(id);
            values.push(value);
            deleted.push(u8::from(is_delete));
        }
        let written: Vec<_> = ids.iter().copied().zip(values.iter().map(String::as_str)).collect();
        put(&t, &written, &deleted);
        let committed = now_ms();
        while now_ms() == committed {
            std::thread::sleep(Duration::from_millis(1));
        }
        known.push((offsets(&connection, "t"), committed, state.clone()));
        if random.below(8) == 0 {
            drop(t);
            connection.close().unwrap();
            connection = open(dir.path());
        }
        if random.below(4) > 0 {
            continue;
        }
        let t = table(&connection, "t");
        let (at_offsets, time, expected) = &known[random.below(known.len() as u64) as usize];
        assert_eq!(&at(&connection, "t", *time).unwrap(), at_offsets, "step {step}");
        let snapshot = create_snapshot(&connection, "t");
        let mut found = State::new();
        for bucket in 0..BUCKETS {
            let offset = at_offsets[bucket as usize];
            let scan = |after: &[u8]| t.earlier_snapshot_scanner(bucket, &snapshot.snapshot_id, [0, 1], after, offset).unwrap();
            let first = scan(&[]);
            if let Some(b) = first.poll().unwrap() {
                (0..b.rows).for_each(|row| drop(found.insert(long(&b, 0, row), text(&b, 1, row))));
            }
            read(&scan(&first.position()), &mut found);
        }
        assert!(found == *expected, "seed {seed} step {step}: {} rows, not {}", found.len(), expected.len());
    }
    connection.close().unwrap();
}

#[test]
fn a_filter_is_of_the_rows_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let connection = open(dir.path());
    let t = create(&connection, "t", true, 1, &[]);
    put(&t, &[(1, "a"), (2, "b"), (3, "a")], &[]);
    let then = offsets(&connection, "t")[0];
    put(&t, &[(1, "b"), (2, "a"), (3, "b"), (4, "a")], &[0, 0, 1, 0]);
    let id = create_snapshot(&connection, "t").snapshot_id;
    let is_a = Predicate::Compare(vec![1], Comparison::Equal, Arc::new(StringArray::from(vec!["a"])));
    let scanner = t.earlier_snapshot_scanner(0, &id, [0, 1], &[], then).unwrap().filtered(is_a).unwrap();
    let mut found = State::new();
    read(&scanner, &mut found);
    assert_eq!(found, State::from([(1, "a".into()), (3, "a".into())]));
    // Between the two halves of an update its row is away.
    let mut between = State::new();
    read(&t.earlier_snapshot_scanner(0, &id, [0, 1], &[], then + 1).unwrap(), &mut between);
    assert_eq!(between, State::from([(2, "b".into()), (3, "a".into())]));
    connection.close().unwrap();
}

#[test]
fn what_is_not_known_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let connection = open(dir.path());
    let refused = |t: &Arc<Table>, name: &str, offset| {
        let id = create_snapshot(&connection, name).snapshot_id;
        t.earlier_snapshot_scanner(0, &id, [0], &[], offset).unwrap_err()
    };
    for (name, option) in [("wal", ("table.changelog.image", "WAL")), ("ttl", ("table.row.ttl", "1 d"))] {
        let t = create(&connection, name, true, 1, &[option]);
        put(&t, &[(1, "a")], &[]);
        let e = refused(&t, name, 0);
        assert!(e.code() == ErrorCode::InvalidArgument && e.message().contains("the row before each change"), "{e}");
    }
    let t = create(&connection, "t", true, 1, &[]);
    put(&t, &[(1, "a")], &[]);
    let e = refused(&t, "t", 2);
    assert!(e.code() == ErrorCode::LogTruncated && e.message().contains("to 1"), "{e}");
    let e = at(&connection, "t", now_ms() + 10_000).unwrap_err();
    assert!(e.code() == ErrorCode::InvalidArgument && e.message().contains("it is only"), "{e}");

    // More keys have changed than memory holds.
    let many: Vec<(i64, &str)> = (0..50_000).map(|id| (id, "many")).collect();
    put(&t, &many, &[]);
    let e = refused(&t, "t", 0);
    assert!(e.code() == ErrorCode::TooManyChanges && !e.retryable(), "{e}");
    assert!(e.message().contains("50000 keys") && e.message().contains("memory.size"), "{e}");

    // The log of that time is gone.
    let t = create(&connection, "gone", true, 1, &[("table.log.ttl", "1 ms")]);
    let before = now_ms() - 1;
    put(&t, &[(1, "a"), (2, "b")], &[]);
    let written = now_ms();
    let log = t.log_scanner([0]).unwrap();
    loop {
        log.subscribe(0, 0, i64::MAX).unwrap();
        match log.poll(Duration::ZERO) {
            Err(e) if e.code() == ErrorCode::LogTruncated => break,
            polled => drop(polled.unwrap()),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let e = refused(&t, "gone", 1);
    assert!(e.code() == ErrorCode::LogTruncated && e.message().contains("offsets 2,"), "{e}");
    let e = at(&connection, "gone", before).unwrap_err();
    assert!(e.code() == ErrorCode::LogTruncated && e.message().contains("the earliest offset 2"), "{e}");
    assert_eq!(at(&connection, "gone", written).unwrap(), [2], "nothing has changed since");
    connection.close().unwrap();
}
