//! Snapshots of a primary-key table: a hard-linked copy of the kv state of all its tablets, kept under a lease on disk so that a scan goes on after
//! a restart of the process. Each tablet that was given the snapshot holds it until it is released, or the lease is over.
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use fluss_format::{ColumnBatch, Expiry, Filter, Lease, Projection, RowCodec};
use fluss_kv::{KvCheckpoint, KvRange, KvSnapshot, KvStores, KvTable};
use fluss_types::file::FileSystem;
use fluss_types::{BucketId, Error, ErrorCode, LogOffset, PartitionId, Result};

use crate::Tablet;
use crate::undo::Undo;

/// Rows and bytes of one batch of a scan.
const SCAN_ROWS: usize = 8192;
pub(crate) const SCAN_BYTES: usize = 1 << 20;
/// Reads of so many rows without a match end in a batch without rows: the caller may want to stop.
const SCAN_READS: usize = 64;

/// A snapshot as its readers know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// Name, unique in the table.
    pub id: String,
    /// Where the log of each tablet goes on exactly, in the order in which they were given.
    pub log_offsets: Vec<LogOffset>,
}

/// A tablet of a table.
pub(crate) type Place = (PartitionId, BucketId);

/// The snapshots of one table: a folder each, with a file `lease`.
#[derive(Debug)]
pub(crate) struct Snapshots {
    fs: Arc<dyn FileSystem>,
    stores: Arc<dyn KvStores>,
    dir: PathBuf,
    /// One change of leases at a time: a snapshot that is being made has none yet.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Of the next snapshot's name.
    next: u64,
    /// Those that somebody reads.
    open: HashMap<String, Weak<dyn KvCheckpoint>>,
    /// The one that was made last: its readers come soon, maybe one after the other, and open it once.
    last: Option<(String, Arc<dyn KvCheckpoint>)>,
}

