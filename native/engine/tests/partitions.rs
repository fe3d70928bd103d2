//! Partitions and databases on a disk that fails.
#![allow(clippy::unwrap_used, reason = "test code")]
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::thread;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use fluss_engine::{Engine, Table};
use fluss_kv::MemoryKvStores;
use fluss_log::LogOptions;
use fluss_meta::{DatabaseMeta, TableDeclaration};
use fluss_tablet::{Committer, Rows, TabletContext};
use fluss_testkit::{Fault, Operation, SimulatedDisk};
use fluss_types::file::FileSystem;
use fluss_types::time::SystemClock;
use fluss_types::{Column, DataType, EngineOptions, ErrorCode, MemoryBudget, TablePath, TypeRoot};

fn engine(disk: &SimulatedDisk) -> Arc<Engine> {
    let context = TabletContext {
        fs: disk.fs(),
        memory: Arc::new(MemoryBudget::new(256 << 20)),
        kv: Arc::new(MemoryKvStores::new(disk.fs())),
        committer: Committer::manual(),
        clock: Arc::new(SystemClock),
        log: LogOptions { segment_size: 4096, index_interval: 1024, writer_expiration_ms: 1000 },
    };
    Arc::new(Engine::with_context(Path::new("/data"), EngineOptions::parse(&Default::default()).unwrap(), context).unwrap())
}

/// A disk with a store that has the database `db`.
fn with_database() -> (SimulatedDisk, Arc<Engine>) {
    let disk = SimulatedDisk::new(1);
    disk.create_dir_all(Path::new("/data")).unwrap();
    let engine = engine(&disk);
    engine.meta().create_database("db", DatabaseMeta::default(), false).unwrap();
    (disk, engine)
}

fn partition(name: &str) -> BTreeMap<String, String> {
    [("p".to_string(), name.to_string())].into()
}

/// A log table `id, p`, partitioned by `p`.
fn create_table(engine: &Engine, path: &TablePath) {
    let column = |name: &str, root| Column::new(name, DataType::new(root, false).unwrap());
    let declaration = TableDeclaration {
        columns: vec![column("id", TypeRoot::BigInt), column("p", TypeRoot::VarChar(10))],
        primary_key: Vec::new(),
        partition_keys: vec!["p".into()],
        bucket_key: Vec::new(),
        bucket_count: 1,
        comment: String::new(),
        options: Default::default(),
        custom_properties: Default::default(),
    };
    engine.create_table(path, declaration, false).unwrap();
}

fn row(table: &Table) -> Rows {
    let columns = vec![Arc::new(Int64Array::from(vec![1])) as _, Arc::new(StringArray::from(vec!["a"])) as _];
    let batch = RecordBatch::try_new(table.schema().arrow_schema(), columns).unwrap();
    Rows { schema_id: 0, batch, deletes: None, targets: None, writer: None }
}

/// Nobody knows whether the drop lasts, so the tablets of the table stop, and what they had not committed is gone: no clean end.
#[test]
fn a_store_whose_partitions_are_not_known_does_not_close_cleanly() {
    let (disk, engine) = with_database();
    let path = TablePath::new("db", "t");
    create_table(&engine, &path);
    let a = engine.create_partition(&path, &partition("a"), false).unwrap();
    engine.create_partition(&path, &partition("b"), false).unwrap();
    let table = engine.table(&path).unwrap();
    table.tablet((a.id, 0)).unwrap().write(&row(&table)).unwrap();

    disk.arm(Operation::Sync, Fault::After(0));
    assert_eq!(engine.drop_partition(&path, &partition("b"), false).unwrap_err().code(), ErrorCode::Poisoned);
    disk.disarm();
    assert_eq!(engine.close().unwrap_err().code(), ErrorCode::Poisoned);
}

/// The files of one cannot be removed: the others are gone all the same, and take no rows.
#[test]
fn a_drop_that_cannot_remove_files_stops_all_that_is_dropped() {
    let (disk, engine) = with_database();
    let tables = ["t", "u"].map(|name| {
        let path = TablePath::new("db", name);
        create_table(&engine, &path);
        engine.create_partition(&path, &partition("a"), false).unwrap();
        engine.table(&path).unwrap()
    });
    let tablets = tables.each_ref().map(|table| table.tablet((1, 0)).unwrap());
    // The catalog takes two, the first folder is the third.
    disk.arm(Operation::Name, Fault::After(2));
    assert_eq!(engine.drop_database("db", false, true).unwrap_err().code(), ErrorCode::Io);
    for (table, tablet) in tables.iter().zip(&tablets) {
        assert_eq!(tablet.write(&row(table)).unwrap_err().code(), ErrorCode::TableNotFound);
    }
    assert_eq!(disk.list(Path::new("/data/tables")).unwrap(), ["0"]);
}

#[test]
fn of_those_who_make_a_partition_at_once_one_has_made_it() {
    let (_, engine) = with_database();
    let path = TablePath::new("db", "t");
    create_table(&engine, &path);
    let start = Barrier::new(4);
    for name in (0..200).map(|n| n.to_string()) {
        let made = thread::scope(|s| {
            let make = || {
                start.wait();
                engine.create_partition(&path, &partition(&name), false).map_err(|e| e.code())
            };
            let threads: Vec<_> = (0..4).map(|_| s.spawn(make)).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(made.iter().filter(|m| m.is_ok()).count(), 1, "{made:?}");
        assert_eq!(made.iter().filter(|m| **m == Err(ErrorCode::PartitionExists)).count(), 3, "{made:?}");
    }
}
