//! Key-value state of a bucket: RocksDB behind [`Kv`], frozen copies behind [`KvSnapshot`], and the pre-write buffer in front.
//! The only crate that names RocksDB.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod pre_write;
mod rocks;
mod snapshot;

pub use pre_write::{Changes, PreWriteBuffer};
pub use rocks::{Kv, KvMemory, KvResources, KvValue};
pub use snapshot::KvSnapshot;
