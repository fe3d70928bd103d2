//! Sparse index of a segment: every so many bytes, the offset, position and commit timestamp of a batch. Kept in memory; written
//! beside a segment when it is sealed, so that opening does not read the segment. Specification: format.md, "Index".
use std::path::Path;

use fluss_types::file::FileSystem;
use fluss_types::{Error, LogOffset, Result};

const MAGIC: [u8; 8] = *b"FLUSSIDX";
const VERSION: u32 = 0;
const HEADER_LEN: usize = 40;
const ENTRY_LEN: usize = 24;

/// One batch that the index knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IndexEntry {
    pub offset: LogOffset,
    pub position: u64,
    pub timestamp: i64,
}

/// Entries in offset order.
#[derive(Debug, Default)]
pub(crate) struct SparseIndex {
    entries: Vec<IndexEntry>,
}

impl SparseIndex {
    /// Adds a batch unless the last entry is less than `interval` bytes before it.
    pub(crate) fn add(&mut self, entry: IndexEntry, interval: u64) {
        if self.entries.last().is_none_or(|last| entry.position >= last.position + interval) {
            self.entries.push(entry);
        }
    }

    /// The last entry at or before an offset.
    pub(crate) fn floor_offset(&self, offset: LogOffset) -> Option<IndexEntry> {
        let i = self.entries.partition_point(|e| e.offset <= offset);
        i.checked_sub(1).map(|i| self.entries[i])
    }

    /// The last entry before the first one at or after a timestamp: a scan from there misses nothing.
    pub(crate) fn floor_timestamp(&self, timestamp: i64) -> Option<IndexEntry> {
        let i = self.entries.partition_point(|e| e.timestamp < timestamp);
        self.entries.get(i.saturating_sub(1)).copied()
    }

    /// Writes the index of a sealed segment of `size` bytes that ends at `end_offset`.
    pub(crate) fn write(&self, fs: &dyn FileSystem, path: &Path, size: u64, end_offset: LogOffset) -> Result<()> {
        let mut b = Vec::with_capacity(HEADER_LEN + ENTRY_LEN * self.entries.len() + 4);
        b.extend_from_slice(&MAGIC);
        b.extend_from_slice(&VERSION.to_le_bytes());
        b.extend_from_slice(&0u32.to_le_bytes());
        b.extend_from_slice(&size.to_le_bytes());
        b.extend_from_slice(&end_offset.to_le_bytes());
        b.extend_from_slice(&(self.entries.len() as u64).to_le_bytes());
        for e in &self.entries {
            b.extend_from_slice(&e.offset.to_le_bytes());
            b.extend_from_slice(&e.position.to_le_bytes());
            b.extend_from_slice(&e.timestamp.to_le_bytes());
        }
        b.extend_from_slice(&crc32c::crc32c(&b).to_le_bytes());
        // Not synced: a torn one is told by its checksum.
        fs.create(path)
            .and_then(|file| file.write_at(0, &b))
            .map_err(|e| Error::io(format!("write index {}", path.display()), &e))
    }

    /// Reads an index; `None`: missing or damaged, to be made again from the segment. Also gives the size and the end
    /// offset that the segment had when it was sealed.
    pub(crate) fn read(fs: &dyn FileSystem, path: &Path) -> Option<(Self, u64, LogOffset)> {
        let b = fs.read(path).ok()?;
        let (content, checksum) = b.split_last_chunk::<4>()?;
        if content.len() < HEADER_LEN || crc32c::crc32c(content) != u32::from_le_bytes(*checksum) || content[..8] != MAGIC {
            return None;
        }
        let word = |at: usize| content.get(at..at + 8).and_then(|w| w.try_into().ok()).map(i64::from_le_bytes);
        if word(8)? != i64::from(VERSION) {
            return None;
        }
        let count = word(32)? as usize;
        if content.len() != HEADER_LEN + ENTRY_LEN * count {
            return None;
        }
        let entries = (0..count)
            .map(|i| {
                let at = HEADER_LEN + ENTRY_LEN * i;
                Some(IndexEntry { offset: word(at)?, position: word(at + 8)? as u64, timestamp: word(at + 16)? })
            })
            .collect::<Option<Vec<_>>>()?;
        Some((Self { entries }, word(16)? as u64, word(24)?))
    }
}
