//! Transactions through the API, over RocksDB and a real disk.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use common::*;
use fluss_client::{Committable, Connection, Table};
use fluss_proto::admin_request::Request;
use fluss_proto::{AbortTransaction, AdminRequest, CommitTransaction};
use fluss_types::ErrorCode;

fn batch(table: &Table, ids: std::ops::Range<i64>, value: &str) -> RecordBatch {
    let values = StringArray::from_iter_values(ids.clone().map(|id| format!("{value}{id}")));
    RecordBatch::try_new(table.write_schema(), vec![Arc::new(Int64Array::from_iter_values(ids)), Arc::new(values)]).unwrap()
}

/// The sum of the ids of all rows of the log, and how many there are.
fn log(table: &Arc<Table>, connection: &Connection) -> (i64, usize) {
    let scanner = table.log_scanner([0usize]).unwrap();
    let ends = offsets(connection, "t");
    for (bucket, end) in (0..).zip(&ends) {
        scanner.subscribe(bucket, 0, *end).unwrap();
    }
    let (mut sum, mut rows, total) = (0, 0, ends.iter().sum::<i64>() as usize);
    while rows < total {
        let batch = scanner.poll(Duration::from_secs(60)).unwrap().unwrap();
        for row in batch.first_row..batch.end_row {
            sum += long(&batch, 0, row);
            rows += 1;
        }
    }
    (sum, rows)
}

fn files(dir: &Path) -> usize {
    let entries =
        |dir: &Path| std::fs::read_dir(dir).map(|d| d.map(|e| e.unwrap().path()).collect::<Vec<_>>()).unwrap_or_default();
    let buckets = entries(&dir.join("tables")).iter().flat_map(|table| entries(table)).collect::<Vec<_>>();
    buckets.iter().map(|bucket| entries(&bucket.join("transactions")).len()).sum()
}

#[test]
fn rows_are_seen_when_they_are_committed_once_also_by_another_process() {
    for key in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let connection = connect(dir.path());
        let table = create(&connection, "t", key, 4, &[]);
        let writer = table.transactional_writer().unwrap();
        for i in 0..8 {
            writer.write(None, &batch(&table, 100 * i..100 * (i + 1), "a")).unwrap();
        }
        let first = writer.prepare().unwrap();
        assert_eq!(first.buckets.len(), 4);
        writer.write(None, &batch(&table, 800..1000, "b")).unwrap();
        let second = writer.prepare().unwrap();
        assert!(second.transaction > first.transaction);
        // Not prepared when the writer goes.
        writer.write(None, &batch(&table, 2000..2100, "c")).unwrap();
        drop(writer);
        assert_eq!(log(&table, &connection), (0, 0));

        connection.commit(&first).unwrap();
        let sum = |n: i64| n * (n - 1) / 2;
        assert_eq!(log(&table, &connection), (sum(800), 800));
        // As a job does that is restored: it has the bytes only, and does not know whether it has committed.
        let bytes = [first.encode(), second.encode()];
        drop(table);
        connection.close().unwrap();
        let connection = connect(dir.path());
        let table = create(&connection, "t", key, 4, &[]);
        for bytes in &bytes {
            for _ in 0..2 {
                connection.commit(&Committable::decode(bytes).unwrap()).unwrap();
            }
        }
        assert_eq!(log(&table, &connection), (sum(1000), 1000));
        assert_eq!(files(dir.path()), 0);
        let e = connection.abort(&first).unwrap_err();
        assert!(e.message().contains("is committed"), "{e}");
        connection.close().unwrap();
    }
}

