//! Options of tables and of the engine: name, meaning, unit, default, price. One door in for each scope.
use std::collections::BTreeMap;
use std::time::Duration;

use crate::{Error, ErrorCode, Result};

/// When a write is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// When it is durable.
    Strong,
    /// After the local append; durable within `table.log.flush.interval`. A lost machine may lose that tail.
    Eventual,
}

/// Compression of each buffer of a log batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Compression {
    /// None: fixed-width columns are read in place.
    None = 0,
    /// LZ4 frames: cheap.
    Lz4Frame = 1,
    /// ZSTD: smaller, several times the CPU of LZ4 when writing.
    Zstd = 2,
}

/// Options of one table. Every option: [`TABLE_OPTIONS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOptions {
    /// `table.log.consistency`
    pub consistency: Consistency,
    /// `table.log.flush.interval`
    pub flush_interval: Duration,
    /// `table.log.arrow.compression.type`
    pub compression: Compression,
}

/// Options of the engine, the same for all who open a directory. Every option: [`ENGINE_OPTIONS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// `default.bucket.number`
    pub default_buckets: u32,
    /// `max.bucket.num`
    pub max_buckets: u32,
    /// `memory.size`, bytes
    pub memory: u64,
    /// `log.segment.file-size`, bytes
    pub segment_size: u64,
    /// `log.index.interval-size`, bytes
    pub index_interval: u64,
    /// `kv.rocksdb.writebuffer.size`, bytes
    pub kv_write_buffer: u64,
}

/// Names of the table options.
pub const TABLE_OPTIONS: [&str; 3] = ["table.log.consistency", "table.log.flush.interval", "table.log.arrow.compression.type"];

/// Names of the engine options. `kv.snapshot.interval` and `auto-partition.check.interval` are checked and kept for the
/// background work that reads them once it exists.
pub const ENGINE_OPTIONS: [&str; 8] = [
    "default.bucket.number",
    "max.bucket.num",
    "memory.size",
    "log.segment.file-size",
    "log.index.interval-size",
    "kv.rocksdb.writebuffer.size",
    "kv.snapshot.interval",
    "auto-partition.check.interval",
];

impl TableOptions {
    /// Reads the options of a table; an unknown one is refused with the nearest known name.
    pub fn parse(options: &BTreeMap<String, String>) -> Result<Self> {
        refuse_unknown("table option", options, &TABLE_OPTIONS)?;
        Ok(Self {
            consistency: choice(
                options,
                "table.log.consistency",
                &[("strong", Consistency::Strong), ("eventual", Consistency::Eventual)],
                Consistency::Strong,
            )?,
            flush_interval: duration(options, "table.log.flush.interval", Duration::from_millis(100))?,
            compression: choice(
                options,
                "table.log.arrow.compression.type",
                &[("NONE", Compression::None), ("LZ4_FRAME", Compression::Lz4Frame), ("ZSTD", Compression::Zstd)],
                Compression::Zstd,
            )?,
        })
    }
}

impl EngineOptions {
    /// Reads the engine options; an unknown one is refused with the nearest known name.
    pub fn parse(options: &BTreeMap<String, String>) -> Result<Self> {
        refuse_unknown("engine option", options, &ENGINE_OPTIONS)?;
        let o = Self {
            default_buckets: number(options, "default.bucket.number", 1, 1, 4096)? as u32,
            max_buckets: number(options, "max.bucket.num", 4096, 1, 65536)? as u32,
            memory: size(options, "memory.size", 256 << 20, 16 << 20)?,
            segment_size: size(options, "log.segment.file-size", 1 << 30, 64 << 10)?,
            index_interval: size(options, "log.index.interval-size", 4 << 10, 1)?,
            kv_write_buffer: size(options, "kv.rocksdb.writebuffer.size", 64 << 20, 64 << 10)?,
        };
        duration(options, "kv.snapshot.interval", Duration::from_secs(600))?;
        duration(options, "auto-partition.check.interval", Duration::from_secs(600))?;
        Ok(o)
    }
}

fn refuse_unknown(what: &str, options: &BTreeMap<String, String>, known: &[&str]) -> Result<()> {
    match options.keys().find(|k| !known.contains(&k.as_str())) {
        None => Ok(()),
        Some(k) => {
            let hint = nearest(k, known).map_or_else(String::new, |n| format!(" Did you mean '{n}'?"));
            Err(Error::new(ErrorCode::UnknownOption, format!("'{k}' is no {what}.{hint} Known: {}", known.join(", "))))
        }
    }
}

