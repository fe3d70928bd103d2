//! A frozen copy of a RocksDB store, read in key order from any position.
use std::path::{Path, PathBuf};

use fluss_types::Result;
use rocksdb::{DB, Options, ReadOptions};

use crate::rocks::{ROW, rocks_error, row_key};
use crate::store::KvSnapshot;

pub(crate) struct RocksSnapshot {
    db: DB,
    dir: PathBuf,
}

impl std::fmt::Debug for RocksSnapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RocksSnapshot").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl RocksSnapshot {
    pub(crate) fn open(dir: &Path, options: &Options) -> Result<Self> {
        let db = DB::open_for_read_only(options, dir, false).map_err(|e| rocks_error("open snapshot of", dir, &e))?;
        Ok(Self { db, dir: dir.to_path_buf() })
    }
}

impl KvSnapshot for RocksSnapshot {
    fn scan(&self, after: &[u8], max_rows: usize, max_bytes: usize, row: &mut dyn FnMut(&[u8])) -> Result<Option<Vec<u8>>> {
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