#[test]
fn what_is_aborted_or_was_never_written_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 3, &[]);
    let writer = table.transactional_writer().unwrap();
    let nothing = writer.prepare().unwrap();
    assert!(nothing.buckets.is_empty());
    let admin = |request| connection.admin(AdminRequest { request: Some(request) });
    admin(Request::CommitTransaction(CommitTransaction { committable: nothing.encode(), skip_rest: false })).unwrap();

    writer.write(None, &batch(&table, 0..50, "a")).unwrap();
    let prepared = writer.prepare().unwrap();
    assert_eq!(files(dir.path()), 3);
    admin(Request::AbortTransaction(AbortTransaction { committable: prepared.encode() })).unwrap();
    let commit = |committable, skip_rest| admin(Request::CommitTransaction(CommitTransaction { committable, skip_rest }));
    assert_eq!(commit(prepared.encode(), false).unwrap_err().code(), ErrorCode::TransactionNotFound);
    // A job that comes back with it all the same can go on, without it.
    commit(prepared.encode(), true).unwrap();
    commit(prepared.encode(), false).unwrap();
    assert_eq!(log(&table, &connection), (0, 0));
    let e = commit(vec![1, 2, 3], false).unwrap_err();
    assert!(e.message().contains("no committable"), "{e}");

    writer.write(None, &batch(&table, 0..50, "a")).unwrap();
    writer.abort().unwrap();
    assert_eq!((files(dir.path()), log(&table, &connection)), (0, (0, 0)));
    // The writer goes on with a new transaction.
    writer.write(None, &batch(&table, 0..2, "a")).unwrap();
    connection.commit(&writer.prepare().unwrap()).unwrap();
    assert_eq!(log(&table, &connection), (1, 2));
    connection.close().unwrap();
}

#[test]
fn a_write_that_fails_half_way_is_repeated_or_the_transaction_is_aborted() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create_not_null_buckets(&connection, "t", 4);
    let writer = table.transactional_writer().unwrap();
    let with_null = |bad: i64| {
        let values = StringArray::from_iter((0..40).map(|id| (id != bad).then(|| format!("v{id}"))));
        let ids = Int64Array::from_iter_values(0..40);
        RecordBatch::try_new(table.write_schema(), vec![Arc::new(ids), Arc::new(values)]).unwrap()
    };
    // The row with a NULL is in a bucket of which others come before it.
    let bad = (0..40).find(|bad| {
        writer.abort().unwrap();
        assert!(writer.write(None, &with_null(*bad)).unwrap_err().message().contains("'v'"));
        files(dir.path()) > 0
    });
    assert!(writer.write(None, &with_null(bad.unwrap())).unwrap_err().message().contains("'v'"));
    for e in [writer.prepare().unwrap_err(), writer.write(None, &batch(&table, 0..40, "v")).unwrap_err()] {
        assert!(e.message().contains("repeat it, or abort"), "{e}");
    }
    writer.abort().unwrap();
    assert_eq!(files(dir.path()), 0);
    writer.write(None, &batch(&table, 0..40, "v")).unwrap();
    connection.commit(&writer.prepare().unwrap()).unwrap();
    assert_eq!(log(&table, &connection).1, 40);
    connection.close().unwrap();
}

/// Several threads commit the same transactions while others write.
#[test]
fn commits_at_the_same_time_append_once() {
    const TRANSACTIONS: i64 = 6;
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 3, &[]);
    let writer = table.transactional_writer().unwrap();
    let prepared: Vec<Committable> = (0..TRANSACTIONS)
        .map(|t| {
            (0..3).for_each(|i| writer.write(None, &batch(&table, 300 * t + 100 * i..300 * t + 100 * (i + 1), "a")).unwrap());
            writer.prepare().unwrap()
        })
        .collect();
    std::thread::scope(|scope| {
        for first in 0..3 {
            let (prepared, connection) = (&prepared, &connection);
            scope.spawn(move || {
                for i in 0..prepared.len() {
                    connection.commit(&prepared[(first * 2 + i) % prepared.len()]).unwrap();
                }
            });
        }
        scope.spawn(|| {
            let plain = table.writer().unwrap();
            for i in 0..20 {
                plain.write(None, &batch(&table, 10_000 + 50 * i..10_000 + 50 * (i + 1), "p")).unwrap();
                plain.flush().unwrap();
            }
        });
    });
    let (n, m) = (300 * TRANSACTIONS, 1000);
    assert_eq!(log(&table, &connection), (n * (n - 1) / 2 + 10_000 * m + m * (m - 1) / 2, (n + m) as usize));
    assert_eq!(files(dir.path()), 0);
    connection.close().unwrap();
}
