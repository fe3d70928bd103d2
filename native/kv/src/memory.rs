//! The store of the simulation: a sorted map, without threads and without a clock. Durable is what [`KvStore::flush`] wrote: the whole
//! state in one file `state`, replaced by rename. What was applied since is lost with the process, as RocksDB loses its memtables.
//!
//! The file: applied offset i64, number of rows u64, a row: u32 bytes of the key, the key, u32 bytes of the row, the row; last the
//! CRC-32C of all before. Little endian.
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use bytes::Bytes;
use fluss_types::file::FileSystem;
use fluss_types::{Error, ErrorCode, LogOffset, Result};

use crate::pre_write::Changes;
use crate::store::{KvSnapshot, KvStore, KvStores, KvValue};

/// Stores in memory over a file system.
#[derive(Clone, Debug)]
pub struct MemoryKvStores {
    fs: Arc<dyn FileSystem>,
}

impl MemoryKvStores {
    /// Stores whose durable state lies in `fs`.
    pub fn new(fs: Arc<dyn FileSystem>) -> Self {
        Self { fs }
    }
}

impl KvStores for MemoryKvStores {
    fn open(&self, dir: &Path) -> Result<Arc<dyn KvStore>> {
        let state = State::read(self.fs.as_ref(), dir)?.unwrap_or_default();
        Ok(Arc::new(MemoryKv { fs: self.fs.clone(), dir: dir.to_path_buf(), state: RwLock::new(state) }))
    }

    fn open_snapshot(&self, dir: &Path) -> Result<Box<dyn KvSnapshot>> {
        match State::read(self.fs.as_ref(), dir)? {
            Some(state) => Ok(Box::new(state)),
            None => Err(Error::new(ErrorCode::CorruptKv, format!("there is no snapshot in {}", dir.display()))),
        }
    }

    fn memory_used(&self) -> (u64, u64) {
        (0, 0)
    }
}

#[derive(Clone, Debug, Default)]
struct State {
    applied_offset: LogOffset,
    rows: BTreeMap<Bytes, Bytes>,
}

impl State {
    fn encode(&self) -> Vec<u8> {
        let mut b = self.applied_offset.to_le_bytes().to_vec();
        b.extend_from_slice(&(self.rows.len() as u64).to_le_bytes());
        for part in self.rows.iter().flat_map(|(key, row)| [key, row]) {
            b.extend_from_slice(&(part.len() as u32).to_le_bytes());
            b.extend_from_slice(part);
        }
        b.extend_from_slice(&crc32c::crc32c(&b).to_le_bytes());
        b
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (content, checksum) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(content) != u32::from_le_bytes(*checksum) {
            return None;
        }
        let (applied, rest) = content.split_first_chunk::<8>()?;
        let (count, mut rest) = rest.split_first_chunk::<8>()?;
        let mut part = || {
            let (len, after) = rest.split_first_chunk::<4>()?;
            let (part, after) = after.split_at_checked(u32::from_le_bytes(*len) as usize)?;
            rest = after;
            Some(Bytes::copy_from_slice(part))
        };
        let rows = (0..u64::from_le_bytes(*count)).map(|_| Some((part()?, part()?))).collect::<Option<_>>()?;
        rest.is_empty().then_some(Self { applied_offset: LogOffset::from_le_bytes(*applied), rows })
    }

    /// `None`: nothing was ever flushed.
    fn read(fs: &dyn FileSystem, dir: &Path) -> Result<Option<Self>> {
        let path = dir.join("state");
        match fs.read(&path) {
            Ok(bytes) => Self::decode(&bytes)
                .map(Some)
                .ok_or_else(|| Error::new(ErrorCode::CorruptKv, format!("kv store {} is damaged", path.display()))),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::io(format!("read {}", path.display()), &e)),
        }
    }

    fn write(&self, fs: &dyn FileSystem, dir: &Path) -> Result<()> {
        let path = dir.join("state");
        fs.replace(&path, &self.encode())
            .and_then(|()| fs.sync_dir(dir))
            .map_err(|e| Error::io(format!("write {}", path.display()), &e))
    }
}

impl KvSnapshot for State {
    fn scan(&self, after: &[u8], max_rows: usize, max_bytes: usize, row: &mut dyn FnMut(&[u8])) -> Result<Option<Vec<u8>>> {
        let (mut rows, mut bytes, mut last) = (0, 0, None);
        let from = if after.is_empty() { Bound::Unbounded } else { Bound::Excluded(after) };
        for (key, value) in self.rows.range::<[u8], _>((from, Bound::Unbounded)) {
            row(value);
            rows += 1;
            bytes += value.len();
            last = Some(key.to_vec());
            if rows >= max_rows || bytes >= max_bytes {
                break;
            }
        }
        Ok(last)
    }
}

#[derive(Debug)]
struct MemoryKv {
    fs: Arc<dyn FileSystem>,
    dir: PathBuf,
    state: RwLock<State>,
}

impl MemoryKv {
    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KvStore for MemoryKv {
    fn applied_offset(&self) -> Result<LogOffset> {
        Ok(self.state().applied_offset)
    }

    fn apply(&self, changes: &Changes, applied_offset: LogOffset) -> Result<()> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for (key, row) in changes {
            match row {
                Some(row) => state.rows.insert(key.clone(), row.clone()),
                None => state.rows.remove(key),
            };
        }
        state.applied_offset = applied_offset;
        Ok(())
    }

    fn multi_get(&self, keys: &[&[u8]]) -> Result<Vec<Option<KvValue<'_>>>> {
        let state = self.state();
        Ok(keys.iter().map(|key| state.rows.get(*key).cloned().map(KvValue::Buffered)).collect())
    }

    fn flush(&self) -> Result<()> {
        self.state().write(self.fs.as_ref(), &self.dir)
    }

    fn checkpoint(&self, dir: &Path) -> Result<()> {
        self.fs.create_dir_all(dir).map_err(|e| Error::io(format!("make snapshot folder {}", dir.display()), &e))?;
        self.state().write(self.fs.as_ref(), dir)
    }
}
