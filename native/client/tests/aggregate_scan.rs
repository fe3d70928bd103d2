//! Scans that give aggregates, and scans and lookups that a filter of the key narrows.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::sync::Arc;
use std::time::Duration;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use common::*;
use fluss_client::{Connection, SnapshotScanner, Table, Writer};
use fluss_format::{AggregateFunction as F, Comparison, Predicate};
use fluss_proto as proto;

const COUNT_MIN_MAX_SUM: [(F, Option<usize>); 4] = [(F::Count, None), (F::Min, Some(0)), (F::Max, Some(0)), (F::Sum, Some(0))];

fn put(writer: &Writer, table: &Table, ids: impl Iterator<Item = i64>) {
    let ids: Vec<i64> = ids.collect();
    let values = StringArray::from_iter_values(ids.iter().map(|id| format!("v{}", id % 10)));
    let rows = RecordBatch::try_new(table.write_schema(), vec![Arc::new(Int64Array::from(ids)), Arc::new(values)]).unwrap();
    writer.write(None, &rows).unwrap();
    writer.flush().unwrap();
}

fn is_v(value: &str) -> Predicate {
    Predicate::Compare(vec![1], Comparison::Equal, Arc::new(StringArray::from(vec![value])))
}

fn is_id(id: Option<i64>) -> Predicate {
    Predicate::Compare(vec![0], Comparison::Equal, Arc::new(Int64Array::from(vec![id])))
}

/// All rows, and how many batches came.
fn all(scanner: &SnapshotScanner) -> (Vec<Vec<i64>>, usize) {
    let (mut rows, mut batches) = (Vec::new(), 0);
    while let Some(b) = scanner.poll().unwrap() {
        batches += 1;
        rows.extend((0..b.rows).map(|row| (0..b.columns.len()).map(|c| long(&b, c, row)).collect()));
    }
    (rows, batches)
}

fn buckets(connection: &Connection, name: &str, ids: &[i64]) -> Option<Vec<u32>> {
    let literal = |id: &i64| proto::Literal { value: Some(proto::literal::Value::Integer(*id)) };
    let column = Some(proto::ColumnPath { steps: vec![0] });
    let of = proto::predicate::In { column, literals: ids.iter().map(literal).collect() };
    let filter = Some(proto::Predicate { predicate: Some(proto::predicate::Predicate::In(of)) });
    let path = Some(proto::TablePath { database: "db".into(), table: name.into() });
    let request = proto::admin_request::Request::MatchingBuckets(proto::MatchingBuckets { path, filter });
    connection.admin(proto::AdminRequest { request: Some(request) }).unwrap().buckets.map(|found| found.buckets)
}

#[test]
fn a_scan_of_a_primary_key_table_gives_one_row_a_bucket() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 2, &[]);
    put(&table.writer().unwrap(), &table, 0..30_000);
    let snapshot = create_snapshot(&connection, "t");
    let scan = |bucket| table.snapshot_scanner(bucket, &snapshot.snapshot_id, [0usize], &[]).unwrap();
    let mut whole = [0, 0];
    for bucket in [0, 1] {
        let scanner = scan(bucket).aggregated(COUNT_MIN_MAX_SUM).unwrap();
        assert_eq!(scanner.nodes(), 4);
        let (rows, batches) = all(&scanner);
        let ids: Vec<i64> = all(&scan(bucket)).0.concat();
        let [min, max] = [ids.iter().min(), ids.iter().max()].map(|id| *id.unwrap());
        assert_eq!(rows, [vec![ids.len() as i64, min, max, ids.iter().sum()]]);
        assert!(batches > 2 && scanner.poll().unwrap().is_none(), "{batches}: the caller can stop in between");
        whole[0] += rows[0][0];
        whole[1] += rows[0][3];
    }
    assert_eq!(whole, [30_000, 29_999 * 15_000]);
    let filtered = |p| all(&scan(0).filtered(p).unwrap().aggregated(COUNT_MIN_MAX_SUM).unwrap()).0;
    let of_seven: Vec<i64> = all(&scan(0).filtered(is_v("v7")).unwrap()).0.concat();
    assert_eq!(filtered(is_v("v7"))[0][..2], [of_seven.len() as i64, of_seven[0]]);
    assert!(filtered(is_v("w")).is_empty(), "of no rows there is none");
    connection.close().unwrap();
}

