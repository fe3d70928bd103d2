//! The memory budget of the process. A test binary of its own: the budget is one for all stores that are open in it.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use common::*;
use fluss_client::{Connection, LogScanner, Lookuper, Table};
use fluss_types::{ErrorCode, TablePath};

const MIB: u64 = 1 << 20;
/// The smallest budget; a share of readers or writers is an eighth.
const BUDGET: &str = "16mb";
const SHARE: u64 = 2 * MIB;
/// Long enough that only a wake-up ends a wait.
const FOREVER: Duration = Duration::from_secs(3600);
const PATIENCE: Duration = Duration::from_secs(60);

/// One test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open(dir: &Path, memory: Option<&str>) -> fluss_types::Result<Arc<Connection>> {
    let mut o = vec![("data.dir", dir.to_str().unwrap())];
    o.extend(memory.map(|m| ("memory.size", m)));
    Connection::open(options(&o))
}

fn metrics(connection: &Connection) -> BTreeMap<&'static str, u64> {
    connection.metrics().into_iter().collect()
}

/// One row of about so many bytes.
fn row(table: &Table, id: i64, bytes: usize) -> RecordBatch {
    let value = StringArray::from_iter_values(["x".repeat(bytes)]);
    RecordBatch::try_new(table.write_schema(), vec![Arc::new(Int64Array::from(vec![id])), Arc::new(value)]).unwrap()
}

/// Nothing is committed before a flush, or before memory is needed.
const LAZY: &[(&str, &str)] =
    &[("table.log.consistency", "eventual"), ("table.log.flush.interval", "1 h"), ("table.log.arrow.compression.type", "NONE")];

#[test]
fn all_stores_of_a_process_have_one_budget() {
    let _alone = alone();
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [a, b, c] = dirs.each_ref().map(|d| d.path().canonicalize().unwrap());
    let first = open(&a, Some("64mb")).unwrap();
    let second = open(&b, None).unwrap();
    assert_eq!(metrics(&second)["memory.budget"], 64 * MIB, "what is in force");
    let same = open(&c, Some("65536kb")).unwrap();
    same.close().unwrap();
    let e = open(&c, Some("128mb")).unwrap_err();
    assert_eq!(e.code(), ErrorCode::InvalidOption);
    for part in [a.to_str().unwrap(), c.to_str().unwrap(), "67108864", "134217728", "'memory.size'"] {
        assert!(e.message().contains(part), "{part} in: {e}");
    }
    first.close().unwrap();
    assert!(open(&c, Some("128mb")).is_err(), "the second store is open still");
    second.close().unwrap();
    let third = open(&c, Some("128mb")).unwrap();
    assert_eq!(metrics(&third)["memory.budget"], 128 * MIB);
    third.close().unwrap();
}

#[test]
fn writers_wait_for_their_own_commit_while_their_share_is_used_up() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let connection = open(dir.path(), Some(BUDGET)).unwrap();
    let log = create(&connection, "log", false, 1, LAZY);
    let keyed = create(&connection, "keyed", true, 1, LAZY);
    let used = || metrics(&connection)["memory.writers"];
    let (to_log, to_keyed) = (log.writer().unwrap(), keyed.writer().unwrap());
    to_log.write(None, &row(&log, 0, 3 << 20)).unwrap();
    assert!(used() > SHARE, "a batch larger than the share goes through alone");
    to_keyed.write(None, &row(&keyed, 0, 1 << 20)).unwrap();
    assert!(used() > 5 * MIB, "so does the first of another tablet, counted in the log and in the pre-write buffer");
    for id in 1..6 {
        // Each waits for a commit, which nothing else would bring within the hour.
        to_log.write(None, &row(&log, id, 3 << 20)).unwrap();
        to_keyed.write(None, &row(&keyed, id, 1 << 20)).unwrap();
        assert!(used() < 6 * MIB, "one batch a tablet: {}", used());
    }
    to_log.flush().unwrap();
    to_keyed.flush().unwrap();
    assert_eq!(used(), 0);
    assert_eq!(metrics(&connection)["tablets.open"], 2);
    assert!(metrics(&connection)["memory.write-buffers"] > 0);
    connection.close().unwrap();
}

