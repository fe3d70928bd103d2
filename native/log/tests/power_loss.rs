//! The smallest runs of what `model.rs` and the simulation of the engine found.
#![allow(clippy::unwrap_used, reason = "test code")]
mod support;

use fluss_log::{Appended, Log};
use fluss_testkit::{Fault, Flip, Operation, SimulatedDisk};
use fluss_types::{BatchSequence, ErrorCode};
use support::{dir, encode, ids, open, schema};

fn append(log: &Log, ids: std::ops::Range<i64>) -> fluss_types::Result<Appended> {
    log.append(&mut encode(&schema(), ids), None, 1000, 0)
}

/// Rows 0 to 23 in one segment that the next row does not fit into.
fn full_segment(log: &Log) {
    for i in 0..3 {
        append(log, 8 * i..8 * i + 8).unwrap();
    }
}

#[test]
fn a_segment_whose_name_did_not_become_durable_is_made_again() {
    for seed in 0..50 {
        let disk = SimulatedDisk::new(seed);
        let log = open(&disk).unwrap();
        full_segment(&log);
        // Of the roll: the old segment, the new one's header; then the folder.
        disk.arm(Operation::Sync, Fault::After(2));
        assert_eq!(append(&log, 24..25).unwrap_err().code(), ErrorCode::Poisoned);
        assert_eq!(log.sync().unwrap_err().code(), ErrorCode::Poisoned, "refused from now on");
        // The same process opens it again and can read the name.
        let log = open(&disk).unwrap();
        append(&log, 24..25).unwrap();
        log.sync().unwrap();
        disk.power_loss();
        assert_eq!(ids(&open(&disk).unwrap(), &schema(), 0, 25).unwrap(), (0..25).collect::<Vec<_>>(), "seed {seed}");
    }
}

#[test]
fn rows_of_a_failed_sync_that_can_still_be_read_are_written_again() {
    for seed in 0..50 {
        let disk = SimulatedDisk::new(seed);
        let log = open(&disk).unwrap();
        append(&log, 0..5).unwrap();
        log.sync().unwrap();
        log.append(&mut encode(&schema(), 5..9), None, 1000, 5).unwrap();
        disk.arm(Operation::Sync, Fault::After(0));
        assert_eq!(log.sync().unwrap_err().code(), ErrorCode::Poisoned);
        // What an opening shows is durable.
        let end = open(&disk).unwrap().end_offset();
        disk.power_loss();
        let log = open(&disk).unwrap();
        assert_eq!(log.end_offset(), end, "seed {seed}");
        assert_eq!(ids(&log, &schema(), 0, end).unwrap(), (0..end).collect::<Vec<_>>());
    }
}

#[test]
fn a_segment_that_was_sealed_twice_with_its_second_index_lost_is_no_damage() {
    let disk = SimulatedDisk::new(1);
    let log = open(&disk).unwrap();
    full_segment(&log);
    append(&log, 24..25).unwrap();
    drop(log);
    let index = dir().join(format!("{:020}.index", 0));
    let stale = disk.fs().read(&index).unwrap();
    // A loss of power takes the second segment; the first is the active one again, grows and is sealed.
    disk.fs().remove_file(&dir().join(format!("{:020}.log", 24))).unwrap();
    let log = open(&disk).unwrap();
    append(&log, 24..25).unwrap();
    for id in 25..40 {
        append(&log, id..id + 1).unwrap();
    }
    drop(log);
    disk.fs().replace(&index, &stale).unwrap();
    assert_eq!(ids(&open(&disk).unwrap(), &schema(), 0, 40).unwrap(), (0..40).collect::<Vec<_>>());
}

