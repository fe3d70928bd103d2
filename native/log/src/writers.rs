//! What a bucket knows of idempotent writers: the last batches of each, so that a batch that is sent again is not appended again.
//! Specification: format.md, "Writers".
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;

use fluss_format::BatchHeader;
use fluss_types::file::FileSystem;
use fluss_types::{BatchSequence, Error, ErrorCode, LogOffset, Result, WriterId};

use crate::version;

const MAGIC: [u8; 8] = *b"FLUSSWRI";
/// Batches of a writer that are known; it has at most as many on their way.
const KNOWN_BATCHES: usize = 5;
/// So many writers of a bucket are known at least. Each transaction is one, so that a busy bucket would hold too much.
const KNOWN_WRITERS: usize = 4096;

/// An appended batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrittenBatch {
    pub sequence: i32,
    pub base_offset: LogOffset,
    pub end_offset: LogOffset,
    pub timestamp: i64,
}

/// How far a writer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriterProgress {
    /// The number of the batch that comes next.
    pub next: i32,
    /// Offset after the last row of the batch before it.
    pub end_offset: LogOffset,
}

/// The last batches of a writer. Most writers are transactions, which have one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Written {
    /// Oldest first.
    before: Vec<WrittenBatch>,
    last: WrittenBatch,
}

impl Written {
    fn batches(&self) -> impl Iterator<Item = &WrittenBatch> {
        self.before.iter().chain([&self.last])
    }

    fn next(&self) -> i32 {
        self.last.sequence.checked_add(1).unwrap_or(0)
    }
}

/// The writers of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Writers {
    known: BTreeMap<WriterId, Written>,
    /// Those that are not forgotten.
    kept: BTreeSet<WriterId>,
    /// A writer that has not written for so long is forgotten, ms.
    expiration: i64,
}

impl Writers {
    pub(crate) fn new(expiration: i64) -> Self {
        Self { expiration, ..Self::default() }
    }

    /// Whether a batch is the next of its writer (`None`) or one that was appended already (its end offset); else
    /// [`ErrorCode::OutOfOrderSequence`].
    pub(crate) fn check(&self, batch: BatchSequence, now_ms: i64) -> Result<Option<LogOffset>> {
        let BatchSequence { writer_id, sequence } = batch;
        let known = self.known.get(&writer_id).filter(|w| !self.has_expired(writer_id, w, now_ms));
        if let Some(duplicate) = known.and_then(|w| w.batches().find(|b| b.sequence == sequence)) {
            return Ok(Some(duplicate.end_offset));
        }
        let expected = known.map_or(0, Written::next);
        if sequence == expected {
            return Ok(None);
        }
        Err(Error::new(
            ErrorCode::OutOfOrderSequence,
            format!(
                "batch {sequence} of writer {writer_id} came out of order: batch {expected} was expected. Write with a new writer"
            ),
        ))
    }

    pub(crate) fn progress(&self, writer_id: WriterId) -> Option<WriterProgress> {
        self.known.get(&writer_id).map(|w| WriterProgress { next: w.next(), end_offset: w.last.end_offset })
    }

    /// The writer is not forgotten until [`Self::release`].
    pub(crate) fn keep(&mut self, writer_id: WriterId) {
        self.kept.insert(writer_id);
    }

    pub(crate) fn release(&mut self, writer_id: WriterId) {
        self.kept.remove(&writer_id);
    }

    fn has_expired(&self, writer_id: WriterId, written: &Written, now_ms: i64) -> bool {
        written.last.timestamp < now_ms.saturating_sub(self.expiration) && !self.kept.contains(&writer_id)
    }

