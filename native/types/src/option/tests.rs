//! Options as a user gives them.
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::{Column, DataType, ErrorCode, Schema, TypeRoot};

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())).collect()
}

fn table(key: &str, value: &str) -> crate::Result<TableOptions> {
    TableOptions::parse(&map(&[(key, value)]))
}

fn options() -> impl Iterator<Item = &'static OptionSpec> {
    SCOPES.iter().flat_map(|s| s.options)
}

#[test]
fn a_key_stands_once_and_its_default_is_allowed() {
    let mut keys = BTreeSet::new();
    for o in options() {
        assert!(keys.insert(o.key), "{} stands twice", o.key);
        if let Some(default) = o.default {
            assert!(o.kind.parse(default).is_ok(), "{} = {default}", o.key);
        }
    }
}

/// Every choice of the table has a meaning where it is read.
#[test]
fn every_choice_is_read() {
    for o in store::TABLE {
        if let Kind::Choice(names) = o.kind {
            for name in names {
                table(o.key, name).unwrap();
                table(o.key, &name.to_uppercase()).unwrap();
            }
        }
    }
    assert_eq!(table("table.log.consistency", "eventual").unwrap().consistency, Consistency::Eventual);
    assert_eq!(table("table.log.arrow.compression.type", "lz4_frame").unwrap().compression, Compression::Lz4Frame);
}

#[test]
fn without_options_the_defaults_hold() {
    let t = TableOptions::parse(&BTreeMap::new()).unwrap();
    assert_eq!(
        t,
        TableOptions {
            auto_partition: None,
            consistency: Consistency::Strong,
            flush_interval: Duration::from_millis(100),
            compression: Compression::Zstd,
            zstd_level: 1,
            log_ttl: Some(Duration::from_secs(7 * 86_400)),
            statistics: StatisticsColumns::None,
            auto_increment: None,
            row_ttl: None,
            merge: MergeOptions::default(),
        }
    );
    let e = EngineOptions::parse(&BTreeMap::new()).unwrap();
    assert_eq!((e.default_buckets, e.max_buckets, e.memory, e.segment_size), (1, 4096, 256 << 20, 1 << 30));
    assert_eq!((e.index_interval, e.kv_write_buffer), (4096, 64 << 20));
    assert_eq!(e.retention_check_interval, Duration::from_secs(300));
    assert_eq!(e.transaction_timeout, Duration::from_secs(7 * 86_400));
}

#[test]
fn an_unknown_option_names_the_nearest_known_one() {
    let e = table("table.log.consistancy", "strong").unwrap_err();
    assert_eq!(e.code(), ErrorCode::UnknownOption);
    assert!(e.message().contains("Did you mean 'table.log.consistency'?"), "{e}");
    assert!(!table("x", "1").unwrap_err().message().contains("Did you mean"));
}

#[test]
fn a_bad_value_says_what_was_expected() {
    let engine = |key, value| EngineOptions::parse(&map(&[(key, value)])).unwrap_err();
    let e = engine("memory.size", "much");
    assert_eq!(e.code(), ErrorCode::InvalidOption);
    assert_eq!(e.message(), "option 'memory.size' = 'much': expected a size of at least 16 mb, like '64mb' (b, kb, mb, gb, tb)");
    assert!(engine("memory.size", "16777215").message().contains("at least 16 mb"));
    assert!(engine("max.bucket.num", "1000001").message().contains("a whole number from 1 to 1000000"));
    assert!(engine("max.bucket.num", "0").message().contains("from 1 to 1000000"));
    // Without effect, and looked at all the same.
    assert!(engine("kv.snapshot.interval", "often").message().contains("a duration of at least 1 ms"));
    assert!(engine("log.retention.check-interval", "0").message().contains("a duration of at least 1 ms"));
    let e = table("table.log.consistency", "maybe").unwrap_err();
    assert_eq!(e.message(), "option 'table.log.consistency' = 'maybe': expected one of strong, eventual");
    for level in ["0", "23", "-1", "high"] {
        let e = table("table.log.arrow.compression.zstd.level", level).unwrap_err();
        let expected = format!("Invalid ZSTD compression level: {level}. Expected a value between 1 and 22.");
        assert!(e.message().ends_with(&expected), "{e}");
    }
    assert_eq!(table("table.log.arrow.compression.zstd.level", "22").unwrap().zstd_level, 22);
}