impl Snapshots {
    /// Opens the folder and deletes snapshots whose lease is over, or that were never finished.
    pub(crate) fn open(fs: Arc<dyn FileSystem>, stores: Arc<dyn KvStores>, dir: PathBuf, now_ms: i64) -> Result<Self> {
        fs.create_dir_all(&dir).map_err(|e| Error::io(format!("make folder {}", dir.display()), &e))?;
        let snapshots = Self { fs, stores, dir, state: Mutex::default() };
        let next = snapshots.expire(now_ms)?;
        snapshots.state().next = next;
        Ok(snapshots)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes snapshots whose lease is over or that were never finished. Gives the number that no name of those that stay has: the
    /// time alone does not tell them apart, clocks are set back.
    pub(crate) fn expire(&self, now_ms: i64) -> Result<u64> {
        let mut state = self.state();
        // Nobody waits for its files any longer.
        state.last = None;
        state.open.retain(|_, checkpoint| checkpoint.strong_count() > 0);
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

    /// Makes a snapshot that some tablets of the table hold. A look for what is leased comes before all of it, or after it.
    pub(crate) fn create(&self, kv: &dyn KvTable, places: &[Place], now_ms: i64, lease_ms: i64) -> Result<SnapshotInfo> {
        let mut state = self.state();
        state.last = None;
        let id = format!("{now_ms}-{}", state.next);
        state.next += 1;
        let dir = self.dir.join(&id);
        kv.checkpoint(&dir)?;
        let checkpoint = self.stores.open_checkpoint(&dir)?;
        let offset = |place: &Place| checkpoint.tablet(place.0, place.1).applied().map(|applied| applied.offset);
        let log_offsets = places.iter().map(offset).collect::<Result<Vec<_>>>()?;
        let tablets = places.iter().copied().zip(log_offsets.iter().copied()).collect();
        self.write_lease(&dir, &Lease { until_ms: now_ms.saturating_add(lease_ms), tablets })?;
        self.fs.sync_dir(&self.dir).map_err(|e| Error::io(format!("sync folder {}", self.dir.display()), &e))?;
        state.open.insert(id.clone(), Arc::downgrade(&checkpoint));
        state.last = Some((id.clone(), checkpoint));
        Ok(SnapshotInfo { id, log_offsets })
    }

    /// Releases the hold that some tablets have of a snapshot; the last one deletes its files. One that is gone already is no error.
    pub(crate) fn release(&self, id: &str, places: &[Place]) -> Result<()> {
        let dir = self.path(id)?;
        let mut state = self.state();
        let Some(mut lease) = self.lease(&dir)? else { return self.remove(&dir) };
        let held = lease.tablets.len();
        lease.tablets.retain(|place, _| !places.contains(place));
        if lease.tablets.len() == held {
            return Ok(());
        }
        if !lease.tablets.is_empty() {
            return self.write_lease(&dir, &lease);
        }
        state.last.take_if(|(last, _)| last == id);
        state.open.remove(id);
        self.remove(&dir)
    }

    fn path(&self, id: &str) -> Result<PathBuf> {
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return Err(Error::invalid(format!("'{id}' is no snapshot id")));
        }
        Ok(self.dir.join(id))
    }

    /// When a snapshot was made, ms since 1970.
    pub(crate) fn made_ms(id: &str) -> Result<i64> {
        let time = id.split('-').next().and_then(|time| time.parse().ok());
        time.ok_or_else(|| Error::invalid(format!("'{id}' is no snapshot id")))
    }

    /// Opens a tablet's part of a snapshot for a scan.
    pub(crate) fn reader(&self, id: &str, place: Place) -> Result<(Box<dyn KvSnapshot>, LogOffset)> {
        let dir = self.path(id)?;
        let mut state = self.state();
        let Some(log_offset) = self.lease(&dir)?.and_then(|lease| lease.tablets.get(&place).copied()) else {
            return Err(Error::new(
                ErrorCode::SnapshotNotFound,
                format!(
                    "snapshot {id} in {} does not exist any more: it was released or its lease (scan.kv.snapshot.lease.duration) has expired. Start the job without the savepoint",
                    self.dir.display()
                ),
            ));
        };
        let checkpoint = match state.open.get(id).and_then(Weak::upgrade) {
            Some(checkpoint) => checkpoint,
            None => {
                let opened = self.stores.open_checkpoint(&dir)?;
                state.open.insert(id.into(), Arc::downgrade(&opened));
                opened
            }
        };
        let snapshot = checkpoint.tablet(place.0, place.1);
        Ok((Box::new(Held { snapshot, _checkpoint: checkpoint }), log_offset))
    }

    /// The smallest log offset at which a tablet holds a snapshot whose lease is not over. One that is made later is at what is applied then, or after it.
    pub(crate) fn oldest_offset(&self, place: Place, now_ms: i64) -> Result<Option<LogOffset>> {
        let _no_change = self.state();
        let mut oldest = None;
        for dir in self.dirs()? {
            let lease = self.lease(&dir)?.filter(|lease| lease.until_ms > now_ms);
            oldest = [oldest, lease.and_then(|lease| lease.tablets.get(&place).copied())].into_iter().flatten().min();
        }
        Ok(oldest)
    }

    /// The folders of all snapshots.
    fn dirs(&self) -> Result<Vec<PathBuf>> {
        let ids = self.fs.list(&self.dir).map_err(|e| Error::io(format!("list snapshots in {}", self.dir.display()), &e))?;
        Ok(ids.into_iter().map(|id| self.dir.join(id)).collect())
    }

    /// The lease of a snapshot; `None`: no finished snapshot, or one whose lease is damaged, so that its offsets are not known.
    fn lease(&self, dir: &Path) -> Result<Option<Lease>> {
        let path = dir.join("lease");
        let bytes = match self.fs.read(&path) {
            Ok(bytes) => bytes,
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(e) => return Err(Error::io(format!("read {}", path.display()), &e)),
        };
        Ok(Lease::decode(&bytes))
    }

    fn write_lease(&self, dir: &Path, lease: &Lease) -> Result<()> {
        let path = dir.join("lease");
        let written = self.fs.replace(&path, lease.encode().as_bytes()).and_then(|()| self.fs.sync_dir(dir));
        written.map_err(|e| Error::io(format!("write {}", path.display()), &e))
    }

    fn remove(&self, dir: &Path) -> Result<()> {
        match self.fs.remove_dir_all(dir) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::io(format!("remove {}", dir.display()), &e)),
            _ => Ok(()),
        }
    }
}

/// Keeps the checkpoint open, so that the tablets that read it open it once.
#[derive(Debug)]
struct Held {
    snapshot: Box<dyn KvSnapshot>,
    _checkpoint: Arc<dyn KvCheckpoint>,
}

impl KvSnapshot for Held {
    fn applied(&self) -> Result<fluss_kv::Applied> {
        self.snapshot.applied()
    }

