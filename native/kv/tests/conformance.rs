//! What the traits of `store.rs` promise, held against both implementations, and against both with a row cache in front.
#![allow(clippy::unwrap_used, reason = "test code")]
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use fluss_kv::{
    Applied, CachedKvStores, Changes, KvMemory, KvRange, KvSnapshot, KvStore, KvStores, KvTable, MemoryKvStores, RocksKvStores,
    RowCache,
};
use fluss_testkit::Random;
use fluss_types::ErrorCode;
use fluss_types::file::LocalFileSystem;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

fn rocks() -> Box<dyn KvStores> {
    Box::new(RocksKvStores::new(KvMemory::new(1 << 20, 4 << 20), 1 << 20, 0))
}

fn memory() -> Box<dyn KvStores> {
    Box::new(MemoryKvStores::new(Arc::new(LocalFileSystem)))
}

/// A table and its only tablet.
struct Single {
    table: Arc<dyn KvTable>,
    kv: Arc<dyn KvStore>,
}

impl Single {
    fn apply(&self, list: &[(&[u8], Option<&[u8]>)], offset: i64) {
        self.kv.apply(&changes(list), at(offset)).unwrap();
    }

    fn offset(&self) -> i64 {
        self.kv.applied().unwrap().offset
    }

    fn get(&self, keys: &[&[u8]]) -> Vec<Option<Vec<u8>>> {
        get(self.kv.as_ref(), keys)
    }

    fn checkpoint(&self, dir: &Path) {
        self.table.checkpoint(dir).unwrap();
    }

    fn close(self) {
        drop(self.kv);
        self.table.close();
    }
}

fn at(offset: i64) -> Applied {
    Applied { offset, rows: 2 * offset }
}

fn open_table(stores: &dyn KvStores, dir: &Path) -> Arc<dyn KvTable> {
    fs::create_dir_all(dir).unwrap();
    stores.open(dir, None).unwrap()
}

fn open(stores: &dyn KvStores, dir: &Path) -> Single {
    let table = open_table(stores, dir);
    Single { kv: table.tablet(0, 0).unwrap(), table }
}

fn copy_of(stores: &dyn KvStores, dir: &Path) -> Box<dyn KvSnapshot> {
    stores.open_checkpoint(dir).unwrap().tablet(0, 0)
}

fn changes(list: &[(&[u8], Option<&[u8]>)]) -> Changes {
    list.iter().map(|(k, v)| (Bytes::copy_from_slice(k), v.map(Bytes::copy_from_slice))).collect()
}

fn get(kv: &dyn KvStore, keys: &[&[u8]]) -> Vec<Option<Vec<u8>>> {
    let rows: Vec<Option<Vec<u8>>> = kv.multi_get(keys).unwrap().into_iter().map(|v| v.map(|v| v.to_vec())).collect();
    for (key, row) in keys.iter().zip(&rows) {
        if let Some(known) = kv.get_in_memory(key).unwrap() {
            assert_eq!(known.as_deref(), row.as_deref(), "{key:?} in memory");
        }
        assert_eq!(kv.get(key).unwrap().as_deref(), row.as_deref(), "{key:?} alone");
    }
    rows
}

/// All rows of a scan in pieces of at most `max_rows`, which also checks the positions.
fn scan(snapshot: &dyn KvSnapshot, max_rows: usize) -> Vec<Vec<u8>> {
    let (mut rows, mut position) = (Vec::new(), Vec::new());
    loop {
        let before = rows.len();
        let range = KvRange { after: &position, max_rows, ..KvRange::ALL };
        let last = snapshot.scan(&range, &mut |_, row| rows.push(row.to_vec())).unwrap();
        assert!(rows.len() - before <= max_rows);
        assert_eq!(last.is_none(), rows.len() == before, "a position exactly when there was a row");
        let Some(last) = last else { return rows };
        assert!(last > position, "positions go up");
        position = last;
    }
}

