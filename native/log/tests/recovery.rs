//! What a log has after it was closed, killed, torn or damaged.
#![allow(clippy::unwrap_used, reason = "test code")]
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use fluss_format::{ColumnBatch, EncodeOptions, Projection, encode_batch};
use fluss_log::{Log, LogOptions, ReadHint};
use fluss_testkit::{Random, all_types, random_rows};
use fluss_types::file::LocalFileSystem;
use fluss_types::{Compression, ErrorCode, Result, Schema, TableBucket};

const BUCKET: TableBucket = TableBucket { table_id: 7, partition: 0, bucket: 3 };
const OPTIONS: LogOptions = LogOptions { segment_size: 1 << 20, index_interval: 4096, writer_expiration_ms: 7 * 86_400_000 };

fn open(dir: &Path) -> Result<Log> {
    Log::open(Arc::new(LocalFileSystem), dir, BUCKET, OPTIONS)
}

fn append(log: &Log, rows: &RecordBatch, now: i64, high_watermark: i64) {
    let options = EncodeOptions::new(true, Compression::Lz4Frame);
    log.append(&mut encode_batch(rows, &all_types(&[]), &options).unwrap(), None, now, high_watermark).unwrap();
}

fn read(
    log: &Log,
    from: i64,
    limit: i64,
    schema: &Arc<Schema>,
    columns: &[usize],
    hint: &mut ReadHint,
) -> Result<Option<ColumnBatch>> {
    log.read(from, limit, &schema.clone().into(), &Projection::columns(schema.clone(), columns)?, hint)
}

/// Appends `n` batches of 10 rows, all durable.
fn fill(log: &Log, schema: &Schema, n: i64) {
    for i in 0..n {
        let rows = random_rows(schema, 10, &mut Random(i as u64));
        append(log, &rows, 1000 + i, log.end_offset());
        log.sync().unwrap();
    }
}

fn assert_readable(log: &Log, schema: &Arc<Schema>, end: i64) {
    let mut hint = ReadHint::default();
    let mut at = log.start_offset();
    while let Some(batch) = read(log, at, end, schema, &[0, 5], &mut hint).unwrap() {
        assert_eq!(batch.base_offset + batch.first_row as i64, at);
        at = batch.base_offset + batch.end_row as i64;
    }
    assert_eq!(at, end);
}

fn last_segment(dir: &Path) -> PathBuf {
    let mut files: Vec<PathBuf> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "log")).collect();
    files.sort();
    files.pop().unwrap()
}

fn flip(path: &Path, at: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], at).unwrap();
}

#[test]
fn rows_are_there_again_after_reopening_and_rolling() {
    let dir = tempfile::tempdir().unwrap();
    let schema = all_types(&[]);
    let small = LogOptions { segment_size: 20_000, index_interval: 64, writer_expiration_ms: 7 * 86_400_000 };
    for round in 0..3 {
        let log = Log::open(Arc::new(LocalFileSystem), dir.path(), BUCKET, small).unwrap();
        assert_eq!(log.end_offset(), round * 400);
        fill(&log, &schema, 40);
        assert_readable(&log, &schema, (round + 1) * 400);
    }
    assert!(fs::read_dir(dir.path()).unwrap().count() > 6, "it has rolled");
    // Without the index files the same comes from the segments.
    for entry in fs::read_dir(dir.path()).unwrap().flatten().filter(|e| e.path().extension().is_some_and(|x| x == "index")) {
        fs::remove_file(entry.path()).unwrap();
    }
    assert_readable(&open(dir.path()).unwrap(), &schema, 1200);
}

#[test]
fn a_read_starts_and_stops_inside_a_batch() {
    let dir = tempfile::tempdir().unwrap();
    let schema = all_types(&[]);
    let log = open(dir.path()).unwrap();
    fill(&log, &schema, 3);
    let batch = read(&log, 13, 17, &schema, &[0], &mut ReadHint::default()).unwrap().unwrap();
    assert_eq!((batch.base_offset, batch.first_row, batch.end_row, batch.rows), (10, 3, 7, 10));
    assert!(read(&log, 17, 17, &schema, &[0], &mut ReadHint::default()).unwrap().is_none());
}

#[test]
fn offsets_are_found_by_timestamp_and_time_never_goes_back() {
    let dir = tempfile::tempdir().unwrap();
    let schema = all_types(&[]);
    let log = open(dir.path()).unwrap();
    fill(&log, &schema, 5);
    let rows = random_rows(&schema, 10, &mut Random(9));
    append(&log, &rows, 5, 50);
    for (timestamp, offset) in [(0, 0), (1000, 0), (1001, 10), (1004, 40), (1005, 60)] {
        assert_eq!(log.offset_at(timestamp, 60).unwrap(), offset, "{timestamp}");
    }
    assert_eq!(log.offset_at(1004, 40).unwrap(), 40, "the limit comes first");
}

