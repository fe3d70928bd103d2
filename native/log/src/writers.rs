//! What a bucket knows of idempotent writers: the last batches of each, so that a batch that is sent again is not appended again.
//! Specification: format.md, "Writers".
use std::collections::{BTreeMap, VecDeque};
use std::io::ErrorKind;
use std::path::Path;

use fluss_format::BatchHeader;
use fluss_types::file::FileSystem;
use fluss_types::{BatchSequence, Error, ErrorCode, LogOffset, Result, WriterId};

use crate::version;

const MAGIC: [u8; 8] = *b"FLUSSWRI";
/// Batches of a writer that are known; it has at most as many on their way.
const KNOWN_BATCHES: usize = 5;
/// A writer that has not written for so long is forgotten, ms.
const EXPIRATION: i64 = 7 * 24 * 3600 * 1000;

/// An appended batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrittenBatch {
    pub sequence: i32,
    pub base_offset: LogOffset,
    pub end_offset: LogOffset,
    pub timestamp: i64,
}

/// The writers of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Writers(BTreeMap<WriterId, VecDeque<WrittenBatch>>);

impl Writers {
    /// Whether a batch is the next of its writer (`None`) or one that was appended already (its end offset); else
    /// [`ErrorCode::OutOfOrderSequence`].
    pub(crate) fn check(&self, batch: BatchSequence, now_ms: i64) -> Result<Option<LogOffset>> {
        let BatchSequence { writer_id, sequence } = batch;
        let known = self.0.get(&writer_id).filter(|batches| !has_expired(batches, now_ms));
        if let Some(duplicate) = known.and_then(|batches| batches.iter().find(|b| b.sequence == sequence)) {
            return Ok(Some(duplicate.end_offset));
        }
        let expected = known.and_then(|batches| batches.back()).map_or(0, |b| b.sequence.checked_add(1).unwrap_or(0));
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

    /// Notes a batch that was appended.
    pub(crate) fn add(&mut self, writer_id: WriterId, batch: WrittenBatch) {
        let batches = self.0.entry(writer_id).or_default();
        // A forgotten writer's number may begin again.
        if has_expired(batches, batch.timestamp) {
            batches.clear();
        }
        batches.push_back(batch);
        if batches.len() > KNOWN_BATCHES {
            batches.pop_front();
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

    /// Forgets writers that have not written for seven days.
    pub(crate) fn expire(&mut self, now_ms: i64) {
        self.0.retain(|_, batches| !has_expired(batches, now_ms));
    }

    /// Writes the file of the segment that begins at an offset.
    pub(crate) fn write(&self, fs: &dyn FileSystem, path: &Path, base_offset: LogOffset) -> Result<()> {
        let mut b = version::begin(MAGIC);
        b.extend_from_slice(&base_offset.to_le_bytes());
        b.extend_from_slice(&(self.0.len() as u64).to_le_bytes());
        for (writer_id, batches) in &self.0 {
            b.extend_from_slice(&writer_id.to_le_bytes());
            b.extend_from_slice(&(batches.len() as u32).to_le_bytes());
            for batch in batches {
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
    pub(crate) fn read(fs: &dyn FileSystem, path: &Path, base_offset: LogOffset) -> Result<Option<Self>> {
        let Ok(b) = fs.read(path) else { return Ok(None) };
        let Some((content, checksum)) = b.split_last_chunk::<4>() else { return Ok(None) };
        if !version::check(path, MAGIC, &b)? || crc32c::crc32c(content) != u32::from_le_bytes(*checksum) {
            return Ok(None);
        }
        Ok(content.get(16..).and_then(|b| Self::decode(b, base_offset)))
    }

    fn decode(mut b: &[u8], base_offset: LogOffset) -> Option<Self> {
        let long = |b: &mut &[u8]| b.split_off(..8).and_then(|w| w.try_into().ok()).map(i64::from_le_bytes);
        let int = |b: &mut &[u8]| b.split_off(..4).and_then(|w| w.try_into().ok()).map(i32::from_le_bytes);
        if long(&mut b)? != base_offset {
            return None;
        }
        let mut writers = BTreeMap::new();
        for _ in 0..long(&mut b)? {
            let (writer_id, count) = (long(&mut b)?, int(&mut b)?);
            let mut batches = VecDeque::new();
            for _ in 0..count {
                batches.push_back(WrittenBatch {
                    sequence: int(&mut b)?,
                    base_offset: long(&mut b)?,
                    end_offset: long(&mut b)?,
                    timestamp: long(&mut b)?,
                });
            }
            writers.insert(writer_id, batches);
        }
        b.is_empty().then_some(Self(writers))
    }
}

fn has_expired(batches: &VecDeque<WrittenBatch>, now_ms: i64) -> bool {
    batches.back().is_none_or(|last| last.timestamp < now_ms.saturating_sub(EXPIRATION))
}
