//! What comes into the kv state of a table: nobody waits for who writes too much but himself, and what a crash leaves to replay is bounded.
#![allow(clippy::unwrap_used, reason = "test code")]
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use arrow_array::{BinaryArray, Int64Array, RecordBatch};
use fluss_kv::{IsRemovable, KvLoad, KvMemory, KvStore, KvStores, KvTable, RocksKvStores, forward_kv};
use fluss_log::LogOptions;
use fluss_tablet::{Committer, Rows, TableKv, Tablet, TabletContext};
use fluss_testkit::Random;
use fluss_types::file::LocalFileSystem;
use fluss_types::time::SystemClock;
use fluss_types::{
    BucketId, Column, DataType, Error, ErrorCode, LogOffset, MemoryBudget, PartitionId, Result, Schema, Schemas, TableBucket,
    TableOptions, TablePath, TypeRoot,
};

/// RocksDB that says of itself what a test wants.
#[derive(Debug)]
struct Claiming {
    stores: RocksKvStores,
    claim: Arc<Claim>,
}

#[derive(Debug, Default)]
struct Claim {
    load: Mutex<KvLoad>,
    asked: AtomicU64,
    flushes: AtomicU64,
}

#[derive(Debug)]
struct ClaimingTable(Arc<dyn KvTable>, Arc<Claim>);

impl KvStores for Claiming {
    fn open(&self, dir: &Path, removable: Option<IsRemovable>) -> Result<Arc<dyn KvTable>> {
        Ok(Arc::new(ClaimingTable(self.stores.open(dir, removable)?, self.claim.clone())))
    }

    forward_kv!(stores: open_checkpoint, memory_used, figures);
}

impl KvTable for ClaimingTable {
    fn tablet(&self, partition: PartitionId, bucket: BucketId) -> Result<Arc<dyn KvStore>> {
        self.0.tablet(partition, bucket)
    }

    fn flush_in_background(&self) -> Result<()> {
        self.1.flushes.fetch_add(1, Ordering::SeqCst);
        self.0.flush_in_background()
    }

    fn load(&self) -> KvLoad {
        self.1.asked.fetch_add(1, Ordering::SeqCst);
        *self.1.load.lock().unwrap()
    }

    forward_kv!(0: flush, checkpoint, remove_partition, close);
}

/// `memory`: as for [`tablets`].
fn rocks(write_buffer: usize, memory: u64) -> RocksKvStores {
    RocksKvStores::new(KvMemory::new(8 << 20, 8 * write_buffer), write_buffer, MemoryBudget::new(memory).writers().limit())
}

fn schemas() -> Arc<Schemas> {
    let column = |name: &str, root, nullable| Column::new(name, DataType::new(root, nullable).unwrap());
    let columns = vec![column("id", TypeRoot::BigInt, false), column("v", TypeRoot::VarBinary(i32::MAX as u32), true)];
    Arc::new(Arc::new(Schema::new(0, columns, &["id".into()], &[]).unwrap()).into())
}

/// The tablets of a table with so many buckets. What they have appended and not committed is an eighth of the memory.
fn tablets(dir: &Path, kv: Arc<dyn KvStores>, buckets: u32, memory: u64) -> Vec<Arc<Tablet>> {
    let context = Arc::new(TabletContext {
        fs: Arc::new(LocalFileSystem),
        memory: Arc::new(MemoryBudget::new(memory)),
        kv,
        committer: Committer::start(2).unwrap(),
        clock: Arc::new(SystemClock),
        log: LogOptions { segment_size: 1 << 30, index_interval: 4096, writer_expiration_ms: 1 << 40 },
    });
    let options = TableOptions::parse(&BTreeMap::from([("table.log.arrow.compression.type".into(), "NONE".into())])).unwrap();
    let table = TableKv::open(dir, &options, &context, Box::new(|_, _| unreachable!("no such column"))).unwrap();
    let open = |bucket: u32| {
        let at = TableBucket { table_id: 1, partition: 0, bucket };
        let (dir, path) = (dir.join(bucket.to_string()), TablePath::new("db", "t"));
        Tablet::open(&dir, &path, at, schemas(), options.clone(), Some(table.clone()), context.clone()).unwrap()
    };
    (0..buckets).map(open).collect()
}

fn write(tablet: &Arc<Tablet>, ids: &[i64], value: &[u8]) -> Result<LogOffset> {
    let schema = tablet.codec().schema().arrow_schema();
    let values = BinaryArray::from_iter_values(ids.iter().map(|_| value));
    let batch = RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from(ids.to_vec())), Arc::new(values)]).unwrap();
    tablet.write(&Rows { schema_id: 0, batch, deletes: None, targets: None, writer: None })
}

fn write_through(tablet: &Arc<Tablet>, ids: &[i64], value: &[u8]) {
    let end = write(tablet, ids, value).unwrap();
    assert!(tablet.wait_durable(end, None).unwrap());
}

