//! What the disk holds: as it is read, as it would be after a loss of power, and the changes between the two.
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

use super::{Fault, Flip, Operation};
use crate::Random;

const SECTOR: usize = 512;

/// A change of a file that is not durable yet.
#[derive(Debug)]
pub(super) enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Len(usize),
}

/// A change of names that is not durable yet.
#[derive(Debug)]
pub(super) enum NameChange {
    Add { path: PathBuf, inode: u64 },
    Remove(PathBuf),
    Rename { from: PathBuf, to: PathBuf, inode: u64 },
    RemoveDir(PathBuf),
}

/// What becomes of an operation.
pub(super) enum Outcome {
    /// It happens, and is told so or not.
    Whole(Result<()>),
    Part(Error),
    Nothing(Error),
}

#[derive(Debug, Default)]
pub(super) struct Inode {
    /// As it is read.
    pub data: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
    /// A sync failed: what is read may differ from what is durable and pending.
    doubtful: bool,
}

#[derive(Debug)]
pub(super) struct State {
    pub random: Random,
    /// Grows with every crash: handles of before are dead.
    pub life: u64,
    pub names: BTreeMap<PathBuf, u64>,
    pub dirs: BTreeSet<PathBuf>,
    durable_names: BTreeMap<PathBuf, u64>,
    pending_names: Vec<NameChange>,
    inodes: BTreeMap<u64, Inode>,
    next_inode: u64,
    pub faults: [Fault; 4],
    pub space: Option<u64>,
    pub edges: u64,
    pub stop_at: Option<u64>,
    pub stopped: bool,
}

/// How much of what is pending a loss of power leaves.
#[derive(Clone, Copy)]
enum Mood {
    Nothing,
    All,
    Some,
}

impl Change {
    fn apply(&self, data: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => {
                data.resize(data.len().max(at + bytes.len()), 0);
                data[*at..at + bytes.len()].copy_from_slice(bytes);
            }
            Self::Len(len) => data.resize(*len, 0),
        }
    }

    /// As a loss of power leaves it: there, lost, cut at a byte, or with some of its sectors.
    fn survive(self, data: &mut Vec<u8>, mood: Mood, random: &mut Random) {
        let choice = match mood {
            Mood::Nothing => return,
            Mood::All => 1,
            Mood::Some => random.below(4),
        };
        match (choice, self) {
            (0, _) => {}
            (2, Self::Write { at, mut bytes }) => {
                bytes.truncate(random.below(bytes.len() as u64 + 1) as usize);
                Self::Write { at, bytes }.apply(data);
            }
            (3, Self::Write { at, bytes }) => {
                let end = at + bytes.len();
                data.resize(data.len().max(end), 0);
                let mut from = at;
                while from < end {
                    let to = ((from / SECTOR + 1) * SECTOR).min(end);
                    if random.below(2) == 0 {
                        data[from..to].copy_from_slice(&bytes[from - at..to - at]);
                    }
                    from = to;
                }
            }
            (_, change) => change.apply(data),
        }
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<PathBuf, u64>) {
        match self {
            Self::Add { path, inode } => {
                names.insert(path.clone(), *inode);
            }
            Self::Remove(path) => {
                names.remove(path);
            }
            Self::Rename { from, to, inode } => {
                if names.get(from) == Some(inode) {
                    names.remove(from);
                }
                names.insert(to.clone(), *inode);
            }
            Self::RemoveDir(dir) => names.retain(|path, _| !path.starts_with(dir)),
        }
    }

    fn is_in(&self, dir: &Path) -> bool {
        let within = |path: &Path| path.parent() == Some(dir);
        match self {
            Self::Add { path, .. } | Self::Remove(path) | Self::RemoveDir(path) => within(path),
            Self::Rename { from, to, .. } => within(from) || within(to),
        }
    }
}

impl State {
    pub(super) fn new(random: Random) -> Self {
        Self {
            random,
            life: 0,
            names: BTreeMap::new(),
            dirs: BTreeSet::new(),
            durable_names: BTreeMap::new(),
            pending_names: Vec::new(),
            inodes: BTreeMap::new(),
            next_inode: 0,
            faults: Default::default(),
            space: None,
            edges: 0,
            stop_at: None,
            stopped: false,
        }
    }

