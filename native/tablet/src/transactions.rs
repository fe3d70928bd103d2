//! What transactions have staged in a bucket and not committed: a file each. Bytes: `native/docs/format.md`, "Staged transaction"; what is
//! promised: `native/docs/consistency.md`, "Transactions".
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fluss_format::{BegunOverwrite, EncodedBatch, PreparedMark, STAGED_UNIT, StagedHeader, StagedPiece};
use fluss_types::file::{File, FileSystem};
use fluss_types::{BatchSequence, Error, ErrorCode, FieldId, Result, TableBucket, WriterId};

/// The end of the name of a prepared transaction's file.
const PREPARED: &str = ".prepared";

/// The name of the file of the overwrite whose commit goes on.
const OVERWRITE: &str = "overwrite";

/// A transaction of a bucket that is not committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionInfo {
    /// Its number.
    pub id: WriterId,
    /// Pieces that are staged; 0 in a prepared one: its file is damaged, and nobody knows.
    pub pieces: u32,
    /// When it was prepared, ms since 1970, or when its file was found to be damaged; `None`: it is not.
    pub prepared_ms: Option<i64>,
    /// Its rows are a part of an overwrite.
    pub overwrites: bool,
}

/// How far a transaction is.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Takes rows.
    Open { file: Arc<dyn File>, size: u64 },
    /// Durable, waits for its commit.
    Prepared { mark: PreparedMark },
    /// What its file holds is not known: it can only be aborted.
    Failed(Error),
    /// It was prepared, and its file is damaged since.
    Damaged(Error),
    /// Committed, aborted or expired: the file is gone.
    Gone,
}

/// A transaction of the bucket.
#[derive(Debug)]
pub(crate) struct Staged {
    pub(crate) id: WriterId,
    pub(crate) pieces: u32,
    /// When it was begun, and from then on when it was prepared, ms since 1970.
    pub(crate) since_ms: i64,
    /// Only an overwrite commits it.
    pub(crate) overwrites: bool,
    pub(crate) stage: Stage,
}

impl Staged {
    /// Refuses a number of pieces that is not that of its own.
    pub(crate) fn check_pieces(&self, pieces: u32) -> Result<()> {
        if self.pieces == pieces {
            return Ok(());
        }
        Err(Error::invalid(format!("transaction {} has {} pieces here, {pieces} were expected", self.id, self.pieces)))
    }

    /// `None`: it is gone.
    pub(crate) fn info(&self) -> Option<TransactionInfo> {
        let prepared_ms = match self.stage {
            Stage::Prepared { mark } => Some(mark.prepared_ms),
            Stage::Damaged(_) => Some(self.since_ms),
            Stage::Open { .. } | Stage::Failed(_) => None,
            Stage::Gone => return None,
        };
        Some(TransactionInfo { id: self.id, pieces: self.pieces, prepared_ms, overwrites: self.overwrites })
    }
}

/// The transactions of a bucket whose files are there.
#[derive(Debug)]
pub(crate) struct Transactions {
    fs: Arc<dyn FileSystem>,
    dir: PathBuf,
    bucket: TableBucket,
    /// One call at a time for each.
    staged: Mutex<BTreeMap<WriterId, Arc<Mutex<Staged>>>>,
    /// The overwrite whose commit has begun and not ended. Those of its members that are there are not removed by anybody else.
    overwrite: Mutex<Option<Arc<BegunOverwrite>>>,
}

