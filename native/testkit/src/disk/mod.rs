//! A disk in memory that keeps what is durable apart from what is only written. It stops at a chosen edge, loses power, fails, fills
//! up and flips bits, all from one seed: the same calls give the same disk. Contract: [`fluss_types::file`].
mod state;

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fluss_types::file::{File, FileSystem};

use self::state::{Change, NameChange, Outcome, State};
use crate::Random;

/// What can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Reads of a file; nothing happens to the file.
    Read = 0,
    /// Writes and cuts; a part of a write may be there.
    Write = 1,
    /// Syncs of files and folders. What was pending may then be lost though it can still be read and later syncs succeed.
    Sync = 2,
    /// Creations, renames and removals; they do not happen.
    Name = 3,
}

/// When an operation fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// It does not.
    #[default]
    Never,
    /// Once, after so many that succeed.
    After(u64),
    /// Each time with so many chances in a thousand.
    Chance(u64),
}

/// A bit that was flipped; flipping it again mends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flip {
    /// The file.
    pub path: PathBuf,
    /// The byte.
    pub position: u64,
    /// The bit in it, 0 to 7.
    pub bit: u8,
}

/// The disk. Clones are the same disk.
#[derive(Clone)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

/// Without its bytes: they would bury the message of a failed test.
impl std::fmt::Debug for SimulatedDisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SimulatedDisk")
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    inode: u64,
    /// The life of the machine that it was opened in.
    life: u64,
}

impl SimulatedDisk {
    /// An empty disk.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State::new(Random(seed)))))
    }

    /// As the argument that the engine takes.
    pub fn fs(&self) -> Arc<dyn FileSystem> {
        Arc::new(self.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process dies: what it wrote is there, durable or not; its handles are dead. Ends a stop.
    pub fn crash(&self) {
        self.state().crash();
    }

    /// The machine loses power: of what was not synced each write, cut and name is there, lost or torn. Ends a stop.
    pub fn power_loss(&self) {
        self.state().power_loss();
    }

    /// Makes an operation fail.
    pub fn arm(&self, operation: Operation, fault: Fault) {
        self.state().faults[operation as usize] = fault;
    }

    /// Nothing fails any more, and there is room.
    pub fn disarm(&self) {
        let mut state = self.state();
        state.faults = Default::default();
        state.space = None;
        state.stop_at = None;
    }

    /// Bytes that files may still grow by; `None`: no limit. Writes beyond it fail with `StorageFull`.
    pub fn set_space(&self, bytes: Option<u64>) {
        self.state().space = bytes;
    }

    /// Durability edges so far: every write, cut, sync, creation, rename and removal is one.
    pub fn edges(&self) -> u64 {
        self.state().edges
    }

    /// Stops the machine at the `n`-th edge from now (from 1): that operation happens, or not, or in part, and fails; all after it fail
    /// until [`Self::crash`] or [`Self::power_loss`].
    pub fn stop_at(&self, n: u64) {
        let mut state = self.state();
        state.stop_at = Some(state.edges + n);
    }

    /// Whether the machine has stopped.
    pub fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    /// Flips a bit of what is durable, also as it is read.
    pub fn flip(&self, flip: &Flip) {
        self.state().flip(flip);
    }

    /// Flips a bit anywhere in the durable files that `wanted` names; `None`: they have no byte.
    pub fn flip_any(&self, wanted: impl Fn(&Path) -> bool) -> Option<Flip> {
        self.state().flip_any(&wanted)
    }

    /// All files as they are read now.
    pub fn image(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        self.state().image()
    }
}

impl SimulatedFile {
    fn state(&self) -> Result<MutexGuard<'_, State>> {
        let state = self.disk.state();
        if state.life != self.life {
            return Err(Error::other("the handle is of before the crash"));
        }
        Ok(state)
    }
}

impl File for SimulatedFile {
    fn read_at(&self, position: u64, out: &mut [u8]) -> Result<()> {
        let mut state = self.state()?;
        state.may_read()?;
        let data = &state.inode(self.inode).data;
        let from = usize::try_from(position).unwrap();
        match data.get(from..from + out.len()) {
            Some(bytes) => out.copy_from_slice(bytes),
            None => return Err(ErrorKind::UnexpectedEof.into()),
        }
        Ok(())
    }

