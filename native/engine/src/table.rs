//! A table that is open in an engine.
use std::sync::{Arc, OnceLock};

use fluss_meta::{Partition, TableMeta};
use fluss_tablet::Tablet;
use fluss_types::{
    Error, ErrorCode, MemoryBudget, Merging, PartitionBucket, PartitionId, Result, Schema, TableOptions, TablePath, WriterId,
};

use crate::Engine;

/// A table and its tablets, opened when they are first used.
#[derive(Debug)]
pub struct Table {
    pub(crate) engine: Arc<Engine>,
    pub(crate) path: TablePath,
    pub(crate) meta: TableMeta,
    pub(crate) schema: Arc<Schema>,
    /// Of a table without partitions.
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

    /// What it makes of an old and a new row of one key.
    pub fn merging(&self) -> Result<Merging> {
        TableOptions::parse(&self.meta.declaration.options)?.merging(&self.schema)
    }

    /// The engine that has it open.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The memory budget of the process.
    pub fn memory(&self) -> &MemoryBudget {
        self.engine.memory()
    }

    /// Number of buckets, of each partition if there are some.
    pub fn buckets(&self) -> u32 {
        self.meta.declaration.bucket_count
    }

    /// The number of the partition with these values, texts in the order of the partition keys; `None`: there is none.
    pub fn partition(&self, values: &[String]) -> Result<Option<PartitionId>> {
        let list = self.engine.partition_list(&self.path, self.meta.table_id)?;
        Ok(list.get(&values.join("$"))?.map(|p| p.id))
    }

    /// Makes the partition with these values, unless somebody else has meanwhile.
    pub fn create_partition(&self, values: &[String]) -> Result<PartitionId> {
        Ok(self.engine.create_partition_of(&self.path, Some(self.meta.table_id), |_| Ok(values.to_vec()), true)?.id)
    }

    /// All its partitions, by name.
    pub fn partitions(&self) -> Result<Vec<Partition>> {
        self.engine.partition_list(&self.path, self.meta.table_id)?.list()
    }

    /// The number of a new idempotent writer.
    pub fn new_writer_id(&self) -> Result<WriterId> {
        self.engine.new_writer_id()
    }

    /// The tablet of a bucket.
    pub fn tablet(&self, bucket: impl Into<PartitionBucket>) -> Result<Arc<Tablet>> {
        let bucket = bucket.into();
        let buckets = self.buckets();
        if bucket.bucket >= buckets {
            return Err(Error::new(
                ErrorCode::BucketNotFound,
                format!("table {} has the buckets 0 to {}, {} was asked for", self.path, buckets - 1, bucket.bucket),
            ));
        }
        if (bucket.partition == 0) != self.schema.partition_key().is_empty() {
            let message = match bucket.partition {
                0 => format!("table {} has partitions: say which one", self.path),
                p => format!("table {} has no partitions, {p} was asked for", self.path),
            };
            return Err(Error::new(ErrorCode::PartitionNotFound, message));
        }
        // Of a table with partitions nothing is kept here: they come and go.
        let Some(slot) = self.tablets.get(bucket.bucket as usize) else { return self.engine.tablet(self, bucket) };
        if let Some(tablet) = slot.get() {
            return Ok(tablet.clone());
        }
        let tablet = self.engine.tablet(self, bucket)?;
        Ok(slot.get_or_init(|| tablet).clone())
    }
}