impl Transactions {
    /// Finds what is prepared. Only its name says that it is: what has another one goes, for its writer died with the process.
    pub(crate) fn open(fs: Arc<dyn FileSystem>, dir: PathBuf, bucket: TableBucket, now_ms: i64) -> Result<Self> {
        let transactions = Self { fs, dir, bucket, staged: Mutex::default(), overwrite: Mutex::default() };
        let names = match transactions.fs.list(&transactions.dir) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(transactions),
            names => names.map_err(|e| Error::io(format!("list {}", transactions.dir.display()), &e))?,
        };
        for name in names {
            if name == OVERWRITE {
                *transactions.begun() = Some(Arc::new(transactions.read_overwrite()?));
                continue;
            }
            let Some(id) = name.strip_suffix(PREPARED).and_then(|id| id.parse().ok()) else {
                transactions.remove_file(&transactions.dir.join(&name))?;
                continue;
            };
            let staged = match transactions.read_mark(id)? {
                Ok((overwrites, mark)) => {
                    Staged { id, pieces: mark.pieces, since_ms: mark.prepared_ms, overwrites, stage: Stage::Prepared { mark } }
                }
                Err(damage) => Staged { id, pieces: 0, since_ms: now_ms, overwrites: false, stage: Stage::Damaged(damage) },
            };
            transactions.map().insert(id, Arc::new(Mutex::new(staged)));
        }
        // What is shown from now on stays; and a file that took another's place must not give it back once its pieces are counted on.
        transactions.sync_dir()?;
        Ok(transactions)
    }

    /// Whether a prepared transaction is of an overwrite, and its mark; or what is wrong with it.
    fn read_mark(&self, id: WriterId) -> Result<Result<(bool, PreparedMark)>> {
        let path = self.prepared(id);
        let read = || {
            let file = self.fs.open(&path)?;
            let (mut header, mut mark) = ([0; STAGED_UNIT], [0; STAGED_UNIT]);
            let end = file.len()?.checked_sub(STAGED_UNIT as u64);
            if let Some(end) = end {
                file.read_at(0, &mut header)?;
                file.read_at(end, &mut mark)?;
            }
            Ok((header, mark, end))
        };
        let (header, mark, end) = read().map_err(|e| io("read", &path, &e))?;
        // Of the rest of the file the commit says whether it is damaged.
        let read = StagedHeader::decode(&header).and_then(|header| {
            let mark = PreparedMark::decode(&mark).filter(|m| Some(m.position) == end);
            let mark = mark.ok_or_else(|| damaged("the mark at its end is damaged"))?;
            Ok((header.is_some_and(|h| h.overwrites), mark))
        });
        Ok(read.map_err(|e| e.at(path.display())))
    }

    fn read_overwrite(&self) -> Result<BegunOverwrite> {
        let path = self.dir.join(OVERWRITE);
        let bytes = self.fs.read(&path).map_err(|e| io("read", &path, &e))?;
        let begun = BegunOverwrite::decode(&bytes).map_err(|e| e.at(path.display()))?;
        begun.filter(|begun| begun.bucket == self.bucket).ok_or_else(|| {
            let m = "an overwrite had begun, and what it replaces is not known, for this file is damaged: restore it from a copy, or remove it to go on without the overwrite";
            Error::new(ErrorCode::CorruptTransaction, m).at(path.display())
        })
    }

    fn begun(&self) -> MutexGuard<'_, Option<Arc<BegunOverwrite>>> {
        self.overwrite.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The overwrite whose commit has begun.
    pub(crate) fn overwrite(&self) -> Option<Arc<BegunOverwrite>> {
        self.begun().clone()
    }

    /// Whether a transaction is an overwrite whose commit has begun, or a member of it.
    pub(crate) fn is_overwriting(&self, id: WriterId) -> bool {
        self.begun().as_ref().is_some_and(|begun| begun.id == id || begun.members.iter().any(|(member, _)| *member == id))
    }

    /// Writes down, durably, that the commit of an overwrite begins.
    pub(crate) fn begin_overwrite(&self, overwrite: BegunOverwrite) -> Result<Arc<BegunOverwrite>> {
        let path = self.dir.join(OVERWRITE);
        let written = self.fs.create_dir_all(&self.dir).and_then(|()| self.fs.replace(&path, &overwrite.encode()));
        written.map_err(|e| io("write", &path, &e))?;
        let overwrite = Arc::new(overwrite);
        // It is there now, maybe.
        *self.begun() = Some(overwrite.clone());
        self.sync_dir()?;
        Ok(overwrite)
    }

    /// Forgets it, durably.
    pub(crate) fn end_overwrite(&self) -> Result<()> {
        self.remove_file(&self.dir.join(OVERWRITE))?;
        self.sync_dir()?;
        *self.begun() = None;
        Ok(())
    }

    /// The file of a transaction that is not prepared.
    fn path(&self, id: WriterId) -> PathBuf {
        self.dir.join(id.to_string())
    }

    fn prepared(&self, id: WriterId) -> PathBuf {
        self.dir.join(format!("{id}{PREPARED}"))
    }

    fn map(&self) -> MutexGuard<'_, BTreeMap<WriterId, Arc<Mutex<Staged>>>> {
        self.staged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A transaction whose file is there.
    pub(crate) fn get(&self, id: WriterId) -> Option<Arc<Mutex<Staged>>> {
        self.map().get(&id).cloned()
    }

    /// The numbers of all whose files are there.
    pub(crate) fn ids(&self) -> Vec<WriterId> {
        self.map().keys().copied().collect()
    }

    /// All whose files are there.
    pub(crate) fn all(&self) -> Vec<Arc<Mutex<Staged>>> {
        self.map().values().cloned().collect()
    }

    /// Adds a piece; one that is there already is left as it is. After an error the same piece may be tried again.
    pub(crate) fn stage(
        &self,
        number: BatchSequence,
        batch: &mut EncodedBatch,
        targets: Option<Arc<[FieldId]>>,
        overwrites: bool,
        now_ms: i64,
    ) -> Result<()> {
        let BatchSequence { writer_id: id, sequence } = number;
        let staged = match self.get(id) {
            Some(staged) => staged,
            None if sequence == 0 => self.create(id, overwrites, now_ms)?,
            None => return Err(not_found(id, "was never begun here, or is gone")),
        };
        let mut staged = lock(&staged);
        let pieces = staged.pieces;
        let (file, size) = match &mut staged.stage {
            Stage::Open { file, size, .. } => (file, size),
            Stage::Prepared { .. } => {
                return Err(Error::invalid(format!("transaction {id} is prepared and takes no rows any more")));
            }
            Stage::Failed(e) | Stage::Damaged(e) => return Err(e.clone()),
            Stage::Gone => return Err(not_found(id, "is gone")),
        };
        match u32::try_from(sequence) {
            Ok(n) if n < pieces => return Ok(()),
            Ok(n) if n == pieces => {}
            _ => {
                let m = format!(
                    "piece {sequence} of transaction {id} came out of order: piece {pieces} was expected. Abort the transaction"
                );
                return Err(Error::new(ErrorCode::OutOfOrderSequence, m));
            }
        }
        let head = StagedPiece { number: pieces, batch_len: batch.len(), targets }.encode();
        let mut write = || {
            file.write_at(*size, &head)?;
            file.write_at(*size + head.len() as u64, batch.place(0, 0, 0, 0))
        };
        write().map_err(|e| io("write", &self.path(id), &e))?;
        *size += (head.len() + batch.len()) as u64;
        staged.pieces += 1;
        Ok(())
    }

    fn create(&self, id: WriterId, overwrites: bool, now_ms: i64) -> Result<Arc<Mutex<Staged>>> {
        let mut map = self.map();
        if let Some(staged) = map.get(&id) {
            return Ok(staged.clone());
        }
        let make = || {
            self.fs.create_dir_all(&self.dir)?;
            let file = self.fs.create(&self.path(id))?;
            file.write_at(0, &StagedHeader { bucket: self.bucket, transaction: id, overwrites }.encode())?;
            Ok(file)
        };
        let file = make().map_err(|e| io("write", &self.path(id), &e)).inspect_err(|_| {
            // An opening removes it otherwise.
            let _ = self.fs.remove_file(&self.path(id));
        })?;
        let stage = Stage::Open { file, size: STAGED_UNIT as u64 };
        let staged = Arc::new(Mutex::new(Staged { id, pieces: 0, since_ms: now_ms, overwrites, stage }));
        map.insert(id, staged.clone());
        Ok(staged)
    }

    /// Makes what is staged durable. A transaction that is prepared stays so.
    pub(crate) fn prepare(&self, id: WriterId, pieces: u32, now_ms: i64) -> Result<()> {
        let staged = self.get(id).ok_or_else(|| not_found(id, "has staged nothing here, or is gone"))?;
        let mut staged = lock(&staged);
        let (file, size) = match &staged.stage {
            Stage::Open { file, size, .. } => (file.clone(), *size),
            Stage::Prepared { .. } => return staged.check_pieces(pieces),
            Stage::Failed(e) | Stage::Damaged(e) => return Err(e.clone()),
            Stage::Gone => return Err(not_found(id, "is gone")),
        };
        staged.check_pieces(pieces)?;
        let mark = PreparedMark { pieces, position: size, prepared_ms: now_ms };
        let end = size + STAGED_UNIT as u64;
        let write = || {
            // A piece that was not written whole may lie behind.
            if file.len()? > end {
                file.set_len(end)?;
            }
            file.write_at(size, &mark.encode())
        };
        write().map_err(|e| io("write", &self.path(id), &e))?;
        // The name says that all before it is durable.
        let named = || self.fs.rename(&self.path(id), &self.prepared(id)).and_then(|()| self.fs.sync_dir(&self.dir));
        if let Err(e) = file.sync().and_then(|()| named()) {
            let e = io("sync", &self.path(id), &e);
            let failure = Error::new(e.code(), format!("{e}. Transaction {id} cannot be prepared any more: abort it"));
            staged.stage = Stage::Failed(failure.clone());
            return Err(failure);
        }
        staged.stage = Stage::Prepared { mark };
        staged.since_ms = now_ms;
        Ok(())
    }

    /// The pieces of a prepared transaction, for its commit.
    pub(crate) fn pieces(&self, id: WriterId, mark: PreparedMark) -> Result<Pieces> {
        let path = self.prepared(id);
        let read = || {
            let file = self.fs.open(&path)?;
            let mut header = [0; STAGED_UNIT];
            file.read_at(0, &mut header)?;
            Ok((file, header))
        };
        let (file, header) = read().map_err(|e| io("read", &path, &e))?;
        let pieces = Pieces { path, file, position: STAGED_UNIT as u64, next: 0, mark };
        match StagedHeader::decode(&header).map_err(|e| pieces.at(&e))? {
            Some(h) if h.bucket == self.bucket && h.transaction == id => Ok(pieces),
            _ => Err(pieces.damaged("the header is damaged, or of another bucket")),
        }
    }

    /// Puts several pieces in the place of one, durably; those behind it get other numbers. None of these may be in the log.
    pub(crate) fn replace_piece(
        &self,
        staged: &mut Staged,
        number: u32,
        batches: &mut [EncodedBatch],
        targets: &Option<Arc<[FieldId]>>,
    ) -> Result<PreparedMark> {
        let (id, Stage::Prepared { mark }) = (staged.id, &staged.stage) else {
            return Err(Error::internal("pieces of a transaction that is not prepared"));
        };
        let mut old = self.pieces(id, *mark)?;
        let temporary = self.path(id).with_extension("tmp");
        let io = |e: std::io::Error| Error::io(format!("write {}", temporary.display()), &e);
        let file = self.fs.create(&temporary).map_err(io)?;
        let mut mark = PreparedMark { pieces: 0, position: STAGED_UNIT as u64, ..*mark };
        let header = StagedHeader { bucket: self.bucket, transaction: id, overwrites: staged.overwrites };
        file.write_at(0, &header.encode()).map_err(io)?;
        let mut add = |targets: Option<Arc<[FieldId]>>, batch: &[u8]| {
            let head = StagedPiece { number: mark.pieces, batch_len: batch.len(), targets }.encode();
            file.write_at(mark.position, &head).map_err(io)?;
            file.write_at(mark.position + head.len() as u64, batch).map_err(io)?;
            mark.position += (head.len() + batch.len()) as u64;
            mark.pieces += 1;
            Ok(())
        };
        for n in 0..staged.pieces {
            if n == number {
                old.skip()?;
                batches.iter_mut().try_for_each(|b| add(targets.clone(), b.place(0, 0, 0, 0)))?;
            } else {
                old.next(|bytes, piece| add(piece.targets, &bytes))?;
            }
        }
        file.write_at(mark.position, &mark.encode()).and_then(|()| file.sync()).map_err(io)?;
        self.fs.rename(&temporary, &self.prepared(id)).map_err(io)?;
        staged.pieces = mark.pieces;
        staged.stage = Stage::Prepared { mark };
        // Before it is the file again that it was, its pieces must not be in the log.
        self.sync_dir().inspect_err(|e| {
            let m = format!("{e}. Close and open the store again, then commit transaction {id} again");
            staged.stage = Stage::Failed(Error::new(e.code(), m));
        })?;
        Ok(mark)
    }

    /// Removes the file of a transaction, durably, and forgets it.
    pub(crate) fn remove(&self, staged: &mut Staged) -> Result<()> {
        for path in [self.prepared(staged.id), self.path(staged.id)] {
            self.remove_file(&path)?;
        }
        self.sync_dir()?;
        staged.stage = Stage::Gone;
        self.map().remove(&staged.id);
        Ok(())
    }

    fn sync_dir(&self) -> Result<()> {
        self.fs.sync_dir(&self.dir).map_err(|e| Error::io(format!("sync folder {}", self.dir.display()), &e))
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        match self.fs.remove_file(path) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(io("remove", path, &e)),
            _ => Ok(()),
        }
    }
}

