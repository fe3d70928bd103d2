//! Inputs made by the real encoders.
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, UInt8Array};
use fluss_format::{
    ColumnValues, Committable, EncodeOptions, EncodedBatch, Lease, PreparedMark, RowCodec, StagedHeader, StagedPiece,
    encode_batch, encode_upserts, log_schema,
};
use fluss_fuzz::{LOG_BUCKET, LOG_DIR, LOG_OPTIONS, PARTITIONED_TABLE, log_input, schemas_of};
use fluss_log::Log;
use fluss_meta::{DatabaseMeta, FIRST_NUMBER, LocalMetaStore, PartitionList, TableAlteration, TableDeclaration, TableMeta};
use fluss_proto::{self as proto, Message};
use fluss_testkit::{Random, SimulatedDisk, random_rows};
use fluss_types::{
    BatchSequence, Column, Compression, DataType, Schema, SchemaChange, TableBucket, TableId, TablePath, TypeRoot,
};

/// The bytes that choose the schemas of seeds: every type, types within types, random ones, and some that were altered since.
const CHOICES: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 128, 131, 132, 133, 135, 138];
const COMPRESSIONS: [Compression; 3] = [Compression::None, Compression::Lz4Frame, Compression::Zstd];

/// The seeds of a target.
pub(crate) fn of(target: &str) -> Vec<Vec<u8>> {
    match target {
        "batch" => batches(),
        "catalog" => catalogs(),
        "partitions" => partition_files(),
        "filter" => filters(),
        "lease" => leases(),
        "log" => logs(),
        "message" => messages(),
        "transaction" => transactions(),
        "value" => values(),
        _ => panic!("no seeds for target {target}"),
    }
}

/// Random rows of the first version of a schema, with change types if it is a primary-key table; and whether all are appends.
fn rows(choice: u8, rows: usize, random: &mut Random) -> (Arc<Schema>, RecordBatch, bool) {
    let schema = schemas_of(choice).get(0).unwrap().clone();
    let batch = random_rows(&schema, rows, random);
    if schema.primary_key().is_empty() {
        return (schema, batch, true);
    }
    let kinds: ArrayRef = Arc::new(UInt8Array::from((0..rows).map(|i| 1 + (i % 4) as u8).collect::<Vec<_>>()));
    let columns = std::iter::once(kinds).chain(batch.columns().iter().cloned()).collect();
    let batch = RecordBatch::try_new(log_schema(&schema, false), columns).unwrap();
    (schema, batch, false)
}

fn batches() -> Vec<Vec<u8>> {
    let mut out = vec![[&[0, 0, 0], EncodedBatch::without_rows(0).place(5, 0, 1, 2)].concat()];
    for (i, choice) in CHOICES.into_iter().enumerate() {
        let random = &mut Random(i as u64);
        let n = 1 + random.below(12) as usize;
        let (schema, rows, append_only) = rows(choice, n, random);
        for compression in if i < 4 { &COMPRESSIONS[..] } else { &COMPRESSIONS[i % 3..=i % 3] } {
            let statistics: Vec<usize> = (0..schema.columns().len()).filter(|c| c % 2 == i % 2).collect();
            let options = EncodeOptions { statistics: &statistics, ..EncodeOptions::new(append_only, *compression) };
            let mut encoded = encode_batch(&rows, &schema, &options).unwrap();
            encoded.set_writer(3, i as i32);
            out.push([&[choice, i as u8, i as u8 / 2], encoded.place(100, 0, 5, 90)].concat());
        }
    }
    out
}

/// The batches that a predicate chooses rows of.
fn filters() -> Vec<Vec<u8>> {
    let with = |b: &[u8], choice: u8| [&b[..3], &[choice], &b[3..]].concat();
    batches().iter().filter_map(|b| (0..=u8::MAX).map(|choice| with(b, choice)).find(|b| fluss_fuzz::filter(b))).collect()
}

fn values() -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for choice in CHOICES {
        let schema = schemas_of(choice).get(0).unwrap().clone();
        let rows = random_rows(&schema, 3, &mut Random(u64::from(choice)));
        let columns = ColumnValues::all(&rows, schema.columns()).unwrap();
        for row in 0..3 {
            let mut input = vec![choice, row];
            RowCodec::new(Arc::new(schema.clone().into())).encode(&columns, row.into(), &mut input).unwrap();
            out.push(input);
        }
    }
    out
}

