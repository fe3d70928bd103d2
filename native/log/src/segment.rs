//! One log segment: a file named by its base offset. All access is by pread and pwrite.
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use fluss_format::{BatchHeader, ColumnBatch, HEADER_LEN, read_projected};
use fluss_types::file::{File, FileSystem};
use fluss_types::{Error, ErrorCode, LogOffset, Result, Schema, TableBucket};

use crate::index::{IndexEntry, SparseIndex};

const MAGIC: [u8; 8] = *b"FLUSSLOG";
const VERSION: u32 = 0;
/// Bytes before the first batch.
pub(crate) const FILE_HEADER_LEN: u64 = 64;
/// Read ahead for the header and metadata of a batch: enough for some forty columns.
const PREFIX_GUESS: usize = 4096;

/// A segment. `size` grows only by [`Segment::append`]; what lies below it never changes.
#[derive(Debug)]
pub(crate) struct Segment {
    pub base_offset: LogOffset,
    pub path: PathBuf,
    file: Arc<dyn File>,
    size: AtomicU64,
    index: RwLock<SparseIndex>,
}

fn file_header(bucket: TableBucket, base_offset: LogOffset) -> [u8; FILE_HEADER_LEN as usize] {
    let mut h = [0; FILE_HEADER_LEN as usize];
    h[..8].copy_from_slice(&MAGIC);
    h[8..12].copy_from_slice(&VERSION.to_le_bytes());
    h[16..24].copy_from_slice(&bucket.table_id.to_le_bytes());
    h[24..28].copy_from_slice(&bucket.bucket.to_le_bytes());
    h[32..40].copy_from_slice(&base_offset.to_le_bytes());
    let checksum = crc32c::crc32c(&h[..60]);
    h[60..].copy_from_slice(&checksum.to_le_bytes());
    h
}

/// The file name of a segment.
pub(crate) fn segment_path(dir: &Path, base_offset: LogOffset) -> PathBuf {
    dir.join(format!("{base_offset:020}.log"))
}

impl Segment {
    /// Makes an empty segment; the caller syncs the folder.
    pub(crate) fn create(fs: &dyn FileSystem, dir: &Path, bucket: TableBucket, base_offset: LogOffset) -> Result<Self> {
        let path = segment_path(dir, base_offset);
        let fail = |e| Error::io(format!("create log segment {}", path.display()), &e);
        // A file of that name can only be an empty one from a roll that did not end.
        let file = fs.create(&path).map_err(fail)?;
        file.write_at(0, &file_header(bucket, base_offset)).map_err(fail)?;
        file.sync().map_err(fail)?;
        Ok(Self { base_offset, path, file, size: AtomicU64::new(FILE_HEADER_LEN), index: RwLock::default() })
    }

    /// Opens a segment file and checks its header; size and index are the recovery's to fill in.
    pub(crate) fn open(fs: &dyn FileSystem, path: PathBuf, bucket: TableBucket, base_offset: LogOffset) -> Result<Self> {
        let fail = |e| Error::io(format!("open log segment {}", path.display()), &e);
        let file = fs.open(&path).map_err(fail)?;
        let len = file.len().map_err(fail)?;
        let segment = Self { base_offset, path, file, size: AtomicU64::new(len), index: RwLock::default() };
        let mut header = [0; FILE_HEADER_LEN as usize];
        if len < FILE_HEADER_LEN {
            return Err(segment.damage(0, "the file ends within its header"));
        }
        segment.read_at(0, &mut header)?;
        let version = u32::from_le_bytes([header[8], header[9], header[10], header[11]]);
        if header[..8] == MAGIC && version != VERSION {
            return Err(Error::new(
                ErrorCode::UnknownFormat,
                format!("log segment {} has format version {version}; this program knows {VERSION}", segment.path.display()),
            ));
        }
        if header != file_header(bucket, base_offset) {
            return Err(segment.damage(0, &format!("it is not the segment of {bucket} that begins at offset {base_offset}")));
        }
        Ok(segment)
    }

    pub(crate) fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    pub(crate) fn set_index(&self, index: SparseIndex) {
        *self.index.write().unwrap_or_else(std::sync::PoisonError::into_inner) = index;
    }

    fn index(&self) -> std::sync::RwLockReadGuard<'_, SparseIndex> {
        self.index.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// An error that names the file and the position.
    pub(crate) fn damage(&self, position: u64, what: &str) -> Error {
        Error::new(
            ErrorCode::CorruptSegment,
            format!("log segment {} is damaged at byte {position}: {what}. Restore the file from a copy", self.path.display()),
        )
    }

    fn at(&self, position: u64, e: &Error) -> Error {
        match e.code() {
            ErrorCode::CorruptSegment => self.damage(position, e.message()),
            _ => e.at(format_args!("log segment {} at byte {position}", self.path.display())),
        }
    }

    fn read_at(&self, position: u64, out: &mut [u8]) -> Result<()> {
        self.file.read_at(position, out).map_err(|e| {
            if e.kind() == std::io::ErrorKind::UnexpectedEof {
                self.damage(position, "the file ends before its data")
            } else {
                Error::io(format!("read {} bytes at {position} of {}", out.len(), self.path.display()), &e)
            }
        })
    }

