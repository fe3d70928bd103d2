//! An embedded store through the API that bindings use.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use common::*;
use fluss_client::{Connection, Table};
use fluss_types::{ErrorCode, TablePath};

fn batch(table: &Table, rows: &[(i64, &str)]) -> RecordBatch {
    RecordBatch::try_new(
        table.write_schema(),
        vec![
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.0))),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.1))),
        ],
    )
    .unwrap()
}

/// The changelog of bucket 0 from an offset, as `+I 1 a`.
fn changes(table: &Arc<Table>, from: i64) -> Vec<String> {
    let scanner = table.log_scanner(vec![1, 0]).unwrap();
    scanner.subscribe(0, from, i64::MAX).unwrap();
    let mut out = Vec::new();
    while let Some(b) = scanner.poll(Duration::from_millis(20)).unwrap() {
        for row in b.first_row..b.end_row {
            let kind = ["+A", "+I", "-U", "+U", "-D"][b.row_bytes.map_or(0, |at| b.bytes[at + row]) as usize];
            out.push(format!("{kind} {} {}", long(&b, 1, row), text(&b, 0, row)));
        }
    }
    out
}

#[test]
fn upserts_and_deletes_make_the_changelog_and_lookups_see_them() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 1, &[]);
    let writer = table.writer().unwrap();
    writer.write(None, &batch(&table, &[(1, "a"), (2, "b"), (1, "a2")])).unwrap();
    writer.write(Some(&[0, 1, 1]), &batch(&table, &[(3, "c"), (2, ""), (9, "")])).unwrap();
    writer.flush().unwrap();
    assert_eq!(changes(&table, 0), ["+I 1 a", "+I 2 b", "-U 1 a", "+U 1 a2", "+I 3 c", "-D 2 b"]);
    assert_eq!(changes(&table, 3), ["+U 1 a2", "+I 3 c", "-D 2 b"]);
    writer.write(None, &batch(&table, &[(3, "c")])).unwrap();
    writer.flush().unwrap();
    assert_eq!(changes(&table, 6), ["-U 3 c", "+U 3 c"], "an equal row is an update too");
    assert_eq!(lookup(&table, &[1, 2, 3, 9]), [Some("a2".into()), None, Some("c".into()), None]);
    // A delete of what is not there, alone, changes nothing.
    writer.write(Some(&[1]), &batch(&table, &[(100, "")])).unwrap();
    writer.flush().unwrap();
    assert_eq!(changes(&table, 8), Vec::<String>::new());
}

#[test]
fn lookups_see_rows_before_they_are_durable_and_readers_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 1, &[("table.log.consistency", "eventual"), ("table.log.flush.interval", "1h")]);
    let writer = table.writer().unwrap();
    writer.write(None, &batch(&table, &[(1, "a")])).unwrap();
    assert_eq!(lookup(&table, &[1]), [Some("a".into())]);
    assert_eq!(changes(&table, 0), Vec::<String>::new());
    writer.flush().unwrap();
    assert_eq!(changes(&table, 0), ["+I 1 a"]);
}

#[test]
fn everything_is_there_after_a_clean_stop() {
    let dir = tempfile::tempdir().unwrap();
    for buckets in [1, 3] {
        let name = format!("t{buckets}");
        let connection = connect(dir.path());
        let table = create(&connection, &name, true, buckets, &[]);
        let writer = table.writer().unwrap();
        for i in 0..50 {
            writer.write(None, &batch(&table, &[(i, "old"), (i + 1000, "x"), (i, "new")])).unwrap();
        }
        writer.flush().unwrap();
        drop((writer, table));
        connection.close().unwrap();
        let connection = connect(dir.path());
        let table = connection.table(&TablePath::new("db", &name)).unwrap();
        let keys: Vec<i64> = (0..50).chain(1000..1050).collect();
        let found = lookup(&table, &keys);
        assert!(found[..50].iter().all(|v| v.as_deref() == Some("new")) && found[50..].iter().all(|v| v.as_deref() == Some("x")));
        assert_eq!(offsets(&connection, &name).iter().sum::<i64>(), 200);
        connection.close().unwrap();
    }
}