    fn scan(&self, range: &KvRange<'_>, row: &mut fluss_kv::OnRow<'_>) -> Result<Option<Vec<u8>>> {
        self.snapshot.scan(range, row)
    }
}

thread_local! {
    /// The rows of one read as they are stored. Kept, since growing it again for every read took a sixth of a scan.
    static STORED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A scan in key order: of a snapshot, or of the rows as they were when it began.
#[derive(Debug)]
pub struct SnapshotReader {
    pub(crate) snapshot: Box<dyn KvSnapshot>,
    /// Of rows that are still in the tablet's store: they are gone when it is dropped.
    pub(crate) tablet: Option<Arc<Tablet>>,
    pub(crate) codec: Arc<RowCodec>,
    /// Which rows were not there any more when the snapshot was made.
    pub(crate) expiry: Expiry,
    /// What is read of each row.
    pub projection: Projection,
    /// Which rows are read; `None`: all.
    pub(crate) filter: Option<Filter>,
    /// What their keys begin with: one range of keys after the other.
    pub(crate) prefixes: Vec<Vec<u8>>,
    pub(crate) bucket: i32,
    pub(crate) log_offset: LogOffset,
    /// What some keys had earlier, which is what is read.
    pub(crate) undo: Option<Undo>,
    pub(crate) position: Mutex<Vec<u8>>,
    /// Rows that may still be given out; looked at with `position` locked.
    pub(crate) left: AtomicUsize,
}

impl SnapshotReader {
    /// Gives only rows that match; where the filter says what their keys begin with, no others are read. Before the first poll.
    pub fn filtered(mut self, filter: Filter) -> Result<Self> {
        if let Some(prefixes) = filter.key_prefixes()? {
            self.prefixes = prefixes;
        }
        self.filter = Some(filter);
        Ok(self)
    }

    /// The next rows; `None` at the end. A batch has no rows when many were read of which none counts.
    pub fn poll(&self) -> Result<Option<ColumnBatch>> {
        let mut position = self.position.lock().unwrap_or_else(PoisonError::into_inner);
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Ok(None);
        }
        let mut reads = 0;
        while let Some((batch, last)) = self.read(&position, left)? {
            *position = last;
            reads += 1;
            if batch.rows > 0 || reads == SCAN_READS {
                self.left.store(left - batch.rows, Ordering::Relaxed);
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// Up to `left` rows after a key, and the last key that was read.
    fn read(&self, after: &[u8], left: usize) -> Result<Option<(ColumnBatch, Vec<u8>)>> {
        let (mut stored, mut ends) = (STORED.take(), Vec::new());
        stored.clear();
        let max_rows = if self.filter.is_some() { SCAN_ROWS } else { left.min(SCAN_ROWS) };
        let mut give = |row: &[u8]| {
            stored.extend_from_slice(row);
            ends.push(stored.len());
        };
        let mut last = Ok(None);
        for within in self.prefixes.iter().filter(|p| after < p.as_slice() || after.starts_with(p)) {
            let range = KvRange { within, after, max_rows, max_bytes: SCAN_BYTES };
            last = match &self.undo {
                None => self.snapshot.scan(&range, &mut |_, row| {
                    if !self.expiry.is_over(row) {
                        give(row);
                    }
                }),
                Some(undo) => undo.scan(self.snapshot.as_ref(), &range, &mut give),
            };
            if !matches!(last, Ok(None)) {
                break;
            }
        }
        if let Some(tablet) = &self.tablet {
            tablet.check_open()?;
        }
        let Some(last) = last? else { return Ok(None) };
        let mut start = 0;
        let mut rows: Vec<&[u8]> = ends.iter().map(|end| &stored[std::mem::replace(&mut start, *end)..*end]).collect();
        if let Some(filter) = &self.filter {
            let chosen = self.codec.matching(&rows, filter)?;
            rows = chosen.set_indices().map(|i| rows[i]).collect();
        }
        rows.truncate(left);
        let rows: Vec<Option<&[u8]>> = rows.into_iter().map(Some).collect();
        let mut batch = self.codec.decode_projected(&rows, &self.projection, false)?;
        batch.bucket = self.bucket;
        batch.base_offset = self.log_offset;
        if stored.capacity() <= 2 * SCAN_BYTES {
            STORED.set(stored);
        }
        Ok(Some((batch, last)))
    }

    /// Where the next [`Self::poll`] begins: the last key that was read, empty before the first.
    pub fn position(&self) -> Vec<u8> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