#[test]
fn a_full_disk_stops_a_roll_until_there_is_room() {
    for room in 0..400 {
        let disk = SimulatedDisk::new(room);
        let log = open(&disk).unwrap();
        full_segment(&log);
        log.sync().unwrap();
        disk.set_space(Some(room));
        let e = append(&log, 24..25).unwrap_err();
        assert_eq!(e.code(), ErrorCode::DiskFull, "{e}");
        // A batch that would still fit does not go into the old segment: the new one may be there already.
        disk.set_space(None);
        append(&log, 24..25).unwrap();
        log.sync().unwrap();
        drop(log);
        disk.power_loss();
        let log = open(&disk).unwrap();
        assert_eq!(ids(&log, &schema(), 0, 25).unwrap(), (0..25).collect::<Vec<_>>(), "room {room}");
    }
}

#[test]
fn a_full_disk_does_not_fail_the_sync_of_what_is_in_the_log() {
    let (disk, schema) = (SimulatedDisk::new(1), schema());
    let log = open(&disk).unwrap();
    let segments = || disk.image().keys().filter(|p| p.extension().is_some_and(|e| e == "log")).count();
    while segments() < 2 {
        log.append(&mut encode(&schema, 0..10), None, 0, 0).unwrap();
    }
    // The recovery point is to move to the new segment, and there is no room for a manifest.
    disk.set_space(Some(0));
    assert_eq!(log.sync().unwrap(), log.end_offset());
    log.write_recovery_point().unwrap();
    let end = log.end_offset();
    disk.power_loss();
    disk.disarm();
    assert_eq!(open(&disk).unwrap().end_offset(), end);
}

#[test]
fn damage_after_a_clean_stop_is_no_torn_tail_though_power_was_lost_since() {
    for seed in 0..40 {
        let (disk, schema) = (SimulatedDisk::new(seed), schema());
        let log = open(&disk).unwrap();
        for _ in 0..10 {
            log.append(&mut encode(&schema, 0..10), None, 0, 0).unwrap();
        }
        log.sync().unwrap();
        log.write_recovery_point().unwrap();
        disk.power_loss();
        let flip = Flip { path: dir().join(format!("{:020}.log", 90)), position: 90, bit: 3 };
        disk.flip(&flip);
        assert_eq!(open(&disk).map(drop).unwrap_err().code(), ErrorCode::CorruptSegment, "seed {seed}");
        disk.flip(&flip);
        assert_eq!(open(&disk).unwrap().end_offset(), 100, "seed {seed}");
    }
}

#[test]
fn what_is_known_of_a_writer_outlasts_the_segments_that_tell_of_it() {
    for (stop, seed) in (1..16).flat_map(|stop| (0..20).map(move |seed| (stop, seed))) {
        let disk = SimulatedDisk::new(seed);
        let log = open(&disk).unwrap();
        let writer = |sequence| BatchSequence { writer_id: 5, sequence };
        log.append(&mut encode(&schema(), 0..1), Some(writer(0)), 1000, 0).unwrap();
        full_segment(&log);
        log.append(&mut encode(&schema(), 25..26), None, 2000, 0).unwrap();
        log.sync().unwrap();
        let expired = log.expired_before(2000, 26).unwrap();
        disk.stop_at(stop);
        let _ = log.delete_before(expired);
        disk.power_loss();
        assert_eq!(open(&disk).unwrap().duplicate_of(writer(0), 2000).unwrap(), Some(1), "stop {stop}, seed {seed}");
    }
}

#[test]
fn a_recovery_point_whose_sync_failed_is_written_again_by_the_next_opening() {
    for seed in 0..40 {
        let (disk, schema) = (SimulatedDisk::new(seed), schema());
        let log = open(&disk).unwrap();
        log.append(&mut encode(&schema, 0..10), None, 0, 0).unwrap();
        log.sync().unwrap();
        // The manifest is synced, its folder is not.
        disk.arm(Operation::Sync, Fault::After(1));
        assert!(log.write_recovery_point().is_err());
        disk.crash();
        drop(open(&disk).unwrap());
        disk.power_loss();
        disk.flip(&Flip { path: dir().join(format!("{:020}.log", 0)), position: 90, bit: 3 });
        assert_eq!(open(&disk).map(drop).unwrap_err().code(), ErrorCode::CorruptSegment, "seed {seed}");
    }
}