/// A copy of an open table's directory as one moment left it: a background thread may delete a file that nobody needs
/// any more while the copy is made, and the copy then starts again.
fn copy_dir(from: &Path, to: &Path) {
    loop {
        fs::create_dir_all(to).unwrap();
        let copied = fs::read_dir(from).unwrap().try_for_each(|entry| {
            let entry = entry?;
            fs::copy(entry.path(), to.join(entry.file_name())).map(drop)
        });
        match copied {
            Err(e) if e.kind() == io::ErrorKind::NotFound => fs::remove_dir_all(to).unwrap(),
            copied => return copied.unwrap(),
        }
    }
}

fn cached(stores: Box<dyn KvStores>) -> Box<dyn KvStores> {
    Box::new(CachedKvStores::new(stores.into(), RowCache::new(8 << 20)))
}

macro_rules! on_all {
    ($($name:ident)*) => {
        mod rocks_db { $(#[test] fn $name() { super::$name(super::rocks().as_ref()); })* }
        mod in_memory { $(#[test] fn $name() { super::$name(super::memory().as_ref()); })* }
        mod cached_rocks_db { $(#[test] fn $name() { super::$name(super::cached(super::rocks()).as_ref()); })* }
        mod cached_in_memory { $(#[test] fn $name() { super::$name(super::cached(super::memory()).as_ref()); })* }
    };
}

on_all! {
    an_empty_store_has_nothing
    the_last_apply_counts_and_deletes_remove
    a_lookup_answers_repeated_and_missing_keys_in_their_order
    a_lookup_of_very_many_keys_answers_all_of_them
    a_flushed_state_is_there_after_reopening
    rows_and_applied_offset_agree_after_the_process_died
    a_checkpoint_is_frozen_and_durable
    a_scan_goes_on_after_any_key
    a_scan_stops_at_bytes
    big_values_come_back
    random_changes_give_the_state_of_a_map
    a_scan_within_a_prefix_gives_the_keys_that_begin_so
    a_scan_of_prefixes_is_of_one_point_in_time
    a_snapshot_in_memory_stays_as_it_is_and_ends_with_its_table
    tablets_of_a_table_do_not_see_each_other
    a_tablet_that_was_cleared_is_empty_after_a_crash
    a_removed_partition_is_gone_and_its_neighbours_are_not
    what_is_not_flushed_is_not_called_durable
    a_closed_table_can_be_opened_at_once_and_refuses_its_users
}

fn an_empty_store_has_nothing(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, &dir.path().join("kv"));
    assert_eq!((kv.kv.applied().unwrap(), kv.kv.durable_offset().unwrap()), (Applied::default(), 0));
    assert_eq!(kv.get(&[b"a", b"b"]), [None, None]);
    assert_eq!(kv.get(&[b"a"]), [None]);
    assert!(kv.get(&[]).is_empty());
    kv.checkpoint(&dir.path().join("copy"));
    assert!(scan(copy_of(stores, &dir.path().join("copy")).as_ref(), 10).is_empty());
    assert!(stores.open_checkpoint(&dir.path().join("no copy")).is_err());
}

fn the_last_apply_counts_and_deletes_remove(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, dir.path());
    kv.apply(&[(b"a", Some(b"1")), (b"b", Some(b"1")), (b"c", None)], 3);
    kv.apply(&[(b"a", Some(b"2")), (b"b", None)], 6);
    assert_eq!(kv.get(&[b"a", b"b", b"c"]), [Some(b"2".to_vec()), None, None]);
    assert_eq!(kv.offset(), 6);
    kv.apply(&[], 9);
    assert_eq!(kv.offset(), 9, "an empty apply moves the offset");
    kv.apply(&[(b"b", Some(b""))], 10);
    assert_eq!(kv.get(&[b"b"]), [Some(Vec::new())], "an empty row is a row");
}

fn a_lookup_answers_repeated_and_missing_keys_in_their_order(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, dir.path());
    kv.apply(&[(b"a", Some(b"1")), (b"\0", Some(b"2")), (b"\xff\xff", Some(b"3"))], 3);
    let found = kv.get(&[b"\xff\xff", b"a", b"none", b"a", b"\0", b"\xff\xff"]);
    let row = |v: &[u8]| Some(v.to_vec());
    assert_eq!(found, [row(b"3"), row(b"1"), None, row(b"1"), row(b"2"), row(b"3")]);
}

fn a_lookup_of_very_many_keys_answers_all_of_them(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, &dir.path().join("kv"));
    // In no order, even ones are there, some are asked for twice.
    let numbers: Vec<u32> = (0..6000).map(|i| i * 7919 % 5501).collect();
    let keys: Vec<[u8; 4]> = numbers.iter().map(|n| n.to_be_bytes()).collect();
    let there: Vec<_> = keys.iter().filter(|k| k[3] % 2 == 0).map(|k| (&k[..], Some(&k[..]))).collect();
    kv.apply(&there, 1);
    let asked: Vec<&[u8]> = keys.iter().map(|k| &k[..]).collect();
    let found = kv.get(&asked);
    assert_eq!(found.len(), keys.len());
    for (key, row) in keys.iter().zip(found) {
        assert_eq!(row, (key[3] % 2 == 0).then(|| key.to_vec()));
    }
}

fn a_flushed_state_is_there_after_reopening(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, dir.path());
    kv.apply(&[(b"a", Some(b"1")), (b"b", Some(b"1"))], 2);
    kv.table.flush().unwrap();
    kv.apply(&[(b"b", None)], 3);
    kv.table.flush().unwrap();
    kv.close();
    let kv = open(stores, dir.path());
    assert_eq!((kv.offset(), kv.get(&[b"a", b"b"])), (3, vec![Some(b"1".to_vec()), None]));
}

/// What a killed process leaves: the files as they are. Each apply writes its offset into the row, so that any state names itself.
fn rows_and_applied_offset_agree_after_the_process_died(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, &dir.path().join("kv"));
    let copy = dir.path().join("after the crash");
    for flushed in 0..4 {
        for offset in [10 * flushed + 3, 10 * flushed + 7] {
            let row = offset.to_string();
            kv.apply(&[(b"a", Some(row.as_bytes())), (b"b", Some(row.as_bytes()))], offset);
            if offset % 10 == 3 && flushed > 0 {
                kv.table.flush().unwrap();
            }
        }
        copy_dir(&dir.path().join("kv"), &copy);
        // The lock of the copy is the copy's own.
        let kv = open(stores, &copy);
        let applied = kv.offset();
        let least = if flushed > 0 { 10 * flushed + 3 } else { 0 };
        assert!((least..=10 * flushed + 7).contains(&applied), "{applied} of {flushed}");
        let row = (applied > 0).then(|| applied.to_string().into_bytes());
        assert_eq!(kv.get(&[b"a", b"b"]), [row.clone(), row]);
        kv.close();
        fs::remove_dir_all(&copy).unwrap();
    }
}

fn a_checkpoint_is_frozen_and_durable(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, &dir.path().join("kv"));
    kv.apply(&[(b"a", Some(b"1")), (b"b", Some(b"2"))], 2);
    let copy = dir.path().join("copy");
    kv.checkpoint(&copy);
    kv.apply(&[(b"a", None), (b"c", Some(b"3"))], 4);
    kv.table.flush().unwrap();
    let snapshot = copy_of(stores, &copy);
    assert_eq!(scan(snapshot.as_ref(), 10), [b"1", b"2"]);
    drop((kv, snapshot));
    fs::remove_dir_all(dir.path().join("kv")).unwrap();
    assert_eq!(scan(copy_of(stores, &copy).as_ref(), 1), [b"1", b"2"]);
}

fn a_scan_goes_on_after_any_key(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, &dir.path().join("kv"));
    let keys: Vec<Vec<u8>> = (0..100u8).map(|i| vec![b'k', i, 0, 255]).chain([vec![0], vec![255, 255]]).collect();
    let all: Changes = keys.iter().map(|k| (Bytes::from(k.clone()), Some(Bytes::from(k.clone())))).collect();
    kv.kv.apply(&all, at(102)).unwrap();
    let copy = dir.path().join("copy");
    kv.checkpoint(&copy);
    let snapshot = copy_of(stores, &copy);
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    for pieces in [1, 7, 102, 1000] {
        assert_eq!(scan(snapshot.as_ref(), pieces), sorted);
    }
    // Keys that are there, keys between them, and beyond the last.
    for after in keys.iter().cloned().chain([vec![b'k', 50], vec![b'k', 50, 0, 255, 0], vec![255, 255, 255]]) {
        let mut rows = Vec::new();
        let last = snapshot
            .scan(&KvRange { after: &after, max_rows: 3, ..KvRange::ALL }, &mut |_, row| rows.push(row.to_vec()))
            .unwrap();
        let expected: Vec<_> = sorted.iter().filter(|k| **k > after).take(3).cloned().collect();
        assert_eq!((rows, last.as_ref()), (expected.clone(), expected.last()));
    }
}

