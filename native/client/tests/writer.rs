//! What a write that failed leaves, and what a repeat of it does.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::fs;
use std::sync::Arc;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use common::*;
use fluss_client::Table;
use fluss_types::ErrorCode;

fn batch(table: &Table, ids: &[i64], value: impl Fn(i64) -> Option<String>) -> RecordBatch {
    let values = StringArray::from_iter(ids.iter().map(|id| value(*id)));
    RecordBatch::try_new(table.write_schema(), vec![Arc::new(Int64Array::from(ids.to_vec())), Arc::new(values)]).unwrap()
}

#[test]
fn a_repeat_leaves_the_parts_that_are_there_and_another_write_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create_not_null_buckets(&connection, "t", 4);
    let writer = table.writer().unwrap();
    let ids: Vec<i64> = (0..40).collect();
    let good = batch(&table, &ids, |id| Some(format!("v{id}")));
    writer.write(None, &good).unwrap();
    // The row with a NULL is in a bucket of which others come before it.
    let written = |bad: i64| {
        let rows = batch(&table, &ids, |id| (id != bad).then(|| "new".to_string()));
        let mut changes = Vec::new();
        for _ in 0..3 {
            assert!(writer.write(None, &rows).unwrap_err().message().contains("'v'"));
            writer.flush().unwrap();
            changes.push(offsets(&connection, "t"));
        }
        changes
    };
    let before = offsets(&connection, "t");
    let changes = (0..40).map(written).find(|changes| changes[0] != before).unwrap();
    assert!(changes[0] == changes[1] && changes[1] == changes[2], "{changes:?}");
    writer.write(None, &good).unwrap();
    writer.flush().unwrap();
    let (after, updates) = (offsets(&connection, "t").iter().sum::<i64>(), 2 * 40);
    assert_eq!(after, changes[2].iter().sum::<i64>() + updates, "all of the other write is there");
    connection.close().unwrap();
}

/// On a small file system that the test mounts; where it may not mount, the test above has to do.
#[test]
fn a_write_that_found_the_disk_full_is_completed_by_its_repeat() {
    let Some(dir) = small_disk("16m") else { return };
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 2, &[("table.log.arrow.compression.type", "NONE")]);
    let writer = table.writer().unwrap();
    let ids: Vec<i64> = (0..20).collect();
    writer.write(None, &batch(&table, &ids, |_| Some("small".into()))).unwrap();
    writer.flush().unwrap();
    let before = offsets(&connection, "t");
    // Room for the part of one bucket.
    let wide = batch(&table, &ids, |_| Some("x".repeat(50_000)));
    let filler = dir.path().join("filler");
    let free = || {
        let out = std::process::Command::new("df").args(["--output=avail", "-B1"]).arg(dir.path()).output().unwrap();
        String::from_utf8(out.stdout).unwrap().lines().last().unwrap().trim().parse::<usize>().unwrap()
    };
    fs::write(&filler, vec![0; free() - 750_000]).unwrap();
    let e = writer.write(None, &wide).unwrap_err();
    assert_eq!(e.code(), ErrorCode::DiskFull, "{e}");
    let partly = offsets(&connection, "t");
    fs::remove_file(&filler).unwrap();
    writer.write(None, &wide).unwrap();
    writer.flush().unwrap();
    let after = offsets(&connection, "t");
    assert_eq!(after.iter().sum::<i64>(), before.iter().sum::<i64>() + 2 * 20, "{before:?} {partly:?} {after:?}");
    drop((writer, table));
    connection.close().unwrap();
}

/// A log batch has at most 64 MiB.
#[test]
fn rows_whose_changes_are_more_than_a_log_batch_may_have_are_written_in_parts() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 1, &[("table.log.arrow.compression.type", "NONE")]);
    let writer = table.writer().unwrap();
    let ids: Vec<i64> = (0..9).collect();
    let wide = |digit: &str| batch(&table, &ids, |_| Some(digit.repeat(4 << 20)));
    writer.write(None, &wide("1")).unwrap();
    writer.write(None, &wide("2")).unwrap();
    writer.write(Some(&[0, 0, 0, 0, 0, 0, 0, 0, 1]), &wide("3")).unwrap();
    writer.flush().unwrap();
    // Inserts, updates, and at last a delete too.
    assert_eq!(offsets(&connection, "t"), [9 + 2 * 9 + 2 * 8 + 1]);
    let found = table.lookuper(vec![1]).unwrap();
    let keys = RecordBatch::try_new(table.key_schema(), vec![Arc::new(Int64Array::from(ids.clone()))]).unwrap();
    let found = found.lookup(&keys).unwrap();
    let there = &found.bytes[found.row_bytes.unwrap()..][..ids.len()];
    assert_eq!(there, [1, 1, 1, 1, 1, 1, 1, 1, 0]);
    assert!((0..8).all(|row| text(&found, 0, row) == "3".repeat(4 << 20)));
    connection.close().unwrap();
}

#[test]
fn a_writer_of_a_closed_store_leaves_the_catalog_of_the_next_opener_alone() {
    let dir = tempfile::tempdir().unwrap();
    let old = connect(dir.path());
    let table = create(&old, "t", false, 1, &[]);
    // Its tablet is known, its first number is not taken yet.
    let writer = table.writer().unwrap();
    table.log_scanner([0]).unwrap().subscribe(0, 0, i64::MAX).unwrap();
    old.close().unwrap();
    let new = connect(dir.path());
    create(&new, "made_since", false, 1, &[]);
    assert_eq!(writer.write(None, &batch(&table, &[1], |_| None)).unwrap_err().code(), ErrorCode::Closed);
    new.close().unwrap();
    let again = connect(dir.path());
    again.table(&fluss_types::TablePath::new("db", "made_since")).unwrap();
    again.close().unwrap();
}
