//! The catalog: databases and tables. `native/docs/format.md`, "Catalog", is the specification of the file.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod catalog;
mod local;

pub use catalog::{DatabaseMeta, TableDeclaration, TableMeta};
pub use local::LocalMetaStore;
