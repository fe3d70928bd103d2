//! Stored rows as rows of Flink in its own binary form (`BinaryRowData`), which Java reads as it is. Of the types that need no look into their
//! values: no nested ones, and no DECIMAL of more than 18 digits. Specification: `native/docs/jni.md`, "Probes".
use std::sync::Arc;

use fluss_types::{Result, SchemaId, TypeRoot};

use super::fields::Place;
use super::{RowCodec, schema_id};
use crate::evolve::Reading;
use crate::projection::{Projection, Source};

/// Bits in front of those that say which fields are NULL.
const HEADER_BITS: usize = 8;
const SLOT: usize = 8;
/// The longest string that lies in its slot.
const INLINE: usize = 7;

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Up to 8 bytes, or the lower 8 of a DECIMAL.
    Fixed,
    /// A timestamp of microseconds.
    Micros,
    /// One of milliseconds and nanoseconds.
    MillisNanos,
    Bytes,
}

#[derive(Debug)]
struct Field {
    /// Position in the stored row.
    index: usize,
    place: Place,
    kind: Kind,
}

/// Writes rows of one schema; `None` fields are NULL in all.
#[derive(Debug)]
pub struct BinaryRows {
    codec: Arc<RowCodec>,
    fields: Vec<Option<Field>>,
}

impl BinaryRows {
    /// For rows of the codec's current schema; `None`: there is a type or a conversion that it does not know.
    pub fn new(codec: Arc<RowCodec>, projection: &Projection) -> Result<Option<Self>> {
        let written = codec.schema().clone();
        let field = |source: Option<Source<'_>>| {
            let Some(Source { path, stored, reading }) = source else { return Some(None) };
            let [index] = path[..] else { return None };
            let kind = match stored.root {
                _ if reading != Reading::AsStored => return None,
                TypeRoot::Array(_) | TypeRoot::Map(..) | TypeRoot::Row(_) | TypeRoot::Decimal(19.., _) => return None,
                _ if stored.is_var_width() => Kind::Bytes,
                _ if stored.has_nanos() => Kind::MillisNanos,
                TypeRoot::Timestamp(4..) | TypeRoot::TimestampLtz(4..) => Kind::Micros,
                _ => Kind::Fixed,
            };
            Some(Some(Field { index, place: codec.fields.places[index], kind }))
        };
        let fields: Option<Vec<_>> = projection.sources(&written)?.into_iter().map(field).collect();
        Ok(fields.map(|fields| Self { codec: codec.clone(), fields }))
    }

    /// The schema that it takes rows of.
    pub fn schema_id(&self) -> SchemaId {
        self.codec.schema().id()
    }

    /// Writes a row to the beginning of `out` and gives its length; `None`: it is of another schema, damaged, or too long.
    pub fn write(&self, row: &[u8], out: &mut [u8]) -> Option<usize> {
        if schema_id(row).ok()? != self.schema_id() {
            return None;
        }
        let stored = &self.codec.fields;
        stored.check(row).ok()?;
        let slots = (self.fields.len() + HEADER_BITS).div_ceil(64) * 8;
        let mut end = slots + SLOT * self.fields.len();
        out.get_mut(..end)?.fill(0);
        for (i, field) in self.fields.iter().enumerate() {
            let bit = i + HEADER_BITS;
            let field = field.as_ref().filter(|f| row[stored.base + f.index / 8] & (1 << (f.index % 8)) == 0);
            let Some(field) = field else {
                out[bit / 8] |= 1 << (bit % 8);
                continue;
            };
            let slot = slots + SLOT * i;
            let bytes = match field.place {
                Place::Fixed(at, width) => &row[at..at + width],
                Place::Var(n) => stored.variable(row, n).ok()?,
            };
            let value = match field.kind {
                Kind::Fixed => {
                    let width = bytes.len().min(SLOT);
                    out[slot..slot + width].copy_from_slice(&bytes[..width]);
                    continue;
                }
                Kind::Bytes if bytes.len() <= INLINE => {
                    out[slot..slot + bytes.len()].copy_from_slice(bytes);
                    out[slot + INLINE] = 0x80 | bytes.len() as u8;
                    continue;
                }
                Kind::Bytes => append(out, &mut end, bytes)?,
                Kind::Micros => {
                    let micros = i64::from_le_bytes(*bytes.first_chunk()?);
                    let at = append(out, &mut end, &micros.div_euclid(1000).to_le_bytes())?;
                    at & !u64::from(u32::MAX) | (micros.rem_euclid(1000) * 1000) as u64
                }
                Kind::MillisNanos => {
                    let at = append(out, &mut end, bytes.get(..8)?)?;
                    at & !u64::from(u32::MAX) | u64::from(u32::from_le_bytes(*bytes.get(8..)?.first_chunk()?))
                }
            };
            out[slot..slot + SLOT].copy_from_slice(&value.to_le_bytes());
        }
        Some(end)
    }
}

/// Puts bytes behind the row, and gives where they are in the upper half and how many in the lower.
fn append(out: &mut [u8], end: &mut usize, bytes: &[u8]) -> Option<u64> {
    let at = *end;
    let padded = bytes.len().next_multiple_of(SLOT);
    let place = out.get_mut(at..at + padded)?;
    place[..bytes.len()].copy_from_slice(bytes);
    place[bytes.len()..].fill(0);
    *end = at + padded;
    Some((at as u64) << 32 | bytes.len() as u64)
}