#[test]
fn in_a_crowd_who_has_brought_in_his_share_waits_and_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let claim = Arc::new(Claim::default());
    let mut tablets =
        tablets(dir.path(), Arc::new(Claiming { stores: rocks(8 << 20, 256 << 20), claim: claim.clone() }), 3, 256 << 20);
    // It leaves its share to the others.
    tablets.pop().unwrap().drop_table(Error::new(ErrorCode::PartitionNotFound, "dropped"));
    let value = vec![7; 50_000];
    write_through(&tablets[0], &[1], &value);
    write_through(&tablets[0], &[1], &value);
    claim.load.lock().unwrap().room = Some(400_000);
    // The first one meets the crowd; the second one uses the share up: 150 KB each.
    for _ in 0..2 {
        write_through(&tablets[0], &[1], &value);
    }
    thread::scope(|s| {
        let flooder = s.spawn(|| write(&tablets[0], &[2], &value).unwrap());
        let asked = claim.asked.load(Ordering::SeqCst);
        while claim.asked.load(Ordering::SeqCst) < asked + 3 {
            assert!(!flooder.is_finished(), "it has used its share up");
            thread::yield_now();
        }
        // It looks again and again; meanwhile the other one writes.
        write_through(&tablets[1], &[1], &value);
        assert!(!flooder.is_finished());
        claim.load.lock().unwrap().room = None;
        assert_eq!(flooder.join().unwrap(), 8);
    });

    claim.load.lock().unwrap().room = Some(0);
    write_through(&tablets[0], &[3], &value);
    thread::scope(|s| {
        let waiting = s.spawn(|| write(&tablets[0], &[4], &value).unwrap_err());
        let asked = claim.asked.load(Ordering::SeqCst);
        while claim.asked.load(Ordering::SeqCst) < asked + 3 {
            thread::yield_now();
        }
        tablets[0].close().unwrap();
        assert_eq!(waiting.join().unwrap().code(), ErrorCode::Closed);
    });
    // What cannot be written out any more does not hold up who would be told so by his write.
    claim.load.lock().unwrap().failures = 1;
    write_through(&tablets[1], &[2], &value);
}

/// RocksDB says in its log when it slows down.
#[test]
fn rocksdb_is_never_so_far_behind_that_it_slows_down() {
    // What is on its way is a memtable at most, and 32 of them.
    for memory in [8 << 20, 256 << 20] {
        let dir = tempfile::tempdir().unwrap();
        let tablets = tablets(dir.path(), Arc::new(rocks(1 << 20, memory)), 4, memory);
        thread::scope(|s| {
            for (seed, tablet) in tablets.iter().enumerate().take(3) {
                s.spawn(move || {
                    let mut random = Random(seed as u64);
                    for _ in 0..600 {
                        let ids: Vec<i64> = (0..100).map(|_| random.bits() as i64).collect();
                        let value: Vec<u8> = (0..500).map(|_| random.bits() as u8).collect();
                        write(tablet, &ids, &value).unwrap();
                    }
                });
            }
        });
        let log = std::fs::read_to_string(dir.path().join("kv/LOG")).unwrap();
        let slow: Vec<&str> = log.lines().filter(|l| l.contains("Stalling writes") || l.contains("Stopping writes")).collect();
        assert!(slow.is_empty(), "{slow:?}");
    }
}

#[test]
fn a_row_that_changes_all_the_time_leaves_little_to_replay() {
    let dir = tempfile::tempdir().unwrap();
    let tablet = tablets(dir.path(), Arc::new(rocks(512 << 20, 256 << 20)), 1, 256 << 20).remove(0);
    let mut random = Random(1);
    let value: Vec<u8> = (0..1 << 20).map(|_| random.bits() as u8).collect();
    // Three megabytes each: the row before, the row after, and the row that is kept. The bound is 128.
    for _ in 0..60 {
        write_through(&tablet, &[1], &value);
    }
    let applied_after_a_crash = || {
        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(dir.path().join("kv")).unwrap() {
            let path = entry.unwrap().path();
            // One that goes meanwhile is not part of the state.
            let _ = std::fs::copy(&path, copy.path().join(path.file_name().unwrap()));
        }
        rocks(1 << 20, 0).open(copy.path(), None).and_then(|table| table.tablet(0, 0)?.applied()).map_or(0, |a| a.offset)
    };
    while applied_after_a_crash() < 2 * 40 {
        thread::yield_now();
    }
}

/// The thread that commits would wait for it.
#[test]
fn a_crowded_table_is_not_told_to_write_out() {
    let dir = tempfile::tempdir().unwrap();
    let claim = Arc::new(Claim::default());
    let kv = Claiming { stores: rocks(512 << 20, 256 << 20), claim: claim.clone() };
    let tablet = tablets(dir.path(), Arc::new(kv), 1, 256 << 20).remove(0);
    let value = vec![7; 1 << 20];
    claim.load.lock().unwrap().room = Some(u64::MAX);
    for _ in 0..60 {
        write_through(&tablet, &[1], &value);
    }
    assert_eq!(claim.flushes.load(Ordering::SeqCst), 0);
    claim.load.lock().unwrap().room = None;
    write_through(&tablet, &[1], &value);
    assert_eq!(claim.flushes.load(Ordering::SeqCst), 1);
}
