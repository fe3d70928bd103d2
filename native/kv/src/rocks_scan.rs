//! Scans of a tablet: of RocksDB as it is, of a state of it that stays, and of a checkpoint.
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fluss_types::{BucketId, Error, PartitionId, Result};
use rocksdb::{DB, DBRawIterator, Options, ReadOptions};

use crate::rocks::{Db, closed, rocks_error};
use crate::rocks_memory::ScanPermit;
use crate::rocks_tablet::{TabletKeys, decode_applied};
use crate::store::{Applied, KvCheckpoint, KvRange, KvSnapshot, OnRow};

type RocksResult<T> = std::result::Result<T, rocksdb::Error>;

/// One scan; `iterator` makes what it reads.
pub(crate) fn scan<'d>(
    keys: TabletKeys,
    range: &KvRange<'_>,
    iterator: impl FnOnce(ReadOptions) -> DBRawIterator<'d>,
    row: &mut OnRow<'_>,
) -> RocksResult<Option<Vec<u8>>> {
    let mut options = ReadOptions::default();
    options.set_iterate_upper_bound(keys.end_of(range.within));
    if range.within.is_empty() {
        // A full scan leaves the cache to the lookups.
        options.fill_cache(false);
        options.set_readahead_size(1 << 20);
    }
    let mut iterator = iterator(options);
    let from = keys.row(range.within.max(range.after));
    iterator.seek(&from);
    if !range.after.is_empty() && range.after >= range.within && iterator.key() == Some(&from) {
        iterator.next();
    }
    let (mut rows, mut bytes, mut last) = (0, 0, Vec::new());
    while let Some((key, value)) = iterator.item() {
        let key = TabletKeys::strip(key);
        row(key, value);
        last.clear();
        last.extend_from_slice(key);
        rows += 1;
        bytes += key.len() + value.len();
        if rows >= range.max_rows || bytes >= range.max_bytes {
            break;
        }
        iterator.next();
    }
    iterator.status().map(|()| (rows > 0).then_some(last))
}

/// A checkpoint, opened to read.
pub(crate) struct RocksCheckpoint(Arc<Copy>);

struct Copy {
    db: DB,
    dir: PathBuf,
}

impl std::fmt::Debug for RocksCheckpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RocksCheckpoint").field("dir", &self.0.dir).finish_non_exhaustive()
    }
}

impl RocksCheckpoint {
    pub(crate) fn open(dir: &Path, options: &Options) -> Result<Self> {
        let db = DB::open_for_read_only(options, dir, false).map_err(|e| rocks_error("open snapshot of", dir, &e))?;
        Ok(Self(Arc::new(Copy { db, dir: dir.to_path_buf() })))
    }
}

impl KvCheckpoint for RocksCheckpoint {
    fn tablet(&self, partition: PartitionId, bucket: BucketId) -> Box<dyn KvSnapshot> {
        Box::new(TabletCopy { copy: self.0.clone(), keys: TabletKeys::new(partition, bucket) })
    }
}

/// A tablet in a checkpoint.
struct TabletCopy {
    copy: Arc<Copy>,
    keys: TabletKeys,
}

impl std::fmt::Debug for TabletCopy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TabletCopy").field("dir", &self.copy.dir).field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl KvSnapshot for TabletCopy {
    fn applied(&self) -> Result<Applied> {
        let stored =
            self.copy.db.get_pinned(self.keys.applied()).map_err(|e| rocks_error("read snapshot of", &self.copy.dir, &e))?;
        decode_applied(stored.as_deref(), &self.copy.dir)
    }

    fn scan(&self, range: &KvRange<'_>, row: &mut OnRow<'_>) -> Result<Option<Vec<u8>>> {
        scan(self.keys, range, |options| self.copy.db.raw_iterator_opt(options), row)
            .map_err(|e| rocks_error("read snapshot of", &self.copy.dir, &e))
    }
}

/// Rows of one scan, side by side.
#[derive(Default)]
struct Piece {
    bytes: Vec<u8>,
    /// Where each key and each row ends.
    ends: Vec<(usize, usize)>,
    last: Option<Vec<u8>>,
}

struct Request {
    within: Vec<u8>,
    after: Vec<u8>,
    max_rows: usize,
    max_bytes: usize,
    answer: Sender<RocksResult<Piece>>,
}

/// `None`: end.
type Requests = Sender<Option<Request>>;

/// The live snapshots of a RocksDB: they must end before it is closed.
#[derive(Default)]
pub(crate) struct LiveScans(Mutex<Running>);

