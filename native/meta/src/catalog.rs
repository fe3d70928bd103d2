//! What the catalog says of databases and tables, as it is stored.
use std::collections::BTreeMap;

use std::sync::Arc;

use fluss_types::{Column, DataType, Error, ErrorCode, FieldId, Result, Schema, SchemaId, Schemas, TableId, TypeRoot};
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
    /// Names of the bucket key columns; empty: the primary key without the partition keys.
    pub bucket_key: Vec<String>,
    /// Names of the partition key columns; empty: the table has no partitions.
    pub partition_keys: Vec<String>,
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
    /// The id that the next column to be added gets.
    pub next_field_id: FieldId,
    /// The number that the auto increment column has not been given yet, nor has any bucket taken it.
    pub next_auto_increment: i64,
    /// Milliseconds since 1970.
    pub created_ms: i64,
    /// Name of the bucket function.
    pub bucket_function: String,
    /// The declaration, defaults filled in.
    pub declaration: TableDeclaration,
    /// The schemas before the present one, oldest first.
    pub schema_history: Vec<SchemaVersion>,
}

/// Columns that a table had before it was altered; stored rows may still have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaVersion {
    /// Version of the schema.
    pub schema_id: SchemaId,
    /// Its columns.
    pub columns: Vec<Column>,
}

impl TableMeta {
    /// The checked schema.
    pub fn schema(&self) -> Result<Schema> {
        let d = &self.declaration;
        Schema::stored(self.schema_id, d.columns.clone(), self.next_field_id, &d.primary_key, &d.bucket_key)?
            .partitioned(&d.partition_keys)
    }

    /// The checked schema and those before it. Keys are the same columns in all of them, under the names of their time.
    pub fn schemas(&self) -> Result<Schemas> {
        let current = self.schema()?;
        let mut versions = Vec::with_capacity(self.schema_history.len() + 1);
        for old in &self.schema_history {
            let names = |key: &[usize]| -> Result<Vec<String>> {
                let find = |&i: &usize| {
                    let key = &current.columns()[i];
                    old.columns.iter().find(|c| c.id == key.id).map(|c| c.name.clone()).ok_or_else(|| {
                        let message = format!("schema {} lacks the key column '{}'", old.schema_id, key.name);
                        Error::new(ErrorCode::CorruptMeta, message)
                    })
                };
                key.iter().map(find).collect()
            };
            let (primary_key, bucket_key) = (names(current.primary_key())?, names(current.bucket_key())?);
            let schema = Schema::stored(old.schema_id, old.columns.clone(), self.next_field_id, &primary_key, &bucket_key)?;
            versions.push(Arc::new(schema.partitioned(&names(current.partition_key())?)?));
        }
        versions.push(Arc::new(current));
        Schemas::new(versions)
    }
}

/// A column, or a field of a ROW, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct StoredColumn {
    id: FieldId,
    name: String,
    #[serde(flatten)]
    data_type: StoredDataType,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    comment: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredDataType {
    #[serde(rename = "type")]
    root: StoredType,
    nullable: bool,
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
    Array { element: Box<StoredDataType> },
    Map { key: Box<StoredDataType>, value: Box<StoredDataType> },
    Row { fields: Vec<StoredColumn> },
}

impl From<&Column> for StoredColumn {
    fn from(c: &Column) -> Self {
        Self { id: c.id, name: c.name.clone(), data_type: (&c.data_type).into(), comment: c.comment.clone() }
    }
}

impl TryFrom<StoredColumn> for Column {
    type Error = Error;

    fn try_from(c: StoredColumn) -> Result<Self> {
        let data_type = DataType::try_from(c.data_type)
            .map_err(|e| Error::new(ErrorCode::CorruptMeta, format!("column '{}': {}", c.name, e.message())))?;
        Ok(Self { id: c.id, name: c.name, data_type, comment: c.comment })
    }
}

impl From<&DataType> for StoredDataType {
    fn from(t: &DataType) -> Self {
        Self { root: (&t.root).into(), nullable: t.nullable }
    }
}

