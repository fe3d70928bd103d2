//! A file system with a say in the syncs of its files.
use std::fmt;
use std::io::Result;
use std::path::Path;
use std::sync::Arc;

use fluss_types::file::{File, FileSystem};

/// Called in place of each sync of a file; it does the sync that it is given, or not.
pub type SyncHook = Arc<dyn Fn(&dyn Fn() -> Result<()>) -> Result<()> + Send + Sync>;

/// Another file system with a hook at each sync of a file.
pub struct HookedFiles {
    fs: Arc<dyn FileSystem>,
    hook: SyncHook,
}

struct HookedFile {
    file: Arc<dyn File>,
    hook: SyncHook,
}

impl HookedFiles {
    /// The files of `fs`.
    pub fn new(fs: Arc<dyn FileSystem>, hook: SyncHook) -> Self {
        Self { fs, hook }
    }

    fn hooked(&self, file: Arc<dyn File>) -> Arc<dyn File> {
        Arc::new(HookedFile { file, hook: self.hook.clone() })
    }
}

impl fmt::Debug for HookedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fs.fmt(f)
    }
}

impl fmt::Debug for HookedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.fmt(f)
    }
}

impl File for HookedFile {
    fn read_at(&self, position: u64, out: &mut [u8]) -> Result<()> {
        self.file.read_at(position, out)
    }

    fn write_at(&self, position: u64, bytes: &[u8]) -> Result<()> {
        self.file.write_at(position, bytes)
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.file.set_len(len)
    }

    fn len(&self) -> Result<u64> {
        self.file.len()
    }

    fn sync(&self) -> Result<()> {
        (self.hook)(&|| self.file.sync())
    }
}

impl FileSystem for HookedFiles {
    fn create(&self, path: &Path) -> Result<Arc<dyn File>> {
        self.fs.create(path).map(|f| self.hooked(f))
    }

    fn open(&self, path: &Path) -> Result<Arc<dyn File>> {
        self.fs.open(path).map(|f| self.hooked(f))
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        self.fs.read(path)
    }

    fn list(&self, dir: &Path) -> Result<Vec<String>> {
        self.fs.list(dir)
    }

    fn create_dir_all(&self, dir: &Path) -> Result<()> {
        self.fs.create_dir_all(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.fs.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        self.fs.remove_file(path)
    }

    fn remove_dir_all(&self, dir: &Path) -> Result<()> {
        self.fs.remove_dir_all(dir)
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        self.fs.sync_dir(dir)
    }
}