fn io(what: &str, path: &Path, e: &std::io::Error) -> Error {
    Error::io(format!("{what} {}", path.display()), e)
}

fn damaged(what: &str) -> Error {
    let m = format!(
        "{what}. What it staged is lost: restore the file from a copy and open the store again, or go on without it (skip the transaction, or abort it)"
    );
    Error::new(ErrorCode::CorruptTransaction, m)
}

pub(crate) fn not_found(id: WriterId, what: &str) -> Error {
    Error::new(ErrorCode::TransactionNotFound, format!("transaction {id} {what}"))
}

pub(crate) fn lock(staged: &Mutex<Staged>) -> MutexGuard<'_, Staged> {
    staged.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a file of pieces from the first on.
#[derive(Debug)]
pub(crate) struct Pieces {
    path: PathBuf,
    file: Arc<dyn File>,
    position: u64,
    next: u32,
    mark: PreparedMark,
}

impl Pieces {
    fn at(&self, e: &Error) -> Error {
        e.at(format_args!("{} at byte {}", self.path.display(), self.position))
    }

    fn damaged(&self, what: &str) -> Error {
        self.at(&damaged(what))
    }

    fn read(&self, position: u64, len: usize) -> Result<Vec<u8>> {
        if position + len as u64 > self.mark.position {
            return Err(self.damaged("a piece is longer than the file"));
        }
        let mut bytes = vec![0; len];
        self.file.read_at(position, &mut bytes).map_err(|e| Error::io(format!("read {}", self.path.display()), &e))?;
        Ok(bytes)
    }

