//! Key-value state of tables: the traits of `store.rs`, their two implementations (RocksDB, and in memory for the simulation), the row
//! cache and the pre-write buffer in front. The only crate that names RocksDB.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod cached;
mod forward;
mod memory;
mod merge;
mod pre_write;
mod rocks;
mod rocks_memory;
mod rocks_scan;
mod rocks_tablet;
mod row_cache;
mod store;

pub use cached::CachedKvStores;
pub use memory::MemoryKvStores;
pub use merge::{Merged, RowMerger};
pub use pre_write::{Changes, PreWriteBuffer};
pub use rocks::RocksKvStores;
pub use rocks_memory::KvMemory;
pub use row_cache::RowCache;
pub use store::{
    Applied, IsRemovable, KvCheckpoint, KvFigures, KvLoad, KvMemoryUsed, KvRange, KvSnapshot, KvStore, KvStores, KvTable,
    KvValue, OnPrefixRow, OnRow,
};
