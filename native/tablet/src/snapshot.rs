//! Snapshots of a primary-key tablet: a hard-linked copy of the kv state at a log offset, kept under a lease on disk so that
//! a scan goes on after a restart of the process.
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use fluss_format::{ColumnBatch, Lease, Projection, RowCodec};
use fluss_kv::{KvSnapshot, KvStore, KvStores};
use fluss_types::file::FileSystem;
use fluss_types::{Error, ErrorCode, LogOffset, Result};

/// Rows and bytes of one batch of a scan.
const SCAN_ROWS: usize = 8192;
const SCAN_BYTES: usize = 1 << 20;

/// A snapshot as its reader knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// Name, unique in the bucket.
    pub id: String,
    /// The log goes on exactly here.
    pub log_offset: LogOffset,
}

/// The snapshots of one bucket: a folder each, with a file `lease`.
#[derive(Debug)]
pub(crate) struct Snapshots {
    fs: Arc<dyn FileSystem>,
    dir: PathBuf,
    next: AtomicU64,
}

impl Snapshots {
    /// Opens the folder and deletes snapshots whose lease is over, or that were never finished.
    pub(crate) fn open(fs: Arc<dyn FileSystem>, dir: PathBuf, now_ms: i64) -> Result<Self> {
        fs.create_dir_all(&dir).map_err(|e| Error::io(format!("make folder {}", dir.display()), &e))?;
        let mut snapshots = Self { fs, dir, next: AtomicU64::new(0) };
        snapshots.next = AtomicU64::new(snapshots.expire(now_ms)?);
        Ok(snapshots)
    }

    /// Removes snapshots whose lease is over or that were never finished. Gives the number that no name of those that stay has: the
    /// time alone does not tell them apart, clocks are set back.
    pub(crate) fn expire(&self, now_ms: i64) -> Result<u64> {
        let mut next = 0;
        for dir in self.dirs()? {
            if self.lease(&dir)?.is_none_or(|lease| lease.until_ms <= now_ms) {
                self.remove(&dir)?;
            } else if let Some(id) = dir.file_name().and_then(|n| n.to_str())
                && let Some(number) = id.split('-').nth(1).and_then(|n| n.parse::<u64>().ok())
            {
                next = next.max(number + 1);
            }
        }
        Ok(next)
    }

    /// Copies the state; the caller guarantees that `log_offset` is the store's applied offset meanwhile.
    pub(crate) fn create(&self, kv: &dyn KvStore, log_offset: LogOffset, now_ms: i64, lease_ms: i64) -> Result<SnapshotInfo> {
        let id = format!("{now_ms}-{}-{log_offset}", self.next.fetch_add(1, Ordering::Relaxed));
        let dir = self.dir.join(&id);
        kv.checkpoint(&dir)?;
        let lease = Lease { log_offset, until_ms: now_ms.saturating_add(lease_ms) };
        let path = dir.join("lease");
        let write = || {
            self.fs.replace(&path, lease.encode().as_bytes())?;
            self.fs.sync_dir(&dir)?;
            self.fs.sync_dir(&self.dir)
        };
        write().map_err(|e| Error::io(format!("write {}", path.display()), &e))?;
        Ok(SnapshotInfo { id, log_offset })
    }

    /// Releases a snapshot and deletes its files; one that is gone already is no error.
    pub(crate) fn release(&self, id: &str) -> Result<()> {
        self.remove(&self.path(id)?)
    }

    fn path(&self, id: &str) -> Result<PathBuf> {
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return Err(Error::invalid(format!("'{id}' is no snapshot id")));
        }
        Ok(self.dir.join(id))
    }

    /// Opens a snapshot for a scan.
    pub(crate) fn reader(&self, id: &str, stores: &dyn KvStores) -> Result<(Box<dyn KvSnapshot>, LogOffset)> {
        let dir = self.path(id)?;
        let Some(lease) = self.lease(&dir)? else {
            return Err(Error::new(
                ErrorCode::SnapshotNotFound,
                format!(
                    "snapshot {id} in {} does not exist any more: it was released or its lease (scan.kv.snapshot.lease.duration) has expired. Start the job without the savepoint",
                    self.dir.display()
                ),
            ));
        };
        Ok((stores.open_snapshot(&dir)?, lease.log_offset))
    }

    /// The smallest log offset of the snapshots whose lease is not over.
    pub(crate) fn oldest_offset(&self, now_ms: i64) -> Result<Option<LogOffset>> {
        let mut oldest = None;
        for dir in self.dirs()? {
            let leased = self.lease(&dir)?.filter(|l| l.until_ms > now_ms).map(|l| l.log_offset);
            oldest = [oldest, leased].into_iter().flatten().min();
        }
        Ok(oldest)
    }

    /// The folders of all snapshots.
    fn dirs(&self) -> Result<Vec<PathBuf>> {
        let ids = self.fs.list(&self.dir).map_err(|e| Error::io(format!("list snapshots in {}", self.dir.display()), &e))?;
        Ok(ids.into_iter().map(|id| self.dir.join(id)).collect())
    }

    /// The lease of a snapshot; `None`: no finished snapshot, or one whose lease is damaged, so that its offset is not known.
    fn lease(&self, dir: &Path) -> Result<Option<Lease>> {
        let path = dir.join("lease");
        let bytes = match self.fs.read(&path) {
            Ok(bytes) => bytes,
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(e) => return Err(Error::io(format!("read {}", path.display()), &e)),
        };
        Ok(Lease::decode(&bytes))
    }

    fn remove(&self, dir: &Path) -> Result<()> {
        match self.fs.remove_dir_all(dir) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::io(format!("remove {}", dir.display()), &e)),
            _ => Ok(()),
        }
    }
}

/// A scan of a snapshot in key order.
#[derive(Debug)]
pub struct SnapshotReader {
    pub(crate) snapshot: Box<dyn KvSnapshot>,
    pub(crate) codec: Arc<RowCodec>,
    /// What is read of each row.
    pub projection: Projection,
    pub(crate) bucket: i32,
    pub(crate) log_offset: LogOffset,
    pub(crate) position: Mutex<Vec<u8>>,
}

impl SnapshotReader {
    /// The next rows; `None` at the end.
    pub fn poll(&self) -> Result<Option<ColumnBatch>> {
        let mut position = self.position.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (mut rows, mut ends) = (Vec::new(), Vec::new());
        let last = self.snapshot.scan(&position, SCAN_ROWS, SCAN_BYTES, &mut |row| {
            rows.extend_from_slice(row);
            ends.push(rows.len());
        })?;
        let Some(last) = last else { return Ok(None) };
        let mut start = 0;
        let slices: Vec<Option<&[u8]>> = ends.iter().map(|end| Some(&rows[std::mem::replace(&mut start, *end)..*end])).collect();
        let mut batch = self.codec.decode_projected(&slices, &self.projection, false)?;
        batch.bucket = self.bucket;
        batch.base_offset = self.log_offset;
        *position = last;
        Ok(Some(batch))
    }

    /// Where the next [`Self::poll`] begins: the last key given out, empty before the first.
    pub fn position(&self) -> Vec<u8> {
        self.position.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}