fn a_scan_stops_at_bytes(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, &dir.path().join("kv"));
    kv.apply(&[(b"a", Some(&[1; 60])), (b"b", Some(&[2; 60])), (b"c", Some(&[3; 60]))], 3);
    let copy = dir.path().join("copy");
    kv.checkpoint(&copy);
    let mut rows = 0;
    let last = copy_of(stores, &copy).scan(&KvRange { max_bytes: 100, ..KvRange::ALL }, &mut |_, _| rows += 1).unwrap();
    assert_eq!((rows, last), (2, Some(b"b".to_vec())));
}

fn big_values_come_back(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, dir.path());
    let big: Vec<u8> = (0..16 << 20).map(|i| (i % 251) as u8).collect();
    kv.apply(&[(b"a", Some(&big)), (&big[..10_000], Some(b"long key"))], 2);
    kv.table.flush().unwrap();
    kv.close();
    let kv = open(stores, dir.path());
    assert!(kv.get(&[b"a", &big[..10_000]]) == [Some(big.clone()), Some(b"long key".to_vec())]);
}

fn random_changes_give_the_state_of_a_map(stores: &dyn KvStores) {
    for seed in 0..5 {
        let mut random = Random(seed);
        let dir = tempfile::tempdir().unwrap();
        let mut kv = open(stores, &dir.path().join("kv"));
        let mut model = Rows::new();
        for step in 1..=40 {
            let mut list = Changes::default();
            for _ in 0..random.below(20) {
                let key = random.below(50).to_be_bytes()[7 - random.below(3) as usize..].to_vec();
                let row = (random.below(3) > 0).then(|| random.bits().to_le_bytes().to_vec());
                list.insert(key.into(), row.map(Bytes::from));
            }
            for (key, row) in &list {
                match row {
                    Some(row) => model.insert(key.to_vec(), row.to_vec()),
                    None => model.remove(&key[..]),
                };
            }
            kv.kv.apply(&list, at(step)).unwrap();
            match random.below(6) {
                0 => kv.table.flush().unwrap(),
                1 => {
                    kv.table.flush().unwrap();
                    kv.close();
                    kv = open(stores, &dir.path().join("kv"));
                }
                _ => {}
            }
            let keys: Vec<Vec<u8>> = (0..random.below(10)).map(|_| random.below(50).to_be_bytes()[7..].to_vec()).collect();
            let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
            let expected: Vec<_> = keys.iter().map(|k| model.get(*k).cloned()).collect();
            assert_eq!(kv.get(&keys), expected, "seed {seed}, step {step}");
            assert_eq!(kv.offset(), step);
        }
        kv.checkpoint(&dir.path().join("copy"));
        let snapshot = copy_of(stores, &dir.path().join("copy"));
        assert_eq!(scan(snapshot.as_ref(), 5), model.into_values().collect::<Vec<_>>(), "seed {seed}");
    }
}

