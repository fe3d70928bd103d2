//! The body of a batch that is encoded: its buffers, compressed, each on a 64-byte boundary.
use std::cmp::Reverse;

use arrow_buffer::Buffer;
use arrow_ipc::Buffer as IpcBuffer;
use fluss_types::{Compression, Result, in_threads};

use crate::{EncodeOptions, align64, compression};

/// From so many bytes on a second thread compresses half of them: that takes far longer than to start it.
const BYTES_FOR_TWO_THREADS: usize = 512 << 10;

/// The bytes of a batch, with room for all that comes before the body.
pub(crate) struct Body {
    pub bytes: Vec<u8>,
    /// Where each buffer lies in the body.
    pub buffers: Vec<IpcBuffer>,
    /// CRC-32C of each as it is stored.
    pub checksums: Vec<[u8; 4]>,
}

impl Body {
    /// Compresses buffers, which have `uncompressed` bytes together; the body begins at `at`. `None`: the batch gets longer than `max` bytes.
    pub fn of(
        buffers: &[Buffer],
        uncompressed: usize,
        at: usize,
        max: usize,
        options: &EncodeOptions<'_>,
    ) -> Result<Option<Self>> {
        let is_compressed = options.compression != Compression::None;
        let expected = if is_compressed { uncompressed / 2 } else { uncompressed };
        let mut body = Self {
            bytes: Vec::with_capacity(at + (expected + 64 * buffers.len()).min(max)),
            buffers: Vec::with_capacity(buffers.len()),
            checksums: Vec::with_capacity(buffers.len()),
        };
        body.bytes.resize(at, 0);
        let compressed = match is_compressed && uncompressed >= BYTES_FOR_TWO_THREADS {
            true => compress_in_two_threads(buffers, options)?,
            false => Vec::new(),
        };
        for (i, buffer) in buffers.iter().enumerate() {
            let from = body.bytes.len();
            match compressed.get(i) {
                Some(stored) => body.bytes.extend_from_slice(stored),
                None => compression::compress(options.compression, options.zstd_level, buffer, &mut body.bytes)?,
            }
            let stored = &body.bytes[from..];
            body.checksums.push(crc32c::crc32c(stored).to_le_bytes());
            body.buffers.push(IpcBuffer::new((from - at) as i64, stored.len() as i64));
            body.bytes.resize(align64(body.bytes.len()), 0);
            if body.bytes.len() > max {
                return Ok(None);
            }
        }
        Ok(Some(body))
    }
}

/// Each buffer as it is stored.
fn compress_in_two_threads(buffers: &[Buffer], options: &EncodeOptions<'_>) -> Result<Vec<Vec<u8>>> {
    // The longest first, each to the one who has less.
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|i| Reverse(buffers[*i].len()));
    let mut halves = [(0, Vec::new()), (0, Vec::new())];
    for i in order {
        let less = usize::from(halves[1].0 < halves[0].0);
        halves[less].0 += buffers[i].len();
        halves[less].1.push(i);
    }
    let [(_, mine), (_, theirs)] = halves;
    let compress = |half: &[usize]| -> Result<Vec<Vec<u8>>> {
        let one = |i: &usize| {
            let mut stored = Vec::with_capacity(buffers[*i].len() / 2);
            compression::compress(options.compression, options.zstd_level, &buffers[*i], &mut stored).map(|()| stored)
        };
        half.iter().map(one).collect()
    };
    let stored = in_threads(&[&theirs[..], &mine], compress)?;
    let mut out = vec![Vec::new(); buffers.len()];
    for (i, stored) in theirs.into_iter().chain(mine).zip(stored.into_iter().flatten()) {
        out[i] = stored;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_threads_make_the_same_bytes_as_one() {
        let long: Vec<u8> = (0..BYTES_FOR_TWO_THREADS).map(|i| ((i * i) >> 7) as u8).collect();
        let buffers = [&long[..1000], &[], &long, &long[5..77], &long[9..]].map(Buffer::from);
        let options = EncodeOptions::new(true, Compression::Zstd);
        let [one, two] =
            [0, 2 * BYTES_FOR_TWO_THREADS].map(|n| Body::of(&buffers, n, 64, usize::MAX, &options).unwrap().unwrap());
        assert!(one.bytes == two.bytes && one.buffers == two.buffers && one.checksums == two.checksums);
        assert!(Body::of(&buffers, 0, 64, one.bytes.len() - 1, &options).unwrap().is_none());
    }
}