    /// The header of the next piece, and where its batch begins.
    fn head(&self) -> Result<(StagedPiece, u64)> {
        let mut bytes = self.read(self.position, STAGED_UNIT)?;
        let first = bytes.first_chunk().ok_or_else(|| self.damaged("a piece is cut"))?;
        let len = StagedPiece::encoded_len(first).map_err(|e| self.at(&e))?;
        if len > STAGED_UNIT {
            bytes = self.read(self.position, len)?;
        }
        let piece = StagedPiece::decode(&bytes).map_err(|e| self.at(&e))?;
        if piece.number != self.next {
            return Err(self.damaged(&format!("piece {} was expected, {} is there", self.next, piece.number)));
        }
        Ok((piece, self.position + len as u64))
    }

    /// Steps over the next piece.
    pub(crate) fn skip(&mut self) -> Result<()> {
        let (piece, batch) = self.head()?;
        (self.position, self.next) = (batch + piece.batch_len as u64, self.next + 1);
        Ok(())
    }

    /// The next piece: the columns that it gives, and its batch; `None`: there is no more.
    pub(crate) fn next<T>(&mut self, decode: impl FnOnce(Vec<u8>, StagedPiece) -> Result<T>) -> Result<Option<T>> {
        if self.next == self.mark.pieces {
            return Ok(None);
        }
        let (piece, batch) = self.head()?;
        let len = piece.batch_len;
        let decoded = decode(self.read(batch, len)?, piece).map_err(|e| self.at(&e))?;
        (self.position, self.next) = (batch + len as u64, self.next + 1);
        Ok(Some(decoded))
    }
}

#[cfg(test)]
#[path = "transactions_tests.rs"]
mod tests;
