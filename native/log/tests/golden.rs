//! The bytes of a log's folder, kept: what is written today is what was written when the files were committed, and it still opens.
//! `FLUSS_WRITE_GENERATED=1 cargo test --release --workspace --test golden` writes the files anew.
#![allow(clippy::unwrap_used, reason = "test code")]
mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use fluss_format::EncodedBatch;
use fluss_log::Log;
use fluss_testkit::SimulatedDisk;
use fluss_types::BatchSequence;
use support::{dir, encode, ids, open, schema};

/// A folder after a removal by retention: a sealed segment, the active one, and what lies beside them.
fn folder() -> BTreeMap<String, Vec<u8>> {
    let disk = SimulatedDisk::new(1);
    let log = open(&disk).unwrap();
    let append = |log: &Log, rows: std::ops::Range<i64>, writer: Option<(i64, i32)>, now| {
        let mut batch = if rows.is_empty() { EncodedBatch::without_rows(0) } else { encode(&schema(), rows) };
        let writer = writer.map(|(writer_id, sequence)| BatchSequence { writer_id, sequence });
        log.append(&mut batch, writer, now, log.end_offset()).unwrap();
        log.sync().unwrap();
    };
    append(&log, 0..10, Some((1001, 0)), 1_700_000_000_000);
    append(&log, 0..0, Some((1001, 1)), 1_700_000_000_001);
    append(&log, 10..25, None, 1_700_000_000_002);
    append(&log, 25..40, Some((1002, 0)), 1_700_000_000_010);
    append(&log, 40..41, Some((1001, 2)), 1_700_000_000_011);
    append(&log, 41..60, Some((1002, 1)), 1_700_000_000_012);
    let expired = log.expired_before(1_700_000_000_010, 60).unwrap();
    assert_eq!(expired, 25);
    log.delete_before(expired).unwrap();
    log.write_recovery_point().unwrap();
    let name = |path: PathBuf| path.strip_prefix(dir()).unwrap().to_str().unwrap().to_string();
    disk.image().into_iter().map(|(path, bytes)| (name(path), bytes)).collect()
}

#[test]
fn a_folder_is_as_it_was_committed() {
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = folder();
    if std::env::var_os("FLUSS_WRITE_GENERATED").is_some() {
        let _ = std::fs::remove_dir_all(&golden);
        std::fs::create_dir_all(&golden).unwrap();
        for (name, bytes) in &files {
            std::fs::write(golden.join(name), bytes).unwrap();
        }
    }
    let hint = "If the format was meant to change, say so in native/docs/format.md and run FLUSS_WRITE_GENERATED=1 cargo test --release --workspace --test golden";
    let mut committed: Vec<String> =
        std::fs::read_dir(&golden).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    committed.sort();
    assert_eq!(files.keys().cloned().collect::<Vec<_>>(), committed, "the files of {}. {hint}", golden.display());
    let disk = SimulatedDisk::new(2);
    disk.fs().create_dir_all(dir()).unwrap();
    for (name, bytes) in &files {
        let committed = std::fs::read(golden.join(name)).unwrap();
        let differs = (0..committed.len().max(bytes.len())).find(|&i| committed.get(i) != bytes.get(i));
        assert_eq!(differs, None, "{name} differs from what is written now at this byte. {hint}");
        disk.fs().create(&dir().join(name)).unwrap().write_at(0, &committed).unwrap();
    }
    let log = open(&disk).unwrap();
    assert_eq!((log.start_offset(), log.end_offset(), log.last_timestamp()), (25, 60, 1_700_000_000_012));
    assert_eq!(ids(&log, &schema(), 25, 60).unwrap(), (25..60).collect::<Vec<_>>());
    let known = |writer_id, sequence| log.duplicate_of(BatchSequence { writer_id, sequence }, 0).unwrap();
    assert_eq!((known(1001, 0), known(1001, 1), known(1001, 2), known(1002, 1)), (Some(10), Some(10), Some(41), Some(60)));
}

/// The fields where native/docs/format.md puts them.
#[test]
fn the_fields_are_where_the_specification_puts_them() {
    let files = folder();
    let long = |name: &str, at: usize| i64::from_le_bytes(files[name][at..at + 8].try_into().unwrap());
    let int = |name: &str, at: usize| i32::from_le_bytes(files[name][at..at + 4].try_into().unwrap());
    let name = |base: i64, kind: &str| format!("{base:020}.{kind}");
    for (file, magic) in [
        (name(25, "log"), b"FLUSSLOG"),
        (name(25, "index"), b"FLUSSIDX"),
        (name(25, "writers"), b"FLUSSWRI"),
        ("manifest".into(), b"FLUSSMAN"),
    ] {
        assert_eq!((&files[&file][..8], long(&file, 8)), (&magic[..], 0), "magic, version 0, no features");
        let end = if file.ends_with("log") { 64 } else { files[&file].len() };
        let checksum = crc32c::crc32c(&files[&file][..end - 4]);
        assert_eq!(int(&file, end - 4) as u32, checksum, "{file}");
    }
    let log = name(25, "log");
    assert_eq!((long(&log, 16), int(&log, 24), long(&log, 32)), (7, 3, 25), "table, bucket, base offset");
    let batch = 64;
    assert_eq!((&files[&log][batch..batch + 4], long(&log, batch + 16)), (&b"FLUB"[..], 25));
    assert_eq!((int(&log, batch + 24), long(&log, batch + 48), int(&log, batch + 56)), (15, 1002, 0), "rows, writer, sequence");

    let index = name(25, "index");
    let active = files.keys().rfind(|n| n.ends_with(".log")).unwrap()[..20].parse::<i64>().unwrap();
    assert_eq!((long(&index, 16) as usize, long(&index, 24)), (files[&log].len(), active), "bytes, end offset");
    assert_eq!(files[&index].len() as i64, 48 + 24 * long(&index, 40) + 4);
    assert_eq!((long(&index, 48), long(&index, 56), long(&index, 64)), (25, 64, 1_700_000_000_010), "the first entry");

    let writers = name(25, "writers");
    assert_eq!((long(&writers, 16), long(&writers, 24)), (25, 1), "base offset, writers");
    assert_eq!((long(&writers, 32), int(&writers, 40)), (1001, 2), "writer, batches");
    assert_eq!((int(&writers, 44), long(&writers, 48), long(&writers, 56), long(&writers, 64)), (0, 0, 10, 1_700_000_000_000));
    assert_eq!((int(&writers, 72), long(&writers, 76), long(&writers, 84), long(&writers, 92)), (1, 10, 10, 1_700_000_000_001));
    assert_eq!(files[&writers].len(), 104);

    assert_eq!((long("manifest", 16), long("manifest", 24)), (25, active), "start offset, segment of the recovery point");
    assert_eq!((long("manifest", 32) as usize, long("manifest", 40)), (files[&name(active, "log")].len(), 60));
    assert_eq!((long("manifest", 48), files["manifest"].len()), (1_700_000_000_012, 64));
}
