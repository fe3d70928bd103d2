//! A frozen copy of a store, read in key order from any position.
use std::path::{Path, PathBuf};

use fluss_types::Result;
use rocksdb::{DB, ReadOptions};

use crate::rocks::{KvResources, ROW, rocks_error, row_key};

/// A copy made by [`crate::Kv::checkpoint`]. Its position is a key, so a scan can go on after a restart.
pub struct KvSnapshot {
    db: DB,
    dir: PathBuf,
}

impl std::fmt::Debug for KvSnapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KvSnapshot").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl KvSnapshot {
    /// Opens the copy in a folder.
    pub fn open(dir: &Path, resources: &KvResources) -> Result<Self> {
        let db =
            DB::open_for_read_only(&resources.options(), dir, false).map_err(|e| rocks_error("open snapshot of", dir, &e))?;
        Ok(Self { db, dir: dir.to_path_buf() })
    }

    /// Calls `row` with the rows after the key `after` (empty: from the first) until about `max_bytes` or `max_rows` have been seen;
    /// returns the key of the last one, `None` at the end.
    pub fn scan(&self, after: &[u8], max_rows: usize, max_bytes: usize, mut row: impl FnMut(&[u8])) -> Result<Option<Vec<u8>>> {
        let mut options = ReadOptions::default();
        options.fill_cache(false);
        options.set_readahead_size(1 << 20);
        options.set_iterate_upper_bound([ROW + 1]);
        let mut iterator = self.db.raw_iterator_opt(options);
        let from = row_key(after);
        iterator.seek(&from);
        if !after.is_empty() && iterator.key() == Some(&from) {
            iterator.next();
        }
        let (mut rows, mut bytes, mut last) = (0, 0, None);
        while let Some((key, value)) = iterator.item() {
            row(value);
            rows += 1;
            bytes += value.len();
            if rows >= max_rows || bytes >= max_bytes {
                last = Some(key[1..].to_vec());
                break;
            }
            iterator.next();
        }
        match iterator.status() {
            Err(e) => Err(rocks_error("read snapshot of", &self.dir, &e)),
            // The end was reached: the caller learns it from a scan that gives no row.
            Ok(()) if last.is_none() && rows > 0 => {
                iterator.seek_to_last();
                Ok(iterator.key().map(|k| k[1..].to_vec()))
            }
            Ok(()) => Ok(last),
        }
    }
}
