//! The bucket of a row: a hash over a canonical encoding of the bucket key that is versioned and apart from the kv key, so
//! that either can change alone. Specification: `native/docs/format.md`, "Bucket function".
use fluss_types::BucketId;

use crate::key::{canonical_f32, canonical_f64};
use crate::values::{ColumnValues, Values};

/// Name of the function, kept in the table's metadata.
pub const BUCKET_FUNCTION: &str = "murmur3-v1";

/// Computes buckets. Keeps a buffer, so one a thread.
#[derive(Debug, Default)]
pub struct Bucketer {
    canonical: Vec<u8>,
}

impl Bucketer {
    /// The bucket of a row by its bucket key columns.
    pub fn bucket(&mut self, columns: &[ColumnValues<'_>], row: usize, buckets: u32) -> BucketId {
        self.bucket_of(buckets, |out| columns.iter().for_each(|c| canonical(c, row, out)))
    }

    /// The bucket of what `canonical` appends.
    pub(crate) fn bucket_of(&mut self, buckets: u32, canonical: impl FnOnce(&mut Vec<u8>)) -> BucketId {
        if buckets == 1 {
            return 0;
        }
        self.canonical.clear();
        canonical(&mut self.canonical);
        (murmur3_32(&self.canonical) & i32::MAX as u32) % buckets
    }
}

/// Little-endian values; variable-width ones with a u32 length in front; a NULL is the byte 0 and anything else follows
/// the byte 1.
fn canonical(c: &ColumnValues<'_>, row: usize, out: &mut Vec<u8>) {
    if c.is_null(row) {
        out.push(0);
        return;
    }
    out.push(1);
    match &c.values {
        Values::Bool(a) => out.push(u8::from(a.value(row))),
        Values::I8(v) => out.push(v[row] as u8),
        Values::I16(v) => out.extend_from_slice(&v[row].to_le_bytes()),
        Values::I32(v) => out.extend_from_slice(&v[row].to_le_bytes()),
        Values::I64(v) => out.extend_from_slice(&v[row].to_le_bytes()),
        Values::F32(v) => out.extend_from_slice(&canonical_f32(v[row]).to_le_bytes()),
        Values::F64(v) => out.extend_from_slice(&canonical_f64(v[row]).to_le_bytes()),
        Values::I128(v) => out.extend_from_slice(&v[row].to_le_bytes()),
        Values::MillisNanos(ms, ns) => {
            out.extend_from_slice(&ms[row].to_le_bytes());
            out.extend_from_slice(&ns[row].to_le_bytes());
        }
        Values::Bytes { offsets, data } => {
            let b = Values::bytes_at(offsets, data, row);
            out.extend_from_slice(&(b.len() as u32).to_le_bytes());
            out.extend_from_slice(b);
        }
        // The schema refuses them in keys.
        Values::List(..) | Values::Map(..) | Values::Row(_) => {}
    }
}

/// MurmurHash3_x86_32, seed 0 (Austin Appleby, public domain).
fn murmur3_32(data: &[u8]) -> u32 {
    const C1: u32 = 0xcc9e_2d51;
    const C2: u32 = 0x1b87_3593;
    let mix = |k: u32| k.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2);
    let (blocks, tail) = data.as_chunks::<4>();
    let mut h = 0u32;
    for b in blocks {
        h = (h ^ mix(u32::from_le_bytes(*b))).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    if !tail.is_empty() {
        h ^= mix(tail.iter().rev().fold(0, |k, b| k << 8 | u32::from(*b)));
    }
    h ^= data.len() as u32;
    h = (h ^ h >> 16).wrapping_mul(0x85eb_ca6b);
    h = (h ^ h >> 13).wrapping_mul(0xc2b2_ae35);
    h ^ h >> 16
}

#[cfg(test)]
mod tests {
    use super::murmur3_32;

    #[test]
    fn murmur3_gives_the_published_vectors() {
        for (text, hash) in [("", 0), ("a", 0x3c25_69b2), ("abc", 0xb3dd_93fa), ("hello, world", 0x149b_bb7f)] {
            assert_eq!(murmur3_32(text.as_bytes()), hash, "{text}");
        }
    }
}
