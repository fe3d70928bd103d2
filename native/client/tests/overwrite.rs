//! INSERT OVERWRITE and TRUNCATE through the API, over RocksDB.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use common::*;
use fluss_client::{Committable, Connection, Table};
use fluss_proto::admin_request::Request;
use fluss_proto::{self as proto, AdminRequest, AdminResponse, data_type::Kind};
use fluss_types::{ErrorCode, Result, TablePath};

fn admin(connection: &Connection, request: Request) -> Result<AdminResponse> {
    connection.admin(AdminRequest { request: Some(request) })
}

fn path() -> Option<proto::TablePath> {
    Some(proto::TablePath { database: "db".into(), table: "p".into() })
}

/// `id BIGINT, p STRING`, partitioned by `p`, two buckets a partition.
fn partitioned(connection: &Arc<Connection>, key: bool) -> Arc<Table> {
    let database = Some(proto::DatabaseInfo { name: "db".into(), ..Default::default() });
    admin(connection, Request::CreateDatabase(proto::CreateDatabase { database, if_not_exists: true })).unwrap();
    let column = |name: &str, kind: Kind| proto::Column {
        name: name.into(),
        r#type: Some(proto::DataType { kind: kind.into(), not_null: true, length: i32::MAX as u32, ..Default::default() }),
        ..Default::default()
    };
    let descriptor = Some(proto::TableDescriptor {
        columns: vec![column("id", Kind::Bigint), column("p", Kind::Varchar)],
        primary_key: if key { vec!["id".into(), "p".into()] } else { vec![] },
        partition_keys: vec!["p".into()],
        bucket_count: 2,
        ..Default::default()
    });
    admin(connection, Request::CreateTable(proto::CreateTable { path: path(), descriptor, if_not_exists: false })).unwrap();
    connection.table(&TablePath::new("db", "p")).unwrap()
}

fn rows(table: &Table, rows: &[(i64, &str)]) -> RecordBatch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.0))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.1))),
    ];
    RecordBatch::try_new(table.write_schema(), columns).unwrap()
}

/// The ids of each partition, as a batch read finds them.
fn content(connection: &Arc<Connection>, table: &Arc<Table>, key: bool) -> BTreeMap<String, Vec<i64>> {
    let partitions = proto::ListPartitions { path: path(), values: Default::default() };
    let partitions = admin(connection, Request::ListPartitions(partitions)).unwrap().partitions;
    let mut found = BTreeMap::new();
    for partition in partitions {
        let mut ids = Vec::new();
        let mut take = |batch: &fluss_client::ReadBatch| {
            ids.extend((batch.first_row..batch.end_row).map(|row| long(batch, 0, row)));
        };
        if key {
            for bucket in 0..2 {
                let scanner = table.batch_scanner((partition.partition_id, bucket), [0usize], None).unwrap();
                while let Some(batch) = scanner.poll().unwrap() {
                    take(&batch);
                }
            }
        } else {
            let offsets = |spec: proto::list_offsets::Spec| {
                let partition_id = partition.partition_id;
                let request = proto::ListOffsets { path: path(), spec: spec.into(), timestamp_ms: 0, partition_id };
                admin(connection, Request::ListOffsets(request)).unwrap().offsets
            };
            let (starts, ends) = (offsets(proto::list_offsets::Spec::Earliest), offsets(proto::list_offsets::Spec::Latest));
            for (start, end) in starts.iter().zip(&ends).filter(|(start, end)| start.offset < end.offset) {
                let scanner = table.log_scanner([0usize]).unwrap();
                scanner.subscribe((partition.partition_id, start.bucket), start.offset, end.offset).unwrap();
                let mut at = start.offset;
                while at < end.offset {
                    let batch = scanner.poll(Duration::from_secs(60)).unwrap().unwrap();
                    at = batch.base_offset + batch.end_row as i64;
                    take(&batch);
                }
            }
        }
        ids.sort_unstable();
        found.insert(partition.values[0].clone(), ids);
    }
    found
}

fn expected(partitions: &[(&str, &[i64])]) -> BTreeMap<String, Vec<i64>> {
    partitions.iter().map(|(name, ids)| ((*name).into(), ids.to_vec())).collect()
}

fn overwrite(connection: &Connection, prepared: &[Committable], partition: &[(&str, &str)]) -> Result<AdminResponse> {
    let request = proto::CommitOverwrite {
        committables: prepared.iter().map(Committable::encode).collect(),
        partition: options(partition).into_iter().collect(),
    };
    admin(connection, Request::CommitOverwrite(request))
}

