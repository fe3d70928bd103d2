//! The row cache gives what the store holds, whatever happens between the steps of a read.
#![allow(clippy::unwrap_used, reason = "test code")]
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use fluss_kv::{
    Applied, CachedKvStores, IsRemovable, KvMemory, KvStore, KvStores, KvTable, KvValue, MemoryKvStores, RocksKvStores, RowCache,
    forward_kv,
};
use fluss_testkit::Random;
use fluss_types::file::LocalFileSystem;
use fluss_types::{BucketId, PartitionId, Result};

type Hook = Box<dyn FnOnce() + Send>;

/// What a store is asked for: keys so far, and what is to happen once rows are read and before they are given.
#[derive(Clone, Default)]
struct Reads(Arc<(AtomicUsize, Mutex<Option<Hook>>)>);

impl std::fmt::Debug for Reads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reads")
    }
}

impl Reads {
    fn keys(&self) -> usize {
        self.0.0.load(Ordering::Relaxed)
    }

    fn during_the_next(&self, hook: impl FnOnce() + Send + 'static) {
        *self.0.1.lock().unwrap() = Some(Box::new(hook));
    }
}

#[derive(Debug)]
struct Watched {
    stores: MemoryKvStores,
    reads: Reads,
}

#[derive(Debug)]
struct WatchedTable(Arc<dyn KvTable>, Reads);

#[derive(Debug)]
struct WatchedTablet(Arc<dyn KvStore>, Reads);

impl KvStores for Watched {
    fn open(&self, dir: &Path, removable: Option<IsRemovable>) -> Result<Arc<dyn KvTable>> {
        Ok(Arc::new(WatchedTable(self.stores.open(dir, removable)?, self.reads.clone())))
    }

    forward_kv!(stores: open_checkpoint, memory_used, figures);
}

impl KvTable for WatchedTable {
    fn tablet(&self, partition: PartitionId, bucket: BucketId) -> Result<Arc<dyn KvStore>> {
        Ok(Arc::new(WatchedTablet(self.0.tablet(partition, bucket)?, self.1.clone())))
    }

    forward_kv!(0: flush, flush_in_background, checkpoint, remove_partition, load, close);
}

impl KvStore for WatchedTablet {
    fn multi_get(&self, keys: &[&[u8]]) -> Result<Vec<Option<KvValue<'_>>>> {
        let (asked, hook) = &*self.1.0;
        asked.fetch_add(keys.len(), Ordering::Relaxed);
        let rows = self.0.multi_get(keys);
        let hook = hook.lock().unwrap().take();
        match hook {
            Some(hook) => hook(),
            // Others shall have their turn just here.
            None => std::thread::yield_now(),
        }
        rows
    }

    forward_kv!(0: applied, durable_offset, apply, scan, scan_prefixes, snapshot, clear);
}

/// A tablet behind a cache, and what its store is asked for.
fn watched(dir: &Path, bytes: u64) -> (Arc<dyn KvStore>, Reads, RowCache) {
    let (reads, cache) = (Reads::default(), RowCache::new(bytes));
    let stores = Watched { stores: MemoryKvStores::new(Arc::new(LocalFileSystem)), reads: reads.clone() };
    let table = CachedKvStores::new(Arc::new(stores), cache.clone()).open(dir, None).unwrap();
    (table.tablet(0, 0).unwrap(), reads, cache)
}

fn apply(kv: &dyn KvStore, list: &[(&[u8], Option<&[u8]>)]) {
    let changes = list.iter().map(|(k, v)| (Bytes::copy_from_slice(k), v.map(Bytes::copy_from_slice))).collect();
    kv.apply(&changes, Applied::default()).unwrap();
}

fn get(kv: &dyn KvStore, key: &[u8]) -> Option<Vec<u8>> {
    kv.get(key).unwrap().map(|row| row.to_vec())
}

const MANY: u64 = 64 << 20;

