//! One log segment: a file named by its base offset. All access is by pread and pwrite.
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use fluss_format::{BatchHeader, ColumnBatch, Filter, HEADER_LEN, Projection, read_projected, written_schema};
use fluss_types::file::{File, FileSystem};
use fluss_types::{Error, ErrorCode, LogOffset, Result, Schemas, TableBucket};

use crate::index::{IndexEntry, Sealed, SparseIndex};
use crate::version;

const MAGIC: [u8; 8] = *b"FLUSSLOG";
/// Bytes before the first batch.
pub(crate) const FILE_HEADER_LEN: u64 = 64;
/// Read ahead for the header and metadata of a batch: enough for some forty columns.
const PREFIX_GUESS: usize = 4096;
/// What [`Segment::write_again`] holds in memory.
const REWRITE_PIECE: usize = 1 << 20;

/// A segment. `size` grows only by [`Segment::append`]; what lies below it never changes.
#[derive(Debug)]
pub(crate) struct Segment {
    pub base_offset: LogOffset,
    pub path: PathBuf,
    file: Arc<dyn File>,
    /// Why a sync failed. Locked while one runs: the system tells a failure to one of those who sync, and it holds for all.
    sync_failure: Mutex<Option<Error>>,
    size: AtomicU64,
    /// Commit timestamp of its last batch, ms; `i64::MIN`: it has none.
    last_timestamp: AtomicI64,
    index: RwLock<SparseIndex>,
}

fn file_header(bucket: TableBucket, base_offset: LogOffset) -> Vec<u8> {
    let mut h = version::begin(MAGIC);
    h.extend_from_slice(&bucket.table_id.to_le_bytes());
    h.extend_from_slice(&bucket.bucket.to_le_bytes());
    h.extend_from_slice(&bucket.partition.to_le_bytes());
    h.resize(32, 0);
    h.extend_from_slice(&base_offset.to_le_bytes());
    h.resize(60, 0);
    h.extend_from_slice(&crc32c::crc32c(&h).to_le_bytes());
    h
}

impl Segment {
    /// The file of a segment.
    pub(crate) fn path(dir: &Path, base_offset: LogOffset) -> PathBuf {
        dir.join(format!("{base_offset:020}.log"))
    }

    /// Bytes of a segment's file.
    pub(crate) fn len(fs: &dyn FileSystem, dir: &Path, base_offset: LogOffset) -> Result<u64> {
        let path = Self::path(dir, base_offset);
        fs.open(&path).and_then(|f| f.len()).map_err(|e| Error::io(format!("open log segment {}", path.display()), &e))
    }

    /// Makes an empty segment, also in place of one without batches; the caller syncs the folder. The file is there with a durable header
    /// or not at all.
    pub(crate) fn create(fs: &dyn FileSystem, dir: &Path, bucket: TableBucket, base_offset: LogOffset) -> Result<Self> {
        let path = Self::path(dir, base_offset);
        fs.replace(&path, &file_header(bucket, base_offset))
            .map_err(|e| Error::io(format!("create log segment {}", path.display()), &e))?;
        Self::open(fs, dir, bucket, base_offset)
    }

    /// Opens a segment file and checks its header; size and index are the recovery's to fill in.
    pub(crate) fn open(fs: &dyn FileSystem, dir: &Path, bucket: TableBucket, base_offset: LogOffset) -> Result<Self> {
        let path = Self::path(dir, base_offset);
        let fail = |e| Error::io(format!("open log segment {}", path.display()), &e);
        let file = fs.open(&path).map_err(fail)?;
        let len = file.len().map_err(fail)?;
        let segment = Self {
            base_offset,
            path,
            file,
            sync_failure: Mutex::default(),
            size: AtomicU64::new(len),
            last_timestamp: AtomicI64::new(i64::MIN),
            index: RwLock::default(),
        };
        let mut header = [0; FILE_HEADER_LEN as usize];
        if len < FILE_HEADER_LEN {
            return Err(segment.damage(0, "the file ends within its header"));
        }
        segment.read_at(0, &mut header)?;
        if !version::check(&segment.path, MAGIC, &header)? || header[..] != file_header(bucket, base_offset) {
            return Err(segment.damage(0, &format!("it is not the segment of {bucket} that begins at offset {base_offset}")));
        }
        Ok(segment)
    }

    pub(crate) fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    pub(crate) fn last_timestamp(&self) -> i64 {
        self.last_timestamp.load(Ordering::Acquire)
    }

    pub(crate) fn set_index(&self, index: SparseIndex, last_timestamp: i64) {
        self.last_timestamp.store(last_timestamp, Ordering::Release);
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = index;
    }

