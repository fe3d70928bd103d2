//! A table that is open in an engine.
use std::sync::{Arc, OnceLock};

use fluss_meta::TableMeta;
use fluss_tablet::Tablet;
use fluss_types::{BucketId, Error, ErrorCode, MemoryBudget, Result, Schema, TablePath, WriterId};

use crate::Engine;

/// A table and its tablets, opened when they are first used.
#[derive(Debug)]
pub struct Table {
    pub(crate) engine: Arc<Engine>,
    pub(crate) path: TablePath,
    pub(crate) meta: TableMeta,
    pub(crate) schema: Arc<Schema>,
    pub(crate) tablets: Vec<OnceLock<Arc<Tablet>>>,
}

impl Table {
    /// Database and name.
    pub fn path(&self) -> &TablePath {
        &self.path
    }

    /// What the catalog says.
    pub fn meta(&self) -> &TableMeta {
        &self.meta
    }

    /// Columns and keys.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The memory budget of the process.
    pub fn memory(&self) -> &MemoryBudget {
        self.engine.memory()
    }

    /// Number of buckets.
    pub fn buckets(&self) -> u32 {
        self.meta.declaration.bucket_count
    }

    /// The number of a new idempotent writer.
    pub fn new_writer_id(&self) -> Result<WriterId> {
        self.engine.new_writer_id()
    }

    /// The tablet of a bucket.
    pub fn tablet(&self, bucket: BucketId) -> Result<&Arc<Tablet>> {
        let Some(slot) = self.tablets.get(bucket as usize) else {
            return Err(Error::new(
                ErrorCode::BucketNotFound,
                format!("table {} has the buckets 0 to {}, {bucket} was asked for", self.path, self.tablets.len() - 1),
            ));
        };
        if let Some(tablet) = slot.get() {
            return Ok(tablet);
        }
        let tablet = self.engine.tablet(self, bucket)?;
        Ok(slot.get_or_init(|| tablet))
    }
}
