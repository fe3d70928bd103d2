//! Lookups by the bucket key of a table whose primary key goes on behind it.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::StringArray;
use arrow_schema::Schema;
use common::as_text::*;
use common::connect;
use fluss_client::{PrefixLookuper, Table};
use fluss_format::{Comparison, Predicate};
use fluss_testkit::Random;
use fluss_types::{Error, ErrorCode, TablePath};

const COLUMNS: &[&str] = &["a BIGINT", "b STRING", "c INT", "v STRING"];

fn declared(primary_key: &'static [&str], bucket_key: &'static [&str]) -> Declared<'static> {
    Declared { columns: COLUMNS, primary_key, bucket_key, buckets: 3, ..Declared::default() }
}

fn lookuper(table: &Arc<Table>, keys: &[&str]) -> Result<PrefixLookuper, Error> {
    table.prefix_lookuper(keys, all_columns(table))
}

/// The rows of each key.
fn found(table: &Arc<Table>, lookuper: &PrefixLookuper, keys: &[&str]) -> Vec<Vec<String>> {
    let found = lookuper.lookup(&batch(lookuper.key_schema(), keys)).unwrap();
    let at = found.rows.ends.unwrap();
    let (stored, _) = found.rows.bytes[at..at + 4 * keys.len()].as_chunks::<4>();
    assert!(stored.iter().map(|end| i32::from_le_bytes(*end) as usize).eq(found.ends.iter().copied()));
    let rows = rows(table, &found.rows);
    let mut from = 0;
    found.ends.iter().map(|end| rows[std::mem::replace(&mut from, *end)..*end].to_vec()).collect()
}

#[test]
fn all_rows_of_a_prefix_are_found_in_key_order() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = declare(&connection, "t", declared(&["a", "b", "c"], &["a"])).unwrap();
    let by_a = lookuper(&table, &["a"]).unwrap();
    write(&table, &["1 x 1 p", "2 x 1 q", "1 w 5 r", "1 x -7 s", "3 y 1 t"]);
    assert_eq!(
        found(&table, &by_a, &["1", "4", "3", "1"]),
        [vec!["1 w 5 r", "1 x -7 s", "1 x 1 p"], vec![], vec!["3 y 1 t"], vec!["1 w 5 r", "1 x -7 s", "1 x 1 p"]]
    );
    assert!(found(&table, &by_a, &[]).is_empty());
    write(&table, &["!1 w 5 -", "1 x 1 changed", "1 a 0 new"]);
    let now = vec!["1 a 0 new", "1 x -7 s", "1 x 1 changed"];
    assert_eq!(found(&table, &by_a, &["1"]), std::slice::from_ref(&now));
    connection.close().unwrap();

    let connection = connect(dir.path());
    let table = connection.table(&TablePath::new("db", "t")).unwrap();
    assert_eq!(found(&table, &lookuper(&table, &["a"]).unwrap(), &["1"]), [now]);
    connection.close().unwrap();
}

#[test]
fn with_a_filter_only_rows_that_match_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = declare(&connection, "t", declared(&["a", "b", "c"], &["a"])).unwrap();
    write(&table, &["1 x 1 p", "1 x 2 q", "1 y 3 p", "2 x 1 q", "3 y 1 p"]);
    let is_p = Predicate::Compare(vec![3], Comparison::Equal, Arc::new(StringArray::from(vec!["p"])));
    let filtered = lookuper(&table, &["a"]).unwrap().filtered(is_p).unwrap();
    assert_eq!(found(&table, &filtered, &["2", "1", "3"]), [vec![], vec!["1 x 1 p", "1 y 3 p"], vec!["3 y 1 p"]]);
    connection.close().unwrap();
}

/// `"a"` is no prefix of the row of `"ab"`, though its bytes are.
#[test]
fn a_prefix_is_of_whole_columns() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let declared = Declared { columns: &["s STRING", "n INT", "v STRING"], buckets: 1, ..declared(&["s", "n"], &["s"]) };
    let table = declare(&connection, "t", declared).unwrap();
    write(&table, &["a 1 x", "ab 1 y", "a 2 z"]);
    assert_eq!(
        found(&table, &lookuper(&table, &["s"]).unwrap(), &["a", "ab", "b"]),
        [vec!["a 1 x", "a 2 z"], vec!["ab 1 y"], vec![]]
    );
    connection.close().unwrap();
}

#[test]
fn rows_that_are_not_committed_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let options = &[("table.log.consistency", "eventual"), ("table.log.flush.interval", "1 h")];
    let table = declare(&connection, "t", Declared { options, ..declared(&["a", "b", "c"], &["a"]) }).unwrap();
    let by_a = lookuper(&table, &["a"]).unwrap();
    write(&table, &["1 b 0 old", "1 d 0 kept", "1 f 0 gone"]);
    let writer = table.writer().unwrap();
    let rows = batch(table.write_schema(), &["1 b 0 new", "1 f 0 -", "1 a 0 first", "1 z 0 last", "1 e 0 middle"]);
    writer.write(Some(&[0, 1, 0, 0, 0]), &rows).unwrap();
    let now = [vec!["1 a 0 first", "1 b 0 new", "1 d 0 kept", "1 e 0 middle", "1 z 0 last"]];
    assert_eq!(found(&table, &by_a, &["1"]), now);
    writer.flush().unwrap();
    assert_eq!(found(&table, &by_a, &["1"]), now);
    connection.close().unwrap();
}

