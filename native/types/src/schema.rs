//! A table's columns and keys.
use std::fmt;
use std::sync::Arc;

use arrow_schema::{Schema as ArrowSchema, SchemaRef};

use crate::column::{Column, FieldId};
use crate::{Error, ErrorCode, Result, SchemaId, TypeRoot};

const RESERVED_COLUMNS: [&str; 6] = ["__offset", "__timestamp", "__bucket", "_change_type", "_log_offset", "_commit_timestamp"];

/// Whether a table has a primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// Append only.
    Log,
    /// Upserts and deletes by key, with a changelog.
    PrimaryKey,
}

/// Columns, primary key, bucket key and partition key of a table. Checked when made; key columns are NOT NULL.
#[derive(Debug)]
pub struct Schema {
    id: SchemaId,
    columns: Vec<Column>,
    next_field_id: FieldId,
    primary_key: Vec<usize>,
    bucket_key: Vec<usize>,
    partition_key: Vec<usize>,
    arrow: SchemaRef,
}

impl Schema {
    /// Checks and completes a declaration: columns get their ids. `bucket_key` empty: the primary key; log tables may have none.
    pub fn new(id: SchemaId, mut columns: Vec<Column>, primary_key: &[String], bucket_key: &[String]) -> Result<Self> {
        let mut next_field_id = 0;
        columns.iter_mut().for_each(|c| c.assign_ids(&mut next_field_id));
        Self::stored(id, columns, next_field_id, primary_key, bucket_key)
    }

    /// Checks a schema whose columns have their ids. `next_field_id`: the id that the next column to be added gets.
    pub fn stored(
        id: SchemaId,
        mut columns: Vec<Column>,
        next_field_id: FieldId,
        primary_key: &[String],
        bucket_key: &[String],
    ) -> Result<Self> {
        let bad = |m: String| Err(Error::new(ErrorCode::InvalidArgument, m));
        if columns.is_empty() {
            return bad("a table needs at least one column".into());
        }
        for (i, c) in columns.iter().enumerate() {
            if RESERVED_COLUMNS.contains(&c.name.as_str()) {
                return Err(Error::new(
                    ErrorCode::IdentifierInvalid,
                    format!("column name '{}' is reserved; the reserved names are {}", c.name, RESERVED_COLUMNS.join(", ")),
                ));
            }
            if columns[..i].iter().any(|o| o.name == c.name) {
                return bad(format!("column '{}' is declared twice", c.name));
            }
        }
        let mut ids = Vec::new();
        columns.iter().for_each(|c| c.visit(&mut |f| ids.push(f.id)));
        ids.sort_unstable();
        if ids.windows(2).any(|w| w[0] == w[1]) || ids.last().is_some_and(|i| *i >= next_field_id) {
            return bad("the ids of the columns are not unique, or not below the next one".into());
        }
        let primary_key = positions(&columns, "primary key", primary_key)?;
        let mut bucket_key = positions(&columns, "bucket key", bucket_key)?;
        if bucket_key.is_empty() {
            bucket_key.clone_from(&primary_key);
        }
        if !primary_key.is_empty()
            && let Some(&i) = bucket_key.iter().find(|i| !primary_key.contains(i))
        {
            return bad(format!("bucket key column '{}' is not part of the primary key", columns[i].name));
        }
        for &i in &primary_key {
            columns[i].data_type.nullable = false;
        }
        let arrow = Arc::new(ArrowSchema::new(columns.iter().map(Column::to_field).collect::<Vec<_>>()));
        Ok(Self { id, columns, next_field_id, primary_key, bucket_key, partition_key: Vec::new(), arrow })
    }

    /// The same table with a partition for each combination of values of some columns. A primary key must contain them, a bucket key must not.
    pub fn partitioned(mut self, partition_key: &[String]) -> Result<Self> {
        let positions = positions(&self.columns, "partition key", partition_key)?;
        for &i in &positions {
            let Column { name, data_type, .. } = &self.columns[i];
            if matches!(data_type.root, TypeRoot::Decimal(..)) {
                return Err(Error::new(
                    ErrorCode::UnsupportedType,
                    format!(
                        "partition key column '{name}' has unsupported data type {data_type}: a partition key cannot hold DECIMAL"
                    ),
                ));
            }
            if !self.primary_key.is_empty() && !self.primary_key.contains(&i) {
                return Err(Error::invalid(format!(
                    "partition key column '{name}' is not part of the primary key ({}): the primary key must contain all partition keys",
                    self.key_names(&self.primary_key).join(", ")
                )));
            }
            if self.bucket_key.contains(&i) {
                return Err(Error::invalid(format!(
                    "partition key column '{name}' is part of the bucket key: all rows of a partition have the same value, leave it out of 'bucket.key'"
                )));
            }
        }
        self.partition_key = positions;
        Ok(self)
    }

