//! Every byte on disk and on the wire: log batches, kv keys, kv values, the bucket function; and the memory layout of a
//! batch handed to readers. `native/docs/format.md` is the specification.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod aggregate;
mod arrays;
mod batch;
mod blocks;
mod body;
mod bucket;
mod column_batch;
mod committable;
mod compression;
mod encode;
mod evolve;
mod fetch;
mod filter;
mod ipc;
mod key;
mod key_parts;
mod lease;
mod lz4;
mod overwrite;
mod partition;
mod projection;
mod read;
mod row;
mod staged;
mod statistics;
mod values;

pub use aggregate::{AggregateFunction, Aggregates, Fold};
pub use arrays::node_count;
pub use batch::{BatchHeader, HEADER_LEN, MAX_BATCH_BYTES, MAX_BATCH_ROWS, align64};
pub use blocks::give_back;
pub use bucket::{BUCKET_FUNCTION, Bucketer};
pub use column_batch::{AlignedBytes, ColumnBatch, ColumnLayout, Selection};
pub use committable::Committable;
pub use encode::{EncodeOptions, EncodedBatch, check_nulls, encode_batch, log_schema};
pub use evolve::evolve_batch;
pub use filter::{Comparison, Filter, Predicate};
pub use key::KeyEncoder;
pub use key_parts::KeyParts;
pub use lease::Lease;
pub use overwrite::BegunOverwrite;
pub use partition::PartitionValue;
pub use projection::{ColumnPath, Projection};
pub use read::{decode_all, read_projected, written_schema};
pub use row::{BinaryRows, Expiry, MAX_ROW_BYTES, RowBuilder, RowCodec};
pub use staged::{PreparedMark, STAGED_UNIT, StagedHeader, StagedPiece, decode_upserts, encode_upserts, stored_batch};
pub use values::ColumnValues;
