//! The vocabulary of the engine: identifiers, data types, schemas, options and errors. Depends on nothing of ours.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod column;
mod data_type;
mod error;
pub mod file;
mod ids;
mod memory;
mod merging;
pub mod option;
mod schema;
mod schema_change;
mod schemas;
mod threads;
pub mod time;

pub use column::{Column, FieldId};
pub use data_type::{DataType, MILLIS_FIELD, NANOS_FIELD, TypeRoot};
pub use error::{Error, ErrorCode, Result};
pub use ids::{
    BatchSequence, BucketId, ChangeType, LogOffset, PartitionBucket, PartitionId, SchemaId, TableBucket, TableId, TablePath,
    WriterId, validate_identifier, validate_partition_value,
};
pub use memory::{MemoryBudget, MemoryGuard, MemoryShare, MemoryUser};
pub use merging::{AggregateFunction, MergeEngine, Merging};
pub use option::{
    AUTO_PARTITION_KEY, AutoIncrement, AutoPartition, ChangelogImage, Compression, Consistency, DeleteBehavior, EngineOptions,
    FieldOption, MergeOptions, StatisticsColumns, TableOptions, TimeUnit,
};
pub use schema::{Schema, TableKind};
pub use schema_change::SchemaChange;
pub use schemas::Schemas;
pub use threads::in_threads;
