//! The data directory: its path, its folders, its lock.
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use fluss_types::file::FileSystem;
use fluss_types::{Error, ErrorCode, PartitionId, Result, TableBucket, TableId};

/// A data directory, locked unless it is [`DataDirectory::unlocked`].
#[derive(Debug)]
pub(crate) struct DataDirectory {
    path: PathBuf,
    /// Holds the lock (`flock`) until it is closed; the kernel lets go of it when the process dies.
    lock: Mutex<Option<File>>,
}

/// Reads `/path` or `file:///path`.
pub(crate) fn parse_data_dir(value: &str) -> Result<PathBuf> {
    let path = match value.split_once("://") {
        None => value.strip_prefix("file:").unwrap_or(value),
        Some(("file", path)) => path,
        Some((scheme, _)) => {
            return Err(Error::new(
                ErrorCode::InvalidOption,
                format!("option 'data.dir' = '{value}': '{scheme}://' is not a local directory; use '/path' or 'file:///path'"),
            ));
        }
    };
    if !path.starts_with('/') {
        return Err(Error::new(
            ErrorCode::InvalidOption,
            format!("option 'data.dir' = '{value}': expected an absolute path, '/path' or 'file:///path'"),
        ));
    }
    Ok(PathBuf::from(path))
}

impl DataDirectory {
    /// Makes the directory if need be and locks it.
    pub(crate) fn lock(path: &Path) -> Result<Self> {
        let lock_path = path.join("fluss.lock");
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&lock_path).map_err(|e| {
            Error::io(
                format!(
                    "data directory {} cannot be written (check its owner and its permissions): open {}",
                    path.display(),
                    lock_path.display()
                ),
                &e,
            )
        })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(path, &mut file)),
            Err(TryLockError::Error(e)) => return Err(Error::io(format!("lock {}", lock_path.display()), &e)),
        }
        let text = format!("{} {}\n", std::process::id(), env!("CARGO_PKG_VERSION"));
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()))
            .map_err(|e| Error::io(format!("write {}", lock_path.display()), &e))?;
        Ok(Self { path: path.to_path_buf(), lock: Mutex::new(Some(file)) })
    }

    /// A directory that no other process can see.
    pub(crate) fn unlocked(path: &Path) -> Self {
        Self { path: path.to_path_buf(), lock: Mutex::default() }
    }

    /// Lets others open the directory. Tables that are still held by someone keep this object alive, not the lock.
    pub(crate) fn unlock(&self) {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn tables(&self) -> PathBuf {
        self.path.join("tables")
    }

    /// Folder of a table.
    pub(crate) fn table(&self, table: TableId) -> PathBuf {
        self.tables().join(table.to_string())
    }

    /// Folder of a partition.
    fn partition(&self, table: TableId, partition: PartitionId) -> PathBuf {
        self.table(table).join(format!("p{partition}"))
    }

    /// Folder of a bucket.
    pub(crate) fn bucket(&self, bucket: TableBucket) -> PathBuf {
        let of = match bucket.partition {
            0 => self.table(bucket.table_id),
            partition => self.partition(bucket.table_id, partition),
        };
        of.join(bucket.bucket.to_string())
    }

    /// Removes the folder of a dropped table.
    pub(crate) fn remove_table(&self, fs: &dyn FileSystem, table: TableId) -> Result<()> {
        Self::remove(fs, &self.table(table))
    }

    /// Removes the folder of a dropped partition.
    pub(crate) fn remove_partition(&self, fs: &dyn FileSystem, table: TableId, partition: PartitionId) -> Result<()> {
        Self::remove(fs, &self.partition(table, partition))
    }

    fn remove(fs: &dyn FileSystem, dir: &Path) -> Result<()> {
        match fs.remove_dir_all(dir) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::io(format!("remove {}", dir.display()), &e)),
            _ => Ok(()),
        }
    }

    /// Removes folders of tables that the catalog no longer has: a crash came between the drop and the removal.
    pub(crate) fn remove_orphans(&self, fs: &dyn FileSystem, known: &[TableId]) -> Result<()> {
        let tables = match fs.list(&self.tables()) {
            Ok(names) => names,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(Error::io(format!("list {}", self.tables().display()), &e)),
        };
        for id in tables.iter().filter_map(|name| name.parse().ok()).filter(|id| !known.contains(id)) {
            self.remove_table(fs, id)?;
        }
        Ok(())
    }
}

fn in_use(path: &Path, file: &mut File) -> Error {
    let mut text = String::new();
    // The holder writes its pid right after it has the lock; an unreadable file only makes the message poorer.
    let _ = file.read_to_string(&mut text);
    let (pid, version) = text.trim().split_once(' ').unwrap_or(("?", "?"));
    let who = if pid == std::process::id().to_string() {
        format!(
            "by another copy of the connector (version {version}) in this same process, {pid}. Use one connector jar in flink/lib for all jobs"
        )
    } else {
        format!(
            "in process {pid} (fluss {version}). An embedded store has one process: end that process, or in Flink's SQL client set 'execution.target' = 'local' so that all statements run in one process, or run 'fluss server' and use 'bootstrap.servers'"
        )
    };
    Error::new(ErrorCode::DirectoryInUse, format!("data directory {} is open {who}", path.display()))
}