fn a_scan_within_a_prefix_gives_the_keys_that_begin_so(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, dir.path());
    let keys: [&[u8]; 8] = [b"a", b"ab", b"ab\0", b"ab\xff", b"ab\xff\xff", b"ac", b"\xff", b"\xff\xff"];
    let all: Vec<(&[u8], Option<&[u8]>)> = keys.iter().map(|k| (*k, Some(*k))).collect();
    kv.apply(&all, 8);
    let (live, copy) = (kv.kv.snapshot().unwrap(), dir.path().join("copy"));
    kv.checkpoint(&copy);
    let copy = copy_of(stores, &copy);
    for (within, after, expected) in [
        (&b"ab"[..], &b""[..], &keys[1..5]),
        (b"ab", b"ab", &keys[2..5]),
        (b"ab", b"ab\xff", &keys[4..5]),
        (b"ab", b"a", &keys[1..5]),
        (b"ab", b"b", &[]),
        (b"\xff", b"", &keys[6..8]),
        (b"\xff\xff", b"", &keys[7..8]),
        (b"b", b"", &[]),
        (b"", b"ac", &keys[6..8]),
    ] {
        let range = KvRange { within, after, ..KvRange::ALL };
        for source in 0..3 {
            let mut found = Vec::new();
            let mut row = |key: &[u8], row: &[u8]| {
                assert_eq!(key, row);
                found.push(row.to_vec());
            };
            let last = match source {
                0 => kv.kv.scan(&range, &mut row),
                1 => live.scan(&range, &mut row),
                _ => copy.scan(&range, &mut row),
            };
            assert_eq!(
                (&found[..], last.unwrap().as_deref()),
                (&expected.iter().map(|k| k.to_vec()).collect::<Vec<_>>()[..], expected.last().copied())
            );
        }
    }
}

