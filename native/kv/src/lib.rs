//! Key-value state of tables: the traits of `store.rs`, their two implementations (RocksDB, and in memory for the simulation), and the
//! pre-write buffer in front. The only crate that names RocksDB.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod memory;
mod merge;
mod pre_write;
mod rocks;
mod rocks_memory;
mod rocks_scan;
mod rocks_tablet;
mod store;

pub use memory::MemoryKvStores;
pub use merge::{Merged, RowMerger};
pub use pre_write::{Changes, PreWriteBuffer};
pub use rocks::RocksKvStores;
pub use rocks_memory::KvMemory;
pub use store::{
    Applied, IsRemovable, KvCheckpoint, KvFigures, KvLoad, KvRange, KvSnapshot, KvStore, KvStores, KvTable, KvValue, OnPrefixRow,
    OnRow,
};