#[derive(Default)]
struct Running {
    started: u64,
    requests: HashMap<u64, Requests>,
    stopped: bool,
}

impl LiveScans {
    fn running(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a new one; `None`: they are stopped.
    fn add(&self, requests: &Requests) -> Option<u64> {
        let mut running = self.running();
        running.started += 1;
        let number = running.started;
        (!running.stopped).then(|| running.requests.insert(number, requests.clone()))?;
        Some(number)
    }

    fn remove(&self, number: u64) {
        self.running().requests.remove(&number);
    }

    /// Ends them all, each after what it just does.
    pub(crate) fn stop(&self) {
        let mut running = self.running();
        running.stopped = true;
        for requests in running.requests.values() {
            // One that has ended already needs nothing.
            let _ = requests.send(None);
        }
    }
}

/// A state of a tablet that stays. A snapshot of RocksDB borrows its database, so a thread holds both and answers scans.
#[derive(Debug)]
pub(crate) struct LiveSnapshot {
    requests: Requests,
    applied: Applied,
    dir: PathBuf,
    _permit: ScanPermit,
}

/// What the thread of a live snapshot holds: a table is not closed before, and tells it to end.
struct Serving {
    db: Arc<Db>,
    number: u64,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.db.scans.remove(self.number);
    }
}

impl LiveSnapshot {
    pub(crate) fn start(db: Arc<Db>, keys: TabletKeys) -> Result<Self> {
        let permit = db.memory.begin_scan()?;
        let (requests, received) = channel();
        let dir = db.dir.clone();
        let number = db.scans.add(&requests).ok_or_else(|| closed(&dir))?;
        let serving = Serving { db, number };
        let (started, applied) = channel();
        // Where no thread is to be had, what it would hold is dropped.
        let run = move || serve(&serving.db, keys, &started, &received);
        let thread = std::thread::Builder::new().name("fluss-scan".into()).spawn(run);
        thread.map_err(|e| Error::io("start the thread of a scan", &e))?;
        let applied = applied.recv().map_err(|_| Error::internal("the thread of a scan has ended"))?;
        let applied = decode_applied(applied.map_err(|e| rocks_error("read", &dir, &e))?.as_deref(), &dir)?;
        Ok(Self { requests, applied, dir, _permit: permit })
    }
}

impl Drop for LiveSnapshot {
    fn drop(&mut self) {
        // It has ended already if the table was closed.
        let _ = self.requests.send(None);
    }
}

/// Answers until it is told to end. Who asks no more gets no answer.
fn serve(db: &Db, keys: TabletKeys, started: &Sender<RocksResult<Option<Vec<u8>>>>, requests: &Receiver<Option<Request>>) {
    let snapshot = db.db.snapshot();
    let _ = started.send(snapshot.get(keys.applied()));
    while let Ok(Some(request)) = requests.recv() {
        let Request { within, after, max_rows, max_bytes, answer } = request;
        let range = KvRange { within: &within, after: &after, max_rows, max_bytes };
        let mut piece = Piece::default();
        let mut row = |key: &[u8], row: &[u8]| {
            piece.bytes.extend_from_slice(key);
            let key_end = piece.bytes.len();
            piece.bytes.extend_from_slice(row);
            piece.ends.push((key_end, piece.bytes.len()));
        };
        let last = scan(keys, &range, |options| snapshot.raw_iterator_opt(options), &mut row);
        let _ = answer.send(last.map(|last| Piece { last, ..piece }));
    }
}

impl KvSnapshot for LiveSnapshot {
    fn applied(&self) -> Result<Applied> {
        Ok(self.applied)
    }

    fn scan(&self, range: &KvRange<'_>, row: &mut OnRow<'_>) -> Result<Option<Vec<u8>>> {
        let (answer, answered) = channel();
        let (within, after) = (range.within.to_vec(), range.after.to_vec());
        let request = Request { within, after, max_rows: range.max_rows, max_bytes: range.max_bytes, answer };
        self.requests.send(Some(request)).map_err(|_| closed(&self.dir))?;
        let piece = answered.recv().map_err(|_| closed(&self.dir))?.map_err(|e| rocks_error("read", &self.dir, &e))?;
        let mut from = 0;
        for (key_end, end) in piece.ends {
            row(&piece.bytes[from..key_end], &piece.bytes[key_end..end]);
            from = end;
        }
        Ok(piece.last)
    }
}