    /// The same, with all columns nullable but those of the primary key: rows to be written may be deletes, of which only the key counts.
    #[must_use]
    pub fn with_nullable_values(&self) -> Self {
        let nullable = |(i, c): (usize, &Column)| {
            let mut c = c.clone();
            c.data_type.nullable = !self.primary_key.contains(&i);
            c
        };
        let columns: Vec<Column> = self.columns.iter().enumerate().map(nullable).collect();
        let arrow = Arc::new(ArrowSchema::new(columns.iter().map(Column::to_field).collect::<Vec<_>>()));
        Self {
            id: self.id,
            columns,
            next_field_id: self.next_field_id,
            primary_key: self.primary_key.clone(),
            bucket_key: self.bucket_key.clone(),
            partition_key: self.partition_key.clone(),
            arrow,
        }
    }

    /// Version of the schema.
    pub fn id(&self) -> SchemaId {
        self.id
    }

    /// The columns in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The id that the next column to be added gets: ids are never used again.
    pub fn next_field_id(&self) -> FieldId {
        self.next_field_id
    }

    /// Names of the columns at some positions.
    pub fn key_names(&self, positions: &[usize]) -> Vec<String> {
        positions.iter().map(|&i| self.columns[i].name.clone()).collect()
    }

    /// Positions of the primary key columns in key order; empty for a log table.
    pub fn primary_key(&self) -> &[usize] {
        &self.primary_key
    }

    /// Positions of the bucket key columns; empty: batches go round the buckets.
    pub fn bucket_key(&self) -> &[usize] {
        &self.bucket_key
    }

    /// Positions of the partition key columns; empty: the table has no partitions.
    pub fn partition_key(&self) -> &[usize] {
        &self.partition_key
    }

    /// The columns at the head of the primary key that a prefix lookup gives, in key order: the bucket key, and what stands between of the
    /// partition key. `None`: the bucket key is not a strict prefix of the primary key (leaving the partition key out), so rows of one prefix
    /// would lie in several buckets.
    pub fn prefix_key(&self) -> Option<&[usize]> {
        let of_prefix = |i: &usize| self.bucket_key.contains(i) || self.partition_key.contains(i);
        let end = self.primary_key.iter().position(|i| !of_prefix(i))?;
        let prefix = &self.primary_key[..end];
        (!self.bucket_key.is_empty() && self.bucket_key.iter().all(|i| prefix.contains(i))).then_some(prefix)
    }

    /// Log or primary-key table.
    pub fn kind(&self) -> TableKind {
        if self.primary_key.is_empty() { TableKind::Log } else { TableKind::PrimaryKey }
    }

    /// The columns as Arrow fields, without the change type.
    pub fn arrow_schema(&self) -> SchemaRef {
        self.arrow.clone()
    }

    /// The primary key columns as Arrow fields, in key order.
    pub fn key_arrow_schema(&self) -> SchemaRef {
        Arc::new(ArrowSchema::new(self.primary_key.iter().map(|&i| self.arrow.field(i).clone()).collect::<Vec<_>>()))
    }

    /// Refuses a projection that names a column that is not there.
    pub fn check_projection(&self, projection: &[usize]) -> Result<()> {
        match projection.iter().find(|&&i| i >= self.columns.len()) {
            Some(i) => {
                Err(Error::invalid(format!("projection asks for column {i}; the table has {} columns", self.columns.len())))
            }
            None => Ok(()),
        }
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |p: &[usize]| p.iter().map(|&i| self.columns[i].name.as_str()).collect::<Vec<_>>().join(", ");
        f.write_str("(")?;
        for (i, c) in self.columns.iter().enumerate() {
            write!(f, "{}{} {}", if i > 0 { ", " } else { "" }, c.name, c.data_type)?;
        }
        if !self.primary_key.is_empty() {
            write!(f, ", PRIMARY KEY ({})", names(&self.primary_key))?;
        }
        f.write_str(")")?;
        if !self.partition_key.is_empty() {
            write!(f, " PARTITIONED BY ({})", names(&self.partition_key))?;
        }
        Ok(())
    }
}

/// Positions of the columns of a key.
fn positions(columns: &[Column], key: &str, names: &[String]) -> Result<Vec<usize>> {
    let mut out = Vec::with_capacity(names.len());
    for n in names {
        let Some(i) = columns.iter().position(|c| c.name == *n) else {
            return Err(Error::invalid(format!("{key} column '{n}' is not a column of the table")));
        };
        if out.contains(&i) {
            return Err(Error::invalid(format!("{key} column '{n}' is named twice")));
        }
        if columns[i].data_type.is_nested() {
            return Err(Error::new(
                ErrorCode::UnsupportedType,
                format!(
                    "{key} column '{n}' has unsupported data type {}: a {key} cannot hold ARRAY, MAP or ROW",
                    columns[i].data_type
                ),
            ));
        }
        out.push(i);
    }
    Ok(out)
}
