//! `kill -9` during upserts, again and again: every acknowledged row is there after each kill.
//!
//! The child writes version after version of random keys into a primary-key table and a row a batch into a log table; after each flush it
//! prints what is acknowledged. The parent kills it at a random moment, opens the store and checks.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use common::*;
use fluss_client::Table;
use fluss_testkit::Random;

const KILLS: u64 = 20;
const KEYS: u64 = 500;
const CHILD: &str = "FLUSS_KILL_TEST_CHILD";

fn rows(table: &Table, keys: &[i64], version: i64) -> RecordBatch {
    let values = keys.iter().map(|k| format!("{k}:{version}"));
    RecordBatch::try_new(
        table.write_schema(),
        vec![Arc::new(Int64Array::from(keys.to_vec())), Arc::new(StringArray::from_iter_values(values))],
    )
    .unwrap()
}

/// Writes until it is killed.
fn child(dir: &str, first_version: i64) {
    let connection = connect(dir.as_ref());
    let upserts = create(&connection, "upserts", true, 3, &[]);
    let appends = create(&connection, "appends", false, 1, &[]);
    let (upserter, appender) = (upserts.writer().unwrap(), appends.writer().unwrap());
    let mut random = Random(first_version as u64);
    let mut out = std::io::stdout();
    for version in first_version.. {
        let keys: Vec<i64> = (0..20).map(|_| random.below(KEYS) as i64).collect();
        upserter.write(None, &rows(&upserts, &keys, version)).unwrap();
        appender.write(None, &rows(&appends, &[version], version)).unwrap();
        upserter.flush().unwrap();
        appender.flush().unwrap();
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        writeln!(out, "acknowledged {version} {}", keys.join(" ")).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn every_acknowledged_row_survives_kill_9() {
    if let Ok(arguments) = std::env::var(CHILD) {
        let (dir, version) = arguments.rsplit_once(' ').unwrap();
        return child(dir, version.parse().unwrap());
    }
    let dir = tempfile::tempdir().unwrap();
    let mut random = Random(42);
    let mut newest: HashMap<i64, i64> = HashMap::new();
    let (mut version, mut acknowledged_appends) = (0, 0);
    for kill in 0..KILLS {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["every_acknowledged_row_survives_kill_9", "--exact", "--nocapture"])
            .env(CHILD, format!("{} {version}", dir.path().display()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut seen = 0;
        let wanted = 1 + random.below(30);
        let mut record = |line: String| {
            if let Some(rest) = line.split_once("acknowledged ").map(|(_, r)| r) {
                let numbers: Vec<i64> = rest.split(' ').map(|n| n.parse().unwrap()).collect();
                version = version.max(numbers[0] + 1);
                for key in &numbers[1..] {
                    newest.insert(*key, numbers[0]);
                }
                acknowledged_appends += 1;
                seen += 1;
            }
            seen
        };
        for line in lines.by_ref() {
            if record(line.unwrap()) >= wanted {
                break;
            }
        }
        std::thread::sleep(Duration::from_micros(random.below(5000)));
        process.kill().unwrap();
        process.wait().unwrap();
        // What it had printed before it died is acknowledged too; a line cut short is not.
        for line in lines.map_while(Result::ok).filter(|l| l.split(' ').count() == 22) {
            record(line);
        }
        assert!(seen >= wanted, "the child of kill {kill} died by itself");

        let connection = connect(dir.path());
        let upserts = create(&connection, "upserts", true, 3, &[]);
        let keys: Vec<i64> = newest.keys().copied().collect();
        for (key, found) in keys.iter().zip(lookup(&upserts, &keys)) {
            let found = found.unwrap_or_else(|| panic!("kill {kill}: key {key} is lost"));
            let (k, v) = found.split_once(':').unwrap();
            let v: i64 = v.parse().unwrap();
            assert_eq!(k, key.to_string());
            // The batch in flight may have come through without its acknowledgement.
            assert!(v >= newest[key], "kill {kill}: key {key} is at version {v}, {} was acknowledged", newest[key]);
            version = version.max(v + 1);
        }
        let appended = offsets(&connection, "appends")[0];
        assert!(appended >= acknowledged_appends, "kill {kill}: {appended} appends of {acknowledged_appends}");
        acknowledged_appends = appended;
        connection.close().unwrap();
    }
    assert!(version > 100, "{version} batches in {KILLS} rounds");
}
