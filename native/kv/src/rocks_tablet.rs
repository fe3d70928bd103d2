//! One tablet's part of the RocksDB of its table.
use std::sync::Arc;

use bytes::Bytes;
use fluss_types::{BucketId, Error, ErrorCode, LogOffset, PartitionId, Result, in_threads};
use rocksdb::{DBPinnableSlice, DEFAULT_COLUMN_FAMILY_NAME as DEFAULT_CF, ReadOptions, ReadTier, WriteBatch};

use crate::pre_write::Changes;
use crate::rocks::{Db, rocks_error};
use crate::rocks_scan::{LiveSnapshot, scan};
use crate::store::{Applied, KvRange, KvSnapshot, KvStore, KvValue, OnPrefixRow, OnRow};

/// The byte behind the tablet: the store's own entries, or rows; from 2 on they are kept for secondary indexes.
const OWN: u8 = 0;
const ROW: u8 = 1;

/// More than a change takes in a write batch besides its key and row: what [`TabletKeys`] puts before the key, a kind, two lengths.
const ROOM_OF_A_CHANGE: usize = 9 + 1 + 2 * 5;
/// A batch of keys is read by several threads if each has so many of them to read, which takes far longer than to start one.
const KEYS_A_THREAD: usize = 1024;
/// The most threads that read a batch: more than a small machine has cores, for some wait for the disk.
const READ_THREADS: usize = 4;

/// The keys of one tablet: partition and bucket, big endian, a byte that says of what kind, and the rest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TabletKeys([u8; 8]);

impl TabletKeys {
    pub(crate) fn new(partition: PartitionId, bucket: BucketId) -> Self {
        Self((u64::from(partition) << 32 | u64::from(bucket)).to_be_bytes())
    }

    /// A key that is not after any of a partition, and one that is after all of them and before the next one.
    pub(crate) fn of_partition(partition: PartitionId) -> (Vec<u8>, Vec<u8>) {
        (Self::new(partition, 0).0.to_vec(), Self::new(partition, BucketId::MAX).key(u8::MAX, &[]))
    }

    fn key(self, kind: u8, rest: &[u8]) -> Vec<u8> {
        let mut key = Vec::with_capacity(9 + rest.len());
        key.extend_from_slice(&self.0);
        key.push(kind);
        key.extend_from_slice(rest);
        key
    }

    pub(crate) fn row(self, key: &[u8]) -> Vec<u8> {
        self.key(ROW, key)
    }

    /// Where [`Applied`] lies.
    pub(crate) fn applied(self) -> Vec<u8> {
        self.key(OWN, b"o")
    }

    /// After all rows whose keys begin with `within`.
    pub(crate) fn end_of(self, within: &[u8]) -> Vec<u8> {
        let mut key = self.row(within);
        // The kind is not 255, so there is always one to increase.
        while key.pop_if(|last| *last == u8::MAX).is_some() {}
        if let Some(last) = key.last_mut() {
            *last += 1;
        }
        key
    }

    /// Whether a stored key is that of a row.
    pub(crate) fn is_row(stored: &[u8]) -> bool {
        stored.get(8) == Some(&ROW)
    }

    /// The key of a row without what [`Self::row`] put before it.
    pub(crate) fn strip(stored: &[u8]) -> &[u8] {
        stored.get(9..).unwrap_or_default()
    }
}

/// Applied offset, number of rows: i64 each, little endian.
pub(crate) fn decode_applied(stored: Option<&[u8]>, dir: &std::path::Path) -> Result<Applied> {
    let Some(stored) = stored else { return Ok(Applied::default()) };
    match (stored.first_chunk(), stored.last_chunk()) {
        (Some(offset), Some(rows)) if stored.len() == 16 => {
            Ok(Applied { offset: LogOffset::from_le_bytes(*offset), rows: i64::from_le_bytes(*rows) })
        }
        _ => Err(Error::new(
            ErrorCode::CorruptKv,
            format!("kv store {}: the entry of the applied offset has {} bytes", dir.display(), stored.len()),
        )),
    }
}

#[derive(Debug)]
pub(crate) struct RocksTablet {
    db: Arc<Db>,
    keys: TabletKeys,
}

impl RocksTablet {
    pub(crate) fn new(db: Arc<Db>, keys: TabletKeys) -> Self {
        Self { db, keys }
    }

    /// Rows of stored keys that are sorted.
    fn sorted_multi_get(&self, keys: &[&[u8]]) -> Result<Vec<Option<DBPinnableSlice<'_>>>> {
        let db = &self.db.db;
        let cf = db.cf_handle(DEFAULT_CF).ok_or_else(|| Error::internal("RocksDB has no default column family"))?;
        let found = db.batched_multi_get_cf(cf, keys, true);
        found.into_iter().collect::<std::result::Result<_, _>>().map_err(|e| self.db.fail("read", &e))
    }

    fn read_applied(&self, tier: ReadTier) -> Result<Applied> {
        let mut options = ReadOptions::default();
        options.set_read_tier(tier);
        let stored = self.db.db.get_pinned_opt(self.keys.applied(), &options).map_err(|e| self.db.fail("read", &e))?;
        decode_applied(stored.as_deref(), &self.db.dir)
    }
}

impl KvStore for RocksTablet {
    fn applied(&self) -> Result<Applied> {
        self.read_applied(ReadTier::All)
    }

    fn durable_offset(&self) -> Result<LogOffset> {
        Ok(self.read_applied(ReadTier::Persisted)?.offset)
    }