#[test]
fn a_row_that_is_asked_for_again_is_kept_and_changes_reach_it() {
    let dir = tempfile::tempdir().unwrap();
    let (kv, reads, _) = watched(dir.path(), MANY);
    apply(kv.as_ref(), &[(b"a", Some(b"1")), (b"b", Some(b"2"))]);
    for _ in 0..3 {
        assert_eq!((get(kv.as_ref(), b"a"), get(kv.as_ref(), b"b")), (Some(b"1".to_vec()), Some(b"2".to_vec())));
    }
    assert_eq!(reads.keys(), 4, "twice each");
    let longer = [7; 100];
    apply(kv.as_ref(), &[(b"a", Some(b"3")), (b"b", Some(&longer))]);
    assert_eq!((get(kv.as_ref(), b"a"), get(kv.as_ref(), b"b")), (Some(b"3".to_vec()), Some(longer.to_vec())));
    assert_eq!(reads.keys(), 4);
    apply(kv.as_ref(), &[(b"a", None)]);
    for _ in 0..3 {
        assert_eq!(get(kv.as_ref(), b"a"), None);
    }
    assert_eq!(reads.keys(), 7, "what is not there is asked for again");
}

#[test]
fn rows_that_are_asked_for_once_take_nothing() {
    const ROWS: u64 = 20_000;
    let dir = tempfile::tempdir().unwrap();
    let (kv, _, cache) = watched(dir.path(), MANY);
    for i in 0..ROWS {
        apply(kv.as_ref(), &[(&i.to_be_bytes(), Some(&[1; 200]))]);
    }
    let ask_for = |keys: &[u64]| {
        let keys: Vec<[u8; 8]> = keys.iter().map(|i| i.to_be_bytes()).collect();
        let slices: Vec<&[u8]> = keys.iter().map(<[u8; 8]>::as_slice).collect();
        assert!(kv.multi_get(&slices).unwrap().iter().all(Option::is_some));
    };
    let all: Vec<u64> = (0..ROWS).collect();
    ask_for(&all);
    // A few that are taken for others: not more than a chunk of 256 KiB in each of eight parts.
    let once = cache.used();
    assert!(once <= (8 * (256 + 16)) << 10, "{once} bytes");
    all.chunks(1000).for_each(|keys| (0..2).for_each(|_| ask_for(keys)));
    assert!(cache.used() > ROWS * 200 * 3 / 4, "{} bytes", cache.used());
}

#[test]
fn a_row_that_is_changed_while_it_is_read_is_not_cached() {
    for (new, together) in [(Some(b"new".as_slice()), true), (Some(b"new"), false), (None, true), (None, false)] {
        let dir = tempfile::tempdir().unwrap();
        let (kv, reads, _) = watched(dir.path(), MANY);
        apply(kv.as_ref(), &[(b"a", Some(b"old"))]);
        assert!(get(kv.as_ref(), b"a").is_some(), "the next who asks would keep it");
        let writer = kv.clone();
        reads.during_the_next(move || apply(writer.as_ref(), &[(b"a", new)]));
        let read = match together {
            true => kv.multi_get(&[b"a"]).unwrap().remove(0).map(|row| row.to_vec()),
            false => get(kv.as_ref(), b"a"),
        };
        assert_eq!(read, Some(b"old".to_vec()), "as it was when it was read");
        assert_eq!(get(kv.as_ref(), b"a"), new.map(<[u8]>::to_vec));
    }
}

#[test]
fn a_row_that_is_read_while_its_tablet_is_cleared_is_not_seen_later() {
    let dir = tempfile::tempdir().unwrap();
    let (kv, reads, _) = watched(dir.path(), MANY);
    apply(kv.as_ref(), &[(b"a", Some(b"old")), (b"b", Some(b"old"))]);
    for key in [b"a", b"b", b"b"] {
        assert!(get(kv.as_ref(), key).is_some());
    }
    let writer = kv.clone();
    reads.during_the_next(move || writer.clear().unwrap());
    assert_eq!(get(kv.as_ref(), b"a"), Some(b"old".to_vec()));
    assert_eq!((get(kv.as_ref(), b"a"), get(kv.as_ref(), b"b")), (None, None));
}

