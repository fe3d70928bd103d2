//! Fuzz targets: a function for every decoder of bytes from disk or network. Each takes any bytes, panics if what must hold does
//! not, and says whether the bytes were accepted by the decoder.
//!
//! The first bytes of an input choose schema, projection and the like; the rest is what is decoded. `tests/corpus` runs all
//! of them over the committed corpus and over seeded mutations of it; `cargo-fuzz/` runs them under libFuzzer (`make fuzz`).
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![allow(clippy::unwrap_used, reason = "test code")]

mod batch;
mod catalog;
mod cells;
mod filter;
mod input;
mod lease;
mod log;
mod message;
mod partitions;
mod transaction;
mod value;

pub use batch::batch;
pub use catalog::catalog;
pub use filter::filter;
pub use input::schemas_of;
pub use lease::lease;
pub use log::{LOG_BUCKET, LOG_DIR, LOG_OPTIONS, log, log_input};
pub use message::{MESSAGES, message};
pub use partitions::{PARTITIONED_TABLE, partitions};
pub use transaction::transaction;
pub use value::value;

use fluss_types::{Error, ErrorCode};

/// A target: arbitrary bytes in, whether the decoder took them out.
pub type Target = fn(&[u8]) -> bool;

/// Every target by name. A folder of `corpus/` and a file of `cargo-fuzz/fuzz_targets/` each.
pub const TARGETS: &[(&str, Target)] = &[
    ("batch", batch),
    ("catalog", catalog),
    ("filter", filter),
    ("lease", lease),
    ("log", log),
    ("message", message),
    ("partitions", partitions),
    ("transaction", transaction),
    ("value", value),
];

/// Refuses an input: damaged bytes are a fault of the bytes, never a bug of ours.
fn refused(e: &Error) -> bool {
    assert!(!matches!(e.code(), ErrorCode::Internal | ErrorCode::Panic | ErrorCode::Poisoned), "{:?}: {e}", e.code());
    false
}
