//! Every byte on disk and on the wire: log batches, kv keys, kv values, the bucket function; and the memory layout of a
//! batch handed to readers. `native/docs/format.md` is the specification.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod batch;
mod bucket;
mod column_batch;
mod compression;
mod key;
mod lease;
mod projection;
mod row;
mod values;

pub use batch::{BatchHeader, EncodedBatch, HEADER_LEN, MAX_BATCH_BYTES, align64, decode_all, encode_batch, log_schema};
pub use bucket::{BUCKET_FUNCTION, Bucketer};
pub use column_batch::{AlignedBytes, ColumnBatch, ColumnLayout};
pub use key::KeyEncoder;
pub use lease::Lease;
pub use projection::read_projected;
pub use row::{MAX_ROW_BYTES, RowCodec};
pub use values::ColumnValues;
