//! One bucket end to end: write → log → kv, lookup, read, snapshot, recovery. The order of a write is that of
//! native/docs/consistency.md; [`Tablet::write`](tablet::Tablet::write) and [`commit`] are where to start reading.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod commit;
mod flow;
mod progress;
mod snapshot;
mod table;
mod tablet;
mod transactions;
mod undo;

pub use commit::Committer;
pub use progress::Signal;
pub use snapshot::{SnapshotInfo, SnapshotReader};
pub use table::{ReserveNumbers, TableKv};
pub use tablet::{Followed, Rows, Tablet, TabletContext};
pub use transactions::TransactionInfo;