    /// Notes a batch that was appended.
    pub(crate) fn add(&mut self, writer_id: WriterId, batch: WrittenBatch) {
        let before = match self.known.remove(&writer_id) {
            // A forgotten writer's number may begin again.
            Some(w) if !self.has_expired(writer_id, &w, batch.timestamp) => {
                let Written { mut before, last } = w;
                before.push(last);
                if before.len() == KNOWN_BATCHES {
                    before.remove(0);
                }
                before
            }
            _ => Vec::new(),
        };
        self.known.insert(writer_id, Written { before, last: batch });
        if self.known.len() > 2 * KNOWN_WRITERS + self.kept.len() {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let mut times: Vec<i64> = self.known.values().map(|w| w.last.timestamp).collect();
        let n = times.len() - KNOWN_WRITERS;
        let (_, &mut oldest, _) = times.select_nth_unstable(n);
        // Of those that wrote at the same time, as many as are too many.
        let mut surplus = n;
        for after in [false, true] {
            let goes = |w: &Written| if after { w.last.timestamp == oldest } else { w.last.timestamp < oldest };
            self.known.retain(|id, w| {
                let goes = surplus > 0 && goes(w) && !self.kept.contains(id);
                surplus -= usize::from(goes);
                !goes
            });
        }
    }

    /// Notes a batch of the log.
    pub(crate) fn add_batch(&mut self, header: &BatchHeader) {
        if header.writer_id >= 0 {
            let batch = WrittenBatch {
                sequence: header.batch_sequence,
                base_offset: header.base_offset,
                end_offset: header.end_offset(),
                timestamp: header.commit_timestamp,
            };
            self.add(header.writer_id, batch);
        }
    }

    /// Forgets writers that have not written for long.
    pub(crate) fn expire(&mut self, now_ms: i64) {
        let mut known = std::mem::take(&mut self.known);
        known.retain(|id, w| !self.has_expired(*id, w, now_ms));
        self.known = known;
    }

    /// Writes the file of the segment that begins at an offset.
    pub(crate) fn write(&self, fs: &dyn FileSystem, path: &Path, base_offset: LogOffset) -> Result<()> {
        let mut b = version::begin(MAGIC);
        b.extend_from_slice(&base_offset.to_le_bytes());
        b.extend_from_slice(&(self.known.len() as u64).to_le_bytes());
        for (writer_id, written) in &self.known {
            b.extend_from_slice(&writer_id.to_le_bytes());
            b.extend_from_slice(&(written.before.len() as u32 + 1).to_le_bytes());
            for batch in written.batches() {
                b.extend_from_slice(&batch.sequence.to_le_bytes());
                b.extend([batch.base_offset, batch.end_offset, batch.timestamp].into_iter().flat_map(i64::to_le_bytes));
            }
        }
        b.extend_from_slice(&crc32c::crc32c(&b).to_le_bytes());
        // Not synced: a torn one is told by its checksum.
        fs.create(path).and_then(|file| file.write_at(0, &b)).map_err(|e| Error::io(format!("write {}", path.display()), &e))
    }

    /// Replaces a file by itself, so that it is durable once the folder is synced. One that is not there is let be.
    pub(crate) fn write_again(fs: &dyn FileSystem, path: &Path) -> Result<()> {
        match fs.read(path).and_then(|bytes| fs.replace(path, &bytes)) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::io(format!("write {}", path.display()), &e)),
            _ => Ok(()),
        }
    }

    /// Reads the file of the segment that begins at an offset; `None`: missing or damaged, to be made again from the segments before.
    pub(crate) fn read(fs: &dyn FileSystem, path: &Path, base_offset: LogOffset, expiration: i64) -> Result<Option<Self>> {
        let Ok(b) = fs.read(path) else { return Ok(None) };
        let Some((content, checksum)) = b.split_last_chunk::<4>() else { return Ok(None) };
        if !version::check(path, MAGIC, &b)? || crc32c::crc32c(content) != u32::from_le_bytes(*checksum) {
            return Ok(None);
        }
        Ok(content.get(16..).and_then(|b| Self::decode(b, base_offset, expiration)))
    }

    fn decode(mut b: &[u8], base_offset: LogOffset, expiration: i64) -> Option<Self> {
        let long = |b: &mut &[u8]| b.split_off(..8).and_then(|w| w.try_into().ok()).map(i64::from_le_bytes);
        let int = |b: &mut &[u8]| b.split_off(..4).and_then(|w| w.try_into().ok()).map(i32::from_le_bytes);
        if long(&mut b)? != base_offset {
            return None;
        }
        let mut writers = Self::new(expiration);
        for _ in 0..long(&mut b)? {
            let (writer_id, count) = (long(&mut b)?, int(&mut b)?);
            let mut before = Vec::new();
            for _ in 0..count {
                before.push(WrittenBatch {
                    sequence: int(&mut b)?,
                    base_offset: long(&mut b)?,
                    end_offset: long(&mut b)?,
                    timestamp: long(&mut b)?,
                });
            }
            let last = before.pop()?;
            writers.known.insert(writer_id, Written { before, last });
        }
        b.is_empty().then_some(writers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(sequence: i32, timestamp: i64) -> WrittenBatch {
        WrittenBatch { sequence, base_offset: 0, end_offset: i64::from(sequence) + 1, timestamp }
    }

    fn next(writer_id: WriterId, sequence: i32) -> BatchSequence {
        BatchSequence { writer_id, sequence }
    }

    #[test]
    fn a_writer_that_is_kept_is_not_forgotten_until_it_is_released() {
        let mut writers = Writers::new(100);
        for writer in [1, 2] {
            writers.add(writer, batch(0, 1000));
        }
        writers.keep(1);
        writers.expire(2000);
        assert_eq!(writers.check(next(1, 0), 2000).unwrap(), Some(1));
        assert_eq!(writers.progress(1), Some(WriterProgress { next: 1, end_offset: 1 }));
        assert_eq!((writers.check(next(2, 0), 2000).unwrap(), writers.progress(2)), (None, None));
        writers.add(1, batch(1, 2000));
        assert_eq!(writers.check(next(1, 0), 2000).unwrap(), Some(1), "what came before is known too");
        writers.release(1);
        writers.expire(3000);
        assert_eq!(writers.progress(1), None);
    }

    #[test]
    fn of_too_many_writers_the_last_to_write_are_known() {
        let mut writers = Writers::new(i64::MAX);
        let n = 2 * KNOWN_WRITERS as i64 + 2;
        writers.keep(3);
        // Three at a time: those of one time do not all go.
        (0..n).for_each(|i| writers.add(i, batch(0, i / 3)));
        assert_eq!(writers.known.len(), KNOWN_WRITERS);
        assert!(writers.progress(3).is_some() && writers.progress(4).is_none());
        assert!((n - KNOWN_WRITERS as i64 + 1..n).all(|i| writers.progress(i).is_some()));
    }
}
