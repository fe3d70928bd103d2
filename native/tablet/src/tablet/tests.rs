//! What needs a look inside the tablet.
use std::panic::{AssertUnwindSafe, catch_unwind};

use fluss_kv::{KvMemory, RocksKvStores};
use fluss_types::file::LocalFileSystem;
use fluss_types::time::SystemClock;
use fluss_types::{Column, DataType, Schema, TypeRoot};
use std::collections::BTreeMap;

use super::*;

fn tablet(dir: &Path) -> Arc<Tablet> {
    let id = Column::new("id", DataType::new(TypeRoot::BigInt, false).unwrap());
    let context = TabletContext {
        fs: Arc::new(LocalFileSystem),
        memory: Arc::new(MemoryBudget::new(16 << 20)),
        kv: Arc::new(RocksKvStores::new(KvMemory::new(1 << 20, 1 << 20), 1 << 20)),
        committer: Committer::start(1).unwrap(),
        clock: Arc::new(SystemClock),
        log: LogOptions { segment_size: 1 << 20, index_interval: 4096 },
    };
    let schema = Schema::new(0, vec![id], &["id".into()], &[]).unwrap();
    let options = TableOptions::parse(&BTreeMap::new()).unwrap();
    let bucket = TableBucket { table_id: 1, bucket: 0 };
    Tablet::open(dir, &TablePath::new("db", "t"), bucket, Arc::new(Arc::new(schema).into()), options, Arc::new(context)).unwrap()
}

#[test]
fn a_panic_in_a_write_poisons_the_tablet_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let tablet = tablet(dir.path());
    assert!(catch_unwind(AssertUnwindSafe(|| tablet.or_poison(|| panic!("on purpose")))).is_err());
    let e = tablet.check_open().unwrap_err();
    assert_eq!(e.code(), ErrorCode::Poisoned);
    assert!(e.message().contains("db.t") && e.message().contains("a write panicked"), "{e}");
    assert_eq!(tablet.wait_durable(1, None).unwrap_err().code(), ErrorCode::Poisoned);
}

#[test]
fn a_failed_commit_fails_those_who_wait_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let tablet = tablet(dir.path());
    // The store is taken away from under the commit.
    tablet.kv.as_ref().unwrap().kv.write().unwrap().take();
    tablet.commit();
    assert_eq!(tablet.wait_durable(1, None).unwrap_err().code(), ErrorCode::Poisoned);
}
