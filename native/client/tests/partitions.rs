//! Tables with partitions, through the client: routing, dynamic creation, drops, limits, restarts.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use common::{connect, long, options, text};
use fluss_client::{Connection, Table};
use fluss_proto::admin_request::Request;
use fluss_proto::{self as proto, AdminRequest, data_type::Kind};
use fluss_types::{ErrorCode, Result, TablePath};

fn admin(connection: &Connection, request: Request) -> Result<proto::AdminResponse> {
    connection.admin(AdminRequest { request: Some(request) })
}

fn path() -> Option<proto::TablePath> {
    Some(proto::TablePath { database: "db".into(), table: "t".into() })
}

/// A table of `id BIGINT, region STRING, day STRING, v STRING`.
fn descriptor(keyed: bool, partition_keys: &[&str], buckets: u32, table_options: &[(&str, &str)]) -> proto::TableDescriptor {
    let column = |name: &str, kind: Kind| proto::Column {
        name: name.into(),
        r#type: Some(proto::DataType { kind: kind.into(), length: i32::MAX as u32, ..Default::default() }),
        ..Default::default()
    };
    let names = |names: &[&str]| names.iter().map(|n| (*n).to_string()).collect();
    proto::TableDescriptor {
        columns: vec![
            column("id", Kind::Bigint),
            column("region", Kind::Varchar),
            column("day", Kind::Varchar),
            column("v", Kind::Varchar),
        ],
        primary_key: if keyed { names(&["region", "id", "day"]) } else { vec![] },
        bucket_count: buckets,
        partition_keys: names(partition_keys),
        options: options(table_options).into_iter().collect(),
        ..Default::default()
    }
}

fn create_table(connection: &Arc<Connection>, descriptor: proto::TableDescriptor) -> Result<Arc<Table>> {
    let database = Some(proto::DatabaseInfo { name: "db".into(), ..Default::default() });
    admin(connection, Request::CreateDatabase(proto::CreateDatabase { database, if_not_exists: true }))?;
    admin(
        connection,
        Request::CreateTable(proto::CreateTable { path: path(), descriptor: Some(descriptor), if_not_exists: true }),
    )?;
    connection.table(&TablePath::new("db", "t"))
}

fn create(connection: &Connection, pairs: &[(&str, &str)], if_not_exists: bool) -> Result<proto::PartitionInfo> {
    let request = proto::CreatePartition { path: path(), values: options(pairs), if_not_exists };
    Ok(admin(connection, Request::CreatePartition(request))?.partitions.remove(0))
}

fn drop_partition(connection: &Connection, pairs: &[(&str, &str)]) -> Result<proto::AdminResponse> {
    admin(connection, Request::DropPartition(proto::DropPartition { path: path(), values: options(pairs), if_exists: false }))
}

/// Number and values of the partitions.
fn list(connection: &Connection, pairs: &[(&str, &str)]) -> Vec<(u32, String)> {
    let response =
        admin(connection, Request::ListPartitions(proto::ListPartitions { path: path(), values: options(pairs) })).unwrap();
    response.partitions.iter().map(|p| (p.partition_id, p.values.join("/"))).collect()
}

/// id, region, day, v.
type Row<'a> = (i64, Option<&'a str>, &'a str, &'a str);

fn batch(table: &Table, rows: &[Row<'_>]) -> RecordBatch {
    let columns: Vec<arrow_array::ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.0))),
        Arc::new(StringArray::from_iter(rows.iter().map(|r| r.1))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.2))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.3))),
    ];
    let schema = table.write_schema();
    let fields: Vec<_> = schema.fields().iter().map(|f| f.as_ref().clone().with_nullable(true)).collect();
    RecordBatch::try_new(Arc::new(arrow_schema::Schema::new(fields)), columns).unwrap()
}

fn write(table: &Arc<Table>, rows: &[(i64, &str, &str, &str)]) -> Result<()> {
    let rows: Vec<_> = rows.iter().map(|r| (r.0, Some(r.1), r.2, r.3)).collect();
    let writer = table.writer()?;
    writer.write(None, &batch(table, &rows))?;
    writer.flush()
}

