//! Partitions by time: which ones there should be now. A function of the clock, nothing else.
use fluss_format::PartitionValue;
use fluss_meta::TableDeclaration;
use fluss_types::{AutoPartition, Error, ErrorCode, Result, TableOptions, TimeUnit, TypeRoot};
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};

use crate::time_format::TimeFormat;

const DEFAULT_PRECREATE: u32 = 2;

/// How a table is partitioned by time.
#[derive(Debug)]
pub(crate) struct TimePartitions {
    /// Position among the partition keys.
    key: usize,
    unit: TimeUnit,
    format: TimeFormat,
    zone: TimeZone,
    precreate: u32,
    retention: Option<u32>,
}

impl TimePartitions {
    /// Of a table that has them enabled. An error if its options do not fit it.
    pub(crate) fn of(table: &TableDeclaration) -> Result<Option<Self>> {
        TableOptions::parse(&table.options)?.auto_partition.map(|options| Self::new(table, options)).transpose()
    }

    fn new(table: &TableDeclaration, options: AutoPartition) -> Result<Self> {
        let keys = &table.partition_keys;
        let key = match (&options.key, keys.as_slice()) {
            (_, []) => {
                let message = "'table.auto-partition.enabled': auto partition is only supported when the table is partitioned; declare it with PARTITIONED BY";
                return Err(Error::new(ErrorCode::InvalidOption, message));
            }
            (None, [_]) => 0,
            (None, _) => {
                let message = format!(
                    "'table.auto-partition.key' must be given, for the table has several partition keys: {}",
                    keys.join(", ")
                );
                return Err(Error::new(ErrorCode::InvalidOption, message));
            }
            (Some(key), keys) => keys
                .iter()
                .position(|k| k == key)
                .ok_or_else(|| invalid("key", key, format!("it is none of the partition keys: {}", keys.join(", "))))?,
        };
        let precreate = match (options.precreate, keys.len()) {
            (given, 1) => given.unwrap_or(DEFAULT_PRECREATE),
            (None | Some(0), _) => 0,
            (Some(n), _) => {
                let why = "the values of the other partition keys are not known ahead: it must be 0 for a table with several partition keys";
                return Err(invalid("num-precreate", &n.to_string(), why.into()));
            }
        };
        let Some(column) = table.columns.iter().find(|c| c.name == keys[key]) else {
            return Err(Error::internal(format!("the partition key '{}' is no column", keys[key])));
        };
        let default_format = match (options.unit, &column.data_type.root) {
            (_, TypeRoot::Date) => "yyyy-MM-dd",
            (TimeUnit::Hour, _) => "yyyyMMddHH",
            (TimeUnit::Day, _) => "yyyyMMdd",
            (TimeUnit::Month, _) => "yyyyMM",
            (TimeUnit::Quarter, _) => "yyyyQ",
            (TimeUnit::Year, _) => "yyyy",
        };
        let pattern = options.format.as_deref().unwrap_or(default_format);
        let format = TimeFormat::parse(pattern, options.unit).map_err(|why| invalid("time-format", pattern, why))?;
        let sample = format.format(DateTime::constant(2026, 10, 1, 0, 0, 0, 0));
        let fits = PartitionValue::parse(&column.data_type, &sample).is_some();
        if !fits {
            let why = format!(
                "it writes times like '{sample}', which is no value of {} in partition key '{}'",
                column.data_type.root, column.name
            );
            return Err(invalid("time-format", pattern, why));
        }
        let zone = match &options.zone {
            None => TimeZone::system(),
            Some(name) => zone(name).ok_or_else(|| {
                invalid(
                    "time-zone",
                    name,
                    "there is no such time zone; expected a name like 'Europe/Berlin', or an offset like 'UTC+8'".into(),
                )
            })?,
        };
        Ok(Self { key, unit: options.unit, format, zone, precreate, retention: options.retention })
    }

