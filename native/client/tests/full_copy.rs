//! Lookups in a copy of the table: they find what the table has.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use common::*;
use fluss_client::{Lookuper, Probe, Probed, Table};
use fluss_format::Predicate;
use fluss_proto::admin_request::Request;
use fluss_proto::schema_change::{self, Change};
use fluss_proto::{self as proto, AdminRequest, data_type::Kind};
use fluss_testkit::Random;
use fluss_types::{ErrorCode, TablePath};

const KEYS: i64 = 500;

fn rows(table: &Table, ids: &[i64], v: impl Fn(i64) -> String) -> RecordBatch {
    let values = StringArray::from_iter_values(ids.iter().map(|id| v(*id)));
    RecordBatch::try_new(table.write_schema(), vec![Arc::new(Int64Array::from(ids.to_vec())), Arc::new(values)]).unwrap()
}

fn write(table: &Arc<Table>, ids: &[i64], v: impl Fn(i64) -> String) {
    let writer = table.writer().unwrap();
    writer.write(None, &rows(table, ids, v)).unwrap();
    writer.flush().unwrap();
}

fn delete(table: &Arc<Table>, ids: &[i64]) {
    let writer = table.writer().unwrap();
    writer.write(Some(&vec![1; ids.len()]), &rows(table, ids, |_| String::new())).unwrap();
    writer.flush().unwrap();
}

fn copy(table: &Arc<Table>) -> Lookuper {
    table.lookuper(vec![1]).unwrap().in_full_copy().unwrap()
}

fn ask(lookuper: &Lookuper, table: &Table, keys: &[i64]) -> fluss_types::Result<Vec<Option<String>>> {
    let keys = RecordBatch::try_new(table.key_schema(), vec![Arc::new(Int64Array::from(keys.to_vec()))]).unwrap();
    let found = lookuper.lookup(&keys)?;
    let at = found.row_bytes.unwrap();
    Ok((0..found.rows).map(|r| (found.bytes[at + r] == 1).then(|| text(&found, 0, r))).collect())
}

/// When it has followed all that is durable.
fn caught_up(lookuper: &Lookuper) {
    while lookuper.copy_state().unwrap().staleness_ms > 0 {
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_copy_is_the_table_at_any_moment_while_others_write() {
    for image in ["FULL", "WAL"] {
        let dir = tempfile::tempdir().unwrap();
        let connection = connect(dir.path());
        let table = create(&connection, "t", true, 3, &[("table.changelog.image", image)]);
        let lookuper = copy(&table);
        let all: Vec<i64> = (0..KEYS).collect();
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut seen = vec![0; KEYS as usize];
                while !done.load(Ordering::Relaxed) {
                    for (i, v) in ask(&lookuper, &table, &all).unwrap().into_iter().enumerate() {
                        // A value is greater than those before.
                        let v: i64 = v.map_or(seen[i], |v| v.parse().unwrap());
                        assert!(v >= seen[i], "key {i} went back from {} to {v}", seen[i]);
                        seen[i] = v;
                    }
                }
            });
            let mut random = Random(7);
            for step in 1..200 {
                let mut ids: Vec<i64> = (0..1 + random.below(60)).map(|_| random.below(KEYS as u64) as i64).collect();
                ids.dedup();
                if random.below(3) == 0 {
                    delete(&table, &ids);
                } else {
                    write(&table, &ids, |_| step.to_string());
                }
                if random.below(10) == 0 {
                    caught_up(&lookuper);
                    assert_eq!(ask(&lookuper, &table, &all).unwrap(), lookup(&table, &all), "step {step}");
                }
            }
            done.store(true, Ordering::Relaxed);
        });
        caught_up(&lookuper);
        assert_eq!(ask(&lookuper, &table, &all).unwrap(), lookup(&table, &all));
        let there = lookup(&table, &all).iter().flatten().count() as u64;
        assert_eq!(lookuper.copy_state().unwrap().rows, there);
        connection.close().unwrap();
        assert_eq!(ask(&lookuper, &table, &all).unwrap_err().code(), ErrorCode::Closed);
    }
}