#[test]
fn time_goes_on_from_the_sealed_segment_when_the_active_one_is_empty() {
    let dir = tempfile::tempdir().unwrap();
    let schema = all_types(&[]);
    let small = LogOptions { segment_size: 20_000, index_interval: 64, writer_expiration_ms: 7 * 86_400_000 };
    let log = Log::open(Arc::new(LocalFileSystem), dir.path(), BUCKET, small).unwrap();
    let mut segments = 1;
    while segments < 2 {
        fill(&log, &schema, 1);
        segments = fs::read_dir(dir.path())
            .unwrap()
            .filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|x| x == "log"))
            .count();
    }
    drop(log);
    // As if the process had died between making the segment and its first batch.
    fs::remove_file(dir.path().join("manifest")).unwrap();
    OpenOptions::new().write(true).open(last_segment(dir.path())).unwrap().set_len(64).unwrap();
    let log = Log::open(Arc::new(LocalFileSystem), dir.path(), BUCKET, small).unwrap();
    assert_eq!(log.last_timestamp(), 1000);
}

#[test]
fn a_torn_tail_is_cut_at_the_last_whole_batch() {
    let schema = all_types(&[]);
    for keep in [1, 40, 79, 200, 1000] {
        let dir = tempfile::tempdir().unwrap();
        let log = open(dir.path()).unwrap();
        fill(&log, &schema, 5);
        let before = fs::metadata(last_segment(dir.path())).unwrap().len();
        append(&log, &random_rows(&schema, 10, &mut Random(77)), 2000, 50);
        drop(log);
        let file = OpenOptions::new().write(true).open(last_segment(dir.path())).unwrap();
        file.set_len(before + keep).unwrap();
        let log = open(dir.path()).unwrap();
        assert_eq!(log.end_offset(), 50, "{keep} bytes of the last batch");
        assert_readable(&log, &schema, 50);
        fill(&log, &schema, 1);
        assert_readable(&log, &schema, 60);
    }
}

#[test]
fn a_tail_whose_batches_were_never_durable_is_cut_whole() {
    let dir = tempfile::tempdir().unwrap();
    let schema = all_types(&[]);
    let log = open(dir.path()).unwrap();
    fill(&log, &schema, 2);
    let torn_at = fs::metadata(last_segment(dir.path())).unwrap().len();
    for seed in 0..3 {
        append(&log, &random_rows(&schema, 10, &mut Random(seed)), 2000, 20);
    }
    drop(log);
    flip(&last_segment(dir.path()), torn_at + 300);
    let log = open(dir.path()).unwrap();
    assert_eq!(log.end_offset(), 20);
}

#[test]
fn damage_before_the_tail_is_an_error_that_names_file_and_byte() {
    let dir = tempfile::tempdir().unwrap();
    let schema = all_types(&[]);
    let log = open(dir.path()).unwrap();
    fill(&log, &schema, 2);
    let damaged_at = fs::metadata(last_segment(dir.path())).unwrap().len();
    fill(&log, &schema, 3);
    drop(log);
    let segment = last_segment(dir.path());
    flip(&segment, damaged_at + 300);
    let e = open(dir.path()).unwrap_err();
    assert_eq!(e.code(), ErrorCode::CorruptSegment);
    assert!(e.message().contains(segment.to_str().unwrap()) && e.message().contains(&format!("byte {damaged_at}")), "{e}");
    flip(&segment, damaged_at + 300);
    assert_readable(&open(dir.path()).unwrap(), &schema, 50);
}

#[test]
fn a_segment_shorter_than_what_was_durable_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let schema = all_types(&[]);
    let log = open(dir.path()).unwrap();
    fill(&log, &schema, 5);
    log.write_recovery_point().unwrap();
    drop(log);
    let segment = last_segment(dir.path());
    let len = fs::metadata(&segment).unwrap().len();
    OpenOptions::new().write(true).open(&segment).unwrap().set_len(len - 100).unwrap();
    let e = open(dir.path()).unwrap_err();
    assert_eq!(e.code(), ErrorCode::CorruptSegment);
    assert!(e.message().contains("were durable"), "{e}");
    fs::remove_file(&segment).unwrap();
    assert!(open(dir.path()).unwrap_err().message().contains("a segment is missing"));
}

#[test]
fn a_bit_flip_in_a_sealed_segment_is_found_by_the_read() {
    let dir = tempfile::tempdir().unwrap();
    let schema = all_types(&[]);
    let small = LogOptions { segment_size: 20_000, index_interval: 64, writer_expiration_ms: 7 * 86_400_000 };
    let log = Log::open(Arc::new(LocalFileSystem), dir.path(), BUCKET, small).unwrap();
    fill(&log, &schema, 40);
    drop(log);
    flip(&dir.path().join("00000000000000000000.log"), 1500);
    let log = Log::open(Arc::new(LocalFileSystem), dir.path(), BUCKET, small).unwrap();
    let all: Vec<usize> = (0..schema.columns().len()).collect();
    let e = (0..400).step_by(10).find_map(|o| read(&log, o, 400, &schema, &all, &mut ReadHint::default()).err()).unwrap();
    assert_eq!(e.code(), ErrorCode::CorruptSegment);
    assert!(e.message().contains("00000000000000000000.log is damaged at byte"), "{e}");
}
