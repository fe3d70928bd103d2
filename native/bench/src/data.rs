//! The rows that are written. Values repeat as they do in practice, so that compression has something to do.
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use arrow_schema::SchemaRef;
use fluss_proto::data_type::Kind;
use fluss_testkit::Random;

use crate::Result;

/// Rows of a batch of [`EVENTS`]: about 2 MiB, as `client.writer.batch-size` has it.
pub(crate) const BATCH_ROWS: usize = 8192;
/// Precision and scale of the decimals.
pub(crate) const DECIMAL: (u32, u32) = (12, 2);
/// Length of a payload, bytes.
const PAYLOAD: usize = 40;

/// Four columns, about 70 bytes a row.
pub(crate) const NARROW: &[(&str, Kind)] =
    &[("id", Kind::Bigint), ("user_id", Kind::Bigint), ("price", Kind::Double), ("payload", Kind::Varchar)];

/// The table `events` of the Java benchmarks (`io.fluss.bench.Tables`).
pub(crate) const EVENTS: &[(&str, Kind)] = &[
    ("event_id", Kind::Bigint),
    ("user_id", Kind::Bigint),
    ("session_id", Kind::Varchar),
    ("event_type", Kind::Varchar),
    ("page", Kind::Varchar),
    ("referrer", Kind::Varchar),
    ("country", Kind::Varchar),
    ("city", Kind::Varchar),
    ("device", Kind::Varchar),
    ("os", Kind::Varchar),
    ("browser", Kind::Varchar),
    ("ip", Kind::Varchar),
    ("price", Kind::Double),
    ("quantity", Kind::Int),
    ("discount", Kind::Float),
    ("is_new", Kind::Boolean),
    ("latency_ms", Kind::Int),
    ("amount", Kind::Decimal),
    ("event_time", Kind::Timestamp),
    ("payload", Kind::Varchar),
];
/// The two columns of `scan_2of20`: `user_id` and `price`, 8 bytes each.
pub(crate) const TWO_OF_EVENTS: [usize; 2] = [1, 12];

/// Columns of a table.
pub(crate) fn columns(columns: &[(&str, Kind)]) -> Vec<(String, Kind)> {
    columns.iter().map(|(name, kind)| ((*name).into(), *kind)).collect()
}

/// `n` columns of type BIGINT.
pub(crate) fn longs(n: usize) -> Vec<(String, Kind)> {
    (0..n).map(|i| (format!("c{i}"), Kind::Bigint)).collect()
}

/// A text of random hexadecimal digits, as Flink's datagen makes them.
pub(crate) fn hex(random: &mut Random, len: usize) -> String {
    let mut out = String::with_capacity(len + 16);
    while out.len() < len {
        out += &format!("{:016x}", random.bits());
    }
    out.truncate(len);
    out
}

/// One of `kinds` texts of a length.
pub(crate) fn word(random: &mut Random, kinds: u64, len: usize) -> String {
    hex(&mut Random(random.below(kinds)), len)
}

fn column<T>(rows: usize, random: &mut Random, mut value: impl FnMut(&mut Random) -> T) -> Vec<T> {
    (0..rows).map(|_| value(random)).collect()
}

/// One column of the table `events`, by its name.
fn events_column(name: &str, kind: Kind, rows: usize, random: &mut Random) -> Result<ArrayRef> {
    let strings = |random: &mut Random, value: fn(&mut Random) -> String| -> ArrayRef {
        Arc::new(StringArray::from(column(rows, random, value)))
    };
    Ok(match kind {
        Kind::Bigint => Arc::new(Int64Array::from(column(rows, random, |r| r.below(100_000) as i64))),
        Kind::Int => Arc::new(Int32Array::from(column(rows, random, |r| r.below(1000) as i32))),
        Kind::Double => Arc::new(Float64Array::from(column(rows, random, |r| r.below(100_000) as f64 / 100.0))),
        Kind::Float => Arc::new(Float32Array::from(column(rows, random, |r| r.below(100) as f32 / 100.0))),
        Kind::Boolean => Arc::new(BooleanArray::from(column(rows, random, |r| r.below(10) == 0))),
        Kind::Decimal => Arc::new(
            Decimal128Array::from(column(rows, random, |r| i128::from(r.below(10_000_000))))
                .with_precision_and_scale(DECIMAL.0 as u8, DECIMAL.1 as i8)?,
        ),
        Kind::Timestamp => {
            Arc::new(TimestampMillisecondArray::from(column(rows, random, |r| 1_700_000_000_000 + r.below(3_600_000) as i64)))
        }
        _ => match name {
            "session_id" | "ip" => strings(random, |r| hex(r, 12)),
            "payload" => strings(random, |r| hex(r, PAYLOAD)),
            "page" | "referrer" | "city" => strings(random, |r| word(r, 1000, 16)),
            _ => strings(random, |r| word(r, 20, 6)),
        },
    })
}

/// Rows of [`EVENTS`], [`NARROW`] or [`longs`].
pub(crate) fn rows(schema: &SchemaRef, columns: &[(String, Kind)], rows: usize, random: &mut Random) -> Result<RecordBatch> {
    let arrays = columns.iter().map(|(name, kind)| events_column(name, *kind, rows, random)).collect::<Result<Vec<_>>>()?;
    Ok(RecordBatch::try_new(schema.clone(), arrays)?)
}

/// Rows of [`NARROW`] that take about `bytes` in memory.
pub(crate) fn narrow(schema: &SchemaRef, bytes: usize, random: &mut Random) -> Result<RecordBatch> {
    rows(schema, &columns(NARROW), bytes / (3 * 8 + 4 + PAYLOAD), random)
}
