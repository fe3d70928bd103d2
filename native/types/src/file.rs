//! The file system as an argument: all disk access of the log goes through these two traits, so that tests can fail, tear and
//! reorder what is written, and drop what was not synced.
//!
//! Contract of durability, the POSIX one: what [`File::write_at`] wrote lasts after [`File::sync`]; a file that was made, renamed or
//! removed stays so after [`FileSystem::sync_dir`] of its folder. Before that a loss of power may undo any part of it, in any order.
//! After a sync that failed nothing is known of what was written before it, even if a later sync succeeds: write it again.
use std::fmt::Debug;
use std::io::Result;
use std::path::Path;
use std::sync::Arc;

/// An open file, read and written at positions; any thread.
pub trait File: Send + Sync + Debug {
    /// Fills `out` from a position; `UnexpectedEof` if the file ends before.
    fn read_at(&self, position: u64, out: &mut [u8]) -> Result<()>;
    /// Writes all bytes at a position; after an error any part of them may be there.
    fn write_at(&self, position: u64, bytes: &[u8]) -> Result<()>;
    /// Cuts or extends the file.
    fn set_len(&self, len: u64) -> Result<()>;
    /// Bytes of the file.
    fn len(&self) -> Result<u64>;
    /// Whether the file has no bytes.
    fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }
    /// Returns when all that was written before the call is durable.
    fn sync(&self) -> Result<()>;
}

/// Files and folders.
pub trait FileSystem: Send + Sync + Debug {
    /// Makes a file, or empties the one that is there.
    fn create(&self, path: &Path) -> Result<Arc<dyn File>>;
    /// Opens a file that exists.
    fn open(&self, path: &Path) -> Result<Arc<dyn File>>;
    /// The whole content of a file.
    fn read(&self, path: &Path) -> Result<Vec<u8>>;
    /// Names of what lies in a folder, sorted; `NotFound` if there is no such folder.
    fn list(&self, dir: &Path) -> Result<Vec<String>>;
    /// Makes a folder and its parents, durably.
    fn create_dir_all(&self, dir: &Path) -> Result<()>;
    /// Gives a file another name in the same file system, replacing what has that name.
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;
    /// Removes a file.
    fn remove_file(&self, path: &Path) -> Result<()>;
    /// Removes a folder and all in it.
    fn remove_dir_all(&self, dir: &Path) -> Result<()>;
    /// Makes the names in a folder durable.
    fn sync_dir(&self, dir: &Path) -> Result<()>;

    /// Replaces a small file as a whole: after a crash or a loss of power it is the old one or the new one. The new one lasts after
    /// [`FileSystem::sync_dir`] of its folder.
    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let temporary = path.with_extension("tmp");
        let file = self.create(&temporary)?;
        file.write_at(0, bytes)?;
        file.sync()?;
        self.rename(&temporary, path)
    }
}

/// The operating system's file system.
#[derive(Debug, Default)]
pub struct LocalFileSystem;

#[derive(Debug)]
struct LocalFile(std::fs::File);

impl File for LocalFile {
    fn read_at(&self, position: u64, out: &mut [u8]) -> Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.0, out, position)
    }

    fn write_at(&self, position: u64, bytes: &[u8]) -> Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&self.0, bytes, position)
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.0.set_len(len)
    }

    fn len(&self) -> Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn sync(&self) -> Result<()> {
        self.0.sync_data()
    }
}

impl FileSystem for LocalFileSystem {
    fn create(&self, path: &Path) -> Result<Arc<dyn File>> {
        let file = std::fs::OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        Ok(Arc::new(LocalFile(file)))
    }

    fn open(&self, path: &Path) -> Result<Arc<dyn File>> {
        Ok(Arc::new(LocalFile(std::fs::OpenOptions::new().read(true).write(true).open(path)?)))
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn list(&self, dir: &Path) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(dir)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn create_dir_all(&self, dir: &Path) -> Result<()> {
        let missing = dir.ancestors().take_while(|d| !d.as_os_str().is_empty() && !d.exists()).count();
        std::fs::create_dir_all(dir)?;
        for made in dir.ancestors().take(missing) {
            if let Some(parent) = made.parent().filter(|p| !p.as_os_str().is_empty()) {
                self.sync_dir(parent)?;
            }
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        std::fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        std::fs::remove_file(path)
    }

    fn remove_dir_all(&self, dir: &Path) -> Result<()> {
        std::fs::remove_dir_all(dir)
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        std::fs::File::open(dir)?.sync_all()
    }
}
