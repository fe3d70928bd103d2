//! Sparse index of a segment: every so many bytes, the offset, position and commit timestamp of a batch. Kept in memory; written
//! beside a segment when it is sealed, so that opening does not read the segment. Specification: format.md, "Index".
use std::path::Path;

use fluss_types::file::FileSystem;
use fluss_types::{Error, LogOffset, Result};

use crate::version;

const MAGIC: [u8; 8] = *b"FLUSSIDX";

/// One batch that the index knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IndexEntry {
    pub offset: LogOffset,
    pub position: u64,
    pub timestamp: i64,
}

/// What a segment had when it was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// Bytes of the file.
    pub size: u64,
    pub end_offset: LogOffset,
    pub last_timestamp: i64,
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

    /// Writes the index of a sealed segment.
    pub(crate) fn write(&self, fs: &dyn FileSystem, path: &Path, sealed: Sealed) -> Result<()> {
        let mut b = version::begin(MAGIC);
        let head = [sealed.size as i64, sealed.end_offset, sealed.last_timestamp, self.entries.len() as i64];
        let entries = self.entries.iter().flat_map(|e| [e.offset, e.position as i64, e.timestamp]);
        b.extend(head.into_iter().chain(entries).flat_map(i64::to_le_bytes));
        b.extend_from_slice(&crc32c::crc32c(&b).to_le_bytes());
        // Not synced: a torn one is told by its checksum.
        fs.create(path)
            .and_then(|file| file.write_at(0, &b))
            .map_err(|e| Error::io(format!("write index {}", path.display()), &e))
    }

    /// Reads an index; `None`: missing or damaged, to be made again from the segment.
    pub(crate) fn read(fs: &dyn FileSystem, path: &Path) -> Result<Option<(Self, Sealed)>> {
        let Ok(b) = fs.read(path) else { return Ok(None) };
        if !version::check(path, MAGIC, &b)? {
            return Ok(None);
        }
        let Some(words) = version::checked_words(&b) else { return Ok(None) };
        let [_, _, size, end_offset, last_timestamp, count, ref entries @ ..] = words[..] else { return Ok(None) };
        let (entries, rest) = entries.as_chunks::<3>();
        if !rest.is_empty() || count != entries.len() as i64 {
            return Ok(None);
        }
        let entries = entries
            .iter()
            .map(|&[offset, position, timestamp]| IndexEntry { offset, position: position as u64, timestamp })
            .collect();
        Ok(Some((Self { entries }, Sealed { size: size as u64, end_offset, last_timestamp })))
    }
}
