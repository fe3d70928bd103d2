//! Decompression of one buffer as Arrow IPC stores it: 8 bytes of uncompressed length (-1: stored as it is), then a frame.
use std::io::Read;

use fluss_types::{Compression, Error, ErrorCode, Result};

use crate::MAX_BATCH_BYTES;

/// Uncompressed length of a stored buffer.
pub(crate) fn uncompressed_len(compression: Compression, stored: &[u8]) -> Result<usize> {
    if compression == Compression::None || stored.is_empty() {
        return Ok(stored.len());
    }
    let Some((prefix, rest)) = stored.split_first_chunk::<8>() else {
        return Err(corrupt("a compressed buffer is shorter than its length field"));
    };
    match i64::from_le_bytes(*prefix) {
        -1 => Ok(rest.len()),
        // A frame may be far longer than what is stored; the bound keeps a damaged length from asking for all memory.
        n if (0..=16 * MAX_BATCH_BYTES as i64).contains(&n) => Ok(n as usize),
        n => Err(corrupt(&format!("a compressed buffer claims {n} bytes"))),
    }
}

/// Writes the uncompressed bytes to `out`, which has [`uncompressed_len`] bytes.
pub(crate) fn decompress(compression: Compression, stored: &[u8], out: &mut [u8]) -> Result<()> {
    let Some((prefix, frame)) = stored.split_first_chunk::<8>().filter(|_| compression != Compression::None) else {
        out.copy_from_slice(stored);
        return Ok(());
    };
    if i64::from_le_bytes(*prefix) == -1 {
        out.copy_from_slice(frame);
        return Ok(());
    }
    match compression {
        Compression::Lz4Frame => {
            lz4_flex::frame::FrameDecoder::new(frame).read_exact(out).map_err(|e| corrupt(&format!("LZ4 frame: {e}")))
        }
        _ => ZSTD.with_borrow_mut(|zstd| {
            let zstd = match zstd {
                Some(z) => z,
                None => zstd.insert(zstd::bulk::Decompressor::new().map_err(|e| Error::internal(format!("zstd context: {e}")))?),
            };
            match zstd.decompress_to_buffer(frame, out) {
                Ok(n) if n == out.len() => Ok(()),
                Ok(n) => Err(corrupt(&format!("ZSTD frame has {n} bytes, {} were expected", out.len()))),
                Err(e) => Err(corrupt(&format!("ZSTD frame: {e}"))),
            }
        }),
    }
}

thread_local! {
    static ZSTD: std::cell::RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { std::cell::RefCell::new(None) };
}

fn corrupt(m: &str) -> Error {
    Error::new(ErrorCode::CorruptSegment, m)
}
