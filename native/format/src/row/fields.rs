//! Where the fields of a row lie, and writing them. The same for the columns of a table and the fields of a ROW within it.
use fluss_types::{Column, DataType, TypeRoot};

use crate::values::{ColumnValues, Values};

/// How values of a type are stored.
#[derive(Debug)]
pub(super) enum Shape {
    /// Bytes a value: BOOLEAN 1, others as in Arrow, fine timestamps 12.
    Fixed(usize),
    Bytes,
    Array(Box<Shape>),
    Map(Box<[Shape; 2]>),
    Row(Fields),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// At this byte, so many bytes wide.
    Fixed(usize, usize),
    /// The n-th variable-width field.
    Var(usize),
}

/// The fields of a row. All positions count from the first byte of the row, `base` bytes before the fields.
#[derive(Debug)]
pub(super) struct Fields {
    pub base: usize,
    pub shapes: Vec<Shape>,
    pub places: Vec<Place>,
    /// Where the ends of the variable-width fields stand.
    pub ends_at: usize,
    /// Where variable-width data begins.
    pub data_at: usize,
}

impl Shape {
    pub(super) fn of(t: &DataType) -> Self {
        match &t.root {
            TypeRoot::Array(element) => Self::Array(Box::new(Self::of(element))),
            TypeRoot::Map(key, value) => Self::Map(Box::new([Self::of(key), Self::of(value)])),
            TypeRoot::Row(fields) => Self::Row(Fields::new(fields, 0)),
            _ if t.is_var_width() => Self::Bytes,
            _ => Self::Fixed(t.fixed_width().unwrap_or(1) + if t.has_nanos() { 4 } else { 0 }),
        }
    }

    /// Appends a value that is not NULL and not of fixed width.
    fn encode(&self, values: &Values<'_>, row: usize, out: &mut Vec<u8>) {
        let range = |offsets: &[i32]| offsets[row] as usize..offsets[row + 1] as usize;
        match (self, values) {
            (Self::Bytes, Values::Bytes { offsets, data }) => out.extend_from_slice(Values::bytes_at(offsets, data, row)),
            (Self::Row(fields), Values::Row(columns)) => fields.encode(columns, row, out),
            (Self::Array(element), Values::List(offsets, child)) => element.encode_array(child, range(offsets), out),
            (Self::Map(shapes), Values::Map(offsets, children)) => {
                let start = out.len();
                out.extend([0; 4]);
                shapes[0].encode_array(&children[0], range(offsets), out);
                let keys = (out.len() - start - 4) as u32;
                out[start..start + 4].copy_from_slice(&keys.to_le_bytes());
                shapes[1].encode_array(&children[1], range(offsets), out);
            }
            // Views are made from the same types.
            _ => {}
        }
    }

    /// Appends some values as an array: number, NULLs, then the values or their ends and bytes.
    fn encode_array(&self, column: &ColumnValues<'_>, rows: std::ops::Range<usize>, out: &mut Vec<u8>) {
        let n = rows.len();
        out.extend((n as u32).to_le_bytes());
        let bitmap = out.len();
        out.resize(bitmap + n.div_ceil(8), 0);
        let fixed = out.len();
        let width = if let Self::Fixed(width) = self { *width } else { 4 };
        out.resize(fixed + n * width, 0);
        let data = out.len();
        for (i, row) in rows.enumerate() {
            let null = column.is_null(row);
            if null {
                out[bitmap + i / 8] |= 1 << (i % 8);
            }
            let at = fixed + i * width;
            match self {
                Self::Fixed(_) if null => {}
                Self::Fixed(_) => put_fixed(&column.values, row, &mut out[at..at + width]),
                _ => {
                    if !null {
                        self.encode(&column.values, row, out);
                    }
                    let end = (out.len() - data) as u32;
                    out[at..at + 4].copy_from_slice(&end.to_le_bytes());
                }
            }
        }
    }
}

impl Fields {
    pub(super) fn new(columns: &[Column], base: usize) -> Self {
        let mut at = base + columns.len().div_ceil(8);
        let mut vars = 0;
        let shapes: Vec<Shape> = columns.iter().map(|c| Shape::of(&c.data_type)).collect();
        let places = shapes.iter().map(|shape| match shape {
            Shape::Fixed(width) => {
                at += width;
                Place::Fixed(at - width, *width)
            }
            _ => {
                vars += 1;
                Place::Var(vars - 1)
            }
        });
        let places = places.collect();
        Self { base, shapes, places, ends_at: at, data_at: at + 4 * vars }
    }

    /// Appends the fields of a row; the `base` bytes before them are zeros.
    pub(super) fn encode(&self, columns: &[ColumnValues<'_>], row: usize, out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + self.data_at, 0);
        for (i, (c, place)) in columns.iter().zip(&self.places).enumerate() {
            let null = c.is_null(row);
            if null {
                out[start + self.base + i / 8] |= 1 << (i % 8);
            }
            match *place {
                Place::Fixed(..) if null => {}
                Place::Fixed(at, width) => put_fixed(&c.values, row, &mut out[start + at..start + at + width]),
                Place::Var(n) => {
                    if !null {
                        match &c.values {
                            Values::Bytes { offsets, data } => out.extend_from_slice(Values::bytes_at(offsets, data, row)),
                            values => self.shapes[i].encode(values, row, out),
                        }
                    }
                    let end = (out.len() - start - self.data_at) as u32;
                    let at = start + self.ends_at + 4 * n;
                    out[at..at + 4].copy_from_slice(&end.to_le_bytes());
                }
            }
        }
    }
}

fn put_fixed(values: &Values<'_>, row: usize, out: &mut [u8]) {
    match values {
        Values::Bool(a) => out[0] = u8::from(a.value(row)),
        Values::I8(v) => out[0] = v[row] as u8,
        Values::I16(v) => out.copy_from_slice(&v[row].to_le_bytes()),
        Values::I32(v) => out.copy_from_slice(&v[row].to_le_bytes()),
        Values::I64(v) => out.copy_from_slice(&v[row].to_le_bytes()),
        Values::F32(v) => out.copy_from_slice(&v[row].to_le_bytes()),
        Values::F64(v) => out.copy_from_slice(&v[row].to_le_bytes()),
        Values::I128(v) => out.copy_from_slice(&v[row].to_le_bytes()),
        Values::MillisNanos(ms, ns) => {
            out[..8].copy_from_slice(&ms[row].to_le_bytes());
            out[8..].copy_from_slice(&ns[row].to_le_bytes());
        }
        Values::Bytes { .. } | Values::List(..) | Values::Map(..) | Values::Row(_) => {}
    }
}