/// A reader never gets a row that is older than the last one whose apply had ended before the read began.
#[test]
fn readers_beside_a_writer_never_get_an_older_row() {
    const KEYS: usize = 50;
    let dir = tempfile::tempdir().unwrap();
    let (kv, reads, _) = watched(dir.path(), MANY);
    let applied: Vec<AtomicU64> = (0..KEYS).map(|_| AtomicU64::new(0)).collect();
    let key = |i: usize| (i as u64).to_be_bytes();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut random = Random(1);
            for n in 1..=30_000_u64 {
                let i = random.below(KEYS as u64) as usize;
                // Removed first now and then, so that readers have something to put.
                if random.below(2) == 0 {
                    apply(kv.as_ref(), &[(&key(i), None)]);
                }
                apply(kv.as_ref(), &[(&key(i), Some(&n.to_le_bytes()))]);
                applied[i].store(n, Ordering::Release);
            }
        });
        for seed in 2..5 {
            let (kv, applied) = (&kv, &applied);
            scope.spawn(move || {
                let mut random = Random(seed);
                for _ in 0..30_000 {
                    let i = random.below(KEYS as u64) as usize;
                    let before = applied[i].load(Ordering::Acquire);
                    let row = get(kv.as_ref(), &key(i)).map(|row| u64::from_le_bytes(row.try_into().unwrap()));
                    assert!(row.is_none_or(|row| row >= before), "{row:?} after {before}");
                }
            });
        }
    });
    for (i, applied) in applied.iter().enumerate() {
        let last = applied.load(Ordering::Relaxed);
        assert_eq!(get(kv.as_ref(), &key(i)), (last > 0).then(|| last.to_le_bytes().to_vec()));
    }
    assert!(reads.keys() > 0);
}

#[test]
fn a_small_cache_in_any_use_gives_the_state_of_a_map_and_stays_within_its_bytes() {
    const BYTES: u64 = 12 << 20;
    let dir = tempfile::tempdir().unwrap();
    let (kv, reads, cache) = watched(dir.path(), BYTES);
    let (mut map, mut random, mut asked) = (BTreeMap::new(), Random(11), 0);
    for round in 0..8_000 {
        // Some keys are asked for more often than others.
        let keys: Vec<[u8; 8]> = (0..4)
            .map(|_| {
                let among = [100, 4_000][random.below(2) as usize];
                random.below(among).to_be_bytes()
            })
            .collect();
        if round % 4 == 0 {
            for key in &keys {
                let len = [10, 9_000, 10_000, 20_000][random.below(4) as usize] + random.below(40) as usize;
                let row = (random.below(5) > 0).then(|| vec![round as u8; len]);
                apply(kv.as_ref(), &[(key, row.as_deref())]);
                match row {
                    Some(row) => map.insert(*key, row),
                    None => map.remove(key),
                };
            }
        }
        let slices: Vec<&[u8]> = keys.iter().map(<[u8; 8]>::as_slice).collect();
        asked += keys.len();
        for (key, row) in keys.iter().zip(kv.multi_get(&slices).unwrap()) {
            assert_eq!(row.as_deref(), map.get(key).map(Vec::as_slice), "round {round}");
        }
        // A table of places that grows is counted with the next chunk.
        assert!(cache.used() <= BYTES + (1 << 20), "{} bytes", cache.used());
    }
    assert!(cache.used() > BYTES / 2, "{} bytes", cache.used());
    assert!(reads.keys() < asked * 3 / 4, "{} of {asked} keys were asked of the store", reads.keys());
}

