//! Partitions by time on a clock that the test moves, on a disk that crashes.
#![allow(clippy::unwrap_used, reason = "test code")]
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow_array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use fluss_engine::Engine;
use fluss_kv::MemoryKvStores;
use fluss_log::LogOptions;
use fluss_meta::{DatabaseMeta, TableAlteration, TableDeclaration};
use fluss_tablet::{Committer, TabletContext};
use fluss_testkit::{Fault, Operation, SimulatedDisk};
use fluss_types::time::Clock;
use fluss_types::{Column, DataType, EngineOptions, ErrorCode, MemoryBudget, Result, TablePath, TypeRoot};

const DAY: i64 = 86_400_000;
/// 2024-02-27T00:00:00Z
const START: i64 = 1_708_992_000_000;

struct ManualClock(AtomicI64);

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

fn try_open(disk: &SimulatedDisk, clock: &Arc<ManualClock>, engine_options: &[(&str, &str)]) -> Result<Engine> {
    let context = TabletContext {
        fs: disk.fs(),
        memory: Arc::new(MemoryBudget::new(256 << 20)),
        kv: Arc::new(MemoryKvStores::new(disk.fs())),
        committer: Committer::manual(),
        clock: clock.clone(),
        log: LogOptions { segment_size: 1 << 20, index_interval: 1024, writer_expiration_ms: DAY },
    };
    Engine::with_context(Path::new("/data"), EngineOptions::parse(&map(engine_options))?, context)
}

fn open(disk: &SimulatedDisk, clock: &Arc<ManualClock>, engine_options: &[(&str, &str)]) -> Arc<Engine> {
    Arc::new(try_open(disk, clock, engine_options).unwrap())
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())).collect()
}

fn start(engine_options: &[(&str, &str)]) -> (SimulatedDisk, Arc<ManualClock>, Arc<Engine>) {
    let disk = SimulatedDisk::new(1);
    disk.fs().create_dir_all(Path::new("/data")).unwrap();
    ["/", "/data"].iter().for_each(|d| disk.fs().sync_dir(Path::new(d)).unwrap());
    let clock = Arc::new(ManualClock(AtomicI64::new(START)));
    let engine = open(&disk, &clock, engine_options);
    engine.meta().create_database("db", DatabaseMeta::default(), false).unwrap();
    (disk, clock, engine)
}

fn path() -> TablePath {
    TablePath::new("db", "t")
}

/// A primary-key table with partitions by day.
fn declaration(options: &[(&str, &str)]) -> TableDeclaration {
    let column = |name, root| Column::new(name, DataType::new(root, true).unwrap());
    let mut all = map(&[("table.auto-partition.enabled", "true"), ("table.auto-partition.time-zone", "UTC")]);
    all.extend(map(options));
    TableDeclaration {
        columns: vec![column("id", TypeRoot::Int), column("dt", TypeRoot::VarChar(20))],
        primary_key: vec!["id".into(), "dt".into()],
        bucket_key: vec![],
        partition_keys: vec!["dt".into()],
        bucket_count: 2,
        comment: String::new(),
        options: all,
        custom_properties: BTreeMap::new(),
    }
}

fn names(engine: &Engine) -> Vec<String> {
    engine.partitions(&path(), &BTreeMap::new()).unwrap().iter().map(|p| p.name.to_string()).collect()
}

fn create(engine: &Engine, dt: &str) -> Result<u32> {
    engine.create_partition(&path(), &map(&[("dt", dt)]), false).map(|p| p.id)
}

#[test]
fn partitions_come_with_their_day_and_go_when_they_are_old() {
    let (disk, clock, engine) = start(&[]);
    engine.create_table(&path(), declaration(&[("table.auto-partition.num-retention", "2")]), false).unwrap();
    assert_eq!(names(&engine), ["20240227", "20240228"]);
    let table = engine.table(&path()).unwrap();
    let old = table.tablet((1, 1)).unwrap();
    engine.maintain_partitions().unwrap();
    assert_eq!(names(&engine), ["20240227", "20240228"]);
    // Others may be made, if they are not too old; what is no day stays.
    create(&engine, "20240226").unwrap();
    create(&engine, "20240225").unwrap();
    create(&engine, "other").unwrap();
    let e = create(&engine, "20240224").unwrap_err();
    assert!(e.code() == ErrorCode::InvalidPartition && e.message().contains("Partition value '20240224' is out-of-date."), "{e}");
    clock.0.fetch_add(3 * DAY, Ordering::Relaxed);
    engine.maintain_partitions().unwrap();
    assert_eq!(names(&engine), ["20240228", "20240301", "20240302", "other"]);
    // Its files too.
    assert!(disk.fs().list(Path::new("/data/tables/0/p1")).is_err());
    assert_eq!(old.write(&rows()).unwrap_err().code(), ErrorCode::PartitionNotFound);
    assert_eq!(table.tablet((1, 1)).unwrap_err().code(), ErrorCode::PartitionNotFound);
    // Whatever comes between.
    for seed in 0..30 {
        clock.0.fetch_add(DAY, Ordering::Relaxed);
        disk.stop_at(seed % 10 + 1);
        drop(try_open(&disk, &clock, &[]).and_then(|engine| engine.maintain_partitions()));
        if seed % 2 == 0 {
            disk.crash()
        } else {
            disk.power_loss()
        }
        let engine = open(&disk, &clock, &[]);
        engine.maintain_partitions().unwrap();
        let there = names(&engine);
        // 20240229 never was.
        let days = if seed == 0 { 3 } else { 4 };
        assert_eq!((there.len(), there.last().unwrap().as_str()), (days + 1, "other"), "{seed}: {there:?}");
        let folders = disk.fs().list(Path::new("/data/tables/0")).unwrap();
        assert_eq!(folders.iter().filter(|f| f.starts_with('p') && f.as_str() != "partitions").count(), 0, "{folders:?}");
    }
}