fn a_snapshot_in_memory_stays_as_it_is_and_ends_with_its_table(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, dir.path());
    kv.apply(&[(b"a", Some(b"1")), (b"b", Some(b"2"))], 2);
    let snapshot = kv.kv.snapshot().unwrap();
    kv.apply(&[(b"a", None), (b"c", Some(b"3"))], 4);
    kv.table.flush().unwrap();
    assert_eq!((snapshot.applied().unwrap(), scan(snapshot.as_ref(), 1)), (at(2), vec![b"1".to_vec(), b"2".to_vec()]));
    drop(kv.kv.snapshot().unwrap());
    kv.close();
    let e = snapshot.scan(&KvRange::ALL, &mut |_, _| {}).unwrap_err();
    assert_eq!(e.code(), ErrorCode::Closed);
    assert_eq!(open(stores, dir.path()).get(&[b"a", b"b", b"c"]), [None, Some(b"2".to_vec()), Some(b"3".to_vec())]);
}

/// Keys and rows of a tablet.
fn rows(kv: &dyn KvStore) -> Rows {
    let mut rows = Rows::new();
    kv.scan(&KvRange::ALL, &mut |key, row| assert!(rows.insert(key.to_vec(), row.to_vec()).is_none())).unwrap();
    rows
}

const PLACES: [(u32, u32); 6] = [(0, 0), (0, 1), (0, u32::MAX), (1, 0), (1, 7), (u32::MAX, u32::MAX)];

/// A row a tablet that says which it is, under the same keys.
fn fill(table: &dyn KvTable) {
    for (i, (partition, bucket)) in PLACES.into_iter().enumerate() {
        let kv = table.tablet(partition, bucket).unwrap();
        kv.apply(&changes(&[(b"\0", Some(&[i as u8])), (b"\xff\xff", Some(&[i as u8]))]), at(i as i64)).unwrap();
    }
}

fn filled(i: usize) -> Rows {
    Rows::from([(vec![0], vec![i as u8]), (vec![255, 255], vec![i as u8])])
}

fn tablets_of_a_table_do_not_see_each_other(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let table = open_table(stores, &dir.path().join("kv"));
    fill(table.as_ref());
    table.checkpoint(&dir.path().join("copy")).unwrap();
    table.tablet(0, 1).unwrap().apply(&changes(&[(b"\0", None)]), at(9)).unwrap();
    let checkpoint = stores.open_checkpoint(&dir.path().join("copy")).unwrap();
    for (i, (partition, bucket)) in PLACES.into_iter().enumerate().filter(|(i, _)| *i != 1) {
        let kv = table.tablet(partition, bucket).unwrap();
        assert_eq!((rows(kv.as_ref()), kv.applied().unwrap()), (filled(i), at(i as i64)));
        let copy = checkpoint.tablet(partition, bucket);
        assert_eq!((scan(copy.as_ref(), 1), copy.applied().unwrap()), (vec![vec![i as u8]; 2], at(i as i64)));
    }
    assert_eq!((checkpoint.tablet(0, 1).applied().unwrap(), table.tablet(0, 1).unwrap().applied().unwrap()), (at(1), at(9)));
    assert!(rows(table.tablet(0, 2).unwrap().as_ref()).is_empty());
}