#[test]
fn a_table_that_is_emptied_altered_dropped_or_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 2, &[]);
    let path = TablePath::new("db", "t");
    write(&table, &[1, 2, 3], |id| format!("v{id}"));
    let lookuper = copy(&table);
    let some = [1, 2, 3, 4];
    assert_eq!(ask(&lookuper, &table, &some).unwrap(), lookup(&table, &some));
    connection.truncate(&path).unwrap();
    caught_up(&lookuper);
    assert_eq!(ask(&lookuper, &table, &some).unwrap(), [None, None, None, None]);
    write(&table, &[1, 4], |id| format!("w{id}"));
    let more = proto::Column {
        name: "more".into(),
        r#type: Some(proto::DataType { kind: Kind::Bigint.into(), ..Default::default() }),
        ..Default::default()
    };
    let add = proto::AlterTable {
        changes: vec![proto::SchemaChange {
            change: Some(Change::Add(schema_change::Add { column: Some(more), ..Default::default() })),
        }],
        ..Default::default()
    };
    let in_store = table.lookuper(vec![1]).unwrap();
    let mut probe = in_store.probe().unwrap().unwrap();
    assert_eq!(probed_text(&mut probe, 1), Ok("w1".into()));
    alter(&connection, "t", add).unwrap();
    assert_eq!(probed_text(&mut probe, 1), Ok("w1".into()));
    let wider = connection.table(&path).unwrap();
    let row: Vec<arrow_array::ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![2])),
        Arc::new(StringArray::from_iter_values(["x2"])),
        Arc::new(Int64Array::from(vec![22])),
    ];
    let writer = wider.writer().unwrap();
    writer.write(None, &RecordBatch::try_new(wider.write_schema(), row).unwrap()).unwrap();
    writer.flush().unwrap();
    caught_up(&lookuper);
    assert_eq!(ask(&lookuper, &table, &some).unwrap(), [Some("w1".into()), Some("x2".into()), None, Some("w4".into())]);
    let more = wider.lookuper(vec![2]).unwrap().in_full_copy().unwrap();
    let keys = RecordBatch::try_new(wider.key_schema(), vec![Arc::new(Int64Array::from(vec![1, 2]))]).unwrap();
    let found = more.lookup(&keys).unwrap();
    let validity = found.bytes[found.columns[0].validity.unwrap()];
    assert_eq!((validity & 3, long(&found, 0, 1)), (2, 22), "a row of the schema before has NULL");
    assert_eq!([2, 1].map(|id| probed_text(&mut probe, id)), [Ok("x2".into()), Err(Probed::Unknown)], "a row of an older schema");
    drop_table(&connection, "t");
    let e = ask(&lookuper, &table, &some).unwrap_err();
    assert_eq!(e.code(), ask(&table.lookuper(vec![1]).unwrap(), &table, &some).unwrap_err().code(), "{e}");
    let again = create(&connection, "t", true, 2, &[]);
    write(&again, &[3], |_| "new".into());
    assert_eq!(ask(&copy(&again), &again, &[1, 3]).unwrap(), [None, Some("new".into())]);
    drop((lookuper, more));
}