/// The files of one cannot be removed: the others are gone all the same, and take no rows.
#[test]
fn old_partitions_go_though_the_files_of_one_stay() {
    let (disk, clock, engine) = start(&[]);
    engine.create_table(&path(), declaration(&[("table.auto-partition.num-retention", "0")]), false).unwrap();
    let table = engine.table(&path()).unwrap();
    let tablets = [1, 2].map(|partition| table.tablet((partition, 0)).unwrap());
    clock.0.fetch_add(2 * DAY, Ordering::Relaxed);
    disk.arm(Operation::Name, Fault::After(0));
    assert_eq!(engine.maintain_partitions().unwrap_err().code(), ErrorCode::Io);
    assert_eq!(names(&engine), ["20240229", "20240301"]);
    for tablet in tablets {
        assert_eq!(tablet.write(&rows()).unwrap_err().code(), ErrorCode::PartitionNotFound);
    }
}

#[test]
fn an_altered_table_is_looked_at_at_once() {
    let (_, clock, engine) = start(&[]);
    engine.create_table(&path(), declaration(&[("table.auto-partition.enabled", "false")]), false).unwrap();
    assert_eq!(names(&engine), [""; 0]);
    let set = |key: &str, value: &str| {
        let alteration = TableAlteration { set_options: map(&[(key, value)]), ..TableAlteration::default() };
        engine.alter_table(&path(), &alteration).map(drop)
    };
    set("table.auto-partition.enabled", "true").unwrap();
    assert_eq!(names(&engine), ["20240227", "20240228"]);
    set("table.auto-partition.num-precreate", "3").unwrap();
    assert_eq!(names(&engine), ["20240227", "20240228", "20240229"]);
    clock.0.fetch_add(2 * DAY, Ordering::Relaxed);
    set("table.auto-partition.num-retention", "0").unwrap();
    assert_eq!(names(&engine), ["20240229", "20240301", "20240302"]);
    assert_eq!(set("table.auto-partition.time-unit", "HOUR").unwrap_err().code(), ErrorCode::InvalidOption);
    // The key goes by its new name.
    set("table.auto-partition.enabled", "false").unwrap();
    let rename = fluss_types::SchemaChange::Rename { path: vec!["dt".into()], name: "day".into() };
    engine.alter_table(&path(), &TableAlteration { changes: vec![rename], ..TableAlteration::default() }).unwrap();
    set("table.auto-partition.enabled", "true").unwrap();
    engine.create_partition(&path(), &map(&[("day", "20250101")]), false).unwrap();
}

#[test]
fn a_table_that_may_have_no_more_partitions_keeps_no_other_from_its_own() {
    let (_, clock, engine) = start(&[("max.partition.num", "2")]);
    engine.create_table(&path(), declaration(&[("table.auto-partition.num-precreate", "3")]), false).unwrap();
    assert_eq!(names(&engine), ["20240227", "20240228"]);
    let other = TablePath::new("db", "z");
    engine.create_table(&other, declaration(&[("table.auto-partition.num-retention", "0")]), false).unwrap();
    clock.0.fetch_add(DAY, Ordering::Relaxed);
    assert_eq!(engine.maintain_partitions().unwrap_err().code(), ErrorCode::TooManyPartitions);
    let there: Vec<_> = engine.partitions(&other, &BTreeMap::new()).unwrap().iter().map(|p| p.name.to_string()).collect();
    assert_eq!(there, ["20240228", "20240229"]);
}

fn rows() -> fluss_tablet::Rows {
    let id: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let dt: ArrayRef = Arc::new(StringArray::from(vec!["20240227"]));
    let batch = RecordBatch::try_from_iter_with_nullable([("id", id, false), ("dt", dt, false)]).unwrap();
    fluss_tablet::Rows { schema_id: 0, batch, deletes: None, targets: None, writer: None }
}