#[test]
fn a_scan_of_a_log_table_gives_one_row_a_bucket_at_its_stop() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", false, 3, &[]);
    let writer = table.writer().unwrap();
    for from in [0, 1000, 2000] {
        put(&writer, &table, from..from + 1000);
    }
    let read = |filter: Option<Predicate>, first: i64| {
        let scanner = table.log_scanner([0usize]).unwrap().aggregated(COUNT_MIN_MAX_SUM).unwrap();
        let scanner = filter.into_iter().fold(scanner, |s, p| s.filtered(p).unwrap());
        let stops = offsets(&connection, "t");
        (0u32..).zip(&stops).for_each(|(bucket, stop)| scanner.subscribe(bucket, first, *stop).unwrap());
        let mut rows = Vec::new();
        while let Some(b) = scanner.poll(Duration::from_secs(60)).unwrap() {
            assert_eq!((b.rows, b.base_offset), (1, stops[b.bucket as usize] - 1));
            rows.push((0..4).map(|c| long(&b, c, 0)).collect::<Vec<_>>());
        }
        rows
    };
    let whole = read(None, 0);
    assert_eq!(whole.len(), 3);
    let total = |column: usize| whole.iter().map(move |r| r[column]);
    assert_eq!((total(0).sum::<i64>(), total(1).min(), total(2).max()), (3000, Some(0), Some(2999)));
    assert_eq!(total(3).sum::<i64>(), 2999 * 1500);
    let tail = read(None, 900);
    assert_eq!(tail.iter().map(|r| r[0]).sum::<i64>(), 3000 - 3 * 900, "it begins inside a batch");
    assert_eq!(read(Some(is_v("v3")), 0).iter().map(|r| r[0]).sum::<i64>(), 300);
    assert!(read(Some(is_v("w")), 0).is_empty());

    let scanner = table.log_scanner([0usize]).unwrap().aggregated(COUNT_MIN_MAX_SUM).unwrap();
    assert!(scanner.subscribe(0, 0, i64::MAX).unwrap_err().to_string().contains("never stops"));
    let keyed = create(&connection, "keyed", true, 1, &[]);
    let refused = keyed.log_scanner([0usize]).unwrap().aggregated(COUNT_MIN_MAX_SUM).unwrap_err();
    assert!(refused.to_string().contains("db.keyed has a primary key"));
    connection.close().unwrap();
}

#[test]
fn a_scan_by_the_key_reads_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 1, &[]);
    put(&table.writer().unwrap(), &table, 0..600_000);
    let scan = |p| all(&table.batch_scanner(0, [0usize], None).unwrap().filtered(p).unwrap());
    // What is read in vain comes as batches without rows: there is none here, and there are some without the key.
    assert_eq!(scan(is_id(Some(599_999))), (vec![vec![599_999]], 1));
    assert_eq!(scan(Predicate::And(vec![is_v("v9"), is_id(Some(9))])), (vec![vec![9]], 1));
    assert_eq!(scan(Predicate::And(vec![is_v("v8"), is_id(Some(9))])).0, Vec::<Vec<i64>>::new());
    let either = Predicate::Or(vec![is_id(Some(400_000)), is_id(Some(3)), is_id(Some(-1)), is_id(Some(3))]);
    assert_eq!(scan(either), (vec![vec![3], vec![400_000]], 2));
    assert_eq!(scan(is_id(None)), (vec![], 0));
    assert!(scan(is_v("w")).1 > 0);
    connection.close().unwrap();
}

#[test]
fn a_lookup_finds_only_rows_that_match() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 3, &[]);
    put(&table.writer().unwrap(), &table, 0..50);
    let keys = vec![Arc::new(Int64Array::from(vec![13, 99, 14, 3])) as _];
    let keys = RecordBatch::try_new(table.key_schema(), keys).unwrap();
    let lookuper = table.lookuper([0usize]).unwrap().filtered(is_v("v3")).unwrap();
    let found = lookuper.lookup(&keys).unwrap();
    let at = found.row_bytes.unwrap();
    assert_eq!(found.bytes[at..at + 4], [1, 0, 0, 1]);
    assert_eq!([long(&found, 0, 0), long(&found, 0, 3)], [13, 3]);
    // A row is made for the key that has none, and does not match; the others are there.
    let found = lookuper.inserting().unwrap().lookup(&keys).unwrap();
    let at = found.row_bytes.unwrap();
    assert_eq!(found.bytes[at..at + 4], [1, 0, 0, 1]);
    let found = table.lookuper([0usize]).unwrap().lookup(&keys).unwrap();
    let at = found.row_bytes.unwrap();
    assert_eq!(found.bytes[at..at + 4], [1, 1, 1, 1]);
    connection.close().unwrap();
}

#[test]
fn a_filter_of_the_bucket_key_says_which_buckets() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 5, &[]);
    create(&connection, "round", false, 5, &[]);
    put(&table.writer().unwrap(), &table, 0..100);
    let bucket_of = |id: i64| {
        let has = |bucket: &u32| {
            let scanner = table.batch_scanner(*bucket, [0usize], None).unwrap();
            all(&scanner.filtered(is_id(Some(id))).unwrap()).0.len() == 1
        };
        (0..5).find(has).unwrap()
    };
    for id in [0, 17, 99] {
        assert_eq!(buckets(&connection, "t", &[id]), Some(vec![bucket_of(id)]));
    }
    assert_eq!(buckets(&connection, "t", &[]), Some(vec![]));
    assert_eq!(buckets(&connection, "t", &(0..100).collect::<Vec<_>>()), Some(vec![0, 1, 2, 3, 4]));
    assert_eq!(buckets(&connection, "round", &[1]), None, "rows go round the buckets");
    connection.close().unwrap();
}
