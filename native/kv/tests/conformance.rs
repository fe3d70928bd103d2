//! What `KvStore` promises, held against both implementations.
#![allow(clippy::unwrap_used, reason = "test code")]
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use fluss_kv::{Changes, KvMemory, KvSnapshot, KvStore, KvStores, MemoryKvStores, RocksKvStores};
use fluss_testkit::Random;
use fluss_types::file::LocalFileSystem;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

fn rocks() -> Box<dyn KvStores> {
    Box::new(RocksKvStores::new(KvMemory::new(1 << 20, 4 << 20), 1 << 20))
}

fn memory() -> Box<dyn KvStores> {
    Box::new(MemoryKvStores::new(Arc::new(LocalFileSystem)))
}

fn open(stores: &dyn KvStores, dir: &Path) -> Arc<dyn KvStore> {
    fs::create_dir_all(dir).unwrap();
    stores.open(dir).unwrap()
}

fn changes(list: &[(&[u8], Option<&[u8]>)]) -> Changes {
    list.iter().map(|(k, v)| (Bytes::copy_from_slice(k), v.map(Bytes::copy_from_slice))).collect()
}

fn get(kv: &dyn KvStore, keys: &[&[u8]]) -> Vec<Option<Vec<u8>>> {
    kv.multi_get(keys).unwrap().into_iter().map(|v| v.map(|v| v.to_vec())).collect()
}

/// All rows of a scan in pieces of at most `max_rows`, which also checks the positions.
fn scan(snapshot: &dyn KvSnapshot, max_rows: usize) -> Vec<Vec<u8>> {
    let (mut rows, mut position) = (Vec::new(), Vec::new());
    loop {
        let before = rows.len();
        let last = snapshot.scan(&position, max_rows, usize::MAX, &mut |row| rows.push(row.to_vec())).unwrap();
        assert!(rows.len() - before <= max_rows);
        assert_eq!(last.is_none(), rows.len() == before, "a position exactly when there was a row");
        let Some(last) = last else { return rows };
        assert!(last > position, "positions go up");
        position = last;
    }
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

macro_rules! on_both {
    ($($name:ident)*) => {
        mod rocks_db { $(#[test] fn $name() { super::$name(super::rocks().as_ref()); })* }
        mod in_memory { $(#[test] fn $name() { super::$name(super::memory().as_ref()); })* }
    };
}

on_both! {
    an_empty_store_has_nothing
    the_last_apply_counts_and_deletes_remove
    a_lookup_answers_repeated_and_missing_keys_in_their_order
    a_flushed_state_is_there_after_reopening
    rows_and_applied_offset_agree_after_the_process_died
    a_checkpoint_is_frozen_and_durable
    a_scan_goes_on_after_any_key
    a_scan_stops_at_bytes
    big_values_come_back
    random_changes_give_the_state_of_a_map
}

fn an_empty_store_has_nothing(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, &dir.path().join("kv"));
    assert_eq!(kv.applied_offset().unwrap(), 0);
    assert_eq!(get(kv.as_ref(), &[b"a", b"b"]), [None, None]);
    assert_eq!(get(kv.as_ref(), &[b"a"]), [None]);
    assert!(get(kv.as_ref(), &[]).is_empty());
    kv.checkpoint(&dir.path().join("copy")).unwrap();
    assert!(scan(stores.open_snapshot(&dir.path().join("copy")).unwrap().as_ref(), 10).is_empty());
    assert!(stores.open_snapshot(&dir.path().join("no copy")).is_err());
}

fn the_last_apply_counts_and_deletes_remove(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, dir.path());
    kv.apply(&changes(&[(b"a", Some(b"1")), (b"b", Some(b"1")), (b"c", None)]), 3).unwrap();
    kv.apply(&changes(&[(b"a", Some(b"2")), (b"b", None)]), 6).unwrap();
    assert_eq!(get(kv.as_ref(), &[b"a", b"b", b"c"]), [Some(b"2".to_vec()), None, None]);
    assert_eq!(kv.applied_offset().unwrap(), 6);
    kv.apply(&Changes::default(), 9).unwrap();
    assert_eq!(kv.applied_offset().unwrap(), 9, "an empty apply moves the offset");
    kv.apply(&changes(&[(b"b", Some(b""))]), 10).unwrap();
    assert_eq!(get(kv.as_ref(), &[b"b"]), [Some(Vec::new())], "an empty row is a row");
}

fn a_lookup_answers_repeated_and_missing_keys_in_their_order(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, dir.path());
    kv.apply(&changes(&[(b"a", Some(b"1")), (b"\0", Some(b"2")), (b"\xff\xff", Some(b"3"))]), 3).unwrap();
    let found = get(kv.as_ref(), &[b"\xff\xff", b"a", b"none", b"a", b"\0", b"\xff\xff"]);
    let row = |v: &[u8]| Some(v.to_vec());
    assert_eq!(found, [row(b"3"), row(b"1"), None, row(b"1"), row(b"2"), row(b"3")]);
}

fn a_flushed_state_is_there_after_reopening(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, dir.path());
    kv.apply(&changes(&[(b"a", Some(b"1")), (b"b", Some(b"1"))]), 2).unwrap();
    kv.flush().unwrap();
    kv.apply(&changes(&[(b"b", None)]), 3).unwrap();
    kv.flush().unwrap();
    drop(kv);
    let kv = open(stores, dir.path());
    assert_eq!((kv.applied_offset().unwrap(), get(kv.as_ref(), &[b"a", b"b"])), (3, vec![Some(b"1".to_vec()), None]));
}

/// What a killed process leaves: the files as they are. Each apply writes its offset into the row, so that any state names itself.
fn rows_and_applied_offset_agree_after_the_process_died(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, &dir.path().join("kv"));
    let copy = dir.path().join("after the crash");
    for flushed in 0..4 {
        for offset in [10 * flushed + 3, 10 * flushed + 7] {
            let row = offset.to_string();
            kv.apply(&changes(&[(b"a", Some(row.as_bytes())), (b"b", Some(row.as_bytes()))]), offset).unwrap();
            if offset % 10 == 3 && flushed > 0 {
                kv.flush().unwrap();
            }
        }
        copy_dir(&dir.path().join("kv"), &copy);
        // The lock of the copy is the copy's own.
        let kv = open(stores, &copy);
        let applied = kv.applied_offset().unwrap();
        let least = if flushed > 0 { 10 * flushed + 3 } else { 0 };
        assert!((least..=10 * flushed + 7).contains(&applied), "{applied} of {flushed}");
        let row = (applied > 0).then(|| applied.to_string().into_bytes());
        assert_eq!(get(kv.as_ref(), &[b"a", b"b"]), [row.clone(), row]);
        drop(kv);
        fs::remove_dir_all(&copy).unwrap();
    }
}

