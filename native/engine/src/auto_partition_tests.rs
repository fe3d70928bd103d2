use std::collections::BTreeMap;

use fluss_meta::TableDeclaration;
use fluss_types::{Column, DataType, ErrorCode, Result, TypeRoot};
use jiff::Timestamp;

use super::TimePartitions;

/// A table with partition keys of a type, and with `table.auto-partition.*` options.
fn table(root: &TypeRoot, keys: &[&str], options: &[(&str, &str)]) -> TableDeclaration {
    let mut all: BTreeMap<String, String> = [("table.auto-partition.enabled".to_string(), "true".to_string())].into();
    all.extend(options.iter().map(|(k, v)| (format!("table.auto-partition.{k}"), (*v).to_string())));
    TableDeclaration {
        columns: keys.iter().map(|k| Column::new(*k, DataType::new(root.clone(), true).unwrap())).collect(),
        primary_key: vec![],
        bucket_key: vec![],
        partition_keys: keys.iter().map(|k| (*k).to_string()).collect(),
        bucket_count: 1,
        comment: String::new(),
        options: all,
        custom_properties: BTreeMap::new(),
    }
}

const TEXT: TypeRoot = TypeRoot::VarChar(i32::MAX as u32);

fn partitions(options: &[(&str, &str)]) -> TimePartitions {
    TimePartitions::of(&table(&TEXT, &["dt"], options)).unwrap().unwrap()
}

fn ms(instant: &str) -> i64 {
    instant.parse::<Timestamp>().unwrap().as_millisecond()
}

/// The partitions ahead, and those of some that are expired.
fn at(options: &[(&str, &str)], instant: &str, there: &[&str]) -> (Vec<String>, Vec<String>) {
    let partitions = partitions(options);
    let now = ms(instant);
    let expired = there.iter().filter(|n| partitions.is_expired([**n].into_iter(), now).unwrap());
    (partitions.ahead(now).unwrap(), expired.map(|n| (*n).to_string()).collect())
}

#[test]
fn each_unit_has_its_format_and_its_neighbours() {
    let now = "2024-11-11T11:11:00Z";
    let ahead = |unit: &str| at(&[("time-unit", unit), ("time-zone", "UTC"), ("num-precreate", "4")], now, &[]).0;
    assert_eq!(ahead("YEAR"), ["2024", "2025", "2026", "2027"]);
    assert_eq!(ahead("quarter"), ["20244", "20251", "20252", "20253"]);
    assert_eq!(ahead("MONTH"), ["202411", "202412", "202501", "202502"]);
    assert_eq!(ahead("DAY"), ["20241111", "20241112", "20241113", "20241114"]);
    assert_eq!(ahead("HOUR"), ["2024111111", "2024111112", "2024111113", "2024111114"]);
    // By default: days, the present one and the next, seven past ones.
    let there = ["20241104", "20241103", "20241111", "99990101", "today", "2024110", "20241301"];
    assert_eq!(at(&[("time-zone", "UTC")], now, &there), (vec!["20241111".into(), "20241112".into()], vec!["20241103".into()]));
}

#[test]
fn more_past_partitions_than_there_are_years_are_all_kept() {
    for (unit, first) in [("YEAR", "0001"), ("DAY", "00010101"), ("HOUR", "0001010100")] {
        let options = [("time-unit", unit), ("time-zone", "UTC"), ("num-retention", "2147483647")];
        assert_eq!(at(&options, "2025-05-08T00:00:00Z", &[first]).1, [""; 0], "{unit}");
    }
}

#[test]
fn as_many_past_partitions_as_the_table_keeps() {
    let now = "2025-05-08T00:00:00Z";
    let there = ["20250505", "20250506", "20250507", "20250508"];
    let expired = |kept: &str| at(&[("time-zone", "UTC"), ("num-retention", kept)], now, &there).1;
    assert_eq!(expired("2"), ["20250505"]);
    assert_eq!(expired("0"), there[..3]);
    assert_eq!(expired("-1"), [""; 0]);
    let e = partitions(&[("time-zone", "UTC"), ("num-retention", "2")]).check_new(&["20250505".into()], ms(now)).unwrap_err();
    assert_eq!(e.code(), ErrorCode::InvalidPartition);
    assert!(e.message().starts_with("Partition value '20250505' is out-of-date."), "{e}");
}