    pub(super) fn inode(&self, inode: u64) -> &Inode {
        &self.inodes[&inode]
    }

    pub(super) fn check_running(&self) -> Result<()> {
        if self.stopped { Err(Error::other("the simulated machine has stopped")) } else { Ok(()) }
    }

    pub(super) fn may_read(&mut self) -> Result<()> {
        self.check_running()?;
        if self.fails(Operation::Read) { Err(Error::other("simulated failure of a read")) } else { Ok(()) }
    }

    fn fails(&mut self, operation: Operation) -> bool {
        let (fails, next) = match self.faults[operation as usize] {
            Fault::Never => (false, Fault::Never),
            Fault::After(0) => (true, Fault::Never),
            Fault::After(n) => (false, Fault::After(n - 1)),
            Fault::Chance(n) => (self.random.below(1000) < n, Fault::Chance(n)),
        };
        self.faults[operation as usize] = next;
        fails
    }

    /// Counts an edge and says what becomes of the operation.
    pub(super) fn edge(&mut self, operation: Operation) -> Outcome {
        if let Err(e) = self.check_running() {
            return Outcome::Nothing(e);
        }
        self.edges += 1;
        if self.stop_at == Some(self.edges) {
            self.stopped = true;
            let e = Error::other("the simulated machine stops here");
            return match self.random.below(3) {
                0 => Outcome::Whole(Err(e)),
                1 => Outcome::Part(e),
                _ => Outcome::Nothing(e),
            };
        }
        if self.fails(operation) {
            return Outcome::Part(Error::other(format!("simulated failure of operation {operation:?}")));
        }
        Outcome::Whole(Ok(()))
    }

    pub(super) fn change(&mut self, inode: u64, change: Change) {
        let file = self.inodes.get_mut(&inode).unwrap();
        let before = file.data.len() as u64;
        change.apply(&mut file.data);
        file.pending.push(change);
        let after = file.data.len() as u64;
        self.space = self.space.map(|s| (s + before).saturating_sub(after));
    }

    pub(super) fn synced(&mut self, inode: u64) {
        let file = self.inodes.get_mut(&inode).unwrap();
        for change in file.pending.drain(..) {
            change.apply(&mut file.durable);
        }
    }

    /// The kernel forgets the pages that it could not write: they can be read for a while, and are on the disk or not. The length is kept.
    pub(super) fn sync_failed(&mut self, inode: u64) {
        let file = self.inodes.get_mut(&inode).unwrap();
        for change in file.pending.drain(..) {
            change.survive(&mut file.durable, Mood::Some, &mut self.random);
        }
        file.durable.resize(file.data.len(), 0);
        file.doubtful = true;
    }

    pub(super) fn create(&mut self, path: &Path) -> u64 {
        if let Some(&inode) = self.names.get(path) {
            self.change(inode, Change::Len(0));
            return inode;
        }
        let inode = self.next_inode;
        self.next_inode += 1;
        self.inodes.insert(inode, Inode::default());
        self.name(NameChange::Add { path: path.into(), inode });
        inode
    }

    pub(super) fn name(&mut self, change: NameChange) {
        let size = |s: &Self| s.names.values().map(|i| s.inodes[i].data.len() as u64).sum::<u64>();
        let before = size(self);
        change.apply(&mut self.names);
        if let NameChange::RemoveDir(dir) = &change {
            self.dirs.retain(|d| !d.starts_with(dir));
        }
        self.pending_names.push(change);
        let freed = before - size(self);
        self.space = self.space.map(|s| s + freed);
    }

    fn take_names(&mut self, dir: &Path) -> Vec<NameChange> {
        let (taken, left) = std::mem::take(&mut self.pending_names).into_iter().partition(|c| c.is_in(dir));
        self.pending_names = left;
        taken
    }

    pub(super) fn dir_synced(&mut self, dir: &Path) {
        for change in self.take_names(dir) {
            change.apply(&mut self.durable_names);
        }
    }

    pub(super) fn dir_sync_failed(&mut self, dir: &Path) {
        for change in self.take_names(dir) {
            if self.random.below(2) == 0 {
                change.apply(&mut self.durable_names);
            }
        }
    }