fn a_checkpoint_is_frozen_and_durable(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, &dir.path().join("kv"));
    kv.apply(&changes(&[(b"a", Some(b"1")), (b"b", Some(b"2"))]), 2).unwrap();
    let copy = dir.path().join("copy");
    kv.checkpoint(&copy).unwrap();
    kv.apply(&changes(&[(b"a", None), (b"c", Some(b"3"))]), 4).unwrap();
    kv.flush().unwrap();
    let snapshot = stores.open_snapshot(&copy).unwrap();
    assert_eq!(scan(snapshot.as_ref(), 10), [b"1", b"2"]);
    drop((kv, snapshot));
    fs::remove_dir_all(dir.path().join("kv")).unwrap();
    assert_eq!(scan(stores.open_snapshot(&copy).unwrap().as_ref(), 1), [b"1", b"2"]);
}

fn a_scan_goes_on_after_any_key(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, &dir.path().join("kv"));
    let keys: Vec<Vec<u8>> = (0..100u8).map(|i| vec![b'k', i, 0, 255]).chain([vec![0], vec![255, 255]]).collect();
    let all: Changes = keys.iter().map(|k| (Bytes::from(k.clone()), Some(Bytes::from(k.clone())))).collect();
    kv.apply(&all, 102).unwrap();
    let copy = dir.path().join("copy");
    kv.checkpoint(&copy).unwrap();
    let snapshot = stores.open_snapshot(&copy).unwrap();
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    for pieces in [1, 7, 102, 1000] {
        assert_eq!(scan(snapshot.as_ref(), pieces), sorted);
    }
    // Keys that are there, keys between them, and beyond the last.
    for after in keys.iter().cloned().chain([vec![b'k', 50], vec![b'k', 50, 0, 255, 0], vec![255, 255, 255]]) {
        let mut rows = Vec::new();
        let last = snapshot.scan(&after, 3, usize::MAX, &mut |row| rows.push(row.to_vec())).unwrap();
        let expected: Vec<_> = sorted.iter().filter(|k| **k > after).take(3).cloned().collect();
        assert_eq!((rows, last.as_ref()), (expected.clone(), expected.last()));
    }
}

fn a_scan_stops_at_bytes(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, &dir.path().join("kv"));
    kv.apply(&changes(&[(b"a", Some(&[1; 60])), (b"b", Some(&[2; 60])), (b"c", Some(&[3; 60]))]), 3).unwrap();
    let copy = dir.path().join("copy");
    kv.checkpoint(&copy).unwrap();
    let mut rows = 0;
    let last = stores.open_snapshot(&copy).unwrap().scan(&[], usize::MAX, 100, &mut |_| rows += 1).unwrap();
    assert_eq!((rows, last), (2, Some(b"b".to_vec())));
}

fn big_values_come_back(stores: &dyn KvStores) {
    let dir = tempfile::tempdir().unwrap();
    let kv = open(stores, dir.path());
    let big: Vec<u8> = (0..16 << 20).map(|i| (i % 251) as u8).collect();
    kv.apply(&changes(&[(b"a", Some(&big)), (&big[..10_000], Some(b"long key"))]), 2).unwrap();
    kv.flush().unwrap();
    drop(kv);
    let kv = open(stores, dir.path());
    assert!(get(kv.as_ref(), &[b"a", &big[..10_000]]) == [Some(big.clone()), Some(b"long key".to_vec())]);
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
            kv.apply(&list, step).unwrap();
            match random.below(6) {
                0 => kv.flush().unwrap(),
                1 => {
                    kv.flush().unwrap();
                    drop(kv);
                    kv = open(stores, &dir.path().join("kv"));
                }
                _ => {}
            }
            let keys: Vec<Vec<u8>> = (0..random.below(10)).map(|_| random.below(50).to_be_bytes()[7..].to_vec()).collect();
            let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
            let expected: Vec<_> = keys.iter().map(|k| model.get(*k).cloned()).collect();
            assert_eq!(get(kv.as_ref(), &keys), expected, "seed {seed}, step {step}");
            assert_eq!(kv.applied_offset().unwrap(), step);
        }
        kv.checkpoint(&dir.path().join("copy")).unwrap();
        let snapshot = stores.open_snapshot(&dir.path().join("copy")).unwrap();
        assert_eq!(scan(snapshot.as_ref(), 5), model.into_values().collect::<Vec<_>>(), "seed {seed}");
    }
}