fn lookup(table: &Arc<Table>, keys: &[(&str, i64, &str)]) -> Vec<Option<String>> {
    let columns: Vec<arrow_array::ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(keys.iter().map(|k| k.0))),
        Arc::new(Int64Array::from_iter_values(keys.iter().map(|k| k.1))),
        Arc::new(StringArray::from_iter_values(keys.iter().map(|k| k.2))),
    ];
    let keys = RecordBatch::try_new(table.key_schema(), columns).unwrap();
    let found = table.lookuper(vec![3]).unwrap().lookup(&keys).unwrap();
    let at = found.row_bytes.unwrap();
    (0..found.rows).map(|r| (found.bytes[at + r] == 1).then(|| text(&found, 0, r))).collect()
}

/// What the log has: id and v of the rows of each partition.
fn read(connection: &Connection, table: &Arc<Table>) -> BTreeMap<u32, Vec<String>> {
    let scanner = table.log_scanner(vec![0, 3]).unwrap();
    let request = proto::ListOffsets { path: path(), spec: proto::list_offsets::Spec::Latest.into(), ..Default::default() };
    for o in admin(connection, Request::ListOffsets(request)).unwrap().offsets {
        scanner.subscribe((o.partition_id, o.bucket), 0, o.offset).unwrap();
    }
    let mut out: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    while let Some(b) = scanner.poll(Duration::ZERO).unwrap() {
        let rows = out.entry(b.partition()).or_default();
        (b.first_row..b.end_row).for_each(|r| rows.push(format!("{} {}", long(&b, 0, r), text(&b, 1, r))));
    }
    out.values_mut().for_each(|rows| rows.sort());
    out
}

fn folders(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir.join("tables/0")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|n| n.starts_with('p') && n != "partitions");
    names.sort();
    names
}

#[test]
fn rows_go_to_their_partitions_which_are_made_by_the_first_row() {
    for (keyed, buckets) in [(true, 1), (true, 3), (false, 2)] {
        let dir = tempfile::tempdir().unwrap();
        let connection = connect(dir.path());
        let table = create_table(&connection, descriptor(keyed, &["region", "day"], buckets, &[])).unwrap();
        assert_eq!(list(&connection, &[]), []);
        write(&table, &[(1, "eu", "1", "a"), (2, "us", "1", "b"), (3, "eu", "1", "c"), (1, "eu", "2", "d")]).unwrap();
        write(&table, &[(4, "us", "1", "e")]).unwrap();
        let all = [(1, "eu/1".to_string()), (3, "eu/2".into()), (2, "us/1".into())];
        let rows = BTreeMap::from([
            (1, vec!["1 a".to_string(), "3 c".into()]),
            (2, vec!["2 b".into(), "4 e".into()]),
            (3, vec!["1 d".into()]),
        ]);
        assert_eq!(list(&connection, &[]), all);
        assert_eq!(read(&connection, &table), rows);
        drop(table);
        connection.close().unwrap();

        let connection = connect(dir.path());
        let table = connection.table(&TablePath::new("db", "t")).unwrap();
        assert_eq!(list(&connection, &[]), all);
        assert_eq!(list(&connection, &[("region", "eu")]), all[..2]);
        assert_eq!(list(&connection, &[("day", "1")]), [all[0].clone(), all[2].clone()]);
        assert_eq!(read(&connection, &table), rows);
        if keyed {
            let keys = [("eu", 1, "1"), ("eu", 1, "2"), ("us", 1, "1"), ("us", 4, "1"), ("asia", 1, "1"), ("eu", 3, "1")];
            let found = lookup(&table, &keys);
            assert_eq!(found, [Some("a"), Some("d"), None, Some("e"), None, Some("c")].map(|v| v.map(str::to_string)));
            assert_eq!(lookup(&table, &[("asia", 1, "1")]), [None]);
            // A lookup makes no partition.
            assert_eq!(list(&connection, &[]).len(), 3);
        }
        connection.close().unwrap();
    }
}

