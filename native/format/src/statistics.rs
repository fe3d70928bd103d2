//! Smallest and greatest values of a batch's columns. Specification: `native/docs/format.md`, "Statistics".
use std::cmp::Ordering;

use arrow_array::ArrayRef;
use fluss_types::{Column, Error, ErrorCode, FieldId, Result};

use crate::key::{KeyEncoder, canonical_f32, canonical_f64};
use crate::values::{ColumnValues, Values};

/// Strings and bytes are cut to this length.
const MAX_BYTES: usize = 32;
const HAS_MIN: u8 = 1;
const HAS_MAX: u8 = 2;

/// What is known of a column of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub id: FieldId,
    pub nulls: u32,
    /// No value is below.
    pub min: Option<&'a [u8]>,
    /// No value is above.
    pub max: Option<&'a [u8]>,
}

/// The entries of the statistics of a batch.
pub(crate) fn entries(bytes: &[u8]) -> Result<Vec<Entry<'_>>> {
    fn take<'a>(rest: &mut &'a [u8], n: usize) -> Result<&'a [u8]> {
        let (taken, after) = rest
            .split_at_checked(n)
            .ok_or_else(|| Error::new(ErrorCode::CorruptSegment, "the statistics of the batch end within an entry"))?;
        *rest = after;
        Ok(taken)
    }
    let number = |b: &[u8]| b.iter().rev().fold(0u32, |n, b| n << 8 | u32::from(*b));
    let mut rest = bytes;
    let mut out = Vec::new();
    while !rest.is_empty() {
        let (id, nulls) = (number(take(&mut rest, 4)?), number(take(&mut rest, 4)?));
        let has = take(&mut rest, 1)?[0];
        let mut bound = |bit: u8| -> Result<Option<&[u8]>> {
            if has & bit == 0 {
                return Ok(None);
            }
            let len = number(take(&mut rest, 2)?) as usize;
            take(&mut rest, len).map(Some)
        };
        out.push(Entry { id, nulls, min: bound(HAS_MIN)?, max: bound(HAS_MAX)? });
    }
    Ok(out)
}

/// The statistics of the columns at some positions.
pub(crate) fn collect(arrays: &[ArrayRef], columns: &[Column], positions: &[usize]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for &i in positions {
        let values = ColumnValues::new(arrays[i].as_ref(), &columns[i].data_type)?;
        let (smallest, greatest) = match extremes(&values, 0..arrays[i].len()) {
            Some((min, max)) => (lower_bound(&values, min), upper_bound(&values, max)),
            None => (None, None),
        };
        out.extend(columns[i].id.to_le_bytes());
        out.extend((values.null_count() as u32).to_le_bytes());
        out.push(smallest.as_ref().map_or(0, |_| HAS_MIN) | greatest.as_ref().map_or(0, |_| HAS_MAX));
        for value in [smallest, greatest].into_iter().flatten() {
            out.extend((value.len() as u16).to_le_bytes());
            out.extend(value);
        }
    }
    Ok(out)
}

/// The rows, of some, of the smallest and the greatest value; `None`: all are NULL, or the type has no order here.
pub(crate) fn extremes(column: &ColumnValues<'_>, rows: impl Iterator<Item = usize>) -> Option<(usize, usize)> {
    fn by<T>(
        column: &ColumnValues<'_>,
        rows: impl Iterator<Item = usize>,
        value: impl Fn(usize) -> T,
        less: impl Fn(&T, &T) -> bool,
    ) -> Option<(usize, usize)> {
        let mut rows = rows.filter(|r| !column.is_null(*r));
        let first = rows.next()?;
        let (mut min, mut max) = ((first, value(first)), (first, value(first)));
        for r in rows {
            let v = value(r);
            if less(&v, &min.1) {
                min = (r, v);
            } else if less(&max.1, &v) {
                max = (r, v);
            }
        }
        Some((min.0, max.0))
    }
    let c = column;
    match &c.values {
        Values::Bool(a) => by(c, rows, |r| a.value(r), |a, b| !a & b),
        Values::I8(v) => by(c, rows, |r| v[r], i8::lt),
        Values::I16(v) => by(c, rows, |r| v[r], i16::lt),
        Values::I32(v) => by(c, rows, |r| v[r], i32::lt),
        Values::I64(v) => by(c, rows, |r| v[r], i64::lt),
        Values::I128(v) => by(c, rows, |r| v[r], i128::lt),
        Values::F32(v) => by(c, rows, |r| canonical_f32(v[r]), |a, b| a.total_cmp(b) == Ordering::Less),
        Values::F64(v) => by(c, rows, |r| canonical_f64(v[r]), |a, b| a.total_cmp(b) == Ordering::Less),
        Values::MillisNanos(ms, ns) => by(c, rows, |r| (ms[r], ns[r]), <(i64, i32)>::lt),
        Values::Bytes { offsets, data } => by(c, rows, |r| Values::bytes_at(offsets, data, r), |a, b| a < b),
        Values::List(..) | Values::Map(..) | Values::Row(_) => None,
    }
}

/// A value as statistics have it: strings and bytes as they are, others as a key field.
pub(crate) fn encoded(column: &ColumnValues<'_>, row: usize) -> Vec<u8> {
    match &column.values {
        Values::Bytes { offsets, data } => Values::bytes_at(offsets, data, row).to_vec(),
        _ => {
            let mut out = Vec::new();
            KeyEncoder::encode_field(column, row, &mut out);
            out
        }
    }
}

/// Not above the value.
fn lower_bound(column: &ColumnValues<'_>, row: usize) -> Option<Vec<u8>> {
    let mut value = encoded(column, row);
    value.truncate(MAX_BYTES);
    Some(value)
}

/// Not below the value, nor below any that begins as the cut one does.
fn upper_bound(column: &ColumnValues<'_>, row: usize) -> Option<Vec<u8>> {
    let mut value = encoded(column, row);
    if value.len() > MAX_BYTES {
        let last = value[..MAX_BYTES].iter().rposition(|b| *b < u8::MAX)?;
        value.truncate(last + 1);
        value[last] += 1;
    }
    Some(value)
}
