//! The file of a table's partitions: against a map, over crashes, losses of power and failures; its bytes; damage.
#![allow(clippy::unwrap_used, reason = "test code")]
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluss_meta::{Partition, PartitionList};
use fluss_testkit::{Fault, Flip, Operation, Random, SimulatedDisk};
use fluss_types::file::FileSystem;
use fluss_types::{Error, ErrorCode, Result};

const DIR: &str = "/data/tables/7";
const FILE: &str = "/data/tables/7/partitions";

fn open(fs: Arc<dyn FileSystem>) -> Result<PartitionList> {
    PartitionList::open(fs, Path::new(DIR), 7).map(|(list, _)| list)
}

fn create(list: &PartitionList, names: &[&str]) -> Result<Vec<Partition>> {
    list.create(&names.iter().map(|n| (*n).to_string()).collect::<Vec<_>>(), 5, |_| Ok(()))
}

fn drop_all(list: &PartitionList, names: &[&str]) -> Result<Vec<Partition>> {
    list.drop_all(&names.iter().map(|n| (*n).into()).collect::<Vec<_>>())
}

/// Name and number.
fn state(list: &PartitionList) -> BTreeMap<String, u32> {
    list.list().unwrap().iter().map(|p| (p.name.to_string(), p.id)).collect()
}

fn map(pairs: &[(&str, u32)]) -> BTreeMap<String, u32> {
    pairs.iter().map(|(n, id)| ((*n).to_string(), *id)).collect()
}

#[test]
fn numbers_are_never_given_twice() {
    let disk = SimulatedDisk::new(0);
    let list = open(disk.fs()).unwrap();
    assert_eq!(state(&list), map(&[]));
    assert_eq!(create(&list, &["b", "a"]).unwrap().iter().map(|p| p.id).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(create(&list, &["a", "c"]).unwrap().iter().map(|p| p.id).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(drop_all(&list, &["c", "nothing", "b"]).unwrap().iter().map(|p| p.id).collect::<Vec<_>>(), [3, 1]);
    assert_eq!((list.contains(2).unwrap(), list.contains(3).unwrap()), (true, false));
    let list = open(disk.fs()).unwrap();
    assert_eq!(state(&list), map(&[("a", 2)]));
    drop_all(&list, &["a"]).unwrap();
    // Written as a whole without any, twice.
    drop(open(disk.fs()).unwrap());
    let list = open(disk.fs()).unwrap();
    assert_eq!(create(&list, &["a"]).unwrap()[0], Partition { id: 4, name: "a".into(), created_ms: 5 });
    assert_eq!(list.get("a").unwrap().unwrap().id, 4);
}

#[test]
fn a_number_of_partitions_can_be_refused() {
    let disk = SimulatedDisk::new(0);
    let list = open(disk.fs()).unwrap();
    let two = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|n| (*n).into()).collect();
        list.create(&names, 0, |n| if n > 2 { Err(Error::new(ErrorCode::TooManyPartitions, "")) } else { Ok(()) })
    };
    two(&["a", "b"]).unwrap();
    two(&["b", "a"]).unwrap();
    assert_eq!(two(&["c"]).unwrap_err().code(), ErrorCode::TooManyPartitions);
    assert_eq!(state(&list), map(&[("a", 1), ("b", 2)]));
}