#[test]
fn sizes_and_durations_have_flinks_units() {
    let e = EngineOptions::parse(&map(&[("memory.size", "1 gb"), ("log.segment.file-size", "65536")])).unwrap();
    assert_eq!((e.memory, e.segment_size), (1 << 30, 65536));
    let flush = |v| table("table.log.flush.interval", v).map(|t| t.flush_interval);
    assert_eq!(flush("2 s").unwrap(), Duration::from_secs(2));
    assert_eq!(flush(" 5 minutes ").unwrap(), Duration::from_secs(300));
    assert_eq!(flush("7 µs").unwrap(), Duration::from_micros(7));
    assert_eq!(flush("250").unwrap(), Duration::from_millis(250));
    for bad in ["", "s", "1 fortnight", "-1 s", "1.5 s", "18446744073709551615 d"] {
        assert!(flush(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_time_to_live_of_zero_or_less_is_for_ever() {
    let ttl = |v| table("table.log.ttl", v).map(|t| t.log_ttl);
    assert_eq!(ttl("12 h").unwrap(), Some(Duration::from_secs(12 * 3600)));
    for never in ["0", "0 s", "-1", "-1 ms", "-7 d"] {
        assert_eq!(ttl(never).unwrap(), None, "{never}");
    }
    assert!(ttl("-").unwrap_err().message().contains("duration (0: never)"));
    assert!(ttl("never").is_err());
}

#[test]
fn statistics_columns_are_columns_whose_type_has_an_order() {
    let column = |name: &str, root| Column::new(name, DataType::new(root, true).unwrap());
    let columns = vec![
        column("id", TypeRoot::BigInt),
        column("content", TypeRoot::VarBinary(i32::MAX as u32)),
        column("name", TypeRoot::VarChar(i32::MAX as u32)),
        column("code", TypeRoot::Binary(4)),
        column("tags", TypeRoot::Array(Box::new(DataType::new(TypeRoot::Int, true).unwrap()))),
    ];
    // A primary-key table, whose changelog has statistics too.
    let schema = Schema::new(0, columns, &["id".to_string()], &[]).unwrap();
    let resolve = |v| table("table.statistics.columns", v).and_then(|t| t.statistics.resolve(&schema));
    assert_eq!(resolve("").unwrap(), Vec::<usize>::new());
    assert_eq!(resolve("*").unwrap(), [0, 2]);
    assert_eq!(resolve("name, id").unwrap(), [0, 2]);
    let refused = |v, why: &str| {
        let e = resolve(v).unwrap_err();
        assert_eq!(e.code(), ErrorCode::InvalidOption);
        assert!(e.message().contains(why), "{e}");
    };
    refused("content", "Column 'content' of type 'BYTES' is not supported for statistics collection.");
    refused("id,code", "Column 'code' of type 'BINARY(4)' is not supported for statistics collection.");
    refused("tags", "Column 'tags' of type 'ARRAY<INT>' is not supported for statistics collection.");
    refused("nobody", "Column 'nobody' specified in statistics collection does not exist in table schema");
    refused("id,,name", "a column has no name");
    refused("id,*", "'*' stands alone");
    refused("id, id", "named twice");
}

#[test]
fn an_auto_increment_column_is_one_number_outside_the_key() {
    let column = |name: &str, root| Column::new(name, DataType::new(root, true).unwrap());
    let columns = || {
        vec![
            column("id", TypeRoot::BigInt),
            column("n", TypeRoot::Int),
            column("m", TypeRoot::BigInt),
            column("s", TypeRoot::SmallInt),
        ]
    };
    let keyed = Schema::new(0, columns(), &["id".to_string()], &[]).unwrap();
    let log = Schema::new(0, columns(), &[], &[]).unwrap();
    let resolve = |v, schema: &Schema| {
        let options = table("auto-increment.fields", v)?;
        options.check(schema)?;
        options.auto_increment.map(|a| a.resolve(schema)).transpose()
    };
    assert_eq!(resolve("", &keyed).unwrap(), None);
    assert_eq!(resolve("n", &keyed).unwrap(), Some(1));
    assert_eq!(resolve(" m ", &keyed).unwrap(), Some(2));
    for (value, schema, why) in [
        ("n,m", &keyed, "multiple auto increment columns are not supported"),
        ("id", &keyed, "can not be part of the primary key"),
        ("s", &keyed, "must be INT or BIGINT, it is SMALLINT"),
        ("x", &keyed, "the table has no column of that name"),
        ("n", &log, "a log table cannot have an auto increment column"),
    ] {
        let e = resolve(value, schema).unwrap_err();
        assert_eq!(e.code(), ErrorCode::InvalidOption);
        assert!(e.message().contains(why), "{e}");
    }
    assert_eq!(table("auto-increment.fields", "n").unwrap().auto_increment.unwrap().cache_size, 100_000);
}

#[test]
fn a_row_ttl_is_there_from_the_beginning_or_never() {
    let column = |name: &str| Column::new(name, DataType::new(TypeRoot::Int, true).unwrap());
    let keyed = Schema::new(0, vec![column("id"), column("n")], &["id".to_string()], &[]).unwrap();
    let log = Schema::new(0, vec![column("id")], &[], &[]).unwrap();
    let options = |v| table("table.row.ttl", v).unwrap();
    assert_eq!(options("2 d").row_ttl, Some(Duration::from_secs(2 * 86_400)));
    assert_eq!(options("0").row_ttl, None);
    options("1 s").check(&keyed).unwrap();
    options("0").check(&log).unwrap();
    assert!(options("1 s").check(&log).unwrap_err().message().contains("only a primary-key table has a row TTL"));
    options("1 s").check_change(&options("2 s")).unwrap();
    for (from, to) in [("1 s", "0"), ("0", "1 s")] {
        assert!(options(to).check_change(&options(from)).unwrap_err().message().contains("from its creation on, or never"));
    }
}
