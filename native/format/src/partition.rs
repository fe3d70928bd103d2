//! Values of partition keys as text: what the names of partitions are made of. Specification: `native/docs/format.md`, "Partition names".
use fluss_types::{Column, DataType, Error, ErrorCode, Result, TypeRoot, validate_partition_value};

use crate::key::{canonical_f32, canonical_f64};
use crate::values::{ColumnValues, Values};

const DAY_MS: i64 = 86_400_000;

/// The value of a partition key.
#[derive(Clone, Debug, PartialEq)]
pub enum PartitionValue {
    /// CHAR, STRING.
    Text(String),
    /// BOOLEAN.
    Bool(bool),
    /// TINYINT, SMALLINT, INT, BIGINT.
    Int(i64),
    /// FLOAT.
    Float(f32),
    /// DOUBLE.
    Double(f64),
    /// BINARY, BYTES.
    Bytes(Vec<u8>),
    /// DATE: days since 1970.
    Date(i32),
    /// TIME: milliseconds of the day.
    Time(i32),
    /// TIMESTAMP, TIMESTAMP_LTZ: seconds since 1970, of UTC for an instant, and nanosecond of the second.
    Timestamp(i64, u32),
}

impl PartitionValue {
    /// The value of a row. NULL is refused.
    pub fn of(column: &Column, values: &ColumnValues<'_>, row: usize) -> Result<Self> {
        if values.is_null(row) {
            return Err(Error::new(
                ErrorCode::NullKey,
                format!("Partition value shouldn't be null. Column '{}' is a partition key", column.name),
            ));
        }
        let timestamp = |units: i64, second: i64, nanos: i64| {
            Self::Timestamp(units.div_euclid(second), (units.rem_euclid(second) * nanos) as u32)
        };
        Ok(match (&values.values, &column.data_type.root) {
            (Values::Bytes { offsets, data }, root) => {
                let bytes = Values::bytes_at(offsets, data, row);
                match root {
                    TypeRoot::Char(_) | TypeRoot::VarChar(_) => Self::Text(String::from_utf8_lossy(bytes).into_owned()),
                    _ => Self::Bytes(bytes.to_vec()),
                }
            }
            (Values::Bool(a), _) => Self::Bool(a.value(row)),
            (Values::I8(v), _) => Self::Int(v[row].into()),
            (Values::I16(v), _) => Self::Int(v[row].into()),
            (Values::I32(v), TypeRoot::Date) => Self::Date(v[row]),
            (Values::I32(v), TypeRoot::Time(_)) => Self::Time(v[row]),
            (Values::I32(v), _) => Self::Int(v[row].into()),
            (Values::I64(v), TypeRoot::BigInt) => Self::Int(v[row]),
            (Values::I64(v), TypeRoot::Timestamp(0..=3) | TypeRoot::TimestampLtz(0..=3)) => timestamp(v[row], 1000, 1_000_000),
            (Values::I64(v), _) => timestamp(v[row], 1_000_000, 1000),
            (Values::MillisNanos(ms, ns), _) => match timestamp(ms[row], 1000, 1_000_000) {
                Self::Timestamp(seconds, nanos) => Self::Timestamp(seconds, nanos + ns[row] as u32),
                other => other,
            },
            (Values::F32(v), _) => Self::Float(v[row]),
            (Values::F64(v), _) => Self::Double(v[row]),
            (Values::I128(_) | Values::List(..) | Values::Map(..) | Values::Row(_), _) => {
                return Err(Error::internal(format!(
                    "partition key column '{}' has a type that the schema refuses",
                    column.name
                )));
            }
        })
    }