    /// Appends a whole batch. After an error nothing of it counts; what could be written is cut off again.
    pub(crate) fn append(&self, bytes: &[u8], entry: (LogOffset, i64), index_interval: u64) -> Result<()> {
        let position = self.size();
        if let Err(e) = self.file.write_at(position, bytes) {
            let error = Error::io(format!("append {} bytes to log segment {}", bytes.len(), self.path.display()), &e);
            return match self.file.set_len(position) {
                Ok(()) => Err(error),
                Err(_) => Err(Error::new(ErrorCode::Poisoned, format!("{error}; and the part written could not be cut off"))),
            };
        }
        self.index
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .add(IndexEntry { offset: entry.0, position, timestamp: entry.1 }, index_interval);
        self.size.store(position + bytes.len() as u64, Ordering::Release);
        Ok(())
    }

    /// Makes what was appended durable.
    pub(crate) fn sync(&self) -> Result<()> {
        self.file.sync().map_err(|e| Error::io(format!("sync log segment {}", self.path.display()), &e))
    }

    /// Cuts a torn tail off, durably.
    pub(crate) fn truncate(&self, size: u64) -> Result<()> {
        let cut = || {
            self.file.set_len(size)?;
            self.file.sync()
        };
        cut().map_err(|e| Error::io(format!("cut log segment {} at byte {size}", self.path.display()), &e))?;
        self.size.store(size, Ordering::Release);
        Ok(())
    }

    /// Writes the index beside the segment.
    pub(crate) fn seal(&self, fs: &dyn FileSystem, end_offset: LogOffset) -> Result<()> {
        self.index().write(fs, &self.path.with_extension("index"), self.size(), end_offset)
    }

    /// The header of the batch at a position, and its bytes up to the end of the metadata, checked.
    pub(crate) fn read_prefix(&self, position: u64) -> Result<(BatchHeader, Vec<u8>)> {
        let left = self.size().saturating_sub(position) as usize;
        let mut prefix = vec![0; PREFIX_GUESS.min(left)];
        self.read_at(position, &mut prefix)?;
        let check = |prefix: &[u8]| BatchHeader::decode(prefix).map_err(|e| self.at(position, &e));
        let header = check(&prefix)?;
        if header.total_len() > left {
            return Err(self.damage(position, "the batch is longer than the file"));
        }
        if header.prefix_len() > prefix.len() {
            let have = prefix.len();
            prefix.resize(header.prefix_len(), 0);
            self.read_at(position + have as u64, &mut prefix[have..])?;
        }
        header.verify(&prefix).map_err(|e| self.at(position, &e))?;
        Ok((header, prefix))
    }

    /// The header of the batch at a position, not verified: to step over it.
    fn read_header(&self, position: u64) -> Result<BatchHeader> {
        let mut b = [0; HEADER_LEN];
        self.read_at(position, &mut b)?;
        BatchHeader::decode(&b).map_err(|e| self.at(position, &e))
    }

    /// A whole batch, not verified beyond its header.
    pub(crate) fn read_batch(&self, position: u64) -> Result<(BatchHeader, Vec<u8>)> {
        let (header, _) = self.read_prefix(position)?;
        let mut bytes = vec![0; header.total_len()];
        self.read_at(position, &mut bytes)?;
        Ok((header, bytes))
    }

    /// As [`fluss_format::read_projected`] for the batch at a position; also gives the position after it.
    pub(crate) fn read_projected(&self, position: u64, schema: &Schema, projection: &[usize]) -> Result<(ColumnBatch, u64)> {
        let (header, prefix) = self.read_prefix(position)?;
        let body_at = header.body_at();
        let batch = read_projected(&header, &prefix, schema, projection, |at, out| {
            // Small batches lie wholly in what was read for the header.
            let from = body_at + at;
            match prefix.get(from..from + out.len()) {
                Some(bytes) => out.copy_from_slice(bytes),
                None => self.read_at(position + from as u64, out)?,
            }
            Ok(())
        })
        .map_err(|e| self.at(position, &e))?;
        Ok((batch, position + header.total_len() as u64))
    }

    /// Position of the batch that holds an offset of this segment.
    pub(crate) fn position_of(&self, offset: LogOffset) -> Result<u64> {
        let mut position = self.index().floor_offset(offset).map_or(FILE_HEADER_LEN, |e| e.position);
        loop {
            let header = self.read_header(position)?;
            if header.end_offset() > offset {
                return Ok(position);
            }
            position += header.total_len() as u64;
        }
    }

    /// Commit timestamp of the batch that holds an offset of this segment.
    pub(crate) fn timestamp_of(&self, offset: LogOffset) -> Result<i64> {
        Ok(self.read_header(self.position_of(offset)?)?.commit_timestamp)
    }

    /// Base offset of the first batch at or after a timestamp, if this segment has one below `limit`.
    pub(crate) fn offset_at(&self, timestamp: i64, limit: LogOffset) -> Result<Option<LogOffset>> {
        let mut position = self.index().floor_timestamp(timestamp).map_or(FILE_HEADER_LEN, |e| e.position);
        while position < self.size() {
            let header = self.read_header(position)?;
            if header.base_offset >= limit {
                return Ok(None);
            }
            if header.commit_timestamp >= timestamp {
                return Ok(Some(header.base_offset));
            }
            position += header.total_len() as u64;
        }
        Ok(None)
    }
}