#[test]
fn partitions_are_found_once_they_are_there_and_freed_when_they_are_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let admin = |request| connection.admin(AdminRequest { request: Some(request) }).unwrap();
    let database = Some(proto::DatabaseInfo { name: "db".into(), ..Default::default() });
    admin(Request::CreateDatabase(proto::CreateDatabase { database, if_not_exists: true }));
    let path = Some(proto::TablePath { database: "db".into(), table: "p".into() });
    let column = |name: &str, kind: Kind| proto::Column {
        name: name.into(),
        r#type: Some(proto::DataType { kind: kind.into(), length: i32::MAX as u32, ..Default::default() }),
        ..Default::default()
    };
    let descriptor = Some(proto::TableDescriptor {
        columns: vec![
            column("id", Kind::Bigint),
            column("seq", Kind::Bigint),
            column("day", Kind::Varchar),
            column("v", Kind::Bigint),
        ],
        primary_key: vec!["id".into(), "seq".into(), "day".into()],
        bucket_key: vec!["id".into()],
        partition_keys: vec!["day".into()],
        bucket_count: 2,
        ..Default::default()
    });
    admin(Request::CreateTable(proto::CreateTable { path: path.clone(), descriptor, if_not_exists: false }));
    let table = connection.table(&TablePath::new("db", "p")).unwrap();
    let write = |ids: &[i64], seq: i64, day: &str, deletes: bool| {
        let n = ids.len();
        let columns: Vec<arrow_array::ArrayRef> = vec![
            Arc::new(Int64Array::from(ids.to_vec())),
            Arc::new(Int64Array::from(vec![seq; n])),
            Arc::new(StringArray::from(vec![day; n])),
            Arc::new(Int64Array::from_iter_values(ids.iter().map(|id| 100 * id + seq))),
        ];
        let writer = table.writer().unwrap();
        let batch = RecordBatch::try_new(table.write_schema(), columns).unwrap();
        writer.write(deletes.then_some(&vec![1; n][..]), &batch).unwrap();
        writer.flush().unwrap();
    };
    let by_prefix = table.prefix_lookuper(&["id", "day"], vec![3]).unwrap().in_full_copy().unwrap();
    let in_store = table.prefix_lookuper(&["id", "day"], vec![3]).unwrap();
    let by_key = table.lookuper(vec![3]).unwrap().in_full_copy().unwrap();
    let ask = |lookuper: &fluss_client::PrefixLookuper, day: &str| -> Vec<Vec<i64>> {
        let keys: Vec<arrow_array::ArrayRef> =
            vec![Arc::new(Int64Array::from_iter_values(0..6)), Arc::new(StringArray::from(vec![day; 6]))];
        let found = lookuper.lookup(&RecordBatch::try_new(lookuper.key_schema(), keys).unwrap()).unwrap();
        let start = |i: usize| i.checked_sub(1).map_or(0, |i| found.ends[i]);
        (0..6).map(|i| (start(i)..found.ends[i]).map(|row| long(&found.rows, 0, row)).collect()).collect()
    };
    assert_eq!(ask(&by_prefix, "mon"), vec![Vec::<i64>::new(); 6]);
    write(&[1, 2, 3], 1, "mon", false);
    write(&[1, 2], 2, "mon", false);
    write(&[1], 0, "tue", false);
    assert_eq!(ask(&by_prefix, "mon"), [vec![], vec![101, 102], vec![201, 202], vec![301], vec![], vec![]]);
    assert_eq!(ask(&by_prefix, "tue")[1], [100]);
    write(&[1], 3, "mon", false);
    write(&[2], 1, "mon", true);
    while by_prefix.copy_state().unwrap().staleness_ms > 0 {
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(ask(&by_prefix, "mon"), ask(&in_store, "mon"));
    assert_eq!(ask(&by_prefix, "mon")[1..3], [vec![101, 102, 103], vec![202]]);
    let key: Vec<arrow_array::ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![1, 1, 1])),
        Arc::new(Int64Array::from(vec![3, 3, 3])),
        Arc::new(StringArray::from(vec!["mon", "tue", "none"])),
    ];
    let key = RecordBatch::try_new(table.key_schema(), key).unwrap();
    let mut copied = by_key.probe().unwrap().unwrap();
    let found = by_key.lookup(&key).unwrap();
    let there = found.row_bytes.unwrap();
    assert_eq!((&found.bytes[there..there + 3], long(&found, 0, 0)), (&[1, 0, 0][..], 103));
    assert_eq!(by_key.copy_state(), by_prefix.copy_state());
    let probed = |probe: &mut Probe, day: &str| {
        let mut memory = [[128, 0, 0, 0, 0, 0, 0, 1], [128, 0, 0, 0, 0, 0, 0, 3]].concat();
        memory.extend(day.bytes().chain([0, 1]));
        let key = memory.len();
        memory.resize(64, 0);
        let found = probe.find(&mut memory, key);
        (found, memory[8])
    };
    let by_key_in_store = table.lookuper(vec![3]).unwrap();
    let mut stored = by_key_in_store.probe().unwrap().unwrap();
    assert_eq!(probed(&mut stored, "mon").0, Probed::Unknown, "the partition was not asked for");
    by_key_in_store.lookup(&key).unwrap();
    for probe in [&mut copied, &mut stored] {
        let found = (probed(probe, "mon"), probed(probe, "tue").0, probed(probe, "none").0);
        assert_eq!(found, ((Probed::Found(16), 103), Probed::Missing, Probed::Unknown));
    }
    let before = by_key.copy_state().unwrap();
    let partition = [("day".to_string(), "mon".to_string())].into();
    admin(Request::DropPartition(proto::DropPartition { path: path.clone(), values: partition, if_exists: false }));
    assert_eq!(ask(&by_prefix, "mon"), vec![Vec::<i64>::new(); 6]);
    while by_key.copy_state().unwrap().rows > 1 {
        thread::sleep(Duration::from_millis(1));
    }
    assert!(by_key.copy_state().unwrap().bytes < before.bytes);
    assert_eq!([&mut copied, &mut stored].map(|probe| probed(probe, "mon").0), [Probed::Unknown; 2]);
    write(&[5], 5, "mon", false);
    assert_eq!(ask(&by_prefix, "mon")[5], [505], "a partition of the same name");
    by_key.lookup(&key).unwrap();
    by_key_in_store.lookup(&key).unwrap();
    let another = [&mut copied, &mut stored].map(|probe| probed(probe, "mon").0);
    assert_eq!(another, [Probed::Missing; 2], "another one, where it has no row");
}