#[test]
fn a_day_begins_where_the_table_is() {
    let ahead = |zone: &str, instant: &str| at(&[("time-zone", zone), ("num-precreate", "1")], instant, &[]).0.remove(0);
    // The last instant of a year in one zone is the first day of the next in another.
    assert_eq!(ahead("UTC", "2024-12-31T23:59:59Z"), "20241231");
    assert_eq!(ahead("Asia/Shanghai", "2024-12-31T23:59:59Z"), "20250101");
    assert_eq!(ahead("America/New_York", "2025-01-01T04:59:59Z"), "20241231");
    assert_eq!(ahead("UTC+8", "2024-12-31T16:00:00Z"), "20250101");
    assert_eq!(ahead("GMT-03:30", "2025-01-01T03:29:59Z"), "20241231");
    assert_eq!(ahead("-03:30", "2025-01-01T03:30:00Z"), "20250101");
}

#[test]
fn years_end() {
    let options =
        |unit: &'static str| [("time-unit", unit), ("time-zone", "UTC"), ("num-precreate", "2"), ("num-retention", "1")];
    let new_year = "2024-01-01T00:00:00Z";
    assert_eq!(at(&options("YEAR"), new_year, &["2022", "2023"]), (vec!["2024".into(), "2025".into()], vec!["2022".into()]));
    assert_eq!(at(&options("QUARTER"), new_year, &["20233", "20234"]).1, ["20233"]);
    assert_eq!(at(&options("MONTH"), new_year, &["202311", "202312"]).1, ["202311"]);
    assert_eq!(at(&options("DAY"), new_year, &["20231230", "20231231"]).1, ["20231230"]);
    assert_eq!(at(&options("HOUR"), new_year, &["2023123122", "2023123123"]).1, ["2023123122"]);
    // Not from the 31st on to a month that has none.
    assert_eq!(at(&options("MONTH"), "2024-01-31T12:00:00Z", &[]).0, ["202401", "202402"]);
    assert_eq!(at(&options("DAY"), "2024-02-28T12:00:00Z", &[]).0, ["20240228", "20240229"]);
    assert_eq!(at(&options("YEAR"), "2024-02-29T12:00:00Z", &[]).0, ["2024", "2025"]);
}

#[test]
fn clocks_that_are_put_forward_and_back() {
    let options = |unit: &'static str, n: &'static str| {
        [("time-unit", unit), ("time-zone", "Europe/Berlin"), ("num-precreate", n), ("num-retention", "1")]
    };
    // 2025-03-30: two o'clock is three o'clock.
    let (ahead, expired) = at(&options("HOUR", "3"), "2025-03-30T00:30:00Z", &["2025033000", "2025032923"]);
    assert_eq!(ahead, ["2025033001", "2025033003", "2025033004"]);
    assert_eq!(expired, ["2025032923"]);
    assert_eq!(at(&options("DAY", "2"), "2025-03-29T22:59:00Z", &[]).0, ["20250329", "20250330"]);
    assert_eq!(at(&options("DAY", "2"), "2025-03-30T22:00:00Z", &[]).0, ["20250331", "20250401"]);
    // 2025-10-26: three o'clock is two o'clock, for the second time.
    let (ahead, expired) = at(&options("HOUR", "4"), "2025-10-26T00:30:00Z", &["2025102601", "2025102600"]);
    assert_eq!(ahead, ["2025102602", "2025102603", "2025102604"]);
    assert_eq!(expired, ["2025102600"]);
    let (_, expired) = at(&options("HOUR", "4"), "2025-10-26T01:30:00Z", &["2025102602", "2025102601"]);
    assert_eq!(expired, ["2025102601"]);
}

#[test]
fn of_several_keys_one_is_the_time_and_none_are_made_ahead() {
    let several = |options: &[(&str, &str)]| TimePartitions::of(&table(&TEXT, &["a", "dt", "b"], options));
    let partitions = several(&[("key", "dt"), ("time-zone", "UTC"), ("num-retention", "2")]).unwrap().unwrap();
    let now = ms("2025-05-08T12:00:00Z");
    assert_eq!(partitions.ahead(now).unwrap(), Vec::<String>::new());
    let expired = |name: &str| partitions.is_expired(name.split('$'), now).unwrap();
    assert!(expired("1$20250505$1") && !expired("1$20250506$1") && !expired("20250505$20250507$20250505"));
    for (options, what) in [
        (&[][..], "'table.auto-partition.key' must be given"),
        (&[("key", "x")], "none of the partition keys: a, dt, b"),
        (&[("key", "dt"), ("num-precreate", "1")], "must be 0"),
    ] {
        let e = several(options).unwrap_err();
        assert!(e.code() == ErrorCode::InvalidOption && e.message().contains(what), "{e}");
    }
    several(&[("key", "dt"), ("num-precreate", "0")]).unwrap();
}

