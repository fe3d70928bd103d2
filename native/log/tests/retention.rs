//! Old segments go, and what is left is told from damage.
#![allow(clippy::unwrap_used, reason = "test code")]
mod support;

use fluss_format::{EncodedBatch, Projection};
use fluss_log::{Log, ReadHint};
use fluss_testkit::SimulatedDisk;
use fluss_types::{BatchSequence, ErrorCode};
use support::{SMALL, dir, encode, ids, open, schema};

/// 40 batches of 5 rows, a millisecond each from 1000 on, all durable, in several segments.
fn filled(disk: &SimulatedDisk) -> Log {
    let log = open(disk).unwrap();
    for i in 0..40 {
        log.append(&mut encode(&schema(), 5 * i..5 * i + 5), None, 1000 + i, log.end_offset()).unwrap();
        log.sync().unwrap();
    }
    log
}

#[test]
fn expired_segments_go_and_reads_below_the_start_are_refused_as_fluss_does() {
    let disk = SimulatedDisk::new(1);
    let log = filled(&disk);
    let files = disk.image().len();
    let expired = log.expired_before(1020, 200).unwrap();
    assert!(expired > 50 && expired <= 100 && expired % 5 == 0, "{expired}");
    log.delete_before(expired).unwrap();
    assert!(disk.image().len() + 4 <= files);
    for log in [log, open(&disk).unwrap()] {
        assert_eq!(log.start_offset(), expired);
        assert_eq!(ids(&log, &schema(), expired, 200).unwrap(), (expired..200).collect::<Vec<_>>());
        let e = log.read(expired - 1, 200, &schema().into(), &Projection::all(schema()), &mut ReadHint::default()).unwrap_err();
        assert_eq!(e.code(), ErrorCode::LogTruncated);
        assert!(e.message().contains(&format!("the fetching offset {} is out of range", expired - 1)), "{e}");
        assert_eq!(log.offset_at(0, 200).unwrap(), expired);
    }
}

#[test]
fn nothing_goes_that_is_needed_young_or_above_the_high_watermark() {
    let disk = SimulatedDisk::new(1);
    let log = filled(&disk);
    assert_eq!(log.expired_before(1000, 200).unwrap(), 0);
    let some = log.expired_before(2000, 60).unwrap();
    assert!(some > 0 && some <= 60, "{some}");
    log.delete_before(some - 1).unwrap();
    assert!(log.start_offset() < some);
    ids(&log, &schema(), log.start_offset(), 200).unwrap();
}

#[test]
fn the_active_segment_goes_when_all_of_it_has_expired_and_offsets_and_time_go_on() {
    let disk = SimulatedDisk::new(1);
    let log = filled(&disk);
    assert_eq!(log.expired_before(2000, 200).unwrap(), 200);
    log.delete_before(200).unwrap();
    assert_eq!((log.start_offset(), log.end_offset()), (200, 200));
    drop(log);
    disk.power_loss();
    let log = open(&disk).unwrap();
    assert_eq!((log.start_offset(), log.end_offset(), log.last_timestamp()), (200, 200, 1039));
    log.append(&mut encode(&schema(), 200..205), None, 5, 200).unwrap();
    assert_eq!(ids(&log, &schema(), 200, 205).unwrap(), [200, 201, 202, 203, 204]);
    assert_eq!(log.last_timestamp(), 1039);
}

#[test]
fn a_removal_ends_at_the_next_opening_wherever_the_machine_stops() {
    for (stop, seed) in (1..30).flat_map(|stop| (0..8).map(move |seed| (stop, seed))) {
        let disk = SimulatedDisk::new(seed);
        let log = filled(&disk);
        let expired = log.expired_before(1020, 200).unwrap();
        disk.stop_at(stop);
        let deleted = log.delete_before(expired);
        if seed % 2 == 0 {
            disk.crash()
        } else {
            disk.power_loss()
        }
        let log = open(&disk).unwrap();
        let start = log.start_offset();
        assert!(start == expired || deleted.is_err() && start == 0, "stop {stop}: {start}");
        assert_eq!(ids(&log, &schema(), start, 200).unwrap(), (start..200).collect::<Vec<_>>());
        // Of each segment that counts three files, without the index of the active one and the writers of the very first, and the manifest.
        let segments = disk.image().keys().filter(|p| p.extension().is_some_and(|e| e == "log")).count();
        let files = disk.fs().list(dir()).unwrap().iter().filter(|n| !n.ends_with(".tmp")).count();
        assert_eq!(files, 3 * segments - usize::from(start == 0), "stop {stop}");
    }
}

#[test]
fn a_segment_that_is_missing_is_no_retention() {
    let disk = SimulatedDisk::new(1);
    let log = filled(&disk);
    log.delete_before(log.expired_before(1010, 200).unwrap()).unwrap();
    let first = format!("{:020}.log", log.start_offset());
    drop(log);
    disk.fs().remove_file(&dir().join(first)).unwrap();
    let e = open(&disk).unwrap_err();
    assert_eq!(e.code(), ErrorCode::CorruptSegment);
    assert!(e.message().contains("a segment is missing"), "{e}");
}

#[test]
fn a_damaged_manifest_is_an_error_and_a_newer_one_is_refused() {
    let disk = SimulatedDisk::new(1);
    drop(filled(&disk));
    let path = dir().join("manifest");
    let good = disk.fs().read(&path).unwrap();
    let with = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] = value;
        disk.fs().replace(&path, &bytes).unwrap();
        open(&disk).map(|log| log.end_offset())
    };
    assert_eq!(with(20, 9).unwrap_err().code(), ErrorCode::CorruptSegment);
    assert_eq!(with(8, 9).unwrap_err().code(), ErrorCode::UnknownFormat);
    assert_eq!(with(12, 4).unwrap_err().code(), ErrorCode::UnknownFormat);
    assert_eq!(with(0, good[0]).unwrap(), 200);
}

#[test]
fn a_segment_with_none_but_batches_without_rows_is_not_followed_by_one_of_its_name() {
    let disk = SimulatedDisk::new(1);
    let log = open(&disk).unwrap();
    let large = || encode(&schema(), 0..80);
    assert!(large().len() as u64 > SMALL.segment_size);
    let writer = |sequence| Some(BatchSequence { writer_id: 1, sequence });
    log.append(&mut large(), writer(0), 1000, 0).unwrap();
    // Begins the second segment.
    log.append(&mut EncodedBatch::without_rows(0), writer(1), 1000, 0).unwrap();
    log.append(&mut large(), writer(2), 1000, 0).unwrap();
    log.sync().unwrap();
    log.delete_before(80).unwrap();
    for log in [log, open(&disk).unwrap()] {
        assert_eq!((log.start_offset(), log.end_offset()), (80, 160));
        assert_eq!(ids(&log, &schema(), 80, 160).unwrap(), (0..80).collect::<Vec<_>>());
        assert_eq!(log.duplicate_of(BatchSequence { writer_id: 1, sequence: 1 }, 1000).unwrap(), Some(80));
    }
}
