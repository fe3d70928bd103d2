//! The store of the simulation: sorted maps, without threads and without a clock. Durable is what [`KvTable::flush`] wrote: the whole
//! state in one file `state`, replaced by rename. What was applied since is lost with the process, as RocksDB loses its memtables.
//!
//! The file: number of tablets u32; a tablet: partition u32, bucket u32, applied offset i64, counted rows i64, number of rows u64, a row: u32
//! bytes of the key, the key, u32 bytes of the row, the row; last the CRC-32C of all before. Little endian.
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use fluss_types::file::FileSystem;
use fluss_types::{BucketId, Error, ErrorCode, LogOffset, PartitionId, Result};

use crate::pre_write::Changes;
use crate::store::{
    Applied, IsRemovable, KvCheckpoint, KvFigures, KvLoad, KvMemoryUsed, KvRange, KvSnapshot, KvStore, KvStores, KvTable,
    KvValue, OnPrefixRow, OnRow,
};

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
    fn open(&self, dir: &Path, _removable: Option<IsRemovable>) -> Result<Arc<dyn KvTable>> {
        let state = State::read(self.fs.as_ref(), dir)?.unwrap_or_default();
        let durable = state.offsets();
        Ok(Arc::new(MemoryTable(Arc::new(Shared {
            fs: self.fs.clone(),
            dir: dir.to_path_buf(),
            tables: RwLock::new(Tables { state: Some(state), durable }),
        }))))
    }

    fn open_checkpoint(&self, dir: &Path) -> Result<Arc<dyn KvCheckpoint>> {
        match State::read(self.fs.as_ref(), dir)? {
            Some(state) => Ok(Arc::new(state)),
            None => Err(Error::new(ErrorCode::CorruptKv, format!("there is no snapshot in {}", dir.display()))),
        }
    }

    fn memory_used(&self) -> KvMemoryUsed {
        KvMemoryUsed::default()
    }

    fn figures(&self) -> KvFigures {
        KvFigures::default()
    }
}

type Place = (PartitionId, BucketId);

#[derive(Clone, Debug, Default)]
struct Tablet {
    applied: Applied,
    rows: BTreeMap<Bytes, Bytes>,
}

#[derive(Clone, Debug, Default)]
struct State {
    tablets: BTreeMap<Place, Tablet>,
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*head)
}