fn a_tablet_that_was_cleared_is_empty_after_a_crash(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let table = open_table(stores, &dir.path().join("kv"));
    fill(table.as_ref());
    table.flush().unwrap();
    let kv = table.tablet(0, 0).unwrap();
    kv.clear().unwrap();
    assert_eq!((kv.applied().unwrap(), rows(kv.as_ref())), (Applied::default(), Rows::new()));
    let crashed = dir.path().join("after the crash");
    copy_dir(&dir.path().join("kv"), &crashed);
    let after = open_table(stores, &crashed);
    assert_eq!(after.tablet(0, 0).unwrap().applied().unwrap(), Applied::default());
    assert!(rows(after.tablet(0, 0).unwrap().as_ref()).is_empty());
    assert_eq!(rows(after.tablet(0, 1).unwrap().as_ref()), filled(1));
    kv.apply(&changes(&[(b"new", Some(b"1"))]), at(1)).unwrap();
    assert_eq!(rows(kv.as_ref()), Rows::from([(b"new".to_vec(), b"1".to_vec())]));
}

fn a_removed_partition_is_gone_and_its_neighbours_are_not(stores: &dyn KvStores) {
    for flushed in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let table = open_table(stores, &dir.path().join("kv"));
        fill(table.as_ref());
        if flushed {
            table.flush().unwrap();
        }
        table.remove_partition(1).unwrap();
        table.remove_partition(u32::MAX).unwrap();
        table.remove_partition(2).unwrap();
        let crashed = dir.path().join("after the crash");
        copy_dir(&dir.path().join("kv"), &crashed);
        for table in [table, open_table(stores, &crashed)] {
            for (i, (partition, bucket)) in PLACES.into_iter().enumerate() {
                let kv = table.tablet(partition, bucket).unwrap();
                let (there, offset) = if partition == 0 { (filled(i), i as i64) } else { (Rows::new(), 0) };
                assert_eq!((rows(kv.as_ref()), kv.applied().unwrap()), (there, at(offset)));
            }
        }
    }
}

fn what_is_not_flushed_is_not_called_durable(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, dir.path());
    let other = kv.table.tablet(0, 1).unwrap();
    kv.apply(&[(b"a", Some(b"1"))], 2);
    kv.table.flush().unwrap();
    kv.apply(&[(b"a", Some(b"2"))], 5);
    other.apply(&changes(&[]), at(7)).unwrap();
    assert_eq!((kv.kv.durable_offset().unwrap(), other.durable_offset().unwrap()), (2, 0));
    kv.table.flush().unwrap();
    assert_eq!((kv.kv.durable_offset().unwrap(), other.durable_offset().unwrap()), (5, 7));
    drop(other);
    kv.close();
    assert_eq!(open(stores, dir.path()).kv.durable_offset().unwrap(), 5);
}

fn a_closed_table_can_be_opened_at_once_and_refuses_its_users(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let table = open_table(stores, dir.path());
    table.flush().unwrap();
    table.close();
    let closed = |e: fluss_types::Error| assert_eq!(e.code(), ErrorCode::Closed, "{e}");
    closed(table.flush().unwrap_err());
    closed(table.tablet(0, 0).unwrap_err());
    closed(table.checkpoint(&dir.path().join("copy")).unwrap_err());
    closed(table.remove_partition(1).unwrap_err());
    open(stores, dir.path()).apply(&[(b"a", Some(b"1"))], 1);
}