#[test]
fn a_dropped_partition_is_gone_for_its_readers_and_comes_back_empty() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create_table(&connection, descriptor(true, &["region"], 2, &[])).unwrap();
    let writer = table.writer().unwrap();
    writer.write(None, &batch(&table, &[(1, Some("eu"), "1", "a"), (2, Some("us"), "1", "b")])).unwrap();
    writer.flush().unwrap();
    let scanner = table.log_scanner(vec![0, 3]).unwrap();
    for bucket in [(1, 0), (1, 1), (2, 0), (2, 1)] {
        scanner.subscribe(bucket, 0, i64::MAX).unwrap();
    }
    writer.write(None, &batch(&table, &[(3, Some("eu"), "1", "a"), (4, Some("us"), "1", "b")])).unwrap();
    let snapshot = proto::CreateSnapshot { path: path(), partition_ids: vec![1], lease_ms: 60_000, buckets: vec![0] };
    let snapshot_id = admin(&connection, Request::CreateSnapshot(snapshot)).unwrap().snapshot.unwrap().snapshot_id;
    drop_partition(&connection, &[("region", "eu")]).unwrap();
    // Who was reading it has nothing to do but to let go.
    let release = proto::ReleaseSnapshot { path: path(), partition_id: 1, snapshot_id, ..Default::default() };
    admin(&connection, Request::ReleaseSnapshot(release)).unwrap();
    assert_eq!(list(&connection, &[]), [(2, "us".into())]);
    assert_eq!(folders(dir.path()), ["p2"]);
    // What was written to it went with it.
    writer.flush().unwrap();
    let e = std::iter::from_fn(|| scanner.poll(Duration::ZERO).transpose()).find_map(Result::err).unwrap();
    assert_eq!(
        (e.code(), e.message().contains("partition 'eu' of table db.t was dropped")),
        (ErrorCode::PartitionNotFound, true),
        "{e}"
    );
    scanner.unsubscribe((1, 0));
    scanner.unsubscribe((1, 1));
    while scanner.poll(Duration::ZERO).unwrap().is_some() {}
    assert_eq!(lookup(&table, &[("eu", 1, "1"), ("us", 2, "1")]), [None, Some("b".into())]);
    assert_eq!(scanner.subscribe((1, 0), 0, 1).unwrap_err().code(), ErrorCode::PartitionNotFound);
    // The next row of it makes it again, under a new number, for the same writer too.
    writer.write(None, &batch(&table, &[(5, Some("eu"), "1", "new"), (5, Some("us"), "1", "b")])).unwrap();
    writer.flush().unwrap();
    assert_eq!(list(&connection, &[]), [(3, "eu".into()), (2, "us".into())]);
    assert_eq!(lookup(&table, &[("eu", 1, "1"), ("eu", 5, "1")]), [None, Some("new".into())]);
    assert_eq!(read(&connection, &table)[&3], ["5 new"]);
    connection.close().unwrap();
}