#[test]
fn rows_expire_and_their_memory_is_given_back() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 1, &[("table.row.ttl", "50 ms")]);
    let lookuper = copy(&table);
    ask(&lookuper, &table, &[0]).unwrap();
    for round in 0..20 {
        let ids: Vec<i64> = (round * 1000..(round + 1) * 1000).collect();
        write(&table, &ids, |_| "v".into());
        thread::sleep(Duration::from_millis(20));
    }
    caught_up(&lookuper);
    assert!(lookuper.copy_state().unwrap().rows < 15_000, "{:?}", lookuper.copy_state());
    thread::sleep(Duration::from_millis(60));
    assert_eq!(ask(&lookuper, &table, &[0, 19_999]).unwrap(), [None, None]);
}

#[test]
fn a_probe_finds_what_a_lookup_finds() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 3, &[("table.log.consistency", "eventual")]);
    let ids: Vec<i64> = (0..100).collect();
    let long = |id: i64| "x".repeat(id as usize);
    write(&table, &ids, long);
    let (in_copy, in_store) = (copy(&table), table.lookuper(vec![1]).unwrap());
    let (mut copied, mut stored) = (in_copy.probe().unwrap().unwrap(), in_store.probe().unwrap().unwrap());
    let mut find = |id: i64| (probed_text(&mut copied, id), probed_text(&mut stored, id));
    assert_eq!(find(1), (Err(Probed::Unknown), Ok(long(1))), "its bucket is not loaded");
    ask(&in_copy, &table, &ids).unwrap();
    let missing = (Err(Probed::Missing), Err(Probed::Missing));
    assert_eq!((find(-1), find(100)), (missing.clone(), missing.clone()));
    for id in ids {
        assert_eq!(find(id), (Ok(long(id)), Ok(long(id))), "row {id}");
    }
    write(&table, &[3], |_| "y".repeat(300));
    delete(&table, &[4]);
    caught_up(&in_copy);
    assert_eq!((find(3), find(4)), ((Err(Probed::Unknown), Err(Probed::Unknown)), missing), "too long for the memory; deleted");
    let writer = table.writer().unwrap();
    writer.write(None, &rows(&table, &[5], |_| "new".into())).unwrap();
    assert_eq!(find(5).1, Ok("new".into()), "not durable yet");
    writer.flush().unwrap();

    let all = || table.lookuper(vec![1]).unwrap();
    let some = Predicate::IsNull(vec![1]);
    assert!(all().filtered(some).unwrap().probe().unwrap().is_none(), "not every row counts");
    assert!(all().inserting().unwrap().probe().unwrap().is_none());
    assert_eq!(all().inserting().unwrap().in_full_copy().unwrap_err().code(), ErrorCode::InvalidArgument);

    drop_table(&connection, "t");
    assert_eq!(find(6).1, Err(Probed::Unknown));
    create(&connection, "t", true, 3, &[]);
    assert_eq!(find(6).1, Err(Probed::Unknown), "another table of this name");
}