#[test]
fn rows_take_from_the_blocks_what_they_need_and_no_more_than_there_is() {
    const SIZE: usize = 48 << 20;
    let dir = tempfile::tempdir().unwrap();
    let memory = KvMemory::new(SIZE / 3 * 2, SIZE / 3);
    let stores = CachedKvStores::new(Arc::new(RocksKvStores::new(memory.clone(), 8 << 20, 0)), memory.row_cache());
    let table = stores.open(dir.path(), None).unwrap();
    let kv = table.tablet(0, 0).unwrap();
    // Rows that LZ4 makes little of, twice as many as there is memory.
    let mut random = Random(5);
    const ROWS: u64 = 2 * SIZE as u64 / 500;
    for from in (0..ROWS).step_by(1000) {
        let row = |random: &mut Random| (0..60).flat_map(|_| random.bits().to_le_bytes()).collect::<Vec<u8>>();
        let changes =
            (from..ROWS.min(from + 1000)).map(|i| (Bytes::copy_from_slice(&i.to_be_bytes()), Some(row(&mut random).into())));
        kv.apply(&changes.collect(), Applied::default()).unwrap();
    }
    table.flush().unwrap();
    assert_eq!(stores.memory_used().row_cache, 0, "nobody has asked for a row");
    for _ in 0..2000 {
        let keys: Vec<[u8; 8]> = (0..100).map(|_| random.below(ROWS).to_be_bytes()).collect();
        let slices: Vec<&[u8]> = keys.iter().map(<[u8; 8]>::as_slice).collect();
        // Those that are asked for again are kept.
        (0..2).for_each(|_| assert!(kv.multi_get(&slices).unwrap().iter().all(Option::is_some)));
    }
    let used = stores.memory_used();
    let all = used.row_cache + used.block_cache + used.write_buffers;
    assert!(used.row_cache > SIZE as u64 / 2, "{used:?}");
    assert!(all <= SIZE as u64 + (8 << 20), "{used:?}");
    // All of it is needed elsewhere: each part keeps a chunk.
    stores.lend(&|| SIZE as u64);
    let used = stores.memory_used();
    assert!(used.row_cache < SIZE as u64 / 4, "{used:?}");
    drop(kv);
    table.close();
}

#[test]
fn what_only_files_know_is_not_known_in_memory_and_asking_twice_for_it_is_asking_once() {
    let dir = tempfile::tempdir().unwrap();
    let rows: Vec<_> = (0..1_000u32).map(|i| (i.to_be_bytes(), [i as u8; 200])).collect();
    let (stores, cache) = (|| RocksKvStores::new(KvMemory::new(1 << 20, 4 << 20), 1 << 20, 0), RowCache::new(MANY));
    let open = || {
        let table = CachedKvStores::new(Arc::new(stores()), cache.clone()).open(dir.path(), None).unwrap();
        (table.tablet(0, 0).unwrap(), table)
    };
    let (kv, table) = open();
    let list: Vec<(&[u8], Option<&[u8]>)> = rows.iter().map(|(k, v)| (&k[..], Some(&v[..]))).collect();
    apply(kv.as_ref(), &list);
    let in_memory = |kv: &dyn KvStore, key: &[u8]| kv.get_in_memory(key).unwrap().map(|row| row.map(|row| row.to_vec()));
    let (key, row) = (&rows[7].0, rows[7].1.to_vec());
    assert_eq!(in_memory(kv.as_ref(), key), Some(Some(row.clone())), "in the memtable");
    drop(kv);
    table.flush().unwrap();
    table.close();
    let (kv, _table) = open();
    for _ in 0..3 {
        assert_eq!(in_memory(kv.as_ref(), key), None);
    }
    assert_eq!(kv.multi_get(&[key, b"none"]).unwrap()[0].as_deref(), Some(&row[..]));
    assert_eq!(cache.used(), 0, "asked for once");
    assert_eq!(in_memory(kv.as_ref(), key), Some(Some(row.clone())), "its block is cached");
    assert!(cache.used() > 0, "asked for again");
    assert_eq!(in_memory(kv.as_ref(), b"none"), Some(None));
    apply(kv.as_ref(), &[(key, None)]);
    assert_eq!(in_memory(kv.as_ref(), key), Some(None));
}