#[test]
fn one_snapshot_pins_the_buckets_of_all_partitions() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create_table(&connection, descriptor(true, &["region"], 2, &[])).unwrap();
    let writer = table.writer().unwrap();
    let rows: Vec<_> = (0..20).map(|id| (id, Some(if id < 15 { "eu" } else { "us" }), "1", "a")).collect();
    writer.write(None, &batch(&table, &rows)).unwrap();
    writer.flush().unwrap();
    let create = |partition_ids: &[u32], buckets: &[u32]| {
        let (partition_ids, buckets) = (partition_ids.to_vec(), buckets.to_vec());
        let request = proto::CreateSnapshot { path: path(), lease_ms: 60_000, partition_ids, buckets };
        let made = admin(&connection, Request::CreateSnapshot(request))?.snapshot.unwrap();
        let places: Vec<_> = made.offsets.iter().map(|o| (o.partition_id, o.bucket)).collect();
        Ok::<_, fluss_types::Error>((made.snapshot_id, places, made.offsets.iter().map(|o| o.offset).sum::<i64>()))
    };
    let snapshots = || std::fs::read_dir(dir.path().join("tables/0/snapshots")).unwrap().count();
    let (id, places, rows) = create(&[], &[]).unwrap();
    assert_eq!((&places[..], rows, snapshots()), (&[(1, 0), (1, 1), (2, 0), (2, 1)][..], 20, 1));
    // Each holds it for itself.
    for (held, (partition_id, bucket)) in (0..4).rev().zip(places) {
        let mut read = 0;
        let scanner = table.snapshot_scanner((partition_id, bucket), &id, vec![0], &[]).unwrap();
        while let Some(batch) = scanner.poll().unwrap() {
            read += batch.rows;
        }
        assert!(read > 0);
        let release = proto::ReleaseSnapshot { path: path(), partition_id, bucket, snapshot_id: id.clone() };
        admin(&connection, Request::ReleaseSnapshot(release)).unwrap();
        assert_eq!(snapshots(), usize::from(held > 0));
    }
    assert_eq!(create(&[2], &[1]).unwrap().1, [(2, 1)]);
    assert_eq!(create(&[3], &[]).unwrap_err().code(), ErrorCode::PartitionNotFound);
    assert_eq!(create(&[], &[2]).unwrap_err().code(), ErrorCode::BucketNotFound);
    connection.close().unwrap();
}

#[test]
fn a_scan_does_not_take_the_end_of_its_partition_for_the_end_of_the_rows() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create_table(&connection, descriptor(true, &["region"], 1, &[])).unwrap();
    let rows: Vec<_> = (0..10_000).map(|id| (id, "eu", "1", "a")).collect();
    write(&table, &rows).unwrap();
    let scanner = table.batch_scanner((1, 0), vec![0], None).unwrap();
    assert!(scanner.poll().unwrap().is_some_and(|batch| batch.rows < 10_000));
    drop_partition(&connection, &[("region", "eu")]).unwrap();
    let e = scanner.poll().unwrap_err();
    assert!(e.code() == ErrorCode::PartitionNotFound && e.message().contains("partition 'eu'"), "{e}");
    connection.close().unwrap();
}

#[test]
fn what_cannot_be_a_partition_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create_table(&connection, descriptor(true, &["region", "day"], 2, &[])).unwrap();
    let write_bad =
        |region: Option<&str>| table.writer().unwrap().write(None, &batch(&table, &[(1, region, "1", "a")])).unwrap_err();
    let e = write_bad(None);
    assert!(e.message().contains("Partition value shouldn't be null."), "{e}");
    for bad in ["a$b", "", "__x", "ä"] {
        let e = write_bad(Some(bad));
        assert!(e.code() == ErrorCode::InvalidPartition && e.message().contains(&format!("'{bad}' is invalid")), "{e}");
    }
    let code = |r: Result<proto::PartitionInfo>| r.unwrap_err().code();
    assert_eq!(code(create(&connection, &[("region", "eu")], false)), ErrorCode::InvalidPartition);
    assert_eq!(code(create(&connection, &[("region", "eu"), ("v", "1")], false)), ErrorCode::InvalidPartition);
    assert_eq!(code(create(&connection, &[("region", "e u"), ("day", "1")], false)), ErrorCode::InvalidPartition);
    let eu = [("region", "eu"), ("day", "1")];
    assert_eq!(create(&connection, &eu, false).unwrap().partition_id, 1);
    assert_eq!(code(create(&connection, &eu, false)), ErrorCode::PartitionExists);
    assert_eq!(create(&connection, &eu, true).unwrap().partition_id, 1);
    drop_partition(&connection, &eu).unwrap();
    assert_eq!(drop_partition(&connection, &eu).unwrap_err().code(), ErrorCode::PartitionNotFound);
    let writer = table.writer().unwrap().creating_partitions(false);
    let e = writer.write(None, &batch(&table, &[(1, Some("eu"), "1", "a")])).unwrap_err();
    assert_eq!(e.code(), ErrorCode::PartitionNotFound);
    create(&connection, &eu, false).unwrap();
    writer.write(None, &batch(&table, &[(1, Some("eu"), "1", "a")])).unwrap();
    writer.flush().unwrap();
    drop((writer, table));
    connection.close().unwrap();
}