    fn index(&self) -> std::sync::RwLockReadGuard<'_, SparseIndex> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
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
            .unwrap_or_else(PoisonError::into_inner)
            .add(IndexEntry { offset: entry.0, position, timestamp: entry.1 }, index_interval);
        self.last_timestamp.store(entry.1, Ordering::Release);
        self.size.store(position + bytes.len() as u64, Ordering::Release);
        Ok(())
    }

    /// Makes what was appended durable. After a failure it fails for good.
    pub(crate) fn sync(&self) -> Result<()> {
        let mut failure = self.sync_failure.lock().unwrap_or_else(PoisonError::into_inner);
        if failure.is_none()
            && let Err(e) = self.file.sync()
        {
            *failure = Some(Error::io(format!("sync log segment {}", self.path.display()), &e));
        }
        failure.clone().map_or(Ok(()), Err)
    }

    /// Writes what lies between a position and the end once more: after a failed sync the kernel shows bytes that it no longer means to
    /// write, and a sync that follows says nothing about them.
    pub(crate) fn write_again(&self, from: u64) -> Result<()> {
        let (mut position, size) = (from, self.size());
        let mut piece = vec![0; REWRITE_PIECE.min((size - from) as usize)];
        while position < size {
            let piece = &mut piece[..REWRITE_PIECE.min((size - position) as usize)];
            self.read_at(position, piece)?;
            self.file
                .write_at(position, piece)
                .map_err(|e| Error::io(format!("write log segment {}", self.path.display()), &e))?;
            position += piece.len() as u64;
        }
        Ok(())
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
        let sealed = Sealed { size: self.size(), end_offset, last_timestamp: self.last_timestamp() };
        self.index().write(fs, &self.path.with_extension("index"), sealed)
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

    /// As [`Self::read_prefix`] for the batch that holds offset `from`, at or behind a position; also gives its position.
    fn read_prefix_of(&self, mut position: u64, from: LogOffset) -> Result<(u64, BatchHeader, Vec<u8>)> {
        loop {
            let (header, prefix) = self.read_prefix(position)?;
            if header.rows > 0 && (header.base_offset..header.end_offset()).contains(&from) {
                return Ok((position, header, prefix));
            }
            // Batches without rows hold no offset.
            if header.rows > 0 {
                return Err(self.damage(
                    position,
                    &format!("offset {from} was expected, {} to {} are there", header.base_offset, header.end_offset()),
                ));
            }
            position += header.total_len() as u64;
        }
    }

    /// The batch that holds offset `from`, at or behind a position, whole and verified, and the position after it.
    pub(crate) fn read_rows(&self, position: u64, from: LogOffset) -> Result<(BatchHeader, Vec<u8>, u64)> {
        let (position, header, prefix) = self.read_prefix_of(position, from)?;
        let bytes = self.read_rest(position, &header, prefix)?;
        header.verify_all(&bytes).map_err(|e| self.at(position, &e))?;
        let end = position + bytes.len() as u64;
        Ok((header, bytes, end))
    }

    /// A whole batch, not verified beyond its header.
    pub(crate) fn read_batch(&self, position: u64) -> Result<(BatchHeader, Vec<u8>)> {
        let (header, prefix) = self.read_prefix(position)?;
        let bytes = self.read_rest(position, &header, prefix)?;
        Ok((header, bytes))
    }

    /// The whole batch, of which `prefix` was read.
    fn read_rest(&self, position: u64, header: &BatchHeader, mut prefix: Vec<u8>) -> Result<Vec<u8>> {
        let have = prefix.len().min(header.total_len());
        prefix.resize(header.total_len(), 0);
        self.read_at(position + have as u64, &mut prefix[have..])?;
        Ok(prefix)
    }

    /// As [`fluss_format::read_projected`] for the batch that holds offset `from`, at or behind a position; also gives its end offset and the
    /// position after it.
    pub(crate) fn read_projected(
        &self,
        position: u64,
        (from, limit): (LogOffset, LogOffset),
        schemas: &Schemas,
        projection: &Projection,
        filter: Option<&Filter>,
    ) -> Result<(Option<ColumnBatch>, LogOffset, u64)> {
        let (position, header, prefix) = self.read_prefix_of(position, from)?;
        let end = header.end_offset();
        let rows = (from - header.base_offset) as usize..(end.min(limit) - header.base_offset) as usize;
        let body_at = header.body_at();
        let written = written_schema(&header, schemas).map_err(|e| self.at(position, &e))?;
        let batch = read_projected(&header, &prefix, written, projection, filter, rows, |at, out| {
            // Small batches lie wholly in what was read for the header.
            let from = body_at + at;
            match prefix.get(from..from + out.len()) {
                Some(bytes) => out.copy_from_slice(bytes),
                None => self.read_at(position + from as u64, out)?,
            }
            Ok(())
        })
        .map_err(|e| self.at(position, &e))?;
        Ok((batch, end, position + header.total_len() as u64))
    }

    /// Position of the batch that holds an offset of this segment.
    pub(crate) fn position_of(&self, offset: LogOffset) -> Result<u64> {
        let mut position = self.index().floor_offset(offset).map_or(FILE_HEADER_LEN, |e| e.position);
        loop {
            let header = self.read_header(position)?;
            // Batches without rows hold no offset.
            if header.end_offset() > offset {
                return Ok(position);
            }
            position += header.total_len() as u64;
        }
    }

    /// Base offset of the first batch at or after a timestamp, if this segment has one below `limit`.
    pub(crate) fn offset_at(&self, timestamp: i64, limit: LogOffset) -> Result<Option<LogOffset>> {
        if self.last_timestamp() < timestamp {
            return Ok(None);
        }
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