#[test]
fn a_snapshot_is_the_state_at_its_offset_and_its_scan_goes_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 1, &[]);
    let writer = table.writer().unwrap();
    let rows: Vec<(i64, &str)> = (0..20_000).map(|i| (i, "before")).collect();
    writer.write(None, &batch(&table, &rows)).unwrap();
    writer.flush().unwrap();
    let snapshot = create_snapshot(&connection, "t");
    assert_eq!(snapshot.offsets[0].offset, 20_000);
    writer.write(None, &batch(&table, &[(5, "after"), (30_000, "after")])).unwrap();
    writer.flush().unwrap();
    let scanner = table.snapshot_scanner(0, &snapshot.snapshot_id, vec![0, 1], &[]).unwrap();
    let first = scanner.poll().unwrap().unwrap();
    let position = scanner.position();
    drop((scanner, table, writer));
    connection.close().unwrap();

    let connection = connect(dir.path());
    let table = connection.table(&TablePath::new("db", "t")).unwrap();
    let scanner = table.snapshot_scanner(0, &snapshot.snapshot_id, vec![0, 1], &position).unwrap();
    let mut seen: Vec<i64> = (0..first.rows).map(|r| long(&first, 0, r)).collect();
    while let Some(b) = scanner.poll().unwrap() {
        assert!((0..b.rows).all(|r| text(&b, 1, r) == "before"));
        seen.extend((0..b.rows).map(|r| long(&b, 0, r)));
    }
    assert_eq!(seen, (0..20_000).collect::<Vec<_>>());
    release_snapshot(&connection, "t", &snapshot.snapshot_id);
    let e = table.snapshot_scanner(0, &snapshot.snapshot_id, vec![0], &[]).unwrap_err();
    assert_eq!(e.code(), ErrorCode::SnapshotNotFound);
}

#[test]
fn log_tables_keep_the_rows_of_a_batch_together_and_refuse_deletes() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", false, 2, &[("table.log.arrow.compression.type", "NONE")]);
    let writer = table.writer().unwrap();
    for _ in 0..4 {
        writer.write(None, &batch(&table, &[(1, "a"), (2, "b")])).unwrap();
    }
    writer.flush().unwrap();
    assert_eq!(offsets(&connection, "t"), [4, 4]);
    assert_eq!(changes(&table, 1), ["+A 2 b", "+A 1 a", "+A 2 b"]);
    let e = writer.write(Some(&[1]), &batch(&table, &[(1, "a")])).unwrap_err();
    assert!(e.message().contains("db.t") && e.message().contains("appends only"), "{e}");
    assert!(table.lookuper(vec![0]).unwrap_err().message().contains("no primary key"));
}

#[test]
fn a_dropped_table_is_gone_from_disk_and_its_users_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 1, &[]);
    let writer = table.writer().unwrap();
    writer.write(None, &batch(&table, &[(1, "a")])).unwrap();
    writer.flush().unwrap();
    drop_table(&connection, "t");
    let e = writer.write(None, &batch(&table, &[(1, "a")])).unwrap_err();
    assert!(matches!(e.code(), ErrorCode::TableNotFound | ErrorCode::Closed), "{e}");
    assert_eq!(fs::read_dir(dir.path().join("tables")).unwrap().count(), 0);
    let again = create(&connection, "t", true, 1, &[]);
    assert_eq!(lookup(&again, &[1]), [None]);
}

#[test]
fn a_second_opener_shares_the_engine_and_other_engine_options_are_refused_with_both() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = ("data.dir", dir.path().to_str().unwrap());
    let first = Connection::open(options(&[data_dir, ("log.segment.file-size", "64mb")])).unwrap();
    let second = Connection::open(options(&[("data.dir", &format!("file://{}", data_dir.1))])).unwrap();
    let e = Connection::open(options(&[data_dir, ("log.segment.file-size", "128mb")])).unwrap_err();
    assert!(e.message().contains("64mb") && e.message().contains("128mb"), "{e}");
    first.close().unwrap();
    first.close().unwrap();
    let table = create(&second, "t", true, 1, &[]);
    assert_eq!(lookup(&table, &[1]), [None]);
}

#[test]
fn bad_options_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = ("data.dir", dir.path().to_str().unwrap());
    let message = |o: &[(&str, &str)]| Connection::open(options(o)).unwrap_err().message().to_string();
    assert!(message(&[]).contains("'data.dir' and 'bootstrap.servers'"));
    assert!(message(&[data_dir, ("bootstrap.servers", "h:1")]).contains("both"));
    assert!(message(&[data_dir, ("memory.sise", "1gb")]).contains("Did you mean 'memory.size'"));
    assert!(message(&[("data.dir", "s3://bucket/x")]).contains("s3://"));
    assert!(message(&[("data.dir", "/proc/no/such")]).contains("cannot be written"));
}

/// As root every directory can be written, so a file stands in the way.
#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "").unwrap();
    let e = Connection::open(options(&[("data.dir", path.to_str().unwrap())])).unwrap_err();
    assert!(e.message().contains(path.to_str().unwrap()), "{e}");
}

