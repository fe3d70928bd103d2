//! The file system as an argument: all disk access of the log goes through these two traits, so that tests can fail, tear and
//! reorder what is written, and drop what was not synced.
//!
//! Contract of durability, the POSIX one: what [`File::write_at`] wrote lasts after [`File::sync`]; a file that was made, renamed or
//! removed stays so after [`FileSystem::sync_dir`] of its folder. Before that a loss of power may undo any part of it, in any order.
//! After a sync that failed nothing is known of what was written before it, even if a later sync succeeds: write it again.
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

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
    /// Makes a folder and its parents, durably, also those that are there already.
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

/// Folders whose names, and those of all folders above, this process has made durable. One that is there may have been made by a process that
/// ended before it had synced it.
static DURABLE: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// The folders on the way to `dir` whose names may not last, the innermost first: the `missing` ones, which were just made, and of those above
/// all below the first that is known to be durable.
fn unsynced<'a>(dir: &'a Path, missing: usize, durable: &BTreeSet<PathBuf>) -> Vec<&'a Path> {
    let named = dir.ancestors().filter(|d| d.parent().is_some_and(|p| !p.as_os_str().is_empty()));
    named.enumerate().take_while(|(i, d)| *i < missing || !durable.contains(*d)).map(|(_, d)| d).collect()
}

fn cannot_be_synced(e: &std::io::Error) -> bool {
    use ErrorKind::{InvalidInput, PermissionDenied, ReadOnlyFilesystem, Unsupported};
    matches!(e.kind(), InvalidInput | PermissionDenied | ReadOnlyFilesystem | Unsupported)
}

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
        let durable = || DURABLE.lock().unwrap_or_else(PoisonError::into_inner);
        let named = unsynced(dir, missing, &durable());
        for (i, parent) in named.iter().filter_map(|d| d.parent()).enumerate() {
            match self.sync_dir(parent) {
                // Above all that a store has made, in a folder that is not ours, or of a file system that cannot do it.
                Err(e) if i >= missing && cannot_be_synced(&e) => break,
                synced => synced?,
            }
        }
        // Not before all of them are: the last one stands for those above it.
        durable().extend(named.into_iter().map(Path::to_path_buf));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_there_is_synced_once_a_process() {
        let durable = BTreeSet::from([PathBuf::from("/data/a")]);
        let unsynced =
            |dir, missing| unsynced(Path::new(dir), missing, &durable).iter().map(|d| d.display().to_string()).collect();
        let of = |dir, missing| -> Vec<String> { unsynced(dir, missing) };
        assert_eq!(of("/data/a/b/c", 1), ["/data/a/b/c", "/data/a/b"]);
        assert!(of("/data/a", 0).is_empty());
        // It was removed since, and made again.
        assert_eq!(of("/data/a", 1), ["/data/a", "/data"]);
        assert_eq!(of("/data/b", 0), ["/data/b", "/data"]);
        assert_eq!(of("a/b", 2), ["a/b"], "nothing is known of the folder that we are in");

        let dir = std::env::temp_dir().join(format!("fluss-folders-{}", std::process::id()));
        let (inner, outer) = (dir.join("a/b"), dir.join("a"));
        for _ in 0..2 {
            LocalFileSystem.create_dir_all(&inner).unwrap();
            let durable = DURABLE.lock().unwrap();
            assert!(durable.contains(&inner) && durable.contains(&outer) && durable.contains(&dir));
            drop(durable);
            LocalFileSystem.remove_dir_all(&dir).unwrap();
        }
    }
}
