//! Reading fields of stored rows into columns. Bytes are checked as they are read: nothing outside its row is ever looked at.
use arrow_array::ArrayRef;
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, MutableBuffer, NullBuffer, bit_util};
use fluss_types::{DataType, Error, ErrorCode, Result};

use super::fields::{Fields, Place, Shape};
use crate::arrays::{Parts, children};
use crate::column_batch::{Arena, ColumnLayout};

/// The values of one column, or of one field at some depth: `None` is NULL.
type Slices<'a> = Vec<Option<&'a [u8]>>;

impl Fields {
    /// Refuses a row that is shorter or longer than its fields.
    pub(super) fn check(&self, row: &[u8]) -> Result<()> {
        if row.len() < self.data_at {
            return Err(corrupt(format!("a stored row has {} bytes, its schema needs at least {}", row.len(), self.data_at)));
        }
        if self.ends_at < self.data_at && row.len() - self.data_at != u32_at(row, self.data_at - 4) {
            return Err(corrupt("a stored row is shorter or longer than its fields"));
        }
        Ok(())
    }

    /// A field of rows that are checked; a `None` row is all NULL.
    pub(super) fn column(&self, rows: &[Option<&[u8]>], field: usize, t: &DataType) -> Result<ArrayRef> {
        let is_null = |r: &[u8]| r[self.base + field / 8] & (1 << (field % 8)) != 0;
        match (&self.shapes[field], self.places[field]) {
            (Shape::Bytes, Place::Var(n)) => {
                let nulls = nulls(rows.len(), |i| rows[i].is_none_or(is_null));
                let values = rows.iter().map(|r| r.map_or(Ok(&[][..]), |r| self.variable(r, n)));
                let (data, aux) = concatenated(rows.len(), values)?;
                Parts { rows: rows.len(), nulls, data, aux, children: Vec::new() }.into_array(t)
            }
            (_, Place::Fixed(at, width)) => {
                let nulls = nulls(rows.len(), |i| rows[i].is_none_or(is_null));
                fixed(rows.len(), nulls, t, |i| rows[i].map(|r| &r[at..at + width]))
            }
            (shape, Place::Var(n)) => {
                let values = rows.iter().map(|r| r.filter(|r| !is_null(r)).map(|r| self.variable(r, n)).transpose());
                nested(shape, &values.collect::<Result<Slices<'_>>>()?, t)
            }
        }
    }

    /// Bytes that a field takes in rows that are checked, about.
    pub(super) fn bytes_of(&self, rows: &[Option<&[u8]>], field: usize) -> usize {
        match self.places[field] {
            Place::Fixed(_, width) => width * rows.len(),
            Place::Var(n) => rows.iter().flatten().map(|r| self.variable(r, n).map_or(0, <[u8]>::len)).sum(),
        }
    }

    /// Appends a field of rows that are checked, which is not of a nested type, to a block; a `None` row is all NULL. The same as [`Fields::column`],
    /// without the allocations of an array.
    pub(super) fn append(&self, rows: &[Option<&[u8]>], field: usize, t: &DataType, out: &mut Arena) -> Result<ColumnLayout> {
        let is_null = |row: &Option<&[u8]>| row.is_none_or(|r| r[self.base + field / 8] & (1 << (field % 8)) != 0);
        let validity = rows.iter().any(is_null).then(|| out.push_bits(rows.iter().map(|row| !is_null(row))));
        let (at, width) = match self.places[field] {
            Place::Fixed(at, width) => (at, width),
            Place::Var(n) => {
                let aux = out.reserve(4 * (rows.len() + 1));
                let data = out.reserve(0);
                let mut end = 0;
                for (i, row) in rows.iter().enumerate() {
                    let value = row.map_or(Ok(&[][..]), |r| self.variable(r, n))?;
                    out.extend(value);
                    end += value.len();
                    out.slice_mut(aux + 4 * (i + 1), 4).copy_from_slice(&offset(end)?.to_ne_bytes());
                }
                return Ok(ColumnLayout { validity, data, aux: Some(aux), data_len: end });
            }
        };
        let Some(number) = t.fixed_width() else {
            let data = out.push_bits(rows.iter().map(|row| row.is_some_and(|r| r[at] != 0)));
            return Ok(ColumnLayout { validity, data, aux: None, data_len: rows.len().div_ceil(8) });
        };
        let mut part = |from: usize, width: usize| {
            let position = out.reserve(width * rows.len());
            for (out, row) in out.slice_mut(position, width * rows.len()).chunks_exact_mut(width).zip(rows) {
                if let Some(r) = row {
                    out.copy_from_slice(&r[from..from + width]);
                    // Stored little endian, as Arrow's are in the byte order of the machine.
                    if cfg!(target_endian = "big") {
                        out.reverse();
                    }
                }
            }
            position
        };
        let aux = (width > number).then(|| part(at + number, width - number));
        Ok(ColumnLayout { validity, data: part(at, number), aux, data_len: number * rows.len() })
    }

    /// The bytes of the n-th variable-width field.
    pub(super) fn variable<'a>(&self, row: &'a [u8], n: usize) -> Result<&'a [u8]> {
        let from = if n == 0 { 0 } else { u32_at(row, self.ends_at + 4 * (n - 1)) };
        let to = u32_at(row, self.ends_at + 4 * n);
        row.get(self.data_at + from..self.data_at + to).ok_or_else(|| corrupt("a field lies outside its stored row"))
    }
}

