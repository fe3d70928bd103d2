//! Key-value state of a bucket: the [`KvStore`] trait, its two implementations (RocksDB, and in memory for the simulation), and the
//! pre-write buffer in front. The only crate that names RocksDB.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod memory;
mod pre_write;
mod rocks;
mod rocks_snapshot;
mod store;

pub use memory::MemoryKvStores;
pub use pre_write::{Changes, PreWriteBuffer};
pub use rocks::{KvMemory, RocksKvStores};
pub use store::{KvSnapshot, KvStore, KvStores, KvValue};
