//! `kill -9` while transactions are committed into sums and into a log, again and again: what a committable stands for is there once.
//!
//! The child stages rows in an aggregation table and in a log table, prepares them, prints the committables, as a job puts them into its
//! checkpoint, and commits them. The parent kills it at a random moment, opens the store, and does as a job that comes back: it commits all of the last
//! checkpoints again. What was printed and what not it then compares with the sums.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use common::as_text::{self, Declared, declare};
use common::*;
use fluss_client::{Committable, Connection, Table};
use fluss_testkit::Random;
use fluss_types::TablePath;

const KILLS: u64 = 15;
const KEYS: i64 = 50;
const PIECES: i64 = 4;
const CHILD: &str = "FLUSS_KILL_TRANSACTIONS_TEST_CHILD";
const TEST: &str = "what_was_prepared_is_committed_once_whatever_is_killed";

fn make(connection: &Arc<Connection>) {
    let sums = [("table.merge-engine", "aggregation"), ("fields.n.agg", "sum")];
    let columns = &["id BIGINT", "n BIGINT"];
    declare(connection, "sums", Declared { columns, primary_key: &["id"], buckets: 3, options: &sums, ..Declared::default() })
        .unwrap();
    declare(connection, "rows", Declared { columns, buckets: 2, ..Declared::default() }).unwrap();
}

fn tables(connection: &Connection) -> [Arc<Table>; 2] {
    ["sums", "rows"].map(|name| connection.table(&TablePath::new("db", name)).unwrap())
}

/// The keys of a transaction, by its number; each gets the number added.
fn keys(round: i64) -> Vec<i64> {
    let mut random = Random(round as u64);
    (0..10 * PIECES).map(|_| random.below(KEYS as u64) as i64).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn committable(hex: &str) -> Committable {
    let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect();
    Committable::decode(&bytes).unwrap()
}

/// Commits transaction after transaction until it is killed.
fn child(dir: &str, first: i64) {
    let connection = connect(dir.as_ref());
    let tables = tables(&connection);
    let writers = tables.each_ref().map(|t| t.transactional_writer().unwrap());
    let mut out = std::io::stdout();
    for round in first.. {
        for keys in keys(round).chunks(10) {
            let rows: Vec<String> = keys.iter().map(|k| format!("{k} {round}")).collect();
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            for (table, writer) in tables.iter().zip(&writers) {
                writer.write(None, &as_text::batch(table.write_schema(), &rows)).unwrap();
            }
        }
        let prepared = writers.each_ref().map(|w| w.prepare().unwrap());
        writeln!(out, "prepared {round} {} {} .", hex(&prepared[0].encode()), hex(&prepared[1].encode())).unwrap();
        out.flush().unwrap();
        prepared.iter().for_each(|p| connection.commit(p).unwrap());
    }
}

/// How many rows the log has of each round.
fn logged(connection: &Connection, table: &Arc<Table>) -> BTreeMap<i64, usize> {
    let ends = offsets(connection, "rows");
    let scanner = table.log_scanner([1usize]).unwrap();
    for (bucket, end) in (0..).zip(&ends) {
        scanner.subscribe(bucket, 0, *end).unwrap();
    }
    let (mut found, mut rows, total) = (BTreeMap::new(), 0, ends.iter().sum::<i64>());
    while rows < total {
        let batch = scanner.poll(Duration::from_secs(60)).unwrap().unwrap();
        for row in batch.first_row..batch.end_row {
            *found.entry(long(&batch, 0, row)).or_default() += 1;
            rows += 1;
        }
    }
    found
}

#[test]
fn what_was_prepared_is_committed_once_whatever_is_killed() {
    if let Ok(arguments) = std::env::var(CHILD) {
        let (dir, first) = arguments.rsplit_once(' ').unwrap();
        return child(dir, first.parse().unwrap());
    }
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    make(&connection);
    connection.close().unwrap();
    let mut random = Random(7);
    let mut first = 1;
    let (mut expected, mut sums) = (BTreeMap::new(), vec![None; KEYS as usize]);
    let mut unfinished = 0;
    let mut kill = 0;
    // At least one commit has to be cut.
    while kill < KILLS || unfinished == 0 {
        kill += 1;
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([TEST, "--exact", "--nocapture"])
            .env(CHILD, format!("{} {first}", dir.path().display()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let wanted = 1 + random.below(12) as usize;
        let mut checkpoints: Vec<(i64, [Committable; 2])> = Vec::new();
        let mut record = |line: String| {
            if let Some([round, sums, rows, "."]) =
                line.split_once("prepared ").map(|(_, r)| r.split(' ').collect::<Vec<_>>()).as_deref()
            {
                checkpoints.push((round.parse().unwrap(), [committable(sums), committable(rows)]));
            }
            checkpoints.len() >= wanted
        };
        let seen = lines.by_ref().any(|line| record(line.unwrap()));
        std::thread::sleep(Duration::from_micros(random.below(4000)));
        process.kill().unwrap();
        process.wait().unwrap();
        assert!(seen, "the child of kill {kill} died by itself");
        // A job knows of those too whose last words it has read; of one that was cut it does not.
        for line in lines.map_while(Result::ok) {
            record(line);
        }

        let connection = connect(dir.path());
        let tables = tables(&connection);
        let before = logged(&connection, &tables[1]);
        for (round, committables) in &checkpoints {
            committables.iter().for_each(|c| connection.commit(c).unwrap_or_else(|e| panic!("kill {kill} round {round}: {e}")));
            expected.insert(*round, keys(*round).len());
            for key in keys(*round) {
                *sums[key as usize].get_or_insert(0) += round;
            }
        }
        // And once more, as a job that comes back twice.
        checkpoints.iter().flat_map(|c| &c.1).for_each(|c| connection.commit(c).unwrap());
        let found = logged(&connection, &tables[1]);
        assert_eq!(found, expected, "kill {kill}");
        unfinished += usize::from(before != found);
        let all: Vec<String> = (0..KEYS).map(|k| k.to_string()).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let wanted: Vec<Option<String>> = (0..).zip(&sums).map(|(k, sum)| sum.map(|sum| format!("{k} {sum}"))).collect();
        assert_eq!(as_text::lookup(&tables[0], &all), wanted, "kill {kill}");
        first = checkpoints.last().unwrap().0 + 1;
        connection.close().unwrap();
    }
}
