//! What the catalog says of databases and tables, as it is stored.
use std::collections::BTreeMap;

use fluss_types::{Column, DataType, Error, ErrorCode, Result, Schema, SchemaId, TableId, TypeRoot};
use serde::{Deserialize, Serialize};

/// A database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseMeta {
    /// For people.
    pub comment: String,
    /// The user's own properties.
    pub properties: BTreeMap<String, String>,
}

/// What the user declared of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDeclaration {
    /// The columns.
    pub columns: Vec<Column>,
    /// Names of the primary key columns in key order.
    pub primary_key: Vec<String>,
    /// Names of the bucket key columns; empty: the primary key.
    pub bucket_key: Vec<String>,
    /// Buckets; 0: the engine's default.
    pub bucket_count: u32,
    /// For people.
    pub comment: String,
    /// Options that the store understands.
    pub options: BTreeMap<String, String>,
    /// The connector's own properties.
    pub custom_properties: BTreeMap<String, String>,
}

/// A table of the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableMeta {
    /// Number, never used again.
    pub table_id: TableId,
    /// Version of the schema.
    pub schema_id: SchemaId,
    /// Milliseconds since 1970.
    pub created_ms: i64,
    /// Name of the bucket function.
    pub bucket_function: String,
    /// The declaration, defaults filled in.
    pub declaration: TableDeclaration,
}

impl TableMeta {
    /// The checked schema.
    pub fn schema(&self) -> Result<Schema> {
        let d = &self.declaration;
        Schema::new(self.schema_id, d.columns.clone(), &d.primary_key, &d.bucket_key)
    }
}

/// A column as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct StoredColumn {
    name: String,
    /// `Kind` or `Kind(a)` or `Kind(a, b)`.
    #[serde(rename = "type")]
    data_type: StoredType,
    nullable: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    comment: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
enum StoredType {
    Boolean,
    Tinyint,
    Smallint,
    Int,
    Bigint,
    Float,
    Double,
    Char { length: u32 },
    Varchar { length: u32 },
    Binary { length: u32 },
    Varbinary { length: u32 },
    Decimal { precision: u8, scale: u8 },
    Date,
    Time { precision: u8 },
    Timestamp { precision: u8 },
    TimestampLtz { precision: u8 },
}

impl From<TypeRoot> for StoredType {
    fn from(t: TypeRoot) -> Self {
        match t {
            TypeRoot::Boolean => Self::Boolean,
            TypeRoot::TinyInt => Self::Tinyint,
            TypeRoot::SmallInt => Self::Smallint,
            TypeRoot::Int => Self::Int,
            TypeRoot::BigInt => Self::Bigint,
            TypeRoot::Float => Self::Float,
            TypeRoot::Double => Self::Double,
            TypeRoot::Char(length) => Self::Char { length },
            TypeRoot::VarChar(length) => Self::Varchar { length },
            TypeRoot::Binary(length) => Self::Binary { length },
            TypeRoot::VarBinary(length) => Self::Varbinary { length },
            TypeRoot::Decimal(precision, scale) => Self::Decimal { precision, scale },
            TypeRoot::Date => Self::Date,
            TypeRoot::Time(precision) => Self::Time { precision },
            TypeRoot::Timestamp(precision) => Self::Timestamp { precision },
            TypeRoot::TimestampLtz(precision) => Self::TimestampLtz { precision },
        }
    }
}

impl From<StoredType> for TypeRoot {
    fn from(t: StoredType) -> Self {
        match t {
            StoredType::Boolean => Self::Boolean,
            StoredType::Tinyint => Self::TinyInt,
            StoredType::Smallint => Self::SmallInt,
            StoredType::Int => Self::Int,
            StoredType::Bigint => Self::BigInt,
            StoredType::Float => Self::Float,
            StoredType::Double => Self::Double,
            StoredType::Char { length } => Self::Char(length),
            StoredType::Varchar { length } => Self::VarChar(length),
            StoredType::Binary { length } => Self::Binary(length),
            StoredType::Varbinary { length } => Self::VarBinary(length),
            StoredType::Decimal { precision, scale } => Self::Decimal(precision, scale),
            StoredType::Date => Self::Date,
            StoredType::Time { precision } => Self::Time(precision),
            StoredType::Timestamp { precision } => Self::Timestamp(precision),
            StoredType::TimestampLtz { precision } => Self::TimestampLtz(precision),
        }
    }
}

/// A table as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredTable {
    table_id: TableId,
    schema_id: SchemaId,
    created_ms: i64,
    bucket_function: String,
    bucket_count: u32,
    columns: Vec<StoredColumn>,
    primary_key: Vec<String>,
    bucket_key: Vec<String>,
    #[serde(default)]
    comment: String,
    options: BTreeMap<String, String>,
    custom_properties: BTreeMap<String, String>,
}

impl From<&TableMeta> for StoredTable {
    fn from(t: &TableMeta) -> Self {
        let d = &t.declaration;
        Self {
            table_id: t.table_id,
            schema_id: t.schema_id,
            created_ms: t.created_ms,
            bucket_function: t.bucket_function.clone(),
            bucket_count: d.bucket_count,
            columns: d
                .columns
                .iter()
                .map(|c| StoredColumn {
                    name: c.name.clone(),
                    data_type: c.data_type.root.into(),
                    nullable: c.data_type.nullable,
                    comment: c.comment.clone(),
                })
                .collect(),
            primary_key: d.primary_key.clone(),
            bucket_key: d.bucket_key.clone(),
            comment: d.comment.clone(),
            options: d.options.clone(),
            custom_properties: d.custom_properties.clone(),
        }
    }
}

impl TryFrom<StoredTable> for TableMeta {
    type Error = Error;

    fn try_from(t: StoredTable) -> Result<Self> {
        let columns = t
            .columns
            .into_iter()
            .map(|c| {
                let data_type = DataType::new(c.data_type.into(), c.nullable)
                    .map_err(|e| Error::new(ErrorCode::CorruptMeta, format!("column '{}': {e}", c.name)))?;
                Ok(Column { name: c.name, data_type, comment: c.comment })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            table_id: t.table_id,
            schema_id: t.schema_id,
            created_ms: t.created_ms,
            bucket_function: t.bucket_function,
            declaration: TableDeclaration {
                columns,
                primary_key: t.primary_key,
                bucket_key: t.bucket_key,
                bucket_count: t.bucket_count,
                comment: t.comment,
                options: t.options,
                custom_properties: t.custom_properties,
            },
        })
    }
}
