//! The floor of the primary-key benchmarks: RocksDB alone.
use std::path::Path;

use fluss_kv::{KvMemory, RocksKvStores};
use rocksdb::{DB, DEFAULT_COLUMN_FAMILY_NAME as DEFAULT_CF, Options, WriteOptions};

use crate::users::Stored;
use crate::{Result, process};

/// A RocksDB without a write-ahead log, as the engine has it.
pub(crate) struct Raw {
    db: DB,
    write: WriteOptions,
}

/// The engine's own options, with the parts of a memory budget that the engine would give RocksDB.
pub(crate) fn engine_options(memory: usize) -> Options {
    RocksKvStores::new(KvMemory::new(memory / 2, memory / 4), 64 << 20, 0).options()
}

/// RocksDB's defaults, but for the compression, which is the engine's.
pub(crate) fn untuned() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.set_compression_type(rocksdb::DBCompressionType::Lz4);
    options
}

impl Raw {
    pub(crate) fn open(dir: &Path, options: &Options) -> Result<Self> {
        let db = DB::open_cf_with_opts(options, dir, [(DEFAULT_CF, options.clone())])?;
        let mut write = WriteOptions::default();
        write.disable_wal(true);
        Ok(Self { db, write })
    }

    /// Blind puts.
    pub(crate) fn put(&self, rows: &Stored) -> Result<()> {
        Ok(rows.iter().try_for_each(|(key, row)| self.db.put_opt(key, row, &self.write))?)
    }

    /// Of each row the old one is read, then the new one is put. Gives how many were there.
    pub(crate) fn read_and_put(&self, rows: &Stored) -> Result<usize> {
        let mut there = 0;
        for (key, row) in rows.iter() {
            there += usize::from(self.db.get_pinned(key)?.is_some());
            self.db.put_opt(key, row, &self.write)?;
        }
        Ok(there)
    }

    /// One multi-get; gives the bytes of the rows that are there.
    pub(crate) fn multi_get<'a>(&self, keys: impl IntoIterator<Item = &'a [u8]>) -> Result<usize> {
        let cf = self.db.cf_handle(DEFAULT_CF).ok_or("no default column family")?;
        let mut bytes = 0;
        for row in self.db.batched_multi_get_cf(cf, keys, false) {
            bytes += row?.map_or(0, |r| r.len());
        }
        Ok(bytes)
    }

    /// Writes everything out and leaves one sorted run: nothing but the live rows.
    pub(crate) fn compact(&self) -> Result<()> {
        self.db.flush()?;
        self.db.compact_range(None::<&[u8]>, None::<&[u8]>);
        process::settle();
        Ok(())
    }
}
