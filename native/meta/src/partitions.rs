//! The partitions of a table, in a file of their own that grows by what changes: a table may have a hundred thousand of them.
//! `native/docs/format.md`, "Partitions", is the specification.
use std::collections::{BTreeMap, HashMap};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fluss_types::file::{File, FileSystem};
use fluss_types::{Error, ErrorCode, PartitionId, Result, TableId};

use crate::partition_file::{Change, encode_file, encode_frame, read_file};

const FILE: &str = "partitions";
/// A file is written anew when what it says of partitions that are gone takes more than this and more than half of it.
const REWRITE_BYTES: u64 = 1 << 20;

/// A partition of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Number, from 1, never used again in its table.
    pub id: PartitionId,
    /// The values of the partition keys, joined by `$`.
    pub name: Arc<str>,
    /// Milliseconds since 1970.
    pub created_ms: i64,
}

impl Partition {
    /// The values of the partition keys as text, in the order of the keys.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.name.split('$')
    }
}

/// The partitions that are there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Live {
    pub(crate) next_id: PartitionId,
    pub(crate) by_name: BTreeMap<Arc<str>, Partition>,
    names: HashMap<PartitionId, Arc<str>>,
}

impl Live {
    /// No partition was ever made.
    pub(crate) fn none() -> Self {
        Self { next_id: 1, by_name: BTreeMap::new(), names: HashMap::new() }
    }

    /// False: the change contradicts what is there.
    #[must_use]
    pub(crate) fn apply(&mut self, change: &Change) -> bool {
        match change {
            Change::Create(p) => {
                if p.id < self.next_id || p.id == PartitionId::MAX || self.by_name.contains_key(&p.name) {
                    return false;
                }
                self.next_id = p.id + 1;
                self.names.insert(p.id, p.name.clone());
                self.by_name.insert(p.name.clone(), p.clone());
                true
            }
            Change::Drop(id) => self.names.remove(id).is_some_and(|name| self.by_name.remove(&name).is_some()),
        }
    }
}

#[derive(Debug, Default)]
struct State {
    live: Live,
    /// The file and its bytes that count; `None`: no partition was ever made.
    file: Option<(Arc<dyn File>, u64)>,
    /// Bytes of the file when it was written as a whole.
    written: u64,
}

/// The partitions of one table.
#[derive(Debug)]
pub struct PartitionList {
    fs: Arc<dyn FileSystem>,
    path: PathBuf,
    table_id: TableId,
    /// The error: the table is gone, or a change failed half way, so that the file may have it or not.
    state: Mutex<Result<State>>,
}

impl PartitionList {
    /// Opens the partitions of the table whose folder is `dir`. Also gives the numbers of partitions that were dropped and still have a
    /// folder `p<number>` there: a crash came between the drop and the removal of their files.
    pub fn open(fs: Arc<dyn FileSystem>, dir: &Path, table_id: TableId) -> Result<(Self, Vec<PartitionId>)> {
        let path = dir.join(FILE);
        let damaged =
            |why: String| Error::new(ErrorCode::CorruptMeta, format!("{}: {why}. Restore it from a copy", path.display()));
        let bytes = match fs.read(&path) {
            Ok(bytes) => Some(bytes),
            Err(e) if e.kind() == ErrorKind::NotFound => None,
            Err(e) => return Err(Error::io(format!("read {}", path.display()), &e)),
        };
        let live = match &bytes {
            Some(bytes) => read_file(bytes, table_id).map_err(|e| e.at(path.display()))?,
            None => Live::none(),
        };
        let folders = match fs.list(dir) {
            Ok(names) => names,
            Err(e) if e.kind() == ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(Error::io(format!("list {}", dir.display()), &e)),
        };
        let folders = folders.iter().filter_map(|name| name.strip_prefix('p')?.parse::<PartitionId>().ok());
        let orphans: Vec<PartitionId> = folders.filter(|id| !live.names.contains_key(id)).collect();
        // A folder is made after the partition is durable: its end that is missing here was no torn tail.
        if let Some(id) = orphans.iter().find(|id| **id >= live.next_id) {
            return Err(damaged(format!("the file is damaged: it lacks partition {id}, which has a folder")));
        }
        let mut list = Self { fs, path, table_id, state: Mutex::new(Ok(State::default())) };
        let state = match bytes {
            // That it can be read does not say that it is durable: nothing may be built on it before it is. So its torn tail goes, too.
            Some(_) => list.rewrite(live)?,
            None => State { live, ..State::default() },
        };
        list.state = Mutex::new(Ok(state));
        Ok((list, orphans))
    }