fn take_part(rest: &mut &[u8]) -> Option<Bytes> {
    let len = u32::from_le_bytes(take(rest)?) as usize;
    let (part, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some(Bytes::copy_from_slice(part))
}

impl Tablet {
    fn encode(&self, b: &mut Vec<u8>) {
        b.extend_from_slice(&self.applied.offset.to_le_bytes());
        b.extend_from_slice(&self.applied.rows.to_le_bytes());
        b.extend_from_slice(&(self.rows.len() as u64).to_le_bytes());
        for part in self.rows.iter().flat_map(|(key, row)| [key, row]) {
            b.extend_from_slice(&(part.len() as u32).to_le_bytes());
            b.extend_from_slice(part);
        }
    }

    fn decode(rest: &mut &[u8]) -> Option<Self> {
        let applied = Applied { offset: LogOffset::from_le_bytes(take(rest)?), rows: i64::from_le_bytes(take(rest)?) };
        let rows =
            (0..u64::from_le_bytes(take(rest)?)).map(|_| Some((take_part(rest)?, take_part(rest)?))).collect::<Option<_>>()?;
        Some(Self { applied, rows })
    }
}

impl State {
    fn offsets(&self) -> BTreeMap<Place, LogOffset> {
        self.tablets.iter().map(|(place, tablet)| (*place, tablet.applied.offset)).collect()
    }

    fn encode(&self) -> Vec<u8> {
        let mut b = (self.tablets.len() as u32).to_le_bytes().to_vec();
        for ((partition, bucket), tablet) in &self.tablets {
            b.extend_from_slice(&partition.to_le_bytes());
            b.extend_from_slice(&bucket.to_le_bytes());
            tablet.encode(&mut b);
        }
        b.extend_from_slice(&crc32c::crc32c(&b).to_le_bytes());
        b
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (mut rest, checksum) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(rest) != u32::from_le_bytes(*checksum) {
            return None;
        }
        let rest = &mut rest;
        let mut tablets = BTreeMap::new();
        for _ in 0..u32::from_le_bytes(take(rest)?) {
            let place = (PartitionId::from_le_bytes(take(rest)?), BucketId::from_le_bytes(take(rest)?));
            tablets.insert(place, Tablet::decode(rest)?);
        }
        rest.is_empty().then_some(Self { tablets })
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

impl KvCheckpoint for State {
    fn tablet(&self, partition: PartitionId, bucket: BucketId) -> Box<dyn KvSnapshot> {
        Box::new(self.tablets.get(&(partition, bucket)).cloned().unwrap_or_default())
    }
}

impl KvSnapshot for Tablet {
    fn applied(&self) -> Result<Applied> {
        Ok(self.applied)
    }

    fn scan(&self, range: &KvRange<'_>, row: &mut OnRow<'_>) -> Result<Option<Vec<u8>>> {
        let (mut rows, mut bytes, mut last) = (0, 0, None);
        let from = match range.after.max(range.within) {
            after if after == range.after && !after.is_empty() => Bound::Excluded(after),
            within => Bound::Included(within),
        };
        let found = self.rows.range::<[u8], _>((from, Bound::Unbounded));
        for (key, value) in found.take_while(|(key, _)| key.starts_with(range.within)) {
            row(key, value);
            rows += 1;
            bytes += key.len() + value.len();
            last = Some(key.to_vec());
            if rows >= range.max_rows || bytes >= range.max_bytes {
                break;
            }
        }
        Ok(last)
    }
}

#[derive(Debug)]
struct Tables {
    /// `None`: closed.
    state: Option<State>,
    durable: BTreeMap<Place, LogOffset>,
}

#[derive(Debug)]
struct Shared {
    fs: Arc<dyn FileSystem>,
    dir: PathBuf,
    tables: RwLock<Tables>,
}

impl Shared {
    fn closed(&self) -> Error {
        Error::new(ErrorCode::Closed, format!("kv store {} was closed", self.dir.display()))
    }

    fn read(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> Result<T> {
        self.write().state.as_mut().map(change).ok_or_else(|| self.closed())
    }

    fn with<T>(&self, read: impl FnOnce(&State) -> T) -> Result<T> {
        self.read().state.as_ref().map(read).ok_or_else(|| self.closed())
    }

    fn flush(&self) -> Result<()> {
        let mut tables = self.write();
        let state = tables.state.as_ref().ok_or_else(|| self.closed())?;
        state.write(self.fs.as_ref(), &self.dir)?;
        tables.durable = state.offsets();
        Ok(())
    }
}

#[derive(Debug)]
struct MemoryTable(Arc<Shared>);

impl KvTable for MemoryTable {
    fn tablet(&self, partition: PartitionId, bucket: BucketId) -> Result<Arc<dyn KvStore>> {
        self.0.with(|_| ())?;
        Ok(Arc::new(MemoryTablet { shared: self.0.clone(), place: (partition, bucket) }))
    }

    fn flush(&self) -> Result<()> {
        self.0.flush()
    }

    fn flush_in_background(&self) -> Result<()> {
        self.0.flush()
    }

    fn checkpoint(&self, dir: &Path) -> Result<()> {
        let fs = self.0.fs.as_ref();
        fs.create_dir_all(dir).map_err(|e| Error::io(format!("make snapshot folder {}", dir.display()), &e))?;
        self.0.with(|state| state.write(fs, dir))?
    }

    fn remove_partition(&self, partition: PartitionId) -> Result<()> {
        self.0.change(|state| state.tablets.retain(|place, _| place.0 != partition))?;
        self.0.flush()
    }

    fn load(&self) -> KvLoad {
        KvLoad::default()
    }

    fn close(&self) {
        self.0.write().state = None;
    }
}

#[derive(Debug)]
struct MemoryTablet {
    shared: Arc<Shared>,
    place: Place,
}

impl MemoryTablet {
    fn with<T>(&self, read: impl FnOnce(&Tablet) -> T) -> Result<T> {
        self.shared.with(|state| match state.tablets.get(&self.place) {
            Some(tablet) => read(tablet),
            None => read(&Tablet::default()),
        })
    }
}

impl KvStore for MemoryTablet {
    fn applied(&self) -> Result<Applied> {
        self.with(|tablet| tablet.applied)
    }

    fn durable_offset(&self) -> Result<LogOffset> {
        self.shared.with(|_| ())?;
        Ok(self.shared.read().durable.get(&self.place).copied().unwrap_or(0))
    }

    fn apply(&self, changes: &Changes, applied: Applied) -> Result<()> {
        self.shared.change(|state| {
            let tablet = state.tablets.entry(self.place).or_default();
            for (key, row) in changes {
                match row {
                    Some(row) => tablet.rows.insert(key.clone(), row.clone()),
                    None => tablet.rows.remove(key),
                };
            }
            tablet.applied = applied;
        })
    }

    fn multi_get(&self, keys: &[&[u8]]) -> Result<Vec<Option<KvValue<'_>>>> {
        self.with(|tablet| keys.iter().map(|key| tablet.rows.get(*key).cloned().map(KvValue::Buffered)).collect())
    }

    fn scan(&self, range: &KvRange<'_>, row: &mut OnRow<'_>) -> Result<Option<Vec<u8>>> {
        self.with(|tablet| tablet.scan(range, row))?
    }

    fn scan_prefixes(&self, prefixes: &[&[u8]], begun: &mut dyn FnMut(), row: &mut OnPrefixRow<'_>) -> Result<()> {
        self.with(|tablet| {
            begun();
            prefixes.iter().enumerate().try_for_each(|(i, prefix)| {
                let found = tablet.rows.range::<[u8], _>((Bound::Included(*prefix), Bound::Unbounded));
                found.take_while(|(key, _)| key.starts_with(prefix)).try_for_each(|(key, value)| row(i, key, value))
            })
        })?
    }

    fn snapshot(&self) -> Result<Box<dyn KvSnapshot>> {
        let copy = self.with(Tablet::clone)?;
        Ok(Box::new(LiveSnapshot { shared: self.shared.clone(), copy }))
    }

    fn clear(&self) -> Result<()> {
        self.shared.change(|state| state.tablets.remove(&self.place))?;
        self.shared.flush()
    }
}

/// As one of RocksDB it ends with its table.
#[derive(Debug)]
struct LiveSnapshot {
    shared: Arc<Shared>,
    copy: Tablet,
}

impl KvSnapshot for LiveSnapshot {
    fn applied(&self) -> Result<Applied> {
        self.shared.with(|_| self.copy.applied)
    }

    fn scan(&self, range: &KvRange<'_>, row: &mut OnRow<'_>) -> Result<Option<Vec<u8>>> {
        self.shared.with(|_| ())?;
        self.copy.scan(range, row)
    }
}