#[test]
fn declarations_that_make_no_sense_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let refused = |d: proto::TableDescriptor, what: &str| {
        let e = create_table(&connection, d).unwrap_err();
        assert!(e.message().contains(what), "{e}");
    };
    refused(descriptor(true, &["v"], 1, &[]), "the primary key must contain all partition keys");
    refused(descriptor(true, &["region", "id", "day"], 1, &[]), "should not be same with partition fields");
    refused(descriptor(false, &["x"], 1, &[]), "'x' is not a column");
    let with_bucket_key =
        |keyed| proto::TableDescriptor { bucket_key: vec!["region".into()], ..descriptor(keyed, &["region"], 1, &[]) };
    refused(with_bucket_key(true), "is part of the bucket key");
    refused(with_bucket_key(false), "is part of the bucket key");
    let table = create_table(&connection, descriptor(true, &["day", "region"], 1, &[])).unwrap();
    assert_eq!(
        table.schema().to_string(),
        "(id BIGINT NOT NULL, region STRING NOT NULL, day STRING NOT NULL, v STRING, PRIMARY KEY (region, id, day)) PARTITIONED BY (day, region)"
    );
    assert_eq!(table.schema().bucket_key(), [0]);
    drop(table);
    connection.close().unwrap();
}

#[test]
fn there_are_only_so_many_partitions_and_buckets() {
    let dir = tempfile::tempdir().unwrap();
    let limits = [("data.dir", dir.path().to_str().unwrap()), ("max.partition.num", "3"), ("max.bucket.num", "4")];
    let connection = Connection::open(options(&limits)).unwrap();
    let rows = |n: i64| (0..n).map(|i| (i, ["a", "b", "c", "d"][i as usize], "1", "v")).collect::<Vec<_>>();
    let table = create_table(&connection, descriptor(false, &["region"], 1, &[])).unwrap();
    write(&table, &rows(3)).unwrap();
    let e = write(&table, &rows(4)).unwrap_err();
    assert_eq!((e.code(), e.message().contains("'max.partition.num'")), (ErrorCode::TooManyPartitions, true), "{e}");
    admin(&connection, Request::DropTable(proto::DropTable { path: path(), if_exists: false })).unwrap();
    let table = create_table(&connection, descriptor(false, &["region"], 2, &[])).unwrap();
    assert_eq!(list(&connection, &[]), []);
    write(&table, &rows(2)).unwrap();
    let e = write(&table, &rows(3)).unwrap_err();
    assert_eq!((e.code(), e.message().contains("'max.bucket.num'")), (ErrorCode::TooManyBuckets, true), "{e}");
    drop(table);
    connection.close().unwrap();
}

#[test]
fn an_opening_ends_a_drop_that_a_crash_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    for keyed in [true, false] {
        let connection = connect(dir.path());
        let table = create_table(&connection, descriptor(keyed, &["region"], 1, &[])).unwrap();
        write(&table, &[(1, "eu", "1", "a"), (2, "us", "1", "b")]).unwrap();
        let (folder, kept) = (dir.path().join("tables").join(if keyed { "0" } else { "1" }).join("p1"), dir.path().join("kept"));
        drop(table);
        connection.close().unwrap();
        std::fs::rename(&folder, &kept).unwrap();
        let connection = connect(dir.path());
        drop_partition(&connection, &[("region", "eu")]).unwrap();
        connection.close().unwrap();
        std::fs::rename(&kept, &folder).unwrap();

        let connection = connect(dir.path());
        let table = connection.table(&TablePath::new("db", "t")).unwrap();
        assert_eq!(read(&connection, &table), BTreeMap::from([(2, vec!["2 b".to_string()])]));
        assert!(!folder.exists());
        drop(table);
        admin(&connection, Request::DropTable(proto::DropTable { path: path(), if_exists: false })).unwrap();
        connection.close().unwrap();
    }
}
