//! Roaring bitmaps in their portable format (github.com/RoaringBitmap/RoaringFormatSpec).
use fluss_types::{Error, ErrorCode, Result};
use roaring::{RoaringBitmap, RoaringTreemap};

fn refused(bits: u32, e: &std::io::Error) -> Error {
    let m = format!("a value is no {bits}-bit Roaring bitmap in the portable format ({e})");
    Error::new(ErrorCode::InvalidArgument, m)
}

macro_rules! bitmap {
    ($read:ident, $check:ident, $union:ident, $type:ty, $bits:literal) => {
        fn $read(bytes: &[u8]) -> Result<$type> {
            let mut rest = bytes;
            let bitmap = <$type>::deserialize_from(&mut rest).map_err(|e| refused($bits, &e))?;
            if rest.is_empty() { Ok(bitmap) } else { Err(refused($bits, &std::io::Error::other("bytes are left behind it"))) }
        }

        pub(super) fn $check(bytes: &[u8]) -> Result<()> {
            $read(bytes).map(drop)
        }

        pub(super) fn $union(a: &[u8], b: &[u8]) -> Result<Vec<u8>> {
            let union = $read(a)? | $read(b)?;
            let mut bytes = Vec::with_capacity(union.serialized_size());
            union.serialize_into(&mut bytes).map_err(|e| refused($bits, &e))?;
            Ok(bytes)
        }
    };
}

bitmap!(read32, check32, union32, RoaringBitmap, 32);
bitmap!(read64, check64, union64, RoaringTreemap, 64);
