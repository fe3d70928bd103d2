//! The simulated disk keeps the contract of the file system, and breaks everything that the contract leaves open.
#![allow(clippy::unwrap_used, reason = "test code")]
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluss_testkit::{Fault, Operation, SimulatedDisk};
use fluss_types::file::{File, FileSystem};

fn disk(seed: u64) -> (SimulatedDisk, Arc<dyn FileSystem>) {
    let disk = SimulatedDisk::new(seed);
    let fs = disk.fs();
    fs.create_dir_all(Path::new("/d")).unwrap();
    (disk, fs)
}

fn path(name: &str) -> PathBuf {
    Path::new("/d").join(name)
}

fn put(fs: &dyn FileSystem, name: &str, bytes: &[u8]) -> Arc<dyn File> {
    let file = fs.create(&path(name)).unwrap();
    file.write_at(0, bytes).unwrap();
    file
}

#[test]
fn what_was_synced_with_its_name_lasts_and_nothing_else_does_for_sure() {
    let (mut lost_write, mut lost_name, mut torn) = (0, 0, 0);
    for seed in 0..100 {
        let (disk, fs) = disk(seed);
        put(fs.as_ref(), "a", b"synced").sync().unwrap();
        fs.sync_dir(Path::new("/d")).unwrap();
        fs.open(&path("a")).unwrap().write_at(6, &[7; 2000]).unwrap();
        put(fs.as_ref(), "b", b"name").sync().unwrap();
        disk.power_loss();
        let a = fs.read(&path("a")).unwrap();
        assert_eq!(a[..6], *b"synced");
        lost_write += usize::from(a.len() == 6);
        torn += usize::from(a.len() > 6 && a[6..] != [7; 2000]);
        match fs.read(&path("b")) {
            Ok(b) => assert_eq!(b, b"name"),
            Err(_) => lost_name += 1,
        }
    }
    assert!(lost_write > 10 && lost_name > 10 && torn > 10, "{lost_write} {lost_name} {torn}");
}

#[test]
fn a_crash_keeps_all_and_kills_handles() {
    let (disk, fs) = disk(1);
    let file = put(fs.as_ref(), "a", b"written");
    disk.crash();
    assert_eq!(fs.read(&path("a")).unwrap(), b"written");
    assert!(file.write_at(0, b"x").is_err() && file.read_at(0, &mut [0]).is_err() && file.sync().is_err());
}

#[test]
fn a_replaced_file_is_the_old_or_the_new_one_wherever_the_machine_stops() {
    for stop in 1..=5 {
        for seed in 0..50 {
            let (disk, fs) = disk(seed);
            fs.replace(&path("a"), b"old").unwrap();
            fs.sync_dir(Path::new("/d")).unwrap();
            disk.stop_at(stop);
            let replaced = fs.replace(&path("a"), b"newer").and_then(|()| fs.sync_dir(Path::new("/d")));
            assert!(replaced.is_err() && disk.is_stopped());
            assert!(fs.read(&path("a")).is_err(), "stopped");
            disk.power_loss();
            let a = fs.read(&path("a")).unwrap();
            assert!(a == b"old" || a == b"newer", "{a:?}");
        }
    }
}

#[test]
fn after_a_failed_sync_a_good_one_does_not_bring_back_what_was_pending() {
    let mut lost = 0;
    for seed in 0..40 {
        let (disk, fs) = disk(seed);
        let file = put(fs.as_ref(), "a", b"row");
        fs.sync_dir(Path::new("/d")).unwrap();
        disk.arm(Operation::Sync, Fault::After(0));
        assert!(file.sync().is_err());
        file.sync().unwrap();
        assert_eq!(fs.read(&path("a")).unwrap(), b"row", "it is still read");
        disk.power_loss();
        lost += usize::from(fs.read(&path("a")).unwrap() != b"row");
    }
    assert!(lost > 10, "{lost}");
}

#[test]
fn a_full_disk_writes_what_fits_and_room_comes_back() {
    let (disk, fs) = disk(1);
    disk.set_space(Some(10));
    put(fs.as_ref(), "a", b"12345678");
    let b = fs.create(&path("b")).unwrap();
    assert_eq!(b.write_at(0, b"12345").unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(fs.read(&path("b")).unwrap(), b"12");
    fs.remove_file(&path("a")).unwrap();
    b.write_at(2, b"345").unwrap();
}

#[test]
fn a_removed_folder_may_come_back_until_its_parent_is_synced() {
    let mut back = 0;
    for seed in 0..40 {
        let (disk, fs) = disk(seed);
        let sub = path("sub");
        fs.create_dir_all(&sub).unwrap();
        fs.create(&sub.join("f")).unwrap().sync().unwrap();
        fs.sync_dir(&sub).unwrap();
        fs.remove_dir_all(&sub).unwrap();
        assert!(fs.list(&sub).is_err());
        disk.power_loss();
        back += usize::from(fs.read(&sub.join("f")).is_ok());
    }
    assert!(back > 5 && back < 35, "{back}");
}

#[test]
fn one_seed_gives_one_disk() {
    let run = |seed| {
        let (disk, fs) = disk(seed);
        for i in 0..20u8 {
            let file = put(fs.as_ref(), &format!("f{}", i % 7), &[i; 1500]);
            if i % 3 == 0 {
                file.sync().unwrap();
                fs.sync_dir(Path::new("/d")).unwrap();
            }
            disk.flip_any(|_| true);
        }
        disk.power_loss();
        disk.image()
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}
