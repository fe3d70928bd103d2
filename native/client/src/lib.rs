//! The API that bindings use: connection, admin, tables, writers, scanners, lookups. Today over an embedded engine.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod admin;
mod connection;
mod convert;
mod full_copy;
mod log_scanner;
mod lookuper;
mod predicate;
mod prefix_lookuper;
mod probe;
mod read_batch;
mod routing;
mod snapshot_scanner;
mod table;
mod transactional_writer;
mod writer;

pub use connection::Connection;
pub use fluss_format::Committable;
pub use full_copy::CopyState;
pub use log_scanner::LogScanner;
pub use lookuper::Lookuper;
pub use predicate::{aggregates, predicate};
pub use prefix_lookuper::{PrefixLookuper, PrefixRows};
pub use probe::{Probe, Probed};
pub use read_batch::ReadBatch;
pub use snapshot_scanner::SnapshotScanner;
pub use table::Table;
pub use transactional_writer::TransactionalWriter;
pub use writer::Writer;
