//! Names and numbers of databases, tables, buckets and positions.
use std::fmt;

use crate::{Error, ErrorCode, Result};

/// Number of a table, never used again after a drop.
pub type TableId = u64;
/// Number of a partition of a table, from 1, never used again; 0: the table has no partitions.
pub type PartitionId = u32;
/// Number of a bucket of a table or partition, from 0.
pub type BucketId = u32;
/// Number of a version of a table's schema.
pub type SchemaId = u32;
/// Number of an idempotent writer, never used again.
pub type WriterId = i64;
/// Position of a row in the log of a bucket: gapless, from 0.
pub type LogOffset = i64;

/// The number of a batch: an idempotent writer numbers what it writes to a bucket from 0; after `i32::MAX` comes 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchSequence {
    /// The writer.
    pub writer_id: WriterId,
    /// The number.
    pub sequence: i32,
}

/// Database and table name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TablePath {
    /// Database name.
    pub database: String,
    /// Table name.
    pub table: String,
}

impl TablePath {
    /// A path of the two names, not checked.
    pub fn new(database: impl Into<String>, table: impl Into<String>) -> Self {
        Self { database: database.into(), table: table.into() }
    }
}

impl fmt::Display for TablePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.table)
    }
}

/// A bucket of a table: what a tablet stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableBucket {
    /// The table.
    pub table_id: TableId,
    /// The partition; 0: none.
    pub partition: PartitionId,
    /// The bucket.
    pub bucket: BucketId,
}

impl fmt::Display for TableBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.partition {
            0 => write!(f, "table {} bucket {}", self.table_id, self.bucket),
            p => write!(f, "table {} partition {p} bucket {}", self.table_id, self.bucket),
        }
    }
}

/// A bucket within its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartitionBucket {
    /// The partition; 0: the table has none.
    pub partition: PartitionId,
    /// The bucket.
    pub bucket: BucketId,
}

impl From<BucketId> for PartitionBucket {
    /// A bucket of a table without partitions.
    fn from(bucket: BucketId) -> Self {
        Self { partition: 0, bucket }
    }
}

impl From<(PartitionId, BucketId)> for PartitionBucket {
    fn from((partition, bucket): (PartitionId, BucketId)) -> Self {
        Self { partition, bucket }
    }
}

impl fmt::Display for PartitionBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.partition {
            0 => write!(f, "bucket {}", self.bucket),
            p => write!(f, "partition {p} bucket {}", self.bucket),
        }
    }
}

impl PartitionBucket {
    /// The bucket of a table.
    pub fn of(self, table_id: TableId) -> TableBucket {
        TableBucket { table_id, partition: self.partition, bucket: self.bucket }
    }
}

/// What a row of a log says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ChangeType {
    /// `+A`: a row of a log table.
    Append = 0,
    /// `+I`: a key that was not there.
    Insert = 1,
    /// `-U`: the row before an update.
    UpdateBefore = 2,
    /// `+U`: the row after an update.
    UpdateAfter = 3,
    /// `-D`: the row that was deleted.
    Delete = 4,
}

impl ChangeType {
    /// The change type of a stored byte.
    pub fn from_byte(b: u8) -> Result<Self> {
        Ok(match b {
            0 => Self::Append,
            1 => Self::Insert,
            2 => Self::UpdateBefore,
            3 => Self::UpdateAfter,
            4 => Self::Delete,
            _ => {
                return Err(Error::new(ErrorCode::UnknownFormat, format!("unknown change type {b}; this version knows 0 to 4")));
            }
        })
    }
}

/// Checks a database or table name: up to 200 ASCII letters, digits, `_` and `-`; no leading `__`.
pub fn validate_identifier(what: &str, name: &str) -> Result<()> {
    identifier(name)
        .map_err(|why| Error::new(ErrorCode::IdentifierInvalid, format!("{what} name '{name}' is not allowed: {why}")))
}

/// Checks the text of a partition value, which has the rules of a name: the name of a partition is made of them.
pub fn validate_partition_value(value: &str) -> Result<()> {
    identifier(value)
        .map_err(|why| Error::new(ErrorCode::InvalidPartition, format!("The partition value '{value}' is invalid: {why}")))
}

fn identifier(name: &str) -> std::result::Result<(), &'static str> {
    let bad = Err;
    if name.is_empty() {
        return bad("it is empty");
    }
    if name.len() > 200 {
        return bad("it has more than 200 characters");
    }
    if name.starts_with("__") {
        return bad("names that begin with '__' are reserved");
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        return bad("only ASCII letters, digits, '_' and '-' may stand in it");
    }
    Ok(())
}