#[test]
fn what_cannot_be_a_prefix_lookup_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let refused = |name: &str, declared, keys: &[&str], why: &str| {
        let table = declare(&connection, name, declared).unwrap();
        let e = lookuper(&table, keys).unwrap_err();
        assert_eq!(e.code(), ErrorCode::InvalidArgument);
        assert!(e.message().contains(why), "{e}");
    };
    let prefix = declared(&["a", "b", "c"], &["a", "b"]);
    refused("t1", prefix, &["a"], "Can't find expected key 'b' in lookup keys [a]");
    refused("t2", prefix, &["a", "b", "c"], "by column 'c': it is part of neither the bucket key [a, b]");
    refused("t3", declared(&["a", "b"], &["a", "b"]), &["a"], "is not a prefix subset of the physical primary keys [a, b]");
    refused("t4", declared(&["a", "b"], &["b"]), &["b"], "is not a prefix subset");
    refused("t5", declared(&[], &["a"]), &["a"], "has no primary key");
    let table = connection.table(&TablePath::new("db", "t1")).unwrap();
    let by_b_a = lookuper(&table, &["b", "a"]).unwrap();
    write(&table, &["1 x 1 p"]);
    assert_eq!(found(&table, &by_b_a, &["x 1"]), [["1 x 1 p"]], "in any order");
    let fields: Vec<_> = by_b_a.key_schema().fields().iter().map(|f| f.as_ref().clone().with_nullable(true)).collect();
    let e = by_b_a.lookup(&batch(Arc::new(Schema::new(fields)), &["x 1", "x -"])).unwrap_err();
    assert_eq!(e.code(), ErrorCode::NullKey);
    assert!(e.message().contains("key 1 of the lookup has NULL in column 'a'"), "{e}");
    connection.close().unwrap();
}

#[test]
fn in_a_partitioned_table_the_partition_is_given_too() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let partitioned = Declared { partition_keys: &["b"], ..declared(&["a", "b", "c"], &["a"]) };
    let table = declare(&connection, "t", partitioned).unwrap();
    write(&table, &["1 x 1 p", "1 y 2 q", "1 x 3 r", "2 x 4 s"]);
    let by = lookuper(&table, &["b", "a"]).unwrap();
    assert_eq!(
        found(&table, &by, &["x 1", "y 1", "z 1", "y 2", "x 2"]),
        [vec!["1 x 1 p", "1 x 3 r"], vec!["1 y 2 q"], vec![], vec![], vec!["2 x 4 s"]]
    );
    assert!(lookuper(&table, &["a"]).unwrap_err().message().contains("Can't find expected key 'b' in lookup keys [a]"));
    connection.close().unwrap();
}

/// Random writes, half of them not flushed, beside a map.
#[test]
fn a_table_is_what_a_map_says() {
    for seed in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let connection = connect(dir.path());
        let table =
            declare(&connection, "t", Declared { buckets: 1 + seed as u32 % 3, ..declared(&["a", "b", "c"], &["a"]) }).unwrap();
        let by_a = lookuper(&table, &["a"]).unwrap();
        let random = &mut Random(seed);
        let mut model: BTreeMap<(u64, u64, u64), String> = BTreeMap::new();
        let writer = table.writer().unwrap();
        for _ in 0..30 {
            let mut written = Vec::new();
            for _ in 0..1 + random.below(8) {
                let (key, v) = ((random.below(4), random.below(3), random.below(3)), random.below(1000));
                let row = format!("{} {} {} v{v}", key.0, key.1, key.2);
                if random.below(4) == 0 {
                    model.remove(&key);
                    written.push(format!("!{row}"));
                } else {
                    model.insert(key, row.clone());
                    written.push(row);
                }
            }
            let kinds: Vec<u8> = written.iter().map(|r| u8::from(r.starts_with('!'))).collect();
            let texts: Vec<&str> = written.iter().map(|r| r.trim_start_matches('!')).collect();
            writer.write(Some(&kinds), &batch(table.write_schema(), &texts)).unwrap();
            if random.below(2) == 0 {
                writer.flush().unwrap();
            }
            let wanted: Vec<Vec<String>> =
                (0..4).map(|a| model.range((a, 0, 0)..(a + 1, 0, 0)).map(|(_, row)| row.clone()).collect()).collect();
            assert_eq!(found(&table, &by_a, &["0", "1", "2", "3"]), wanted, "seed {seed}");
        }
        connection.close().unwrap();
    }
}
