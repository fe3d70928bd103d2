//! Decodes an LZ4 frame straight into the memory that wants it; lz4_flex's frame decoder has a buffer of its own in between.
use std::io::Read;

use fluss_types::Result;

use crate::compression::corrupt;

const MAGIC: u32 = 0x184D_2204;
/// Of the flags: version 1, blocks independent of each other, no dictionary.
const PLAIN_MASK: u8 = 0b1110_0001;
const PLAIN: u8 = 0b0110_0000;
const BLOCK_CHECKSUMS: u8 = 0b0001_0000;
const CONTENT_SIZE: u8 = 0b0000_1000;
/// In a block's length: it is stored as it is.
const AS_IT_IS: u32 = 1 << 31;

/// Fills `out` from a frame. The checksums within the frame are not looked at where blocks are independent: the buffer's is.
pub(crate) fn decompress(frame: &[u8], out: &mut [u8]) -> Result<()> {
    let Some((flags, mut rest)) = plain_blocks(frame) else {
        return lz4_flex::frame::FrameDecoder::new(frame).read_exact(out).map_err(|e| corrupt(&format!("LZ4 frame: {e}")));
    };
    let cut = || corrupt("LZ4 frame: it ends too early");
    let mut at = 0;
    while at < out.len() {
        let (len, after) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        let len = u32::from_le_bytes(*len);
        let (block, after) = after.split_at_checked((len & !AS_IT_IS) as usize).ok_or_else(cut)?;
        let free = &mut out[at..];
        at += if block.is_empty() {
            return Err(cut());
        } else if len & AS_IT_IS == 0 {
            lz4_flex::block::decompress_into(block, free).map_err(|e| corrupt(&format!("LZ4 block: {e}")))?
        } else {
            free.get_mut(..block.len()).ok_or_else(|| corrupt("LZ4 frame: it is longer than its buffer"))?.copy_from_slice(block);
            block.len()
        };
        rest = after.get(if flags & BLOCK_CHECKSUMS == 0 { 0 } else { 4 }..).ok_or_else(cut)?;
    }
    Ok(())
}

/// The flags and the blocks of a frame that this module decodes itself.
fn plain_blocks(frame: &[u8]) -> Option<(u8, &[u8])> {
    let (magic, rest) = frame.split_first_chunk::<4>()?;
    let flags = *rest.first()?;
    // Flags, block size, the length of the content if it is given, a byte of checksum.
    let header = if flags & CONTENT_SIZE == 0 { 3 } else { 11 };
    (u32::from_le_bytes(*magic) == MAGIC && flags & PLAIN_MASK == PLAIN).then_some((flags, rest.get(header..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
    use std::io::Write;

    fn rows() -> Vec<u8> {
        // Repeats, and 70,000 bytes that do not: they are stored as they are.
        let mut state = 1u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        (0..200_000).map(|i| (i / 100) as u8).chain((0..70_000).map(|_| noise())).collect()
    }

    #[test]
    fn frames_of_every_kind_decode() {
        let rows = rows();
        for mode in [BlockMode::Independent, BlockMode::Linked] {
            for checksums in [false, true] {
                let info = FrameInfo::new().block_mode(mode).block_size(BlockSize::Max64KB).block_checksums(checksums);
                let info = info.content_checksum(checksums).content_size(checksums.then_some(rows.len() as u64));
                let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
                encoder.write_all(&rows).unwrap();
                let frame = encoder.finish().unwrap();
                let mut out = vec![0; rows.len()];
                decompress(&frame, &mut out).unwrap();
                assert!(out == rows, "{mode:?} {checksums}");
                // Cut anywhere it is an error; a wrong length of the output too.
                for end in (0..frame.len() - 8).step_by(997) {
                    assert!(decompress(&frame[..end], &mut out).is_err(), "{mode:?} {checksums} {end}");
                }
                assert!(decompress(&frame, &mut vec![0; rows.len() + 1]).is_err());
            }
        }
        let mut frame = FrameEncoder::new(Vec::new());
        frame.write_all(&rows).unwrap();
        let frame = frame.finish().unwrap();
        assert!(decompress(&frame, &mut vec![0; rows.len() - 1]).is_err(), "the output is too short");
    }
}
