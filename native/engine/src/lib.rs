//! A process's store on a data directory: its catalog, its tablets, its commit threads, its lock. The embedded back end.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod auto_partition;
mod background;
mod directory;
mod engine;
mod memory;
mod partitions;
mod registry;
mod retention;
mod table;
mod time_format;
mod transaction;

pub use engine::Engine;
pub use registry::{EngineHandle, open, open_with_clock};
pub use table::Table;
