//! Stored rows field by field, as bytes: reading one, and putting a row together from others. For what merges rows whatever their types.
use fluss_types::Result;

use super::fields::{Fields, Place};
use super::{RowCodec, SCHEMA_ID_LEN};

impl RowCodec {
    /// The bytes of a field of a row that [`RowCodec::encode`] or [`RowCodec::upgrade`] gave; `None`: NULL.
    #[inline]
    pub fn field<'a>(&self, row: &'a [u8], field: usize) -> Result<Option<&'a [u8]>> {
        let fields = &self.fields;
        if row[fields.base + field / 8] & (1 << (field % 8)) != 0 {
            return Ok(None);
        }
        match fields.places[field] {
            Place::Fixed(at, width) => Ok(Some(&row[at..at + width])),
            Place::Var(n) => fields.variable(row, n).map(Some),
        }
    }

    /// Begins a row of the current schema behind what `out` holds.
    pub fn builder<'a>(&'a self, out: &'a mut Vec<u8>) -> RowBuilder<'a> {
        let start = out.len();
        out.resize(start + self.fields.data_at, 0);
        out[start..start + SCHEMA_ID_LEN].copy_from_slice(&self.schema().id().to_le_bytes());
        RowBuilder { codec: self, fields: &self.fields, out, start, next: 0 }
    }
}

/// A row that is put together, field after field. What was not finished is to be thrown away.
#[derive(Debug)]
pub struct RowBuilder<'a> {
    codec: &'a RowCodec,
    fields: &'a Fields,
    out: &'a mut Vec<u8>,
    start: usize,
    next: usize,
}

impl RowBuilder<'_> {
    /// The next field, as [`RowCodec::field`] gives it.
    pub fn push(&mut self, value: Option<&[u8]>) {
        match value {
            None => self.null(),
            Some(value) => self.push_parts(&[value]),
        }
    }

    /// The next field, of variable width, from pieces.
    pub fn push_parts(&mut self, parts: &[&[u8]]) {
        match self.fields.places[self.next] {
            Place::Fixed(at, _) => {
                let mut at = self.start + at;
                for part in parts {
                    self.out[at..at + part.len()].copy_from_slice(part);
                    at += part.len();
                }
            }
            Place::Var(_) => parts.iter().for_each(|part| self.out.extend_from_slice(part)),
        }
        self.end_field();
    }

    fn null(&mut self) {
        self.out[self.start + self.fields.base + self.next / 8] |= 1 << (self.next % 8);
        self.end_field();
    }

    fn end_field(&mut self) {
        if let Place::Var(n) = self.fields.places[self.next] {
            let end = (self.out.len() - self.start - self.fields.data_at) as u32;
            let at = self.start + self.fields.ends_at + 4 * n;
            self.out[at..at + 4].copy_from_slice(&end.to_le_bytes());
        }
        self.next += 1;
    }

    /// Ends the row. Refuses one over [`MAX_ROW_BYTES`](super::MAX_ROW_BYTES), naming its widest column.
    pub fn finish(self) -> Result<()> {
        debug_assert_eq!(self.next, self.fields.places.len(), "a row without its last fields");
        self.codec.check_size(&self.out[self.start..])
    }
}