    fn apply(&self, changes: &Changes, applied: Applied) -> Result<()> {
        // In key order each row goes into the memtable beside the one before it.
        let mut sorted: Vec<_> = changes.iter().collect();
        sorted.sort_unstable_by_key(|(key, _)| *key);
        let bytes = changes.iter().map(|(key, row)| key.len() + row.as_ref().map_or(0, Bytes::len) + ROOM_OF_A_CHANGE).sum();
        let mut batch = WriteBatch::with_capacity_bytes(bytes);
        let mut stored = self.keys.row(&[]);
        for (key, row) in sorted {
            stored.truncate(9);
            stored.extend_from_slice(key);
            match row {
                Some(row) => batch.put(&stored, row),
                None => batch.delete(&stored),
            }
        }
        let mut entry = applied.offset.to_le_bytes().to_vec();
        entry.extend_from_slice(&applied.rows.to_le_bytes());
        batch.put(self.keys.applied(), entry);
        self.db.write(batch)
    }

    fn get(&self, key: &[u8]) -> Result<Option<KvValue<'_>>> {
        let row = self.db.db.get_pinned(self.keys.row(key)).map_err(|e| self.db.fail("read", &e))?;
        Ok(row.map(KvValue::Pinned))
    }

    fn get_in_memory(&self, key: &[u8]) -> Result<Option<Option<KvValue<'_>>>> {
        match self.db.db.get_pinned_opt(self.keys.row(key), &self.db.in_memory) {
            Ok(row) => Ok(Some(row.map(KvValue::Pinned))),
            Err(e) if e.kind() == rocksdb::ErrorKind::Incomplete => Ok(None),
            Err(e) => Err(self.db.fail("read", &e)),
        }
    }

    fn multi_get(&self, keys: &[&[u8]]) -> Result<Vec<Option<KvValue<'_>>>> {
        if let [key] = keys {
            return Ok(vec![self.get(key)?]);
        }
        // RocksDB reads neighbouring keys of a sorted batch from one block.
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_unstable_by_key(|i| keys[*i]);
        let before_key = self.keys.row(&[]);
        let mut bytes = Vec::with_capacity(keys.iter().map(|key| before_key.len() + key.len()).sum());
        let stored_key = |i: &usize| {
            bytes.extend_from_slice(&before_key);
            bytes.extend_from_slice(keys[*i]);
            bytes.len()
        };
        let ends: Vec<usize> = order.iter().map(stored_key).collect();
        let mut from = 0;
        let stored: Vec<&[u8]> = ends.iter().map(|end| &bytes[std::mem::replace(&mut from, *end)..*end]).collect();
        let threads = (keys.len() / KEYS_A_THREAD).clamp(1, READ_THREADS);
        let parts: Vec<_> = stored.chunks(stored.len().div_ceil(threads).max(1)).collect();
        let found = in_threads(&parts, |part| self.sorted_multi_get(part))?;
        let mut out: Vec<Option<KvValue<'_>>> = Vec::with_capacity(keys.len());
        out.resize_with(keys.len(), || None);
        for (i, row) in order.iter().zip(found.into_iter().flatten()) {
            out[*i] = row.map(KvValue::Pinned);
        }
        Ok(out)
    }

    fn scan(&self, range: &KvRange<'_>, row: &mut OnRow<'_>) -> Result<Option<Vec<u8>>> {
        scan(self.keys, range, |options| self.db.db.raw_iterator_opt(options), row)
            .map_err(|e| rocks_error("read", &self.db.dir, &e))
    }

    fn scan_prefixes(&self, prefixes: &[&[u8]], begun: &mut dyn FnMut(), row: &mut OnPrefixRow<'_>) -> Result<()> {
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(self.keys.end_of(&[]));
        let mut iterator = self.db.db.raw_iterator_opt(options);
        begun();
        for (i, prefix) in prefixes.iter().enumerate() {
            iterator.seek(self.keys.row(prefix));
            while let Some((key, value)) = iterator.item() {
                let key = TabletKeys::strip(key);
                if !key.starts_with(prefix) {
                    break;
                }
                row(i, key, value)?;
                iterator.next();
            }
            iterator.status().map_err(|e| self.db.fail("read", &e))?;
        }
        Ok(())
    }

    fn snapshot(&self) -> Result<Box<dyn KvSnapshot>> {
        Ok(Box::new(LiveSnapshot::start(self.db.clone(), self.keys)?))
    }

    fn clear(&self) -> Result<()> {
        let mut end = self.keys.0.to_vec();
        end.push(u8::MAX);
        self.db.remove(&self.keys.0, &end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tablets_and_partitions_are_ranges_in_their_order() {
        let keys = TabletKeys::new(1, 2);
        assert_eq!(keys.row(b"k"), [0, 0, 0, 1, 0, 0, 0, 2, 1, b'k']);
        assert_eq!(keys.applied(), [0, 0, 0, 1, 0, 0, 0, 2, 0, b'o']);
        assert_eq!(keys.end_of(&[]), [0, 0, 0, 1, 0, 0, 0, 2, 2]);
        assert_eq!(keys.end_of(&[7, 255, 255]), [0, 0, 0, 1, 0, 0, 0, 2, 1, 8]);
        assert_eq!(keys.end_of(&[255]), keys.end_of(&[]));
        assert_eq!(TabletKeys::strip(&keys.row(b"key")), b"key");
        let (from, to) = TabletKeys::of_partition(1);
        assert!(from <= TabletKeys::new(1, 0).applied() && TabletKeys::new(1, u32::MAX).row(&[255; 20]) < to);
        assert!(TabletKeys::new(0, u32::MAX).row(&[255; 20]) < from && to < TabletKeys::new(2, 0).applied());
    }
}
