//! Column types: Flink's types and how they lie in Arrow.
use std::fmt;
use std::sync::Arc;

use arrow_schema::{DataType as ArrowType, Field, Fields, TimeUnit};

use crate::column::Column;
use crate::{Error, ErrorCode, Result};

/// First child of a timestamp finer than microseconds: milliseconds since the epoch.
pub const MILLIS_FIELD: &str = "millis";
/// Second child: nanosecond of the millisecond, 0 to 999,999.
pub const NANOS_FIELD: &str = "nanos";

/// How deep types may be nested. The catalog's JSON and the messages end somewhere too; what they cannot carry must not be made.
const MAX_DEPTH: usize = 32;

/// Length of `STRING` (`VARCHAR`) and `BYTES` (`VARBINARY`) without a bound.
const UNBOUNDED: u32 = i32::MAX as u32;

/// A type without its nullability.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TypeRoot {
    /// `BOOLEAN`
    Boolean,
    /// `TINYINT`, 8 bits
    TinyInt,
    /// `SMALLINT`, 16 bits
    SmallInt,
    /// `INT`, 32 bits
    Int,
    /// `BIGINT`, 64 bits
    BigInt,
    /// `FLOAT`, 32 bits
    Float,
    /// `DOUBLE`, 64 bits
    Double,
    /// `CHAR(n)`, n characters
    Char(u32),
    /// `VARCHAR(n)`; `STRING` is the longest
    VarChar(u32),
    /// `BINARY(n)`, n bytes
    Binary(u32),
    /// `VARBINARY(n)`; `BYTES` is the longest
    VarBinary(u32),
    /// `DECIMAL(precision, scale)`
    Decimal(u8, u8),
    /// `DATE`, days
    Date,
    /// `TIME(p)`, milliseconds of the day with a declared precision
    Time(u8),
    /// `TIMESTAMP(p)`, without a zone
    Timestamp(u8),
    /// `TIMESTAMP_LTZ(p)`, an instant
    TimestampLtz(u8),
    /// `ARRAY<t>`
    Array(Box<DataType>),
    /// `MAP<k, v>`; keys are NOT NULL
    Map(Box<DataType>, Box<DataType>),
    /// `ROW<…>`; its fields have ids as columns have
    Row(Vec<Column>),
}

impl TypeRoot {
    /// 1 for a type that has no others in it.
    fn depth(&self) -> usize {
        1 + match self {
            Self::Array(element) => element.root.depth(),
            Self::Map(key, value) => key.root.depth().max(value.root.depth()),
            Self::Row(fields) => fields.iter().map(|f| f.data_type.root.depth()).max().unwrap_or_default(),
            _ => 0,
        }
    }
}

/// A type and whether NULL is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DataType {
    /// The type.
    pub root: TypeRoot,
    /// Whether a value may be NULL.
    pub nullable: bool,
}

impl DataType {
    /// A type with its parameters checked. Keys of a MAP become NOT NULL.
    pub fn new(mut root: TypeRoot, nullable: bool) -> Result<Self> {
        if let TypeRoot::Map(key, _) = &mut root {
            key.nullable = false;
        }
        let bad = |why: &str| Err(Error::new(ErrorCode::UnsupportedType, format!("type {root}: {why}")));
        match &root {
            TypeRoot::Char(0) | TypeRoot::VarChar(0) | TypeRoot::Binary(0) | TypeRoot::VarBinary(0) => {
                bad("the length must be at least 1")
            }
            TypeRoot::Decimal(p, s) if !(1..=38).contains(p) || s > p => {
                bad("the precision must be 1 to 38 and the scale at most the precision")
            }
            TypeRoot::Time(p) | TypeRoot::Timestamp(p) | TypeRoot::TimestampLtz(p) if *p > 9 => {
                bad("the precision must be 0 to 9")
            }
            TypeRoot::Row(fields) if fields.is_empty() => bad("a row needs at least one field"),
            TypeRoot::Row(fields) if fields.iter().enumerate().any(|(i, f)| fields[..i].iter().any(|o| o.name == f.name)) => {
                bad("a field is declared twice")
            }
            _ if root.depth() > MAX_DEPTH => bad(&format!("types may be nested {MAX_DEPTH} deep")),
            _ => Ok(Self { root, nullable }),
        }
    }

    /// Whether the type is ARRAY, MAP or ROW: not allowed in keys.
    pub fn is_nested(&self) -> bool {
        matches!(self.root, TypeRoot::Array(_) | TypeRoot::Map(..) | TypeRoot::Row(_))
    }