/// Values of any shape, each with its own bytes.
fn column(shape: &Shape, values: &[Option<&[u8]>], t: &DataType) -> Result<ArrayRef> {
    let n = values.len();
    match shape {
        Shape::Fixed(width) => {
            if values.iter().flatten().any(|v| v.len() != *width) {
                return Err(corrupt("a fixed-width value has another length"));
            }
            fixed(n, nulls(n, |i| values[i].is_none()), t, |i| values[i])
        }
        Shape::Bytes => {
            let (data, aux) = concatenated(n, values.iter().map(|v| Ok(v.unwrap_or_default())))?;
            Parts { rows: n, nulls: nulls(n, |i| values[i].is_none()), data, aux, children: Vec::new() }.into_array(t)
        }
        _ => nested(shape, values, t),
    }
}

fn nested(shape: &Shape, values: &[Option<&[u8]>], t: &DataType) -> Result<ArrayRef> {
    let n = values.len();
    let nulls = nulls(n, |i| values[i].is_none());
    let types = children(t);
    let (aux, children) = match shape {
        Shape::Row(fields) => {
            values.iter().flatten().try_for_each(|v| fields.check(v))?;
            let children = types.into_iter().enumerate().map(|(i, t)| fields.column(values, i, t));
            (Buffer::default(), children.collect::<Result<_>>()?)
        }
        Shape::Array(element) => {
            let mut elements = Slices::new();
            let offsets = offsets(n, |i| {
                if let Some(v) = values[i] {
                    element.split(v, &mut elements)?;
                }
                Ok(elements.len())
            })?;
            (offsets, vec![column(element, &elements, types[0])?])
        }
        Shape::Map(shapes) => {
            let (mut keys, mut entries) = (Slices::new(), Slices::new());
            let offsets = offsets(n, |i| {
                if let Some(v) = values[i] {
                    let (len, rest) = take_u32(v)?;
                    let (k, v) = rest.split_at_checked(len).ok_or_else(|| corrupt("the keys of a map end after it"))?;
                    shapes[0].split(k, &mut keys)?;
                    shapes[1].split(v, &mut entries)?;
                    if keys.len() != entries.len() {
                        return Err(corrupt("a map has more keys than values, or fewer"));
                    }
                }
                Ok(keys.len())
            })?;
            if keys.iter().any(Option::is_none) {
                return Err(corrupt("a key of a map is NULL"));
            }
            (offsets, vec![column(&shapes[0], &keys, types[0])?, column(&shapes[1], &entries, types[1])?])
        }
        Shape::Fixed(_) | Shape::Bytes => return Err(Error::internal("not a nested type")),
    };
    Parts { rows: n, nulls, data: Buffer::default(), aux, children }.into_array(t)
}

impl Shape {
    /// Appends the elements of a stored array.
    fn split<'a>(&self, array: &'a [u8], out: &mut Slices<'a>) -> Result<()> {
        let (n, rest) = take_u32(array)?;
        let short = || corrupt("an array ends before its elements");
        let (bitmap, rest) = rest.split_at_checked(n.div_ceil(8)).ok_or_else(short)?;
        let is_null = |i: usize| bitmap[i / 8] & (1 << (i % 8)) != 0;
        if let Self::Fixed(width) = self {
            if rest.len() != n * width {
                return Err(short());
            }
            out.extend(rest.chunks_exact(*width).enumerate().map(|(i, v)| (!is_null(i)).then_some(v)));
            return Ok(());
        }
        let (ends, data) = rest.split_at_checked(4 * n).ok_or_else(short)?;
        let mut from = 0;
        for i in 0..n {
            let to = u32_at(ends, 4 * i);
            let value = data.get(from..to).ok_or_else(short)?;
            out.push((!is_null(i)).then_some(value));
            from = to;
        }
        if from == data.len() { Ok(()) } else { Err(short()) }
    }
}

