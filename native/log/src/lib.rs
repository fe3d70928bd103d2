//! The log of one bucket: segments of Arrow IPC batches, each with a sparse index; append, sync, projected read, recovery,
//! retention.
//!
//! Positions are bytes in a segment file. Appends come from one thread at a time (the tablet's lock); reads come from any
//! thread and stop at an offset that the caller gives (the high watermark).
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod index;
mod log;
mod manifest;
mod recovery;
mod retention;
mod segment;
mod version;
mod writers;

pub use log::{Appended, Log, LogOptions, ReadHint};
pub use writers::WriterProgress;