#[test]
fn a_damaged_catalog_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    create(&connection, "t", true, 1, &[]);
    connection.close().unwrap();
    let path = dir.path().join("catalog.json");
    let good = fs::read(&path).unwrap();
    fs::write(&path, &good[..good.len() / 2]).unwrap();
    let e = Connection::open(options(&[("data.dir", dir.path().to_str().unwrap())])).unwrap_err();
    assert_eq!(e.code(), ErrorCode::CorruptMeta);
    assert!(e.message().contains("catalog.json"), "{e}");
    fs::write(&path, good).unwrap();
    assert!(connect(dir.path()).table(&TablePath::new("db", "t")).is_ok());
}

#[test]
fn a_null_in_a_not_null_column_names_the_column() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    for (name, key) in [("t", true), ("t_log", false)] {
        let table = create_not_null(&connection, name, key);
        let rows = RecordBatch::try_new(
            table.write_schema(),
            vec![Arc::new(Int64Array::from(vec![1])), Arc::new(StringArray::from(vec![None::<&str>]))],
        )
        .unwrap();
        let e = table.writer().unwrap().write(None, &rows).unwrap_err();
        assert!(e.message().contains(&format!("db.{name} ")) && e.message().contains("'v'"), "{e}");
    }
}

/// The test binary is its own second process: the variable tells it which directory to open.
#[test]
fn a_second_process_is_told_the_pid_of_the_first() {
    const CHILD: &str = "FLUSS_SECOND_PROCESS_TEST_CHILD";
    if let Ok(dir) = std::env::var(CHILD) {
        let e = Connection::open(options(&[("data.dir", &dir)])).unwrap_err();
        assert_eq!(e.code(), ErrorCode::DirectoryInUse);
        println!("refused: {e}");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let second = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["a_second_process_is_told_the_pid_of_the_first", "--exact", "--nocapture"])
        .env(CHILD, dir.path())
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&second.stdout);
    assert!(second.status.success(), "{out}");
    let refused = out.lines().find(|l| l.contains("refused: ")).unwrap_or_else(|| panic!("{out}"));
    assert!(refused.contains(&format!("in process {} ", std::process::id())), "{refused}");
    assert!(refused.contains("'execution.target' = 'local'"), "{refused}");
    connection.close().unwrap();
}

/// A full disk, on a file system of 8 MiB that the test mounts; where it may not mount, the error path is that of any write.
#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let Some(dir) = small_disk("8m") else { return };
    let connection = connect(dir.path());
    let table = create(&connection, "t", false, 1, &[("table.log.arrow.compression.type", "NONE")]);
    let writer = table.writer().unwrap();
    let wide = "x".repeat(100_000);
    let mut acknowledged = 0;
    let e = loop {
        if let Err(e) = writer.write(None, &batch(&table, &[(acknowledged, &wide)])).and_then(|()| writer.flush()) {
            break e;
        }
        acknowledged += 1;
        assert!(acknowledged < 1000, "8 MiB are full by then");
    };
    assert_eq!(e.code(), ErrorCode::DiskFull, "{e}");
    assert!(e.message().contains("no space left"), "{e}");
    assert_eq!(offsets(&connection, "t"), [acknowledged]);
    assert_eq!(changes(&table, 0).len() as i64, acknowledged);
    drop((writer, table));
    connection.close().unwrap();
    let connection = connect(dir.path());
    assert_eq!(offsets(&connection, "t"), [acknowledged]);
    connection.close().unwrap();
}

#[test]
fn a_damaged_segment_is_named_through_the_whole_path() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", false, 1, &[]);
    let writer = table.writer().unwrap();
    for i in 0..3 {
        writer.write(None, &batch(&table, &[(i, "some text")])).unwrap();
        writer.flush().unwrap();
    }
    drop((writer, table));
    connection.close().unwrap();
    let segment = dir.path().join("tables/0/0/log/00000000000000000000.log");
    let file = OpenOptions::new().read(true).write(true).open(&segment).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, 100).unwrap();
    file.write_all_at(&[!byte[0]], 100).unwrap();
    let connection = connect(dir.path());
    let table = connection.table(&TablePath::new("db", "t")).unwrap();
    let e = table.writer().unwrap().write(None, &batch(&table, &[(1, "a")])).unwrap_err();
    assert_eq!(e.code(), ErrorCode::CorruptSegment);
    assert!(e.message().contains("db.t") && e.message().contains(segment.to_str().unwrap()), "{e}");
}