/// Fixed-width values; `value` gives `None` for what is NULL, or the bytes.
fn fixed<'a>(
    rows: usize,
    nulls: Option<NullBuffer>,
    t: &DataType,
    value: impl Fn(usize) -> Option<&'a [u8]>,
) -> Result<ArrayRef> {
    let Some(width) = t.fixed_width() else {
        let data = bits(rows, |i| value(i).is_some_and(|v| v[0] != 0)).into();
        return Parts { rows, nulls, data, aux: Buffer::default(), children: Vec::new() }.into_array(t);
    };
    let data = match width {
        1 => natives(rows, &value, i8::from_le_bytes),
        2 => natives(rows, &value, i16::from_le_bytes),
        4 => natives(rows, &value, i32::from_le_bytes),
        8 => natives(rows, &value, i64::from_le_bytes),
        _ => natives(rows, &value, i128::from_le_bytes),
    };
    let aux = if t.has_nanos() {
        let nanos = (0..rows).map(|i| value(i).map_or(0, |v| u32_at(v, width) as i32));
        Buffer::from_vec(nanos.collect::<Vec<i32>>())
    } else {
        Buffer::default()
    };
    Parts { rows, nulls, data, aux, children: Vec::new() }.into_array(t)
}

/// Numbers of one width, 0 for what is NULL.
fn natives<'a, T: ArrowNativeType, const WIDTH: usize>(
    rows: usize,
    value: &impl Fn(usize) -> Option<&'a [u8]>,
    number: impl Fn([u8; WIDTH]) -> T,
) -> Buffer {
    let values = (0..rows).map(|i| value(i).and_then(|v| v.first_chunk()).map_or(T::default(), |v| number(*v)));
    Buffer::from_vec(values.collect::<Vec<T>>())
}

/// Data and offsets of byte strings.
fn concatenated<'a>(rows: usize, values: impl Iterator<Item = Result<&'a [u8]>>) -> Result<(Buffer, Buffer)> {
    let mut data = Vec::new();
    let mut offsets = Vec::with_capacity(rows + 1);
    offsets.push(0i32);
    for value in values {
        data.extend_from_slice(value?);
        offsets.push(offset(data.len())?);
    }
    Ok((Buffer::from_vec(data), Buffer::from_vec(offsets)))
}

fn offset(at: usize) -> Result<i32> {
    i32::try_from(at).map_err(|_| Error::invalid("the rows of one answer hold over 2 GiB; ask for fewer"))
}

/// Offsets from 0; `end(i)` is asked for in order.
fn offsets(rows: usize, mut end: impl FnMut(usize) -> Result<usize>) -> Result<Buffer> {
    let mut offsets = Vec::with_capacity(rows + 1);
    offsets.push(0i32);
    for i in 0..rows {
        offsets.push(offset(end(i)?)?);
    }
    Ok(Buffer::from_vec(offsets))
}

fn take_u32(bytes: &[u8]) -> Result<(usize, &[u8])> {
    let (n, rest) = bytes.split_first_chunk::<4>().ok_or_else(|| corrupt("a nested value ends within its length"))?;
    Ok((u32::from_le_bytes(*n) as usize, rest))
}

#[inline]
fn u32_at(row: &[u8], at: usize) -> usize {
    u32::from_le_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]) as usize
}

fn bits(len: usize, bit: impl Fn(usize) -> bool) -> MutableBuffer {
    let mut bits = MutableBuffer::from_len_zeroed(len.div_ceil(8));
    for i in (0..len).filter(|i| bit(*i)) {
        bit_util::set_bit(bits.as_slice_mut(), i);
    }
    bits
}

/// `None`: nothing is NULL.
fn nulls(len: usize, is_null: impl Fn(usize) -> bool) -> Option<NullBuffer> {
    let nulls = (0..len).filter(|i| is_null(*i)).count();
    (nulls > 0).then(|| NullBuffer::new(BooleanBuffer::new(bits(len, |i| !is_null(i)).into(), 0, len)))
}

pub(super) fn corrupt(m: impl Into<String>) -> Error {
    Error::new(ErrorCode::CorruptKv, m)
}