    /// How a column of this type lies in Arrow, on disk and at the JNI boundary. Timestamps finer than microseconds are a
    /// struct of milliseconds and the nanosecond of the millisecond, since Arrow's 64-bit nanoseconds end in 2262.
    pub fn to_arrow(&self) -> ArrowType {
        let utc = || Some("UTC".into());
        let timestamp = |p: u8, zone: Option<Arc<str>>| match p {
            0..=3 => ArrowType::Timestamp(TimeUnit::Millisecond, zone),
            4..=6 => ArrowType::Timestamp(TimeUnit::Microsecond, zone),
            _ => ArrowType::Struct(Fields::from(vec![
                Field::new(MILLIS_FIELD, ArrowType::Timestamp(TimeUnit::Millisecond, zone), false),
                Field::new(NANOS_FIELD, ArrowType::Int32, false),
            ])),
        };
        match &self.root {
            TypeRoot::Boolean => ArrowType::Boolean,
            TypeRoot::TinyInt => ArrowType::Int8,
            TypeRoot::SmallInt => ArrowType::Int16,
            TypeRoot::Int => ArrowType::Int32,
            TypeRoot::BigInt => ArrowType::Int64,
            TypeRoot::Float => ArrowType::Float32,
            TypeRoot::Double => ArrowType::Float64,
            TypeRoot::Char(_) | TypeRoot::VarChar(_) => ArrowType::Utf8,
            TypeRoot::Binary(_) | TypeRoot::VarBinary(_) => ArrowType::Binary,
            TypeRoot::Decimal(p, s) => ArrowType::Decimal128(*p, *s as i8),
            TypeRoot::Date => ArrowType::Date32,
            TypeRoot::Time(_) => ArrowType::Time32(TimeUnit::Millisecond),
            TypeRoot::Timestamp(p) => timestamp(*p, None),
            TypeRoot::TimestampLtz(p) => timestamp(*p, utc()),
            TypeRoot::Array(element) => ArrowType::List(Arc::new(element.to_field("element"))),
            TypeRoot::Map(key, value) => {
                let entries = Fields::from(vec![key.to_field("key"), value.to_field("value")]);
                ArrowType::Map(Arc::new(Field::new("entries", ArrowType::Struct(entries), false)), false)
            }
            TypeRoot::Row(fields) => ArrowType::Struct(fields.iter().map(Column::to_field).collect()),
        }
    }

    fn to_field(&self, name: &str) -> Field {
        Field::new(name, self.to_arrow(), self.nullable)
    }

    /// Bytes of one value in the data buffer; `None`: BOOLEAN (bits), variable-width and nested types. Timestamps finer than
    /// microseconds have 8 here and 4 more in their second buffer.
    pub fn fixed_width(&self) -> Option<usize> {
        match self.root {
            TypeRoot::Boolean => None,
            TypeRoot::TinyInt => Some(1),
            TypeRoot::SmallInt => Some(2),
            TypeRoot::Int | TypeRoot::Float | TypeRoot::Date | TypeRoot::Time(_) => Some(4),
            TypeRoot::BigInt | TypeRoot::Double | TypeRoot::Timestamp(_) | TypeRoot::TimestampLtz(_) => Some(8),
            TypeRoot::Decimal(..) => Some(16),
            TypeRoot::Char(_) | TypeRoot::VarChar(_) | TypeRoot::Binary(_) | TypeRoot::VarBinary(_) => None,
            TypeRoot::Array(_) | TypeRoot::Map(..) | TypeRoot::Row(_) => None,
        }
    }

    /// Whether values are strings of bytes: offsets and data in Arrow.
    pub fn is_var_width(&self) -> bool {
        matches!(self.root, TypeRoot::Char(_) | TypeRoot::VarChar(_) | TypeRoot::Binary(_) | TypeRoot::VarBinary(_))
    }

    /// Whether the type is a timestamp with a separate nanosecond part.
    pub fn has_nanos(&self) -> bool {
        matches!(self.root, TypeRoot::Timestamp(7..) | TypeRoot::TimestampLtz(7..))
    }
}

impl fmt::Display for TypeRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("BOOLEAN"),
            Self::TinyInt => f.write_str("TINYINT"),
            Self::SmallInt => f.write_str("SMALLINT"),
            Self::Int => f.write_str("INT"),
            Self::BigInt => f.write_str("BIGINT"),
            Self::Float => f.write_str("FLOAT"),
            Self::Double => f.write_str("DOUBLE"),
            Self::Char(n) => write!(f, "CHAR({n})"),
            Self::VarChar(n) if *n == UNBOUNDED => f.write_str("STRING"),
            Self::VarChar(n) => write!(f, "VARCHAR({n})"),
            Self::Binary(n) => write!(f, "BINARY({n})"),
            Self::VarBinary(n) if *n == UNBOUNDED => f.write_str("BYTES"),
            Self::VarBinary(n) => write!(f, "VARBINARY({n})"),
            Self::Decimal(p, s) => write!(f, "DECIMAL({p}, {s})"),
            Self::Date => f.write_str("DATE"),
            Self::Time(p) => write!(f, "TIME({p})"),
            Self::Timestamp(p) => write!(f, "TIMESTAMP({p})"),
            Self::TimestampLtz(p) => write!(f, "TIMESTAMP_LTZ({p})"),
            Self::Array(element) => write!(f, "ARRAY<{element}>"),
            Self::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Self::Row(fields) => {
                f.write_str("ROW<")?;
                for (i, field) in fields.iter().enumerate() {
                    write!(f, "{}{} {}", if i > 0 { ", " } else { "" }, field.name, field.data_type)?;
                }
                f.write_str(">")
            }
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.root, if self.nullable { "" } else { " NOT NULL" })
    }
}