impl TryFrom<StoredDataType> for DataType {
    type Error = Error;

    fn try_from(t: StoredDataType) -> Result<Self> {
        DataType::new(t.root.try_into()?, t.nullable)
    }
}

impl From<&TypeRoot> for StoredType {
    fn from(t: &TypeRoot) -> Self {
        match *t {
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
            TypeRoot::Array(ref element) => Self::Array { element: Box::new(element.as_ref().into()) },
            TypeRoot::Map(ref key, ref value) => {
                Self::Map { key: Box::new(key.as_ref().into()), value: Box::new(value.as_ref().into()) }
            }
            TypeRoot::Row(ref fields) => Self::Row { fields: fields.iter().map(StoredColumn::from).collect() },
        }
    }
}

impl TryFrom<StoredType> for TypeRoot {
    type Error = Error;

    fn try_from(t: StoredType) -> Result<Self> {
        Ok(match t {
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
            StoredType::Array { element } => Self::Array(Box::new((*element).try_into()?)),
            StoredType::Map { key, value } => Self::Map(Box::new((*key).try_into()?), Box::new((*value).try_into()?)),
            StoredType::Row { fields } => Self::Row(columns(fields)?),
        })
    }
}

/// What an auto increment column begins with.
pub const FIRST_NUMBER: i64 = 1;

fn first_number() -> i64 {
    FIRST_NUMBER
}

fn is_first_number(n: &i64) -> bool {
    *n == FIRST_NUMBER
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
    next_field_id: FieldId,
    #[serde(default = "first_number", skip_serializing_if = "is_first_number")]
    next_auto_increment: i64,
    primary_key: Vec<String>,
    bucket_key: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    partition_keys: Vec<String>,
    #[serde(default)]
    comment: String,
    options: BTreeMap<String, String>,
    custom_properties: BTreeMap<String, String>,
    schema_history: Vec<StoredSchema>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredSchema {
    schema_id: SchemaId,
    columns: Vec<StoredColumn>,
}

impl From<&SchemaVersion> for StoredSchema {
    fn from(v: &SchemaVersion) -> Self {
        Self { schema_id: v.schema_id, columns: v.columns.iter().map(StoredColumn::from).collect() }
    }
}

impl TryFrom<StoredSchema> for SchemaVersion {
    type Error = Error;

    fn try_from(s: StoredSchema) -> Result<Self> {
        Ok(Self { schema_id: s.schema_id, columns: columns(s.columns)? })
    }
}

fn columns(stored: Vec<StoredColumn>) -> Result<Vec<Column>> {
    stored.into_iter().map(Column::try_from).collect()
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
            columns: d.columns.iter().map(StoredColumn::from).collect(),
            next_field_id: t.next_field_id,
            next_auto_increment: t.next_auto_increment,
            primary_key: d.primary_key.clone(),
            bucket_key: d.bucket_key.clone(),
            partition_keys: d.partition_keys.clone(),
            comment: d.comment.clone(),
            options: d.options.clone(),
            custom_properties: d.custom_properties.clone(),
            schema_history: t.schema_history.iter().map(StoredSchema::from).collect(),
        }
    }
}

impl TryFrom<StoredTable> for TableMeta {
    type Error = Error;

    fn try_from(t: StoredTable) -> Result<Self> {
        Ok(Self {
            table_id: t.table_id,
            schema_id: t.schema_id,
            next_field_id: t.next_field_id,
            next_auto_increment: t.next_auto_increment,
            created_ms: t.created_ms,
            bucket_function: t.bucket_function,
            declaration: TableDeclaration {
                columns: columns(t.columns)?,
                primary_key: t.primary_key,
                bucket_key: t.bucket_key,
                partition_keys: t.partition_keys,
                bucket_count: t.bucket_count,
                comment: t.comment,
                options: t.options,
                custom_properties: t.custom_properties,
            },
            schema_history: t.schema_history.into_iter().map(SchemaVersion::try_from).collect::<Result<_>>()?,
        })
    }
}