    /// The beginning of the time unit that is so many after the present one, on the clocks of the zone.
    fn start(&self, now_ms: i64, after: i64) -> Result<DateTime> {
        let out_of_range =
            |e| Error::invalid(format!("{after} partitions from the present time lead out of the years that there are: {e}"));
        let now = Timestamp::from_millisecond(now_ms).map_err(out_of_range)?;
        // Hours are counted as they pass: on two days of the year a clock has 23 and 25 of them.
        if self.unit == TimeUnit::Hour {
            let then = now.checked_add(Span::new().try_hours(after).map_err(out_of_range)?).map_err(out_of_range)?;
            return self.begin(self.zone.to_datetime(then));
        }
        let span = match self.unit {
            TimeUnit::Hour | TimeUnit::Day => Span::new().try_days(after),
            TimeUnit::Month => Span::new().try_months(after),
            TimeUnit::Quarter => Span::new().try_months(3 * after),
            TimeUnit::Year => Span::new().try_years(after),
        };
        let present = self.begin(self.zone.to_datetime(now))?;
        present.checked_add(span.map_err(out_of_range)?).map_err(out_of_range)
    }

    /// The beginning of the time unit that a time lies in.
    fn begin(&self, time: DateTime) -> Result<DateTime> {
        let month = match self.unit {
            TimeUnit::Year => 1,
            TimeUnit::Quarter => (time.month() - 1) / 3 * 3 + 1,
            _ => time.month(),
        };
        let day = if matches!(self.unit, TimeUnit::Day | TimeUnit::Hour) { time.day() } else { 1 };
        let hour = if self.unit == TimeUnit::Hour { time.hour() } else { 0 };
        DateTime::new(time.year(), month, day, hour, 0, 0, 0)
            .map_err(|e| Error::internal(format!("the beginning of {time}: {e}")))
    }

    /// Names of the partitions that should be there ahead; none for a table with several partition keys.
    pub(crate) fn ahead(&self, now_ms: i64) -> Result<Vec<String>> {
        let mut names: Vec<String> =
            (0..self.precreate).map(|n| Ok(self.format.format(self.start(now_ms, n.into())?))).collect::<Result<_>>()?;
        // The hour that a clock has twice is one partition.
        names.dedup();
        Ok(names)
    }

    /// Whether the time of a partition with these values is over for longer than it is kept. Values that are no time never are.
    pub(crate) fn is_expired<'a>(&self, mut values: impl Iterator<Item = &'a str>, now_ms: i64) -> Result<bool> {
        let (Some(retention), Some(time)) = (self.retention, values.nth(self.key).and_then(|v| self.format.read(v))) else {
            return Ok(false);
        };
        // So many past ones lead out of the years that there are: all are kept.
        let Ok(oldest) = self.start(now_ms, -i64::from(retention)) else { return Ok(false) };
        Ok(self.begin(time)? < oldest)
    }

    /// Refuses a partition that would be dropped at once.
    pub(crate) fn check_new(&self, values: &[String], now_ms: i64) -> Result<()> {
        if !self.is_expired(values.iter().map(String::as_str), now_ms)? {
            return Ok(());
        }
        let kept = self.retention.unwrap_or(0);
        Err(Error::new(
            ErrorCode::InvalidPartition,
            format!(
                "Partition value '{}' is out-of-date. The table keeps {kept} past partitions ('table.auto-partition.num-retention'): it would be dropped at once",
                values[self.key]
            ),
        ))
    }
}

/// A zone by its name, or by its distance from UTC: `UTC+8`, `GMT-03:30`, `+05:30`.
fn zone(name: &str) -> Option<TimeZone> {
    if let Ok(zone) = TimeZone::get(name) {
        return Some(zone);
    }
    let offset = ["UTC", "GMT", "UT"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let (sign, clock) = match offset.split_at_checked(1)? {
        ("+", clock) => (1, clock),
        ("-", clock) => (-1, clock),
        _ => return None,
    };
    let (hours, minutes) = clock.split_once(':').unwrap_or((clock, "0"));
    let number = |text: &str| text.parse::<i32>().ok().filter(|_| text.len() <= 2 && !text.starts_with(['+', '-']));
    let (hours, minutes) = (number(hours)?, number(minutes).filter(|m| *m < 60)?);
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok().filter(|_| hours <= 18).map(TimeZone::fixed)
}

fn invalid(option: &str, value: &str, why: String) -> Error {
    Error::new(ErrorCode::InvalidOption, format!("'table.auto-partition.{option}' = '{value}': {why}"))
}

#[cfg(test)]
#[path = "auto_partition_tests.rs"]
mod tests;