    pub(super) fn create_dir_all(&mut self, dir: &Path) {
        for made in dir.ancestors() {
            if self.dirs.insert(made.into())
                && let Some(parent) = made.parent()
            {
                self.dir_synced(parent);
            }
        }
    }

    pub(super) fn list(&self, dir: &Path) -> Result<Vec<String>> {
        if !self.dirs.contains(dir) {
            return Err(ErrorKind::NotFound.into());
        }
        let within = self.names.keys().chain(&self.dirs).filter(|p| p.parent() == Some(dir));
        let names: BTreeSet<String> = within.filter_map(|p| p.file_name()?.to_str().map(String::from)).collect();
        Ok(names.into_iter().collect())
    }

    fn revive(&mut self) {
        self.life += 1;
        self.stopped = false;
        self.stop_at = None;
        let used: BTreeSet<u64> = self
            .names
            .values()
            .chain(self.durable_names.values())
            .copied()
            .chain(self.pending_names.iter().filter_map(|c| match c {
                NameChange::Add { inode, .. } | NameChange::Rename { inode, .. } => Some(*inode),
                _ => None,
            }))
            .collect();
        self.inodes.retain(|i, _| used.contains(i));
    }

    pub(super) fn crash(&mut self) {
        self.revive();
        for file in self.inodes.values_mut().filter(|f| f.doubtful) {
            // Pages that the kernel holds for clean may be dropped and read again.
            if self.random.below(2) == 0 {
                file.data = file.durable.clone();
                for change in &file.pending {
                    change.apply(&mut file.data);
                }
                file.doubtful = false;
            }
        }
    }

    pub(super) fn power_loss(&mut self) {
        let mood = match self.random.below(4) {
            0 => Mood::Nothing,
            1 => Mood::All,
            _ => Mood::Some,
        };
        for change in std::mem::take(&mut self.pending_names) {
            let survives = match mood {
                Mood::Nothing => false,
                Mood::All => true,
                Mood::Some => self.random.below(2) == 0,
            };
            if survives {
                change.apply(&mut self.durable_names);
                if let NameChange::RemoveDir(dir) = &change {
                    self.dirs.retain(|d| !d.starts_with(dir));
                }
            }
        }
        self.names = self.durable_names.clone();
        let parents: Vec<PathBuf> = self.names.keys().flat_map(|p| p.ancestors().skip(1).map(PathBuf::from)).collect();
        self.dirs.extend(parents);
        self.revive();
        for file in self.inodes.values_mut() {
            for change in file.pending.drain(..) {
                change.survive(&mut file.durable, mood, &mut self.random);
            }
            file.data = file.durable.clone();
            file.doubtful = false;
        }
    }

    pub(super) fn flip(&mut self, flip: &Flip) {
        // The file may be gone or shorter when a flip is mended.
        let Some(file) = self.durable_names.get(&flip.path).and_then(|i| self.inodes.get_mut(i)) else { return };
        for bytes in [&mut file.durable, &mut file.data] {
            if let Some(byte) = bytes.get_mut(flip.position as usize) {
                *byte ^= 1 << flip.bit;
            }
        }
    }

    pub(super) fn flip_any(&mut self, wanted: &dyn Fn(&Path) -> bool) -> Option<Flip> {
        let files: Vec<(&PathBuf, usize)> = self
            .durable_names
            .iter()
            .filter(|(path, inode)| {
                let file = &self.inodes[inode];
                wanted(path)
                    && self.names.get(*path) == Some(inode)
                    && file.pending.is_empty()
                    && !file.doubtful
                    && !file.durable.is_empty()
            })
            .map(|(path, inode)| (path, self.inodes[inode].durable.len()))
            .collect();
        if files.is_empty() {
            return None;
        }
        let (path, len) = files[self.random.below(files.len() as u64) as usize];
        let flip = Flip { path: path.clone(), position: self.random.below(len as u64), bit: self.random.below(8) as u8 };
        self.flip(&flip);
        Some(flip)
    }

    pub(super) fn image(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        self.names.iter().map(|(path, inode)| (path.clone(), self.inodes[inode].data.clone())).collect()
    }
}
