//! The catalog: databases and tables. `native/docs/format.md`, "Catalog", is the specification of the file.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod alter;
mod catalog;
mod local;

pub use alter::TableAlteration;
pub use catalog::{DatabaseMeta, FIRST_NUMBER, SchemaVersion, TableDeclaration, TableMeta};
pub use local::LocalMetaStore;
