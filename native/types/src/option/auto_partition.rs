//! Options of partitions by time, as they are given. Whether they fit the table is the engine's to check.
use std::collections::BTreeMap;

use super::door::Values;
use super::kind::Kind;
use super::spec::OptionSpec;
use crate::Result;

/// Name of the option that names the key.
pub const AUTO_PARTITION_KEY: &str = "table.auto-partition.key";
pub(super) const ENABLED: &str = "table.auto-partition.enabled";
const UNIT: &str = "table.auto-partition.time-unit";
const FORMAT: &str = "table.auto-partition.time-format";
const ZONE: &str = "table.auto-partition.time-zone";
const PRECREATE: &str = "table.auto-partition.num-precreate";
const RETENTION: &str = "table.auto-partition.num-retention";

/// The time that a partition is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A month.
    Month,
    /// Three months.
    Quarter,
    /// A year.
    Year,
}

/// `table.auto-partition.*` of a table that has it enabled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoPartition {
    /// The partition key that is the time; `None`: not given.
    pub key: Option<String>,
    /// The time that a partition is for.
    pub unit: TimeUnit,
    /// How the key's values are written; `None`: the format of the unit.
    pub format: Option<String>,
    /// Name of the time zone; `None`: the system's.
    pub zone: Option<String>,
    /// Partitions made ahead, the present one among them; `None`: not given.
    pub precreate: Option<u32>,
    /// Past partitions that are kept; `None`: all.
    pub retention: Option<u32>,
}

impl AutoPartition {
    /// Whether the options of a table enable it; what cannot be read does not.
    pub fn is_enabled(options: &BTreeMap<String, String>) -> bool {
        options.get(ENABLED).is_some_and(|v| v.trim().eq_ignore_ascii_case("true"))
    }

    pub(super) fn read(values: &Values) -> Result<Option<Self>> {
        const UNITS: [(&str, TimeUnit); 5] = [
            ("HOUR", TimeUnit::Hour),
            ("DAY", TimeUnit::Day),
            ("MONTH", TimeUnit::Month),
            ("QUARTER", TimeUnit::Quarter),
            ("YEAR", TimeUnit::Year),
        ];
        let text = |key| values.text(key).map(str::to_string);
        let (unit, retention) = (values.choice(UNIT, &UNITS)?, values.limit(RETENTION)?);
        let (key, format, zone) = (text(AUTO_PARTITION_KEY), text(FORMAT), text(ZONE));
        let options = Self { key, unit, format, zone, precreate: values.int_opt(PRECREATE)?, retention };
        Ok(values.flag(ENABLED)?.then_some(options))
    }
}

pub(super) const AUTO_PARTITION: [OptionSpec; 7] = [
    OptionSpec {
        key: ENABLED,
        kind: Kind::Bool,
        default: Some("false"),
        alterable: true,
        meaning: "Whether partitions of a partitioned table are made ahead of time and dropped after theirs, at the creation of the table and then every \
                  `auto-partition.check.interval`. A partition whose time is over cannot be made any more.",
        price: "None.",
    },
    OptionSpec {
        key: AUTO_PARTITION_KEY,
        kind: Kind::Text("name of a partition key"),
        default: None,
        alterable: false,
        meaning: "The partition key that is the time. A table with several partition keys needs it.",
        price: "None.",
    },
    OptionSpec {
        key: UNIT,
        kind: Kind::Choice(&["HOUR", "DAY", "MONTH", "QUARTER", "YEAR"]),
        default: Some("DAY"),
        alterable: false,
        meaning: "The time that a partition is for.",
        price: "Short: many partitions.",
    },
    OptionSpec {
        key: FORMAT,
        kind: Kind::Text("pattern of `yyyy`, `MM`, `dd`, `HH`, `Q`, `-`, `_` and text between `'`"),
        default: None,
        alterable: false,
        meaning: "How the values of the key are written, which must be texts of its type (`native/docs/format.md`, \"Partition names\"). Not given: `yyyyMMddHH`, `yyyyMMdd`, `yyyyMM`, `yyyyQ`, `yyyy` by unit, `yyyy-MM-dd` if \
                  the key is a DATE. Other values are neither made nor dropped.",
        price: "None.",
    },
    OptionSpec {
        key: ZONE,
        kind: Kind::Text("name like `Europe/Berlin`, or offset like `UTC+8`"),
        default: None,
        alterable: false,
        meaning: "The time zone in which a day begins. Not given: that of the system on which the store runs.",
        price: "None.",
    },
    OptionSpec {
        key: PRECREATE,
        kind: Kind::Int { min: 0, max: 10_000 },
        default: None,
        alterable: true,
        meaning: "Partitions that are made ahead, the present one among them. Not given: 2, and 0 for a table with several partition keys, which may \
                  have no other value.",
        price: "A partition without rows has no files.",
    },
    OptionSpec {
        key: RETENTION,
        kind: Kind::Limit,
        default: Some("7"),
        alterable: true,
        meaning: "Past partitions that are kept; older ones are dropped with their rows.",
        price: "Disk.",
    },
];