    fn write_at(&self, position: u64, bytes: &[u8]) -> Result<()> {
        let mut state = self.state()?;
        let (mut len, mut result) = match state.edge(Operation::Write) {
            Outcome::Whole(result) => (bytes.len(), result),
            Outcome::Part(e) => (state.random.below(bytes.len() as u64 + 1) as usize, Err(e)),
            Outcome::Nothing(e) => (0, Err(e)),
        };
        if let Some(space) = state.space {
            let size = state.inode(self.inode).data.len() as u64;
            let room = (size + space).saturating_sub(position) as usize;
            if len > room {
                (len, result) = (room, result.and(Err(ErrorKind::StorageFull.into())));
            }
        }
        if len > 0 {
            state.change(self.inode, Change::Write { at: position as usize, bytes: bytes[..len].to_vec() });
        }
        result
    }

    fn set_len(&self, len: u64) -> Result<()> {
        let mut state = self.state()?;
        match state.edge(Operation::Write) {
            Outcome::Whole(result) => {
                state.change(self.inode, Change::Len(len as usize));
                result
            }
            Outcome::Part(e) | Outcome::Nothing(e) => Err(e),
        }
    }

    fn len(&self) -> Result<u64> {
        let state = self.state()?;
        state.check_running()?;
        Ok(state.inode(self.inode).data.len() as u64)
    }

    fn sync(&self) -> Result<()> {
        let mut state = self.state()?;
        let outcome = state.edge(Operation::Sync);
        let stopped = state.stopped;
        match outcome {
            Outcome::Whole(result) => {
                state.synced(self.inode);
                result
            }
            Outcome::Part(e) | Outcome::Nothing(e) => {
                if !stopped {
                    state.sync_failed(self.inode);
                }
                Err(e)
            }
        }
    }
}

impl SimulatedDisk {
    fn handle(&self, state: &State, inode: u64) -> Arc<dyn File> {
        Arc::new(SimulatedFile { disk: self.clone(), inode, life: state.life })
    }

    fn name(&self, change: impl FnOnce(&mut State) -> Result<NameChange>) -> Result<()> {
        let mut state = self.state();
        match state.edge(Operation::Name) {
            Outcome::Whole(result) => {
                let change = change(&mut state)?;
                state.name(change);
                result
            }
            Outcome::Part(e) | Outcome::Nothing(e) => Err(e),
        }
    }
}

impl FileSystem for SimulatedDisk {
    fn create(&self, path: &Path) -> Result<Arc<dyn File>> {
        let mut state = self.state();
        if !path.parent().is_some_and(|p| state.dirs.contains(p)) {
            return Err(ErrorKind::NotFound.into());
        }
        let inode = match state.edge(Operation::Name) {
            Outcome::Whole(result) => {
                let inode = state.create(path);
                result.map(|()| inode)?
            }
            Outcome::Part(e) | Outcome::Nothing(e) => return Err(e),
        };
        Ok(self.handle(&state, inode))
    }

    fn open(&self, path: &Path) -> Result<Arc<dyn File>> {
        let state = self.state();
        state.check_running()?;
        let inode = *state.names.get(path).ok_or(ErrorKind::NotFound)?;
        Ok(self.handle(&state, inode))
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        let mut state = self.state();
        state.may_read()?;
        let inode = *state.names.get(path).ok_or(ErrorKind::NotFound)?;
        Ok(state.inode(inode).data.clone())
    }

    fn list(&self, dir: &Path) -> Result<Vec<String>> {
        let state = self.state();
        state.check_running()?;
        state.list(dir)
    }

    fn create_dir_all(&self, dir: &Path) -> Result<()> {
        let mut state = self.state();
        if state.dirs.contains(dir) {
            return state.check_running();
        }
        match state.edge(Operation::Name) {
            Outcome::Whole(result) => {
                state.create_dir_all(dir);
                result
            }
            Outcome::Part(e) | Outcome::Nothing(e) => Err(e),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.name(|state| {
            let inode = *state.names.get(from).ok_or(ErrorKind::NotFound)?;
            Ok(NameChange::Rename { from: from.into(), to: to.into(), inode })
        })
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        self.name(|state| {
            state.names.get(path).ok_or(ErrorKind::NotFound)?;
            Ok(NameChange::Remove(path.into()))
        })
    }

    fn remove_dir_all(&self, dir: &Path) -> Result<()> {
        self.name(|state| {
            state.dirs.get(dir).ok_or(ErrorKind::NotFound)?;
            Ok(NameChange::RemoveDir(dir.into()))
        })
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        let mut state = self.state();
        state.dirs.get(dir).ok_or(ErrorKind::NotFound)?;
        let outcome = state.edge(Operation::Sync);
        let stopped = state.stopped;
        match outcome {
            Outcome::Whole(result) => {
                state.dir_synced(dir);
                result
            }
            Outcome::Part(e) | Outcome::Nothing(e) => {
                if !stopped {
                    state.dir_sync_failed(dir);
                }
                Err(e)
            }
        }
    }
}