#[test]
fn partitions_are_as_a_map_has_them_whatever_the_disk_does() {
    let (mut applied, mut lost, mut poisoned, mut refused) = (0, 0, 0, 0);
    for seed in 0..600 {
        let disk = SimulatedDisk::new(seed);
        disk.fs().create_dir_all(Path::new(DIR)).unwrap();
        for dir in ["/", "/data", "/data/tables", DIR] {
            disk.fs().sync_dir(Path::new(dir)).unwrap();
        }
        let mut random = Random(seed);
        let mut list = open(disk.fs()).unwrap();
        let mut known = BTreeMap::new();
        let mut highest = 0;
        for step in 0..40 {
            let context = format!("seed {seed} step {step}");
            match random.below(8) {
                0 => disk.stop_at(random.below(6) + 1),
                1 => disk.arm(
                    [Operation::Write, Operation::Sync, Operation::Name][random.below(3) as usize],
                    Fault::After(random.below(3)),
                ),
                2 => disk.set_space(Some(random.below(60))),
                _ => {}
            }
            let names: Vec<String> = (0..random.below(3) + 1).map(|_| format!("p{}", random.below(6))).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            // What there is if the change lasts.
            let mut next = known.clone();
            let result = if random.below(3) > 0 {
                let mut id = highest;
                let mut new: Vec<&str> = Vec::new();
                names.iter().filter(|n| !known.contains_key(**n)).for_each(|n| {
                    if !new.contains(n) {
                        new.push(n)
                    }
                });
                for name in &new {
                    id += 1;
                    next.insert((*name).to_string(), id);
                }
                create(&list, &new)
            } else {
                next.retain(|name, _| !names.contains(&name.as_str()));
                let mut once = names.clone();
                once.sort_unstable();
                once.dedup();
                drop_all(&list, &once)
            };
            let restart = match &result {
                Ok(_) => {
                    known = next.clone();
                    false
                }
                Err(e) if e.code() == ErrorCode::Poisoned => {
                    assert_eq!(list.list().unwrap_err().code(), ErrorCode::Poisoned, "{context}");
                    poisoned += 1;
                    true
                }
                Err(_) if disk.is_stopped() => true,
                Err(_) => {
                    // Nothing of it is there, now and later.
                    next = known.clone();
                    assert_eq!(state(&list), known, "{context}");
                    refused += 1;
                    false
                }
            };
            disk.disarm();
            disk.set_space(None);
            if restart || disk.is_stopped() || random.below(4) == 0 {
                if random.below(2) == 0 {
                    disk.crash()
                } else {
                    disk.power_loss()
                }
                list = open(disk.fs()).unwrap_or_else(|e| panic!("{context}: {e}"));
                let found = state(&list);
                assert!(found == known || found == next, "{context}: {found:?} is neither {known:?} nor {next:?}");
                if result.is_err() && known != next {
                    if found == next { applied += 1 } else { lost += 1 }
                }
                known = found;
                // What an opening showed stays.
                disk.power_loss();
                list = open(disk.fs()).unwrap();
                assert_eq!(state(&list), known, "{context}");
            }
            highest = known.values().copied().max().unwrap_or(0).max(highest);
        }
    }
    assert!(applied > 50 && lost > 50 && poisoned > 50 && refused > 50, "{applied} {lost} {poisoned} {refused}");
}

/// A file with three frames.
fn three_frames() -> (SimulatedDisk, Vec<u8>) {
    let disk = SimulatedDisk::new(0);
    let list = open(disk.fs()).unwrap();
    create(&list, &["2025$eu"]).unwrap();
    create(&list, &["2026$eu", "2026$us"]).unwrap();
    drop_all(&list, &["2025$eu"]).unwrap();
    let bytes = disk.image()[Path::new(FILE)].clone();
    (disk, bytes)
}

#[test]
fn the_file_has_the_bytes_that_were_committed() {
    let (_, bytes) = three_frames();
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/partitions");
    if std::env::var_os("FLUSS_WRITE_GENERATED").is_some() {
        std::fs::write(&golden, &bytes).unwrap();
    }
    assert!(
        std::fs::read(&golden).unwrap_or_default() == bytes,
        "{} is not what is written now. If the format was meant to change, say so in native/docs/format.md and run \
         FLUSS_WRITE_GENERATED=1 cargo test --release --workspace --test partitions",
        golden.display()
    );
    let disk = SimulatedDisk::new(1);
    disk.fs().create_dir_all(Path::new(DIR)).unwrap();
    disk.fs().create(Path::new(FILE)).unwrap().write_at(0, &bytes).unwrap();
    assert_eq!(state(&open(disk.fs()).unwrap()), map(&[("2026$eu", 2), ("2026$us", 3)]));
}