#[test]
fn a_scanner_gets_one_batch_at_a_time_while_the_readers_share_is_used_up() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let connection = open(dir.path(), Some(BUDGET)).unwrap();
    let table = create(&connection, "t", false, 1, LAZY);
    let writer = table.writer().unwrap();
    for id in 0..4 {
        writer.write(None, &row(&table, id, 3 << 19)).unwrap();
    }
    writer.flush().unwrap();
    let used = || metrics(&connection)["memory.readers"];
    let scanner = |from| -> LogScanner {
        let scanner = table.log_scanner(vec![0, 1]).unwrap();
        scanner.subscribe(0, from, i64::MAX).unwrap();
        scanner
    };
    let held = scanner(0);
    let first = held.poll(FOREVER).unwrap().unwrap();
    let second = held.poll(FOREVER).unwrap().unwrap();
    assert!(used() > SHARE);
    assert!(held.poll(Duration::from_millis(20)).unwrap().is_none(), "two batches are out");
    let other = scanner(3);
    assert_eq!(other.poll(FOREVER).unwrap().unwrap().base_offset, 3, "who holds nothing gets one");

    let (sender, receiver) = channel();
    thread::scope(|s| {
        s.spawn(|| sender.send(held.poll(FOREVER).unwrap().unwrap().base_offset).unwrap());
        drop(first);
        let third = receiver.recv_timeout(PATIENCE);
        held.wake_up();
        assert_eq!(third.expect("the poll is woken by the batch that is dropped"), 2);
    });
    drop(second);
    assert_eq!(used(), 0);
    connection.close().unwrap();
}

/// The values `v` of some keys, in the copy of the table.
fn copied(lookuper: &Lookuper, table: &Table, keys: &[i64]) -> fluss_types::Result<Vec<Option<String>>> {
    let keys = RecordBatch::try_new(table.key_schema(), vec![Arc::new(Int64Array::from(keys.to_vec()))]).unwrap();
    let found = lookuper.lookup(&keys)?;
    let at = found.row_bytes.unwrap();
    Ok((0..found.rows).map(|r| (found.bytes[at + r] == 1).then(|| text(&found, 0, r))).collect())
}

#[test]
fn all_who_look_up_in_a_table_share_one_copy_and_the_last_frees_it() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let (connection, second) = (open(dir.path(), None).unwrap(), open(dir.path(), None).unwrap());
    let table = create(&connection, "t", true, 2, &[]);
    let ids: Vec<i64> = (0..10_000).collect();
    let values = StringArray::from_iter_values(ids.iter().map(|id| format!("value {id}")));
    let rows =
        RecordBatch::try_new(table.write_schema(), vec![Arc::new(Int64Array::from(ids.clone())), Arc::new(values)]).unwrap();
    let writer = table.writer().unwrap();
    writer.write(None, &rows).unwrap();
    writer.flush().unwrap();
    let used = || metrics(&connection)["memory.copies"];
    let first = table.lookuper(vec![1]).unwrap().in_full_copy().unwrap();
    assert_eq!(used(), 0, "nobody has asked for a row");
    assert_eq!(copied(&first, &table, &[7, -1]).unwrap(), [Some("value 7".into()), None]);
    assert_eq!(copied(&first, &table, &ids).unwrap(), lookup(&table, &ids));
    let state = first.copy_state().unwrap();
    assert_eq!((state.rows, state.bytes, state.staleness_ms), (10_000, used(), 0));
    let other = second.table(&TablePath::new("db", "t")).unwrap();
    let key_only = other.lookuper(vec![0]).unwrap().in_full_copy().unwrap();
    assert_eq!(key_only.copy_state(), first.copy_state(), "what is read of the rows does not matter");
    drop(first);
    assert_eq!(used(), state.bytes);
    drop(key_only);
    assert_eq!(used(), 0);
    second.close().unwrap();
    connection.close().unwrap();
}

#[test]
fn a_copy_that_the_budget_has_no_room_for_is_refused_until_there_is_room() {
    let _alone = alone();
    let dir = tempfile::tempdir().unwrap();
    let connection = open(dir.path(), Some(BUDGET)).unwrap();
    let table = create(&connection, "t", true, 1, &[]);
    let writer = table.writer().unwrap();
    let write = |id| {
        writer.write(None, &row(&table, id, 1 << 20)).unwrap();
        writer.flush().unwrap();
    };
    let used = || metrics(&connection)["memory.copies"];
    let lookuper = table.lookuper(vec![1]).unwrap().in_full_copy().unwrap();
    (0..3).for_each(write);
    let found = copied(&lookuper, &table, &[2, 3]).unwrap();
    assert_eq!((found[0].as_ref().map(String::len), found[1].is_none()), (Some(1 << 20), true));
    assert!(used() > 3 * MIB);
    // While it follows, and when it is loaded.
    (3..9).for_each(write);
    let e = loop {
        if let Err(e) = copied(&lookuper, &table, &[2]) {
            break e;
        }
        thread::yield_now();
    };
    assert_eq!((e.code(), used()), (ErrorCode::OutOfMemory, 0));
    for part in ["of its rows take 5", "0 of the 6291456 bytes", "'memory.size', which is 16777216", "'lookup.cache'"] {
        assert!(e.message().contains(part), "{part} in: {e}");
    }
    writer.write(Some(&[1]), &row(&table, 0, 1)).unwrap();
    for id in 1..6 {
        writer.write(None, &row(&table, id, 1)).unwrap();
    }
    writer.flush().unwrap();
    assert_eq!(copied(&lookuper, &table, &[0, 1]).unwrap(), [None, Some("x".into())]);
    drop(lookuper);
    assert_eq!(used(), 0);
    connection.close().unwrap();
}