#[test]
fn the_partitions_that_get_rows_are_replaced_and_the_one_that_is_named() {
    for key in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let connection = connect(dir.path());
        let table = partitioned(&connection, key);
        let writer = table.writer().unwrap();
        writer.write(None, &rows(&table, &[(1, "a"), (2, "a"), (3, "a"), (1, "b"), (2, "b"), (1, "c")])).unwrap();
        writer.flush().unwrap();

        // Two writers, one of which got no rows; the other has rows of a new partition.
        let writers = [(); 2].map(|()| table.writer().unwrap().overwriting());
        writers[1].write(None, &rows(&table, &[(3, "a"), (7, "a"), (5, "d")])).unwrap();
        let prepared = writers.map(|writer| writer.prepare().unwrap());
        assert!(prepared[0].buckets.is_empty() && prepared[0].transaction >= 0);
        let before = expected(&[("a", &[1, 2, 3]), ("b", &[1, 2]), ("c", &[1]), ("d", &[])]);
        assert_eq!(content(&connection, &table, key), before);
        overwrite(&connection, &prepared, &[]).unwrap();
        let after = expected(&[("a", &[3, 7]), ("b", &[1, 2]), ("c", &[1]), ("d", &[5])]);
        assert_eq!(content(&connection, &table, key), after);

        // Named ones are emptied, and made.
        for name in ["b", "e"] {
            let nothing = [table.writer().unwrap().overwriting().prepare().unwrap()];
            overwrite(&connection, &nothing, &[("p", name)]).unwrap();
            writer.write(None, &rows(&table, &[(9, name)])).unwrap();
            writer.flush().unwrap();
            // Once.
            overwrite(&connection, &nothing, &[("p", name)]).unwrap();
        }
        let after = expected(&[("a", &[3, 7]), ("b", &[9]), ("c", &[1]), ("d", &[5]), ("e", &[9])]);
        assert_eq!(content(&connection, &table, key), after);

        connection.truncate(&TablePath::new("db", "p")).unwrap();
        let empty = expected(&[("a", &[]), ("b", &[]), ("c", &[]), ("d", &[]), ("e", &[])]);
        assert_eq!(content(&connection, &table, key), empty);
        admin(&connection, Request::TruncateTable(proto::TruncateTable { path: path() })).unwrap();
        connection.close().unwrap();
        let connection = connect(dir.path());
        let table = connection.table(&TablePath::new("db", "p")).unwrap();
        assert_eq!(content(&connection, &table, key), empty);
        connection.close().unwrap();
    }
}

#[test]
fn what_is_no_overwrite_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = partitioned(&connection, true);
    let refused = |prepared: &[Committable], partition: &[(&str, &str)], message: &str| {
        let e = overwrite(&connection, prepared, partition).unwrap_err();
        assert!(e.message().contains(message), "{e}");
    };
    refused(&[], &[], "overwriting writers");
    let writer = table.transactional_writer().unwrap();
    refused(&[writer.prepare().unwrap()], &[], "overwriting writers");
    writer.write(None, &rows(&table, &[(1, "a")])).unwrap();
    let transaction = writer.prepare().unwrap();
    refused(std::slice::from_ref(&transaction), &[], "is no part of an overwrite");
    let writer = table.writer().unwrap().overwriting();
    writer.write(None, &rows(&table, &[(1, "a")])).unwrap();
    let part = writer.prepare().unwrap();
    refused(std::slice::from_ref(&part), &[("q", "x")], "partition keys (p)");
    let e = connection.commit(&part).unwrap_err();
    assert!(e.message().contains("a part of an overwrite"), "{e}");
    let listed = admin(&connection, Request::ListTransactions(proto::ListTransactions { path: path() })).unwrap().transactions;
    let listed: Vec<_> = listed.iter().map(|t| (t.transaction_id, t.overwrites)).collect();
    assert_eq!(listed, [(transaction.transaction, false), (part.transaction, true)]);
    connection.abort(&part).unwrap();
    let e = connection.commit_overwrite(&[part], &BTreeMap::new()).unwrap_err();
    assert_eq!(e.code(), ErrorCode::TransactionNotFound, "{e}");
    connection.close().unwrap();
}

/// More keys than are kept in mind at a time, so that parts of them replace the old rows one after the other.
#[test]
fn more_rows_than_keys_are_kept_in_mind_replace_the_old_ones() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 1, &[]);
    let batch = |ids: std::ops::Range<i64>, value: &str| {
        let values = StringArray::from_iter_values(ids.clone().map(|_| value));
        RecordBatch::try_new(table.write_schema(), vec![Arc::new(Int64Array::from_iter_values(ids)), Arc::new(values)]).unwrap()
    };
    let writer = table.writer().unwrap();
    writer.write(None, &batch(-1000..1000, "old")).unwrap();
    writer.flush().unwrap();
    let rows = (1 << 20) + 100_000;
    let writer = table.writer().unwrap().overwriting();
    for first in (0..rows).step_by(50_000) {
        writer.write(None, &batch(first..rows.min(first + 50_000), "new")).unwrap();
    }
    connection.commit_overwrite(&[writer.prepare().unwrap()], &BTreeMap::new()).unwrap();
    let new = Some("new".to_string());
    assert_eq!(
        lookup(&table, &[-1000, -1, 0, 999, 1000, rows - 1, rows]),
        [None, None, new.clone(), new.clone(), new.clone(), new, None]
    );
    let stats =
        proto::GetTableStats { path: Some(proto::TablePath { database: "db".into(), table: "t".into() }), partition_id: 0 };
    let stats = admin(&connection, Request::GetTableStats(stats)).unwrap().table_stats.unwrap();
    assert_eq!(stats.row_count, rows as u64);
    connection.close().unwrap();
}
