//! The vocabulary of the engine: identifiers, data types, schemas, options and errors. Depends on nothing of ours.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod data_type;
mod error;
mod ids;
mod option;
mod schema;
pub mod time;

pub use data_type::{DataType, TypeRoot};
pub use error::{Error, ErrorCode, Result};
pub use ids::{BucketId, ChangeType, LogOffset, SchemaId, TableBucket, TableId, TablePath, validate_identifier};
pub use option::{Compression, Consistency, EngineOptions, TableOptions};
pub use schema::{Column, MILLIS_FIELD, NANOS_FIELD, Schema, TableKind};