#[test]
fn formats_and_types_of_ones_own() {
    let now = ms("2025-10-12T23:30:00Z");
    let ahead = |root: TypeRoot, options: &[(&str, &str)]| -> Result<Vec<String>> {
        let options = [options, &[("time-zone", "UTC"), ("num-precreate", "2")]].concat();
        TimePartitions::of(&table(&root, &["dt"], &options))?.unwrap().ahead(now)
    };
    assert_eq!(ahead(TEXT, &[("time-format", "yyyy-MM-dd")]).unwrap(), ["2025-10-12", "2025-10-13"]);
    assert_eq!(
        ahead(TEXT, &[("time-unit", "HOUR"), ("time-format", "'h'HH_dd-MM-uuuu")]).unwrap(),
        ["h23_12-10-2025", "h00_13-10-2025"]
    );
    assert_eq!(ahead(TEXT, &[("time-unit", "QUARTER"), ("time-format", "yyyy-'Q'Q")]).unwrap(), ["2025-Q4", "2026-Q1"]);
    assert_eq!(ahead(TypeRoot::Date, &[]).unwrap(), ["2025-10-12", "2025-10-13"]);
    assert_eq!(ahead(TypeRoot::Date, &[("time-unit", "MONTH")]).unwrap(), ["2025-10-01", "2025-11-01"]);
    assert_eq!(ahead(TypeRoot::Int, &[]).unwrap(), ["20251012", "20251013"]);
    let timestamps = [("time-unit", "HOUR"), ("time-format", "yyyy-MM-dd-HH'-00-00_'")];
    assert_eq!(ahead(TypeRoot::Timestamp(6), &timestamps).unwrap(), ["2025-10-12-23-00-00_", "2025-10-13-00-00-00_"]);
    for (root, options, what) in [
        (TypeRoot::Int, &[("time-format", "yyyy-MM-dd")][..], "no value of INT"),
        (TypeRoot::Date, &[("time-format", "yyyyMMdd")], "no value of DATE"),
        (TypeRoot::TinyInt, &[], "no value of TINYINT"),
        (TEXT, &[("time-format", "yyyyMM")], "does not tell one day from another"),
        (TEXT, &[("time-format", "MMdd")], "does not tell one day from another"),
        (TEXT, &[("time-format", "yyyyMMdd[HH]")], "optional sections"),
        (TEXT, &[("time-format", "yyyyMMdd'x")], "no second one"),
        (TEXT, &[("time-format", "yyMMdd")], "'yy'"),
        (TEXT, &[("time-format", "yyyy/MM/dd")], "'/'"),
        (TEXT, &[("time-format", "yyyyMMdd'$'")], "no value of STRING"),
        (TEXT, &[("time-zone", "Mars/Olympus")], "no such time zone"),
        (TEXT, &[("time-zone", "UTC+19")], "no such time zone"),
    ] {
        let options: Vec<_> = options.iter().chain(&[("num-retention", "1")]).copied().collect();
        let e = TimePartitions::of(&table(&root, &["dt"], &options)).unwrap_err();
        assert!(e.code() == ErrorCode::InvalidOption && e.message().contains(what), "{e}");
    }
    let e = TimePartitions::of(&table(&TEXT, &[], &[])).unwrap_err();
    assert!(e.message().contains("only supported when the table is partitioned"), "{e}");
}

/// An hour at a time over four years, in a zone with daylight saving time: what is made ahead is never expired, and is there when its time comes.
#[test]
fn what_is_made_ahead_is_what_is_needed_next() {
    for unit in ["HOUR", "DAY", "MONTH", "QUARTER", "YEAR"] {
        let partitions = partitions(&[("time-unit", unit), ("time-zone", "America/New_York"), ("num-retention", "0")]);
        let mut next = None;
        for hour in 0..4 * 366 * 24 {
            let now = ms("2023-01-01T05:00:00Z") + hour * 3_600_000;
            let ahead = partitions.ahead(now).unwrap();
            assert!(next.is_none_or(|n| n == ahead[0] || n == *ahead.last().unwrap()), "{unit} {hour}");
            assert!(
                ahead.iter().all(|n| !partitions.is_expired([n.as_str()].into_iter(), now).unwrap()),
                "{unit} {hour}: {ahead:?}"
            );
            next = ahead.last().cloned();
        }
    }
}
