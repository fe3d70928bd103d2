//! Types of option values, and how they are read.
use std::fmt;
use std::time::Duration;

/// Type, unit and allowed values of an option.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number within two bounds.
    Int {
        /// Least allowed.
        min: u64,
        /// Greatest allowed.
        max: u64,
    },
    /// A number of things; below zero: any number.
    Limit,
    /// Level of ZSTD, 1 to 22; refused in the words of Apache Fluss.
    ZstdLevel,
    /// Bytes, at least so many.
    Size {
        /// Least allowed.
        min: u64,
    },
    /// Time, at least so much.
    Duration {
        /// Least allowed, milliseconds.
        min_ms: u64,
    },
    /// Time after which something ends; zero or less: never. Flink, and so the page, has no negative durations.
    TimeToLive,
    /// One of these names, upper or lower case.
    Choice(&'static [&'static str]),
    /// Text of this form.
    Text(&'static str),
}

/// A value that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Bool(bool),
    Int(u64),
    Limit(Option<u32>),
    Bytes(u64),
    Duration(Duration),
    TimeToLive(Option<Duration>),
    /// As the table of options spells it.
    Choice(&'static str),
    Text(String),
}

const ZSTD_LEVELS: std::ops::RangeInclusive<u64> = 1..=22;

impl Kind {
    /// Reads a value; the error says what is wrong or was expected.
    pub(super) fn parse(self, text: &str) -> Result<Value, String> {
        let v = text.trim();
        let value = match self {
            Self::Bool => match v.to_ascii_lowercase().as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => None,
            },
            Self::Int { min, max } => v.parse().ok().filter(|n| (min..=max).contains(n)).map(Value::Int),
            Self::Limit => v.parse::<i32>().ok().map(|n| Value::Limit(u32::try_from(n).ok())),
            Self::ZstdLevel => v.parse().ok().filter(|n| ZSTD_LEVELS.contains(n)).map(Value::Int),
            Self::Size { min } => bytes(v).filter(|n| *n >= min).map(Value::Bytes),
            Self::Duration { min_ms } => duration(v).filter(|d| *d >= Duration::from_millis(min_ms)).map(Value::Duration),
            Self::TimeToLive => match v.strip_prefix('-') {
                Some(negative) => duration(negative).map(|_| Value::TimeToLive(None)),
                None => duration(v).map(|d| Value::TimeToLive((!d.is_zero()).then_some(d))),
            },
            Self::Choice(names) => names.iter().find(|n| n.eq_ignore_ascii_case(v)).copied().map(Value::Choice),
            Self::Text(_) => Some(Value::Text(v.to_string())),
        };
        value.ok_or_else(|| match self {
            Self::ZstdLevel => {
                let (min, max) = ZSTD_LEVELS.into_inner();
                format!("Invalid ZSTD compression level: {v}. Expected a value between {min} and {max}.")
            }
            Self::Size { .. } => format!("expected a {self}, like '64mb' (b, kb, mb, gb, tb)"),
            Self::Duration { .. } | Self::TimeToLive => format!("expected a {self}, like '100ms' (ns, µs, ms, s, min, h, d)"),
            Self::Choice(_) | Self::Bool => format!("expected one of {self}"),
            _ => format!("expected a {self}"),
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("true, false"),
            Self::Int { min, max } if *max >= i32::MAX as u64 => write!(f, "whole number of at least {min}"),
            Self::Int { min, max } => write!(f, "whole number from {min} to {max}"),
            Self::Limit => f.write_str("whole number (below 0: no limit)"),
            Self::ZstdLevel => write!(f, "whole number from {} to {}", ZSTD_LEVELS.start(), ZSTD_LEVELS.end()),
            Self::Size { min: 0 } => f.write_str("size"),
            Self::Size { min } => write!(f, "size of at least {}", Bytes(*min)),
            Self::Duration { min_ms: 0 } => f.write_str("duration"),
            Self::Duration { min_ms } => write!(f, "duration of at least {min_ms} ms"),
            Self::TimeToLive => f.write_str("duration (0: never)"),
            Self::Choice(names) => f.write_str(&names.join(", ")),
            Self::Text(form) => f.write_str(form),
        }
    }
}

/// Bytes in the greatest unit that is a divisor.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shift, unit) = [(30, "gb"), (20, "mb"), (10, "kb"), (0, "b")]
            .into_iter()
            .find(|(shift, _)| self.0.trailing_zeros() >= *shift)
            .unwrap_or((0, "b"));
        write!(f, "{} {unit}", self.0 >> shift)
    }
}

/// Splits `"64 mb"` into 64 and `"mb"`.
fn number_and_unit(v: &str) -> Option<(u64, String)> {
    let digits = v.find(|c: char| !c.is_ascii_digit()).unwrap_or(v.len());
    let n = v[..digits].parse().ok()?;
    Some((n, v[digits..].trim().to_ascii_lowercase()))
}

/// Bytes, with Flink's units.
fn bytes(v: &str) -> Option<u64> {
    let (n, unit) = number_and_unit(v)?;
    let shift = match unit.as_str() {
        "" | "b" | "bytes" => 0,
        "k" | "kb" | "kibibytes" => 10,
        "m" | "mb" | "mebibytes" => 20,
        "g" | "gb" | "gibibytes" => 30,
        "t" | "tb" | "tebibytes" => 40,
        _ => return None,
    };
    n.checked_mul(1 << shift)
}

/// Time, with Flink's units; milliseconds without one.
fn duration(v: &str) -> Option<Duration> {
    let (n, unit) = number_and_unit(v)?;
    let seconds = match unit.as_str() {
        "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => return Some(Duration::from_nanos(n)),
        "µs" | "micro" | "micros" | "microsecond" | "microseconds" => return Some(Duration::from_micros(n)),
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => return Some(Duration::from_millis(n)),
        "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "min" | "m" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => 86_400,
        _ => return None,
    };
    n.checked_mul(seconds).map(Duration::from_secs)
}