/// In the order of [`fluss_fuzz::transaction`].
fn transactions() -> Vec<Vec<u8>> {
    let buckets = vec![((0, 1).into(), 3), ((u32::MAX, 2).into(), 1)];
    let committable = Committable { transaction: 42, table_id: 7, table: TablePath::new("db", "t"), buckets };
    let bytes = committable.encode();
    let bucket = TableBucket { table_id: 7, partition: 1, bucket: 2 };
    let targets = Some((0..20).collect());
    let mut out = vec![
        [&[0], &bytes[..bytes.len() - 4]].concat(),
        [&[1], &StagedHeader { bucket, transaction: 42, overwrites: false }.encode()[..]].concat(),
        [vec![2], StagedPiece { number: 0, batch_len: 640, targets: None }.encode()].concat(),
        [vec![2], StagedPiece { number: 1, batch_len: 64, targets }.encode()].concat(),
        [&[3], &PreparedMark { pieces: 2, position: 640, prepared_ms: -1 }.encode()[..]].concat(),
    ];
    for choice in CHOICES.into_iter().filter(|c| c % 2 == 1) {
        let schema = schemas_of(choice).get(0).unwrap().clone();
        let rows = random_rows(&schema, 3, &mut Random(u64::from(choice)));
        let deletes = [false, choice > 4, false];
        let mut batch = encode_upserts(&rows, Some(&deletes), &schema).unwrap();
        out.push([&[4, choice], batch.place(0, 0, 0, 0)].concat());
    }
    out
}

fn strings<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect()
}

