//! What needs a look inside the tablet.
use std::panic::{AssertUnwindSafe, catch_unwind};

use fluss_kv::{KvMemory, RocksKvStores};
use fluss_types::file::LocalFileSystem;
use fluss_types::time::SystemClock;
use fluss_types::{Column, DataType, Schema, TypeRoot};
use std::collections::BTreeMap;

use arrow_array::Int64Array;
use fluss_format::{EncodedBatch, Projection};
use fluss_types::{BatchSequence, LogOffset};

use super::*;

fn tablet(dir: &Path) -> Arc<Tablet> {
    let id = Column::new("id", DataType::new(TypeRoot::BigInt, false).unwrap());
    let context = TabletContext {
        fs: Arc::new(LocalFileSystem),
        memory: Arc::new(MemoryBudget::new(16 << 20)),
        kv: Arc::new(RocksKvStores::new(KvMemory::new(1 << 20, 1 << 20), 1 << 20, 0)),
        committer: Committer::start(1).unwrap(),
        clock: Arc::new(SystemClock),
        log: LogOptions { segment_size: 1 << 20, index_interval: 4096, writer_expiration_ms: 7 * 86_400_000 },
    };
    let schema = Schema::new(0, vec![id], &["id".into()], &[]).unwrap();
    let options = TableOptions::parse(&BTreeMap::new()).unwrap();
    let context = Arc::new(context);
    let table = TableKv::open(dir, &options, &context, Box::new(|_, _| Err(Error::internal("no numbers")))).unwrap();
    let bucket = TableBucket { table_id: 1, partition: 0, bucket: 0 };
    let schemas = Arc::new(Arc::new(schema).into());
    Tablet::open(&dir.join("0"), &TablePath::new("db", "t"), bucket, schemas, options, Some(table), context).unwrap()
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

fn write(tablet: &Arc<Tablet>, sequence: i32, ids: &[i64], delete: bool) -> Result<LogOffset> {
    let schema = tablet.codec().schema().arrow_schema();
    let batch = arrow_array::RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from(ids.to_vec()))]).unwrap();
    let writer = Some(BatchSequence { writer_id: 9, sequence });
    tablet.write(&Rows { schema_id: 0, batch, deletes: delete.then(|| vec![true; ids.len()]), targets: None, writer })
}

#[test]
fn a_write_that_was_under_way_when_the_tablet_closed_appends_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let tablet = tablet(dir.path());
    write(&tablet, 0, &[1], false).unwrap();
    tablet.close().unwrap();
    // It has found the tablet open, and comes to the append only now.
    let appended = tablet.append_encoded(&mut EncodedBatch::without_rows(0), None, 0, 0, &mut tablet.appended());
    assert_eq!(appended.unwrap_err().code(), ErrorCode::Closed);
}

#[test]
fn a_batch_that_is_sent_again_changes_neither_the_log_nor_the_rows() {
    let dir = tempfile::tempdir().unwrap();
    let tablet = tablet(dir.path());
    assert_eq!(write(&tablet, 0, &[1, 2], false).unwrap(), 2);
    assert_eq!(write(&tablet, 1, &[1], true).unwrap(), 3);
    assert_eq!(write(&tablet, 0, &[1, 2], false).unwrap(), 2, "the offset of the first time");
    assert_eq!(tablet.log.end_offset(), 3);
    let mut found = Vec::new();
    let key = |id: i64| ((id as u64) ^ (1 << 63)).to_be_bytes();
    tablet.lookup(&[&key(1), &key(2)], |i, _| found.push(i)).unwrap();
    assert_eq!(found, [1], "the delete is not undone");

    let e = write(&tablet, 5, &[3], false).unwrap_err();
    assert_eq!(e.code(), ErrorCode::OutOfOrderSequence);
    assert!(e.message().contains("batch 5 of writer 9") && e.message().contains("batch 2 was expected"), "{e}");
    // A batch that changes nothing takes no offset, and its number counts.
    assert_eq!(write(&tablet, 2, &[77], true).unwrap(), 3);
    assert_eq!(write(&tablet, 3, &[4], false).unwrap(), 4);
    assert_eq!(write(&tablet, 2, &[77], true).unwrap(), 3);
}

#[test]
fn a_snapshot_whose_lease_is_over_goes_while_the_tablet_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let tablet = tablet(dir.path());
    let create = |lease| Tablet::create_snapshot(std::slice::from_ref(&tablet), lease).unwrap();
    let (over, held) = (create(0), create(60_000));
    tablet.retain().unwrap();
    let projection = || Projection::all(tablet.codec().schema().clone());
    assert_eq!(tablet.snapshot_reader(&over.id, projection(), &[]).unwrap_err().code(), ErrorCode::SnapshotNotFound);
    tablet.snapshot_reader(&held.id, projection(), &[]).unwrap();
}

#[test]
fn rows_are_counted_through_the_commit_and_an_opening() {
    let dir = tempfile::tempdir().unwrap();
    let opened = tablet(dir.path());
    write(&opened, 0, &[1, 2, 1, 3], false).unwrap();
    write(&opened, 1, &[1, 9, 1], true).unwrap();
    let end = write(&opened, 2, &[2, 4], false).unwrap();
    assert!(opened.wait_durable(end, None).unwrap());
    let applied = |tablet: &Tablet| tablet.store(tablet.kv_state().unwrap()).unwrap().applied().unwrap();
    assert_eq!((applied(&opened).offset, applied(&opened).rows), (end, 3));
    // From the log alone.
    let store = opened.store(opened.kv_state().unwrap()).unwrap();
    store.clear().unwrap();
    assert_eq!(recover::replay(store.as_ref(), &opened.log, &opened.codec()).unwrap(), applied(&opened));
    assert_eq!(applied(&opened).rows, 3);
}

#[test]
fn an_old_row_that_cannot_be_read_fails_its_batch_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let tablet = tablet(dir.path());
    let key = |id: i64| bytes::Bytes::from(((id as u64) ^ (1 << 63)).to_be_bytes().to_vec());
    let buffer = &tablet.kv_state().unwrap().buffer;
    buffer.write().unwrap().put(key(1), Some(bytes::Bytes::from_static(&[0, 0, 0, 0, 7])));
    for _ in 0..2 {
        let e = write(&tablet, 0, &[2, 1], false).unwrap_err();
        assert_eq!(e.code(), ErrorCode::CorruptKv, "{e}");
        assert!(e.message().contains("table db.t bucket 0") && e.message().contains("stored row"), "{e}");
    }
    assert_eq!(tablet.log.end_offset(), 0, "nothing of the batch");
    assert_eq!(write(&tablet, 0, &[2, 3], false).unwrap(), 2);
}
