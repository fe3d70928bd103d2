//! The rows of a part of the cache: chunks, the oldest first, entries one after the other in each. An entry is moved only when its chunk is used again.
use std::collections::VecDeque;

/// Large enough for the allocator to give it back to the system when it is freed (`native/README.md`, "Memory").
pub(super) const CHUNK: usize = 256 << 10;
/// The most bytes of a key and its row.
pub(super) const LONGEST: usize = 16 << 10;
/// Rows that were asked for take at most so much of a chunk that is used again.
const KEPT: usize = CHUNK / 4 * 3;

/// Before the key: tablet u64, bytes of the entry u32, of the key u32, of the row u32, whether it was asked for u8. Then the row, and room for one
/// that is a little longer.
const HEAD: usize = 21;
const ASKED: usize = HEAD - 1;
/// Entries are a multiple of this.
const STEP: usize = 16;

/// Bytes of an entry.
const fn size(key: usize, row: usize) -> usize {
    (HEAD + key + row).next_multiple_of(STEP)
}

/// Chunks of entries. A place is a byte's number since the ring was empty, so the places of an old chunk are none when it is used again.
#[derive(Default)]
pub(super) struct Ring {
    chunks: VecDeque<Chunk>,
    /// The place of the first byte of the first chunk.
    begin: u64,
}

/// Some entries, and their end.
pub(super) struct Chunk {
    bytes: Box<[u8]>,
    end: usize,
}

/// An entry of a chunk that was taken out.
pub(super) struct Entry<'a> {
    pub tablet: u64,
    pub key: &'a [u8],
    /// Whether its row was asked for since it was put, or since its chunk was used again.
    pub asked: bool,
}

fn number(entry: &[u8], at: usize) -> usize {
    entry.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |b| u32::from_le_bytes(*b) as usize)
}

fn tablet(entry: &[u8]) -> u64 {
    entry.first_chunk().map_or(0, |b| u64::from_le_bytes(*b))
}

fn key(entry: &[u8]) -> &[u8] {
    &entry[HEAD..HEAD + number(entry, 12)]
}

impl Ring {
    pub fn chunks(&self) -> usize {
        self.chunks.len()
    }

    fn split(&self, place: u64) -> (usize, usize) {
        let from = (place - self.begin) as usize;
        (from / CHUNK, from % CHUNK)
    }

    fn entry(&self, place: u64) -> &[u8] {
        let (chunk, at) = self.split(place);
        &self.chunks[chunk].bytes[at..]
    }

    fn entry_mut(&mut self, place: u64) -> &mut [u8] {
        let (chunk, at) = self.split(place);
        &mut self.chunks[chunk].bytes[at..]
    }

    pub fn tablet_and_key(&self, place: u64) -> (u64, &[u8]) {
        let entry = self.entry(place);
        (tablet(entry), key(entry))
    }

    /// The row of an entry, which was asked for.
    pub fn read(&mut self, place: u64) -> &[u8] {
        let entry = self.entry_mut(place);
        entry[ASKED] = 1;
        let from = HEAD + number(entry, 12);
        &entry[from..from + number(entry, 16)]
    }

    /// Appends an entry; `None`: the last chunk has no room.
    pub fn push(&mut self, tablet: u64, key: &[u8], row: &[u8]) -> Option<u64> {
        let size = size(key.len(), row.len());
        let (before, chunk) = (self.chunks.len().checked_sub(1)?, self.chunks.back_mut()?);
        let entry = chunk.bytes.get_mut(chunk.end..chunk.end + size)?;
        entry[..8].copy_from_slice(&tablet.to_le_bytes());
        for (at, n) in [(8, size), (12, key.len()), (16, row.len())] {
            entry[at..at + 4].copy_from_slice(&(n as u32).to_le_bytes());
        }
        entry[ASKED] = 0;
        entry[HEAD..HEAD + key.len()].copy_from_slice(key);
        entry[HEAD + key.len()..HEAD + key.len() + row.len()].copy_from_slice(row);
        let place = self.begin + (before * CHUNK + chunk.end) as u64;
        chunk.end += size;
        Some(place)
    }

    /// Gives an entry another row, if that fits.
    pub fn overwrite(&mut self, place: u64, row: &[u8]) -> bool {
        let entry = self.entry_mut(place);
        let from = HEAD + number(entry, 12);
        if from + row.len() > number(entry, 8) {
            return false;
        }
        entry[from..from + row.len()].copy_from_slice(row);
        entry[16..20].copy_from_slice(&(row.len() as u32).to_le_bytes());
        true
    }

    /// One chunk more.
    pub fn add(&mut self) {
        self.chunks.push_back(Chunk { bytes: vec![0; CHUNK].into_boxed_slice(), end: 0 });
    }

    /// Takes the oldest chunk out, and says at which place it began.
    pub fn take(&mut self) -> Option<(u64, Chunk)> {
        let chunk = self.chunks.pop_front()?;
        let begin = self.begin;
        self.begin += CHUNK as u64;
        Some((begin, chunk))
    }

    /// The place at which one more chunk would begin.
    pub fn end(&self) -> u64 {
        self.begin + (self.chunks.len() * CHUNK) as u64
    }

    /// Puts a chunk back as the newest one.
    pub fn put_back(&mut self, chunk: Chunk) {
        self.chunks.push_back(chunk);
    }
}

impl Chunk {
    /// Shows all entries in order, with where they begin, and keeps those of which `keep` says so, as far as there may be so many. It is told where
    /// each would begin then.
    pub fn compact(&mut self, mut keep: impl FnMut(&Entry<'_>, usize, Option<usize>) -> bool) {
        let (mut at, mut kept) = (0, 0);
        while at < self.end {
            let entry = &self.bytes[at..];
            let size = number(entry, 8);
            let room = (kept + size <= KEPT).then_some(kept);
            let shown = Entry { tablet: tablet(entry), key: key(entry), asked: entry[ASKED] != 0 };
            if keep(&shown, at, room) {
                self.bytes.copy_within(at..at + size, kept);
                self.bytes[kept + ASKED] = 0;
                kept += size;
            }
            at += size;
        }
        self.end = kept;
    }
}