    /// The value that a text stands for; `None`: none of that type has this text.
    pub fn parse(data_type: &DataType, text: &str) -> Option<Self> {
        let int = |min: i64, max: i64| text.parse().ok().filter(|n| (min..=max).contains(n)).map(Self::Int);
        let value = match data_type.root {
            TypeRoot::Char(_) | TypeRoot::VarChar(_) => Some(Self::Text(text.into())),
            TypeRoot::Boolean => text.parse().ok().map(Self::Bool),
            TypeRoot::TinyInt => int(i8::MIN.into(), i8::MAX.into()),
            TypeRoot::SmallInt => int(i16::MIN.into(), i16::MAX.into()),
            TypeRoot::Int => int(i32::MIN.into(), i32::MAX.into()),
            TypeRoot::BigInt => int(i64::MIN, i64::MAX),
            TypeRoot::Float => text.replace('_', ".").parse().ok().map(Self::Float),
            TypeRoot::Double => text.replace('_', ".").parse().ok().map(Self::Double),
            TypeRoot::Binary(_) | TypeRoot::VarBinary(_) => (0..text.len())
                .step_by(2)
                .map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok())
                .collect::<Option<_>>()
                .map(Self::Bytes),
            TypeRoot::Date => days(text).and_then(|d| i32::try_from(d).ok()).map(Self::Date),
            TypeRoot::Time(_) => {
                let (time, millis) = text.split_once('_')?;
                Some(Self::Time(i32::try_from(seconds_of_day(time)? * 1000 + digits(millis)?).ok()?))
            }
            TypeRoot::Timestamp(_) | TypeRoot::TimestampLtz(_) => {
                let (seconds, fraction) = text.split_once('_')?;
                let (date, time) = seconds.split_at_checked(10)?;
                let seconds = days(date)? * (DAY_MS / 1000) + seconds_of_day(time.strip_prefix('-')?)?;
                let nanos = if fraction.is_empty() {
                    0
                } else {
                    digits(fraction)? * 10_i64.checked_pow(9_u32.checked_sub(fraction.len() as u32)?)?
                };
                Some(Self::Timestamp(seconds, u32::try_from(nanos).ok()?))
            }
            TypeRoot::Decimal(..) | TypeRoot::Array(_) | TypeRoot::Map(..) | TypeRoot::Row(_) => None,
        };
        // One text a value, or two partitions would be for the same rows.
        value.filter(|v| v.encode().is_ok_and(|encoded| encoded == text))
    }

    /// The text of the value: a name may hold ASCII letters, digits, `_` and `-`.
    pub fn encode(&self) -> Result<String> {
        let mut out = String::new();
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Bool(b) => out = b.to_string(),
            Self::Int(n) => out = n.to_string(),
            Self::Float(x) => {
                let x = canonical_f32(*x);
                out = float(x.is_nan(), x.into(), format!("{x:e}"));
            }
            Self::Double(x) => {
                let x = canonical_f64(*x);
                out = float(x.is_nan(), x, format!("{x:e}"));
            }
            Self::Bytes(bytes) => bytes.iter().for_each(|b| out += &format!("{b:02x}")),
            Self::Date(days) => date((*days).into(), &mut out)?,
            Self::Time(ms) => {
                time((ms / 1000).into(), &mut out);
                out.push_str(&format!("_{:03}", ms % 1000));
            }
            Self::Timestamp(seconds, nanos) => {
                date(seconds.div_euclid(86_400), &mut out)?;
                out.push('-');
                time(seconds.rem_euclid(86_400), &mut out);
                let fraction = format!("{nanos:09}");
                out.push_str(&format!("_{}", fraction.trim_end_matches('0')));
            }
        }
        validate_partition_value(&out)?;
        Ok(out)
    }
}

/// As Java writes it, with `_` for the point: digits from 10⁻³ to below 10⁷, else with an exponent. `scientific` is `5.73e0`, shortest.
fn float(nan: bool, value: f64, scientific: String) -> String {
    if nan {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Inf" } else { "-Inf" }.into();
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |m| ("-", m));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let or_zero = |fraction: &str| if fraction.is_empty() { "0".to_string() } else { fraction.to_string() };
    match exponent {
        -3..0 => format!("{sign}0_{}{digits}", "0".repeat((-exponent - 1) as usize)),
        0..7 => {
            let whole = exponent as usize + 1;
            let padded = format!("{digits:0<whole$}");
            format!("{sign}{}_{}", &padded[..whole], or_zero(&padded[whole..]))
        }
        _ => format!("{sign}{}_{}E{exponent}", &digits[..1], or_zero(&digits[1..])),
    }
}

/// `2025-10-12`, years 1 to 9999.
fn date(days: i64, out: &mut String) -> Result<()> {
    let (year, month, day) = civil(days);
    if !(1..=9999).contains(&year) {
        return Err(Error::new(
            ErrorCode::InvalidPartition,
            format!("The partition value of the year {year} is invalid: a partition's time lies in the years 1 to 9999"),
        ));
    }
    out.push_str(&format!("{year:04}-{month:02}-{day:02}"));
    Ok(())
}

/// `12-55-00`.
fn time(second_of_day: i64, out: &mut String) {
    let (minute, second) = (second_of_day / 60 % 60, second_of_day % 60);
    out.push_str(&format!("{:02}-{minute:02}-{second:02}", second_of_day / 3600));
}

/// Year, month and day of a day since 1970 in the Gregorian calendar, also before it was in use.
fn civil(days: i64) -> (i64, i64, i64) {
    // Counted in years from March on, so that the leap day is the last one, and in eras of 400 years.
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Days since 1970 of `2025-10-12`, if such a day is possible; the encoding says whether it is.
fn days(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) = (digits(parts.next()?)?, digits(parts.next()?)?, digits(parts.next()?)?);
    if parts.next().is_some() || !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, march_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * march_month + 2) / 5 + day - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468)
}

/// Seconds of `12-55-00`.
fn seconds_of_day(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (hour, minute, second) = (digits(parts.next()?)?, digits(parts.next()?)?, digits(parts.next()?)?);
    let is_time = parts.next().is_none() && hour < 24 && minute < 60 && second < 60;
    is_time.then_some(hour * 3600 + minute * 60 + second)
}

/// Up to nine digits.
fn digits(text: &str) -> Option<i64> {
    let fits = (1..=9).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

#[cfg(test)]
#[path = "partition_tests.rs"]
mod tests;
