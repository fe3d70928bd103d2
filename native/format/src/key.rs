//! The kv key: primary key columns, field by field, so that byte order is key order. Specification:
//! `native/docs/format.md`, "Key".
use crate::values::{ColumnValues, Values};

/// Encodes keys. A field's bytes end by themselves, so a prefix of fields is a prefix of bytes.
#[derive(Debug)]
pub struct KeyEncoder;

impl KeyEncoder {
    /// Appends the key of a row. NULLs must have been refused before.
    pub fn encode(columns: &[ColumnValues<'_>], row: usize, out: &mut Vec<u8>) {
        for c in columns {
            Self::encode_field(c, row, out);
        }
    }

    /// Appends one field. Types that cannot be keys (the schema refuses them) have none.
    pub(crate) fn encode_field(c: &ColumnValues<'_>, row: usize, out: &mut Vec<u8>) {
        match &c.values {
            Values::Bool(a) => out.push(u8::from(a.value(row))),
            Values::I8(v) => out.push(v[row] as u8 ^ 0x80),
            Values::I16(v) => out.extend_from_slice(&(v[row] as u16 ^ 1 << 15).to_be_bytes()),
            Values::I32(v) => out.extend_from_slice(&ordered_i32(v[row])),
            Values::I64(v) => out.extend_from_slice(&ordered_i64(v[row])),
            Values::F32(v) => out.extend_from_slice(&ordered_f32(v[row])),
            Values::F64(v) => out.extend_from_slice(&ordered_f64(v[row])),
            Values::I128(v) => out.extend_from_slice(&(v[row] as u128 ^ 1 << 127).to_be_bytes()),
            Values::MillisNanos(ms, ns) => {
                out.extend_from_slice(&ordered_i64(ms[row]));
                out.extend_from_slice(&ordered_i32(ns[row]));
            }
            Values::Bytes { offsets, data } => escape(Values::bytes_at(offsets, data, row), out),
            Values::List(..) | Values::Map(..) | Values::Row(_) => {}
        }
    }
}

fn ordered_i32(v: i32) -> [u8; 4] {
    (v as u32 ^ 1 << 31).to_be_bytes()
}

fn ordered_i64(v: i64) -> [u8; 8] {
    (v as u64 ^ 1 << 63).to_be_bytes()
}

/// -0.0 = 0.0, and there is one NaN, the largest value.
pub(crate) fn canonical_f32(v: f32) -> f32 {
    if v.is_nan() { f32::NAN } else { v + 0.0 }
}

/// As [`canonical_f32`].
pub(crate) fn canonical_f64(v: f64) -> f64 {
    if v.is_nan() { f64::NAN } else { v + 0.0 }
}

fn ordered_f32(v: f32) -> [u8; 4] {
    let bits = canonical_f32(v).to_bits();
    (if bits >> 31 == 0 { bits ^ 1 << 31 } else { !bits }).to_be_bytes()
}

fn ordered_f64(v: f64) -> [u8; 8] {
    let bits = canonical_f64(v).to_bits();
    (if bits >> 63 == 0 { bits ^ 1 << 63 } else { !bits }).to_be_bytes()
}

/// 0x00 becomes 0x00 0xFF, the end is 0x00 0x01: a string sorts before all its extensions.
fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(zero) = rest.iter().position(|b| *b == 0) {
        out.extend_from_slice(&rest[..=zero]);
        out.push(0xFF);
        rest = &rest[zero + 1..];
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(&[0, 1]);
}