/// The known name with the smallest edit distance, if it is near enough to be what was meant.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|k| (edit_distance(name, k), *k))
        .min()
        .filter(|(d, k)| *d <= k.len().max(name.len()) / 3 + 1)
        .map(|(_, k)| k)
}

fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

fn invalid(name: &str, value: &str, expected: &str) -> Error {
    Error::new(ErrorCode::InvalidOption, format!("option '{name}' = '{value}': expected {expected}"))
}

fn choice<T: Copy>(o: &BTreeMap<String, String>, name: &str, values: &[(&str, T)], default: T) -> Result<T> {
    let Some(v) = o.get(name) else { return Ok(default) };
    values
        .iter()
        .find(|(n, _)| n.eq_ignore_ascii_case(v))
        .map(|(_, t)| *t)
        .ok_or_else(|| invalid(name, v, &format!("one of {}", values.iter().map(|(n, _)| *n).collect::<Vec<_>>().join(", "))))
}

fn number(o: &BTreeMap<String, String>, name: &str, default: u64, min: u64, max: u64) -> Result<u64> {
    let Some(v) = o.get(name) else { return Ok(default) };
    v.trim()
        .parse::<u64>()
        .ok()
        .filter(|n| (min..=max).contains(n))
        .ok_or_else(|| invalid(name, v, &format!("a whole number from {min} to {max}")))
}

/// Splits `"64 mb"` into 64 and `"mb"`.
fn number_and_unit(v: &str) -> Option<(u64, String)> {
    let v = v.trim();
    let digits = v.find(|c: char| !c.is_ascii_digit()).unwrap_or(v.len());
    let n = v[..digits].parse().ok()?;
    Some((n, v[digits..].trim().to_ascii_lowercase()))
}

fn size(o: &BTreeMap<String, String>, name: &str, default: u64, min: u64) -> Result<u64> {
    let Some(v) = o.get(name) else { return Ok(default) };
    let parse = || {
        let (n, unit) = number_and_unit(v)?;
        let shift = match unit.as_str() {
            "" | "b" | "bytes" => 0,
            "k" | "kb" | "kibibytes" => 10,
            "m" | "mb" | "mebibytes" => 20,
            "g" | "gb" | "gibibytes" => 30,
            _ => return None,
        };
        n.checked_mul(1 << shift).filter(|n| *n >= min)
    };
    parse().ok_or_else(|| invalid(name, v, &format!("a size like '64mb' (b, kb, mb, gb), at least {min} bytes")))
}

fn duration(o: &BTreeMap<String, String>, name: &str, default: Duration) -> Result<Duration> {
    let Some(v) = o.get(name) else { return Ok(default) };
    let parse = || {
        let (n, unit) = number_and_unit(v)?;
        let ms = match unit.as_str() {
            "" | "ms" | "milli" | "millis" => 1,
            "s" | "sec" | "second" | "seconds" => 1000,
            "min" | "m" | "minute" | "minutes" => 60_000,
            "h" | "hour" | "hours" => 3_600_000,
            "d" | "day" | "days" => 86_400_000,
            _ => return None,
        };
        n.checked_mul(ms).map(Duration::from_millis)
    };
    parse().ok_or_else(|| invalid(name, v, "a duration like '100ms' (ms, s, min, h, d)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())).collect()
    }

    #[test]
    fn an_unknown_option_names_the_nearest_known_one() {
        let e = TableOptions::parse(&map(&[("table.log.consistancy", "strong")])).unwrap_err();
        assert_eq!(e.code(), ErrorCode::UnknownOption);
        assert!(e.message().contains("Did you mean 'table.log.consistency'?"), "{e}");
    }

    #[test]
    fn a_bad_value_says_what_was_expected() {
        let e = EngineOptions::parse(&map(&[("memory.size", "much")])).unwrap_err();
        assert_eq!(e.code(), ErrorCode::InvalidOption);
        assert!(e.message().contains("'memory.size' = 'much'"), "{e}");
        assert!(TableOptions::parse(&map(&[("table.log.consistency", "maybe")])).is_err());
    }

    #[test]
    fn sizes_and_durations_have_units() {
        let e = EngineOptions::parse(&map(&[("memory.size", "1 gb"), ("log.segment.file-size", "65536")])).unwrap();
        assert_eq!((e.memory, e.segment_size), (1 << 30, 65536));
        let t = TableOptions::parse(&map(&[("table.log.flush.interval", "2 s")])).unwrap();
        assert_eq!(t.flush_interval, Duration::from_secs(2));
    }
}
