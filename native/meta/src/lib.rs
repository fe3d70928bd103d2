//! The catalog: databases, tables, partitions. `native/docs/format.md`, "Catalog" and "Partitions", is the specification of the files.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod alter;
mod catalog;
mod local;
mod partition_file;
mod partitions;

pub use alter::TableAlteration;
pub use catalog::{DatabaseMeta, FIRST_NUMBER, SchemaVersion, TableDeclaration, TableMeta};
pub use local::LocalMetaStore;
pub use partitions::{Partition, PartitionList};