fn a_scan_of_prefixes_is_of_one_point_in_time(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let single = open(stores, &dir.path().join("kv"));
    let other = single.table.tablet(0, 1).unwrap();
    single.apply(
        &[(b"a1", Some(b"1")), (b"a2", Some(b"2")), (b"b", Some(b"3")), (b"ba", Some(b"4")), (b"\xff\xff", Some(b"5"))],
        1,
    );
    other.apply(&changes(&[(b"a3", Some(b"of another tablet"))]), at(1)).unwrap();
    let scan = |prefixes: &[&[u8]], stop_at: usize| {
        let (mut begun, mut rows) = (0, Vec::new());
        let ended = single.kv.scan_prefixes(prefixes, &mut || begun += 1, &mut |i, key, row| {
            if rows.len() == stop_at {
                return Err(fluss_types::Error::invalid("enough"));
            }
            rows.push((i, key.to_vec(), row.to_vec()));
            Ok(())
        });
        assert_eq!(begun, 1);
        (rows, ended.is_ok())
    };
    let row = |i: usize, key: &[u8], row: &[u8]| (i, key.to_vec(), row.to_vec());
    let wanted =
        vec![row(0, b"b", b"3"), row(0, b"ba", b"4"), row(2, b"a1", b"1"), row(2, b"a2", b"2"), row(3, b"\xff\xff", b"5")];
    assert_eq!(scan(&[b"b", b"c", b"a", b"\xff"], usize::MAX), (wanted.clone(), true));
    assert_eq!(scan(&[b"b", b"a"], 2), (wanted[..2].to_vec(), false), "it ends where it is told to");
    assert_eq!(scan(&[b""], usize::MAX).0.len(), 5);
    assert_eq!(scan(&[], usize::MAX), (vec![], true));
    single.close();
}

/// What changes once the scan has begun is not seen. The store in memory holds its lock meanwhile.
#[test]
fn a_scan_of_prefixes_does_not_see_what_is_applied_after_it_has_begun() {
    let (dir, stores) = (tempfile::tempdir().unwrap(), rocks());
    let single = open(stores.as_ref(), &dir.path().join("kv"));
    single.apply(&[(b"a1", Some(b"1")), (b"a2", Some(b"2"))], 1);
    let mut rows = Vec::new();
    let mut apply = || single.apply(&[(b"a1", None), (b"a2", Some(b"later")), (b"a3", Some(b"3"))], 2);
    single
        .kv
        .scan_prefixes(&[b"a"], &mut apply, &mut |_, _, row| {
            rows.push(row.to_vec());
            Ok(())
        })
        .unwrap();
    assert_eq!(rows, [b"1", b"2"]);
    single.close();
}

#[test]
fn removable_rows_go_with_a_compaction_and_the_others_stay() {
    let (dir, stores) = (tempfile::tempdir().unwrap(), rocks());
    let path = dir.path().join("kv");
    fs::create_dir_all(&path).unwrap();
    let table = stores.open(&path, Some(Arc::new(|row: &[u8]| row.starts_with(b"old")))).unwrap();
    let kv = table.tablet(0, 0).unwrap();
    kv.apply(&changes(&[(b"a", Some(b"old row")), (b"b", Some(b"new row"))]), at(1)).unwrap();
    assert_eq!(get(kv.as_ref(), &[b"a"]), [Some(b"old row".to_vec())]);
    // Each flush is a file more that overlaps the others: RocksDB compacts them before long.
    for i in 2.. {
        kv.apply(&changes(&[(b"0", Some(b"x")), (b"z", Some(b"x"))]), at(i)).unwrap();
        table.flush().unwrap();
        if get(kv.as_ref(), &[b"a"]) == [None] {
            break;
        }
        assert!(i < 10_000, "no compaction has removed the row");
    }
    assert_eq!(get(kv.as_ref(), &[b"b", b"z"]), [Some(b"new row".to_vec()), Some(b"x".to_vec())]);
    assert!(kv.applied().unwrap().offset >= 2, "own entries are no rows");
    table.close();
}

#[test]
fn live_scans_are_bounded_and_each_gives_its_place_back() {
    let dir = tempfile::tempdir().unwrap();
    let table = open_table(rocks().as_ref(), dir.path());
    let kv = table.tablet(0, 0).unwrap();
    let mut open: Vec<_> = (0..200).map(|_| kv.snapshot().unwrap()).collect();
    for _ in 0..2 {
        let e = kv.snapshot().unwrap_err();
        assert!(e.code() == ErrorCode::Unavailable && e.message().contains("200 scans"), "{e}");
        open.pop();
        open.push(kv.snapshot().unwrap());
    }
    drop((open, kv));
    table.close();
}