#[test]
fn damage_is_reported_unless_it_looks_like_a_torn_end() {
    let (disk, bytes) = three_frames();
    let last = bytes.len() - 25;
    assert_eq!(&bytes[last..last + 4], b"FLUP");
    let mut torn = 0;
    for position in 0..bytes.len() {
        let flip = Flip { path: FILE.into(), position: position as u64, bit: (position % 8) as u8 };
        disk.flip(&flip);
        match open(disk.fs()) {
            Ok(list) => {
                assert!(position >= last, "byte {position}");
                assert_eq!(state(&list).len(), 3);
                torn += 1;
                disk.fs().create(Path::new(FILE)).unwrap().write_at(0, &bytes).unwrap();
            }
            Err(e) => {
                assert!(
                    position < last && matches!(e.code(), ErrorCode::CorruptMeta | ErrorCode::UnknownFormat),
                    "byte {position}: {e}"
                );
                assert!(e.message().contains(FILE), "{e}");
                disk.flip(&flip);
            }
        }
    }
    assert_eq!(torn, 25);
    // A partition that has a folder was durable.
    disk.fs().create(Path::new(FILE)).unwrap().write_at(0, &bytes[..last - 30]).unwrap();
    assert_eq!(state(&open(disk.fs()).unwrap()), map(&[("2025$eu", 1)]));
    disk.fs().create_dir_all(&Path::new(DIR).join("p3/0")).unwrap();
    let e = open(disk.fs()).unwrap_err();
    assert!(e.code() == ErrorCode::CorruptMeta && e.message().contains("lacks partition 3"), "{e}");
    // So was the file.
    disk.fs().remove_file(Path::new(FILE)).unwrap();
    assert_eq!(open(disk.fs()).unwrap_err().code(), ErrorCode::CorruptMeta);
}

#[test]
fn folders_of_dropped_partitions_are_named() {
    let (disk, _) = three_frames();
    for folder in ["p1", "p2", "0", "kv", "px"] {
        disk.fs().create_dir_all(&Path::new(DIR).join(folder)).unwrap();
    }
    let (_, orphans) = PartitionList::open(disk.fs(), Path::new(DIR), 7).unwrap();
    assert_eq!(orphans, [1]);
}

#[test]
fn a_file_of_another_table_or_a_later_version_is_refused() {
    let (disk, bytes) = three_frames();
    assert_eq!(PartitionList::open(disk.fs(), Path::new(DIR), 8).unwrap_err().code(), ErrorCode::CorruptMeta);
    let mut later = bytes;
    later[8] = 1;
    disk.fs().create(Path::new(FILE)).unwrap().write_at(0, &later).unwrap();
    let e = open(disk.fs()).unwrap_err();
    assert!(e.code() == ErrorCode::UnknownFormat && e.message().contains("version 1"), "{e}");
}

/// What a change writes does not grow with the number of partitions, and what is gone does not pile up.
#[test]
fn a_hundred_thousand_partitions() {
    let disk = SimulatedDisk::new(0);
    let list = open(disk.fs()).unwrap();
    let names: Vec<String> = (0..100_000).map(|i| format!("2026$customer-{i}")).collect();
    list.create(&names, 0, |_| Ok(())).unwrap();
    let len = || disk.image()[Path::new(FILE)].len();
    let before = len();
    create(&list, &["2027$new"]).unwrap();
    assert!(len() - before < 64, "{}", len() - before);
    for i in 0..1000 {
        list.create(&names.iter().map(|n| format!("{n}-{i}")).take(100).collect::<Vec<_>>(), 0, |_| Ok(())).unwrap();
        list.drop_all(&names.iter().map(|n| format!("{n}-{i}").into()).take(100).collect::<Vec<_>>()).unwrap();
    }
    assert!(len() < 2 * before + (2 << 20), "{} bytes", len());
    assert_eq!(state(&open(disk.fs()).unwrap()).len(), 100_001);
}
