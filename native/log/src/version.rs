//! How all files of a log begin: 8 bytes of magic, version, required features. Specification: format.md.
use std::path::Path;

use fluss_types::{Error, ErrorCode, Result};

const VERSION: u32 = 0;
const KNOWN_FEATURES: u32 = 0;

/// The first 16 bytes of a file.
pub(crate) fn begin(magic: [u8; 8]) -> Vec<u8> {
    let mut b = magic.to_vec();
    b.extend_from_slice(&VERSION.to_le_bytes());
    b.extend_from_slice(&KNOWN_FEATURES.to_le_bytes());
    b
}

/// Whether a file begins with the magic; refuses a version or features that this program does not know.
pub(crate) fn check(path: &Path, magic: [u8; 8], b: &[u8]) -> Result<bool> {
    let Some(head) = b.first_chunk::<16>().filter(|h| h.starts_with(&magic)) else { return Ok(false) };
    let [.., v0, v1, v2, v3, f0, f1, f2, f3] = *head;
    let (version, features) = (u32::from_le_bytes([v0, v1, v2, v3]), u32::from_le_bytes([f0, f1, f2, f3]));
    if version != VERSION || features & !KNOWN_FEATURES != 0 {
        return Err(Error::new(
            ErrorCode::UnknownFormat,
            format!(
                "{} has format version {version} with features {features:#x}; this program knows version {VERSION} with features {KNOWN_FEATURES:#x}",
                path.display()
            ),
        ));
    }
    Ok(true)
}

/// The content of a file as 64-bit words, without its last four bytes, which are the checksum of the rest; `None`: damaged.
pub(crate) fn checked_words(b: &[u8]) -> Option<Vec<i64>> {
    let (content, checksum) = b.split_last_chunk::<4>()?;
    let (words, rest) = content.as_chunks::<8>();
    // The padding before the checksum of a fixed-size file.
    (rest.iter().all(|b| *b == 0) && crc32c::crc32c(content) == u32::from_le_bytes(*checksum))
        .then(|| words.iter().map(|w| i64::from_le_bytes(*w)).collect())
}