    fn lock(&self) -> MutexGuard<'_, Result<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, read: impl FnOnce(&Live) -> T) -> Result<T> {
        self.lock().as_ref().map(|s| read(&s.live)).map_err(Clone::clone)
    }

    /// The partition of a name.
    pub fn get(&self, name: &str) -> Result<Option<Partition>> {
        self.read(|live| live.by_name.get(name).cloned())
    }

    /// Whether a partition is there.
    pub fn contains(&self, id: PartitionId) -> Result<bool> {
        self.read(|live| live.names.contains_key(&id))
    }

    /// All partitions, by name.
    pub fn list(&self) -> Result<Vec<Partition>> {
        self.read(|live| live.by_name.values().cloned().collect())
    }

    /// Makes a partition of each of some different names that has none, all or none, durably, and returns those of all names. `check` may refuse the number of
    /// partitions that there would be.
    pub fn create(&self, names: &[String], created_ms: i64, check: impl FnOnce(usize) -> Result<()>) -> Result<Vec<Partition>> {
        let mut all = Vec::with_capacity(names.len());
        self.change(|live| {
            let mut missing = Vec::new();
            let mut id = live.next_id;
            for name in names {
                let there = live.by_name.get(name.as_str()).cloned();
                all.push(there.clone().unwrap_or(Partition { id, name: name.as_str().into(), created_ms }));
                if there.is_none() {
                    if id == PartitionId::MAX {
                        let message = "the table has used up the numbers of its partitions";
                        return Err(Error::new(ErrorCode::TooManyPartitions, message));
                    }
                    missing.extend(all.last().cloned().map(Change::Create));
                    id += 1;
                }
            }
            if !missing.is_empty() {
                check(live.by_name.len() + missing.len())?;
            }
            Ok(missing)
        })?;
        Ok(all)
    }

    /// Drops the partitions of these names that are there, all or none, durably, and returns them.
    pub fn drop_all(&self, names: &[Arc<str>]) -> Result<Vec<Partition>> {
        let mut dropped = Vec::new();
        self.change(|live| {
            dropped = names.iter().filter_map(|n| live.by_name.get(n).cloned()).collect();
            Ok(dropped.iter().map(|p| Change::Drop(p.id)).collect())
        })?;
        Ok(dropped)
    }

    /// Refuses everything from now on. The error: why it did so before.
    pub fn close(&self, error: Error) -> Result<()> {
        std::mem::replace(&mut *self.lock(), Err(error)).map(drop)
    }

    /// Writes changes durably, then makes them visible.
    fn change(&self, changes: impl FnOnce(&Live) -> Result<Vec<Change>>) -> Result<()> {
        let mut guard = self.lock();
        let state = guard.as_mut().map_err(|e| e.clone())?;
        let changes = changes(&state.live)?;
        if changes.is_empty() {
            return Ok(());
        }
        let written = self.write(state, &changes);
        if let Err(e) = &written
            && e.code() == ErrorCode::Poisoned
        {
            *guard = Err(e.clone());
        }
        written
    }

    fn write(&self, state: &mut State, changes: &[Change]) -> Result<()> {
        let contradiction = || Error::internal(format!("{}: a change contradicts the file", self.path.display()));
        let Some((file, end)) = &mut state.file else {
            let mut live = state.live.clone();
            let fits = changes.iter().all(|c| live.apply(c));
            return if fits { self.rewrite(live).map(|s| *state = s) } else { Err(contradiction()) };
        };
        *end += self.append(file.as_ref(), *end, &encode_frame(*end, changes))?;
        let long = *end > 2 * state.written + REWRITE_BYTES;
        if !changes.iter().all(|c| state.live.apply(c)) {
            return Err(contradiction());
        }
        if long {
            match self.rewrite(state.live.clone()) {
                Ok(shorter) => *state = shorter,
                Err(e) if e.code() == ErrorCode::Poisoned => return Err(e),
                // The file is as it was, and tried again with the next change.
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Appends a frame and returns its length. The error is `Poisoned` unless nothing of the frame is there.
    fn append(&self, file: &dyn File, end: u64, frame: &[u8]) -> Result<u64> {
        let failed = |e: &std::io::Error| Error::io(format!("write {}", self.path.display()), e);
        if let Err(e) = file.write_at(end, frame) {
            // All of it may be there, and would be found by the next opening.
            return Err(match file.set_len(end).and_then(|()| file.sync()) {
                Ok(()) => failed(&e),
                Err(_) => self.poisoned(&e),
            });
        }
        file.sync().map_err(|e| self.poisoned(&e))?;
        Ok(frame.len() as u64)
    }

    /// Writes the file as a whole, durably. The error is `Poisoned` unless the file is as it was.
    fn rewrite(&self, live: Live) -> Result<State> {
        let bytes = encode_file(self.table_id, &live);
        let (dir, temporary) = (self.path.parent().unwrap_or(Path::new("/")), self.path.with_extension("tmp"));
        let prepare = || {
            self.fs.create_dir_all(dir)?;
            let file = self.fs.create(&temporary)?;
            file.write_at(0, &bytes)?;
            file.sync()
        };
        prepare().map_err(|e| Error::io(format!("write {}", temporary.display()), &e))?;
        let replaced = self.fs.rename(&temporary, &self.path).and_then(|()| self.fs.sync_dir(dir));
        let file = replaced.and_then(|()| self.fs.open(&self.path)).map_err(|e| self.poisoned(&e))?;
        let written = bytes.len() as u64;
        Ok(State { live, file: Some((file, written)), written })
    }

    fn poisoned(&self, e: &std::io::Error) -> Error {
        let failed = Error::io(format!("write {}", self.path.display()), e);
        let message = format!("{failed}; whether the change lasts is not known. Close and open the store again");
        Error::new(ErrorCode::Poisoned, message)
    }
}
