//! Compression of one buffer as Arrow IPC stores it: 8 bytes of uncompressed length (-1: stored as it is), then a frame.
use std::cell::RefCell;
use std::io::Write;

use fluss_types::{Compression, Error, ErrorCode, Result};

use crate::batch::MAX_UNCOMPRESSED_BYTES;
use crate::lz4;

/// What a buffer begins with that compression would not make smaller.
const AS_IT_IS: [u8; 8] = (-1i64).to_le_bytes();

/// Appends a buffer as it is stored.
pub(crate) fn compress(compression: Compression, zstd_level: i32, data: &[u8], out: &mut Vec<u8>) -> Result<()> {
    if compression == Compression::None || data.is_empty() {
        out.extend_from_slice(data);
        return Ok(());
    }
    let start = out.len();
    out.extend_from_slice(&(data.len() as i64).to_le_bytes());
    match compression {
        Compression::Lz4Frame => {
            let mut frame = lz4_flex::frame::FrameEncoder::new(&mut *out);
            let written = frame.write_all(data).map_err(lz4_flex::frame::Error::from).and_then(|()| frame.finish());
            written.map_err(|e| Error::internal(format!("LZ4 frame: {e}")))?;
        }
        _ => COMPRESSOR.with_borrow_mut(|z| {
            let z = match z {
                Some(z) => z,
                None => z.insert(Zstd { context: compressor(zstd_level)?, level: zstd_level, frame: Vec::new() }),
            };
            if z.level != zstd_level {
                (z.context, z.level) = (compressor(zstd_level)?, zstd_level);
            }
            z.frame.clear();
            z.frame.reserve(zstd::zstd_safe::compress_bound(data.len()));
            z.context.compress_to_buffer(data, &mut z.frame).map_err(|e| Error::internal(format!("ZSTD frame: {e}")))?;
            out.extend_from_slice(&z.frame);
            if z.frame.capacity() > MAX_KEPT {
                z.frame = Vec::new();
            }
            Ok::<_, Error>(())
        })?,
    }
    if out.len() - start > AS_IT_IS.len() + data.len() {
        out.truncate(start);
        out.extend_from_slice(&AS_IT_IS);
        out.extend_from_slice(data);
    }
    Ok(())
}

/// So much memory for compressed bytes is kept by a thread that reads or writes batches.
pub(crate) const MAX_KEPT: usize = 4 << 20;

/// A compressor with what it wrote last.
struct Zstd {
    context: zstd::bulk::Compressor<'static>,
    level: i32,
    frame: Vec<u8>,
}

fn compressor(level: i32) -> Result<zstd::bulk::Compressor<'static>> {
    zstd::bulk::Compressor::new(level).map_err(|e| Error::internal(format!("zstd context of level {level}: {e}")))
}

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
        n if (0..=MAX_UNCOMPRESSED_BYTES as i64).contains(&n) => Ok(n as usize),
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
        Compression::Lz4Frame => lz4::decompress(frame, out),
        _ => DECOMPRESSOR.with_borrow_mut(|zstd| {
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
    static COMPRESSOR: RefCell<Option<Zstd>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

pub(crate) fn corrupt(m: &str) -> Error {
    Error::new(ErrorCode::CorruptSegment, m)
}
