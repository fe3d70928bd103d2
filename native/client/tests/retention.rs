//! `table.log.ttl` through the API that bindings use.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use common::*;
use fluss_client::{Connection, Table};
use fluss_types::{ErrorCode, TablePath};

fn open(dir: &Path, interval: &str) -> Arc<Connection> {
    Connection::open(options(&[("data.dir", dir.to_str().unwrap()), ("log.retention.check-interval", interval)])).unwrap()
}

fn write(table: &Arc<Table>, ids: std::ops::Range<i64>) {
    let values = StringArray::from_iter_values(ids.clone().map(|i| format!("v{i}")));
    let rows = RecordBatch::try_new(table.write_schema(), vec![Arc::new(Int64Array::from_iter_values(ids)), Arc::new(values)]);
    let writer = table.writer().unwrap();
    writer.write(None, &rows.unwrap()).unwrap();
    writer.flush().unwrap();
}

/// Waits until the log of bucket 0 begins at an offset.
fn wait_for_start(table: &Arc<Table>, offset: i64) {
    let scanner = table.log_scanner(vec![0]).unwrap();
    loop {
        scanner.subscribe(0, 0, i64::MAX).unwrap();
        match scanner.poll(Duration::ZERO) {
            Err(e) if e.code() == ErrorCode::LogTruncated => {
                if e.message().contains(&format!("the log begins at {offset}")) {
                    return;
                }
            }
            polled => drop(polled.unwrap()),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn expired_rows_leave_the_log_and_a_primary_key_table_keeps_its_state() {
    let dir = tempfile::tempdir().unwrap();
    let connection = open(dir.path(), "10 ms");
    let log = create(&connection, "log", false, 1, &[("table.log.ttl", "1 ms")]);
    let keys = create(&connection, "keys", true, 1, &[("table.log.ttl", "1 ms")]);
    let kept = create(&connection, "kept", false, 1, &[]);
    for table in [&log, &keys, &kept] {
        write(table, 0..100);
    }
    wait_for_start(&log, 100);
    wait_for_start(&keys, 100);
    drop((log, keys, kept));
    connection.close().unwrap();

    let connection = open(dir.path(), "1 h");
    let keys = connection.table(&TablePath::new("db", "keys")).unwrap();
    assert_eq!(lookup(&keys, &[0, 99, 100]), [Some("v0".into()), Some("v99".into()), None]);
    write(&keys, 99..101);
    assert_eq!(offsets(&connection, "keys"), [103], "an update and an insert");
    let scanner = connection.table(&TablePath::new("db", "kept")).unwrap().log_scanner(vec![0]).unwrap();
    scanner.subscribe(0, 0, i64::MAX).unwrap();
    assert_eq!(scanner.poll(Duration::from_secs(10)).unwrap().unwrap().rows, 100, "the default keeps it for days");
    connection.close().unwrap();
}

#[test]
fn a_leased_snapshot_keeps_the_log_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    let connection = open(dir.path(), "10 ms");
    let table = create(&connection, "t", true, 1, &[("table.log.ttl", "1 ms")]);
    write(&table, 0..10);
    let snapshot = create_snapshot(&connection, "t");
    write(&table, 10..30);
    let other = create(&connection, "other", false, 1, &[("table.log.ttl", "1 ms")]);
    write(&other, 0..1);
    // All tablets have been visited when this one has lost its row, in a round after the one that could see both.
    wait_for_start(&other, 1);
    write(&other, 1..2);
    wait_for_start(&other, 2);
    let scanner = table.log_scanner(vec![0]).unwrap();
    scanner.subscribe(0, snapshot.offsets[0].offset, i64::MAX).unwrap();
    let batch = scanner.poll(Duration::from_secs(10)).unwrap().unwrap();
    assert_eq!(batch.base_offset + batch.first_row as i64, 10);
    drop(batch);
    release_snapshot(&connection, "t", &snapshot.snapshot_id);
    wait_for_start(&table, 30);
    connection.close().unwrap();
}