fn messages() -> Vec<Vec<u8>> {
    use proto::admin_request::Request;
    use proto::data_type::Kind;
    use proto::literal::Value;
    use proto::predicate::Predicate as Asked;
    use proto::schema_change::Change;
    let path = || Some(proto::TablePath { database: "db".into(), table: "t".into() });
    let simple = |kind: Kind| proto::DataType { kind: kind.into(), length: 9, precision: 6, scale: 2, ..Default::default() };
    let column = |name: &str, t: proto::DataType| proto::Column { name: name.into(), r#type: Some(t), ..Default::default() };
    let nested = proto::DataType {
        kind: Kind::Map.into(),
        types: vec![
            simple(Kind::Int),
            proto::DataType {
                kind: Kind::Row.into(),
                not_null: true,
                fields: vec![
                    column(
                        "a",
                        proto::DataType { kind: Kind::Array.into(), types: vec![simple(Kind::Date)], ..Default::default() },
                    ),
                    column("b", simple(Kind::Varchar)),
                ],
                ..Default::default()
            },
        ],
        ..Default::default()
    };
    let mut columns: Vec<proto::Column> = (1..17).map(|k| column("c", simple(Kind::try_from(k).unwrap()))).collect();
    columns.push(column("nested", nested));
    let descriptor = proto::TableDescriptor {
        columns,
        primary_key: vec!["c".into()],
        bucket_key: vec!["c".into()],
        bucket_count: 3,
        comment: "é".into(),
        options: strings([("table.log.ttl", "7d")]),
        custom_properties: strings([("watermark", "ts")]),
        partition_keys: vec!["c".into()],
    };
    let database = || Some(proto::DatabaseInfo { name: "db".into(), comment: "c".into(), properties: strings([("a", "b")]) });
    let create = proto::CreateTable { path: path(), descriptor: Some(descriptor.clone()), if_not_exists: true };
    let change = |change| proto::SchemaChange { change: Some(change) };
    let alter = proto::AlterTable {
        path: path(),
        changes: vec![
            change(Change::Add(proto::schema_change::Add {
                parent: vec!["nested".into(), "value".into()],
                column: Some(column("d", simple(Kind::Time))),
            })),
            change(Change::Drop(proto::schema_change::Drop { path: vec!["c".into()] })),
            change(Change::Rename(proto::schema_change::Rename { path: vec!["nested".into()], name: "n".into() })),
            change(Change::Widen(proto::schema_change::Widen { path: vec!["n".into()], r#type: Some(simple(Kind::Bigint)) })),
            change(Change::Move(proto::schema_change::Move { path: vec!["n".into()], after: Some("c".into()) })),
            change(Change::Comment(proto::schema_change::Comment { path: vec!["n".into()], comment: "c".into() })),
        ],
        set_options: strings([("table.log.ttl", "1d")]),
        reset_options: vec!["table.statistics.columns".into()],
        custom_properties: Some(proto::CustomProperties { values: strings([("a", "")]) }),
        comment: Some(String::new()),
        expected_schema_id: Some(0),
    };
    let requests = [
        Request::CreateDatabase(proto::CreateDatabase { database: database(), if_not_exists: true }),
        Request::DropDatabase(proto::DropDatabase { name: "db".into(), if_exists: true, cascade: true }),
        Request::ListDatabases(proto::ListDatabases {}),
        Request::GetDatabase(proto::GetDatabase { name: "db".into() }),
        Request::CreateTable(create),
        Request::DropTable(proto::DropTable { path: path(), if_exists: true }),
        Request::ListTables(proto::ListTables { database: "db".into() }),
        Request::GetTable(proto::GetTable { path: path() }),
        Request::ListOffsets(proto::ListOffsets { path: path(), spec: 2, timestamp_ms: -1, partition_id: 1 }),
        Request::CreateSnapshot(proto::CreateSnapshot {
            path: path(),
            lease_ms: 60_000,
            partition_ids: vec![1],
            buckets: vec![0, 1],
        }),
        Request::ReleaseSnapshot(proto::ReleaseSnapshot {
            path: path(),
            bucket: 1,
            snapshot_id: "1-2-3".into(),
            partition_id: 1,
        }),
        Request::AlterTable(alter),
        Request::CreatePartition(proto::CreatePartition { path: path(), values: strings([("c", "1")]), if_not_exists: true }),
        Request::DropPartition(proto::DropPartition { path: path(), values: strings([("c", "1")]), if_exists: true }),
        Request::ListPartitions(proto::ListPartitions { path: path(), values: strings([("c", "1")]) }),
        Request::GetTableStats(proto::GetTableStats { path: path(), partition_id: 3 }),
        Request::CommitTransaction(proto::CommitTransaction { committable: vec![1, 0, 255], skip_rest: true }),
        Request::AbortTransaction(proto::AbortTransaction { committable: vec![] }),
        Request::RenameTable(proto::RenameTable { path: path(), new_name: "u".into() }),
        Request::AlterDatabase(proto::AlterDatabase { database: database() }),
        Request::ListTransactions(proto::ListTransactions { path: path() }),
        Request::ListOptions(proto::ListOptions {}),
    ];
    let info = proto::TableInfo { path: path(), table_id: 1, schema_id: 2, descriptor: Some(descriptor), created_ms: 3 };
    let response = proto::AdminResponse {
        names: vec!["a".into(), "b".into()],
        database: database(),
        table: Some(info),
        offsets: vec![proto::BucketOffset { bucket: 1, offset: i64::MAX, partition_id: 2 }],
        snapshot: Some(proto::SnapshotInfo {
            snapshot_id: "1".into(),
            offsets: vec![proto::BucketOffset { bucket: 1, offset: 5, partition_id: 2 }],
        }),
        partitions: vec![proto::PartitionInfo { partition_id: 2, values: vec!["a".into(), "1".into()], created_ms: 3 }],
        table_stats: Some(proto::TableStats { row_count: 7 }),
        transactions: vec![proto::TransactionInfo {
            transaction_id: 5,
            prepared_ms: Some(0),
            committable: vec![7],
            overwrites: false,
        }],
        options: vec![proto::OptionInfo { key: "k".into(), value: "v".into(), given: true }],
        ..Default::default()
    };
    let paths = |paths: &[&[u32]]| paths.iter().map(|steps| proto::ColumnPath { steps: steps.to_vec() }).collect::<Vec<_>>();
    let first = || Some(proto::ColumnPath { steps: vec![0] });
    let literal = |value| proto::Literal { value: Some(value) };
    let is = |kind| proto::Predicate { predicate: Some(kind) };
    let compare = |value| {
        let literal = Some(literal(value));
        is(Asked::Compare(proto::predicate::Compare { column: first(), comparison: 3, literal }))
    };
    let of = vec![
        compare(Value::Boolean(true)),
        compare(Value::Integer(-1)),
        compare(Value::Floating(0.5)),
        compare(Value::Bytes(vec![0xC3, 0xA9])),
        compare(Value::Decimal(proto::literal::Decimal { unscaled: vec![255; 16], scale: 2 })),
        compare(Value::Timestamp(proto::literal::Timestamp { millis: -1, nanos: 999_999 })),
        is(Asked::In(proto::predicate::In {
            column: first(),
            literals: vec![literal(Value::Integer(1)), proto::Literal::default()],
        })),
        is(Asked::IsNull(proto::ColumnPath { steps: vec![3, 1] })),
        is(Asked::Or(proto::predicate::Junction::default())),
        is(Asked::Not(Box::new(is(Asked::StartsWith(proto::predicate::StartsWith { column: first(), prefix: vec![7] }))))),
    ];
    let filter = Some(is(Asked::And(proto::predicate::Junction { of })));
    let scan = proto::SnapshotScanRequest {
        bucket: 1,
        snapshot_id: "1".into(),
        after_position: vec![1, 0, 255],
        partition_id: 2,
        columns: paths(&[&[3], &[0, 1 << 20], &[]]),
        filter: filter.clone(),
        limit: Some(0),
        as_of_offset: Some(7),
        ..Default::default()
    };
    // In the order of `fluss_fuzz::MESSAGES`.
    let mut out = vec![[vec![0], proto::OpenRequest { options: strings([("data.dir", "/d")]) }.encode_to_vec()].concat()];
    out.extend(requests.map(|r| [vec![1], proto::AdminRequest { request: Some(r) }.encode_to_vec()].concat()));
    out.push([vec![2], response.encode_to_vec()].concat());
    out.push([vec![3], proto::OpenTableRequest { path: path() }.encode_to_vec()].concat());
    let scan_log = proto::LogScanRequest { columns: paths(&[&[0], &[5, 300]]), filter, ..Default::default() };
    out.push([vec![4], scan_log.encode_to_vec()].concat());
    out.push([vec![5], scan.encode_to_vec()].concat());
    let columns = paths(&[&[1]]);
    let lookup = proto::LookupRequest { columns, prefix_key: vec!["c".into()], insert_missing: true, ..Default::default() };
    out.push([vec![6], lookup.encode_to_vec()].concat());
    out.push([vec![7], proto::Metrics { values: BTreeMap::from([("memory".into(), u64::MAX)]) }.encode_to_vec()].concat());
    let writer = proto::WriterRequest {
        target_columns: vec![0, 300],
        existing_partitions_only: true,
        transactional: true,
        overwrites: false,
    };
    out.push([vec![8], writer.encode_to_vec()].concat());
    out
}

/// A table with types within types; an odd number is a primary-key table.
fn table(table_id: TableId) -> TableMeta {
    let t = |root| DataType::new(root, true).unwrap();
    let row = |fields: Vec<Column>| t(TypeRoot::Row(fields));
    let points =
        t(TypeRoot::Array(Box::new(row(vec![Column::new("x", t(TypeRoot::Float)), Column::new("y", t(TypeRoot::Time(3)))]))));
    let map = t(TypeRoot::Map(Box::new(t(TypeRoot::VarChar(9))), Box::new(t(TypeRoot::Decimal(9, 2)))));
    let mut columns = schemas_of(0).current().columns().to_vec();
    columns.extend([Column::new("points", points), Column::new("map", map)]);
    let key: Vec<String> = if table_id % 2 == 1 { vec!["id".into()] } else { Vec::new() };
    let schema = Schema::new(0, columns, &key, &[]).unwrap();
    TableMeta {
        table_id,
        schema_id: 0,
        next_field_id: schema.next_field_id(),
        next_auto_increment: FIRST_NUMBER,
        created_ms: 7,
        bucket_function: "murmur3-v1".into(),
        declaration: TableDeclaration {
            columns: schema.columns().to_vec(),
            bucket_key: key.clone(),
            primary_key: key,
            partition_keys: vec![],
            bucket_count: 4,
            comment: "é".into(),
            options: strings([("table.log.ttl", "7d")]),
            custom_properties: strings([("a", "1")]),
        },
        schema_history: Vec::new(),
    }
}

fn partition_files() -> Vec<Vec<u8>> {
    let disk = SimulatedDisk::new(0);
    let dir = Path::new("/table");
    let open = || PartitionList::open(disk.fs(), dir, PARTITIONED_TABLE).unwrap().0;
    let list = open();
    let mut out = Vec::new();
    let mut keep = || out.push(disk.image()[&dir.join("partitions")].clone());
    list.create(&["2026$eu".into(), "2026$us".into()], 1_700_000_000_000, |_| Ok(())).unwrap();
    keep();
    list.create(&["2027$eu".into()], 1, |_| Ok(())).unwrap();
    list.drop_all(&["2026$eu".into()]).unwrap();
    keep();
    list.drop_all(&["2026$us".into(), "2027$eu".into()]).unwrap();
    drop(open());
    keep();
    out
}

fn catalogs() -> Vec<Vec<u8>> {
    let disk = SimulatedDisk::new(0);
    let (dir, file) = (Path::new("/store"), Path::new("/store/catalog.json").to_path_buf());
    disk.fs().create_dir_all(dir).unwrap();
    let store = LocalMetaStore::open(disk.fs(), dir).unwrap();
    let mut out = Vec::new();
    let mut keep = || out.push(disk.image()[&file].clone());
    store.create_database("db", DatabaseMeta { comment: "c".into(), properties: strings([("a", "b")]) }, false).unwrap();
    keep();
    for name in ["log", "kv"] {
        store.create_table(&TablePath::new("db", name), |id| Ok(table(id))).unwrap();
        keep();
    }
    let path = |names: &[&str]| names.iter().map(|n| (*n).to_string()).collect::<Vec<_>>();
    let widened = DataType::new(TypeRoot::Double, true).unwrap();
    let changes = vec![
        SchemaChange::Add { parent: path(&["points", "element"]), column: Column::new("z", widened.clone()) },
        SchemaChange::Drop { path: path(&["c_date"]) },
        SchemaChange::Rename { path: path(&["id"]), name: "key".into() },
        SchemaChange::Widen { path: path(&["points", "element", "x"]), data_type: widened },
    ];
    let alteration = TableAlteration { changes, ..TableAlteration::default() };
    store.alter_table(&TablePath::new("db", "kv"), |t| t.alter(&alteration)).unwrap();
    keep();
    store.reserve_writer_ids(1000).unwrap();
    store.drop_table(&TablePath::new("db", "log"), false).unwrap();
    keep();
    out
}

fn leases() -> Vec<Vec<u8>> {
    let numbers = [(0, 0), (17, 1_700_000_000_000), (i64::MAX, i64::MAX), (-1, i64::MIN)];
    let leases = (0..).zip(numbers).map(|(others, (offset, until_ms))| {
        let tablets = (0..others).map(|b| ((u32::MAX - b, b), offset)).chain([((0, u32::MAX), offset)]);
        Lease { until_ms, tablets: tablets.collect() }.encode().into_bytes()
    });
    leases.collect()
}

fn logs() -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for (i, choice) in CHOICES.into_iter().enumerate() {
        let random = &mut Random(100 + i as u64);
        let disk = SimulatedDisk::new(0);
        let log = Log::open(disk.fs(), Path::new(LOG_DIR), LOG_BUCKET, LOG_OPTIONS).unwrap();
        for batch in 0..=i % 5 {
            let n = 1 + random.below(3) as usize;
            let (schema, rows, append_only) = rows(choice, n, random);
            let mut encoded = match batch {
                2 => EncodedBatch::without_rows(schema.id()),
                _ => encode_batch(&rows, &schema, &EncodeOptions::new(append_only, COMPRESSIONS[i % 3])).unwrap(),
            };
            let writer = BatchSequence { writer_id: (batch % 2) as i64, sequence: batch as i32 / 2 };
            log.append(&mut encoded, (i % 3 > 0).then_some(writer), 5 * batch as i64, 0).unwrap();
            if batch % 2 == 1 {
                log.sync().unwrap();
                log.write_recovery_point().unwrap();
            }
        }
        if i % 4 == 3 {
            log.delete_before(log.end_offset() - 1).unwrap();
        }
        out.push(log_input(choice, i as u8, i % 2 == 1, disk.image()));
    }
    out
}
