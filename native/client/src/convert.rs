//! Messages from and to the types of the engine.
use fluss_meta::{DatabaseMeta, Partition, TableAlteration, TableDeclaration, TableMeta};
use fluss_proto as proto;
use fluss_proto::data_type::Kind;
use fluss_proto::schema_change::{Add, Change, Comment, Drop, Move, Rename, Widen};
use fluss_types::{Column, DataType, Error, ErrorCode, Result, SchemaChange, TablePath, TypeRoot};

fn missing(what: &str) -> Error {
    Error::invalid(format!("the request has no {what}"))
}

pub(crate) fn path(p: Option<proto::TablePath>) -> Result<TablePath> {
    p.map(|p| TablePath::new(p.database, p.table)).ok_or_else(|| missing("table path"))
}

/// Ids are the store's to give: those of the message do not count.
fn column(c: proto::Column) -> Result<Column> {
    let data_type = data_type(&c.name, c.r#type)?;
    Ok(Column { comment: c.comment, ..Column::new(c.name, data_type) })
}

fn column_message(c: Column) -> proto::Column {
    proto::Column { name: c.name, r#type: Some(data_type_message(c.data_type)), comment: c.comment, id: c.id }
}

fn data_type(name: &str, t: Option<proto::DataType>) -> Result<DataType> {
    let t = t.ok_or_else(|| missing("column type"))?;
    // What does not fit eight bits is out of every type's range: let the range check say so.
    let precision = u8::try_from(t.precision).unwrap_or(u8::MAX);
    let scale = u8::try_from(t.scale).unwrap_or(u8::MAX);
    let kind = t.kind();
    let mut types = t.types.into_iter();
    let mut nested = || data_type(name, types.next()).map(Box::new);
    let root = match kind {
        Kind::Unspecified => {
            return Err(Error::new(
                ErrorCode::UnsupportedType,
                format!("column '{name}' has a type that this version does not know ({})", t.kind),
            ));
        }
        Kind::Boolean => TypeRoot::Boolean,
        Kind::Tinyint => TypeRoot::TinyInt,
        Kind::Smallint => TypeRoot::SmallInt,
        Kind::Int => TypeRoot::Int,
        Kind::Bigint => TypeRoot::BigInt,
        Kind::Float => TypeRoot::Float,
        Kind::Double => TypeRoot::Double,
        Kind::Char => TypeRoot::Char(t.length),
        Kind::Varchar => TypeRoot::VarChar(t.length),
        Kind::Binary => TypeRoot::Binary(t.length),
        Kind::Varbinary => TypeRoot::VarBinary(t.length),
        Kind::Decimal => TypeRoot::Decimal(precision, scale),
        Kind::Date => TypeRoot::Date,
        Kind::Time => TypeRoot::Time(precision),
        Kind::Timestamp => TypeRoot::Timestamp(precision),
        Kind::TimestampLtz => TypeRoot::TimestampLtz(precision),
        Kind::Array => TypeRoot::Array(nested()?),
        Kind::Map => TypeRoot::Map(nested()?, nested()?),
        Kind::Row => TypeRoot::Row(t.fields.into_iter().map(column).collect::<Result<_>>()?),
    };
    DataType::new(root, !t.not_null).map_err(|e| e.at(format_args!("column '{name}'")))
}

fn data_type_message(t: DataType) -> proto::DataType {
    let mut m = proto::DataType { not_null: !t.nullable, ..Default::default() };
    let kind = match t.root {
        TypeRoot::Boolean => Kind::Boolean,
        TypeRoot::TinyInt => Kind::Tinyint,
        TypeRoot::SmallInt => Kind::Smallint,
        TypeRoot::Int => Kind::Int,
        TypeRoot::BigInt => Kind::Bigint,
        TypeRoot::Float => Kind::Float,
        TypeRoot::Double => Kind::Double,
        TypeRoot::Date => Kind::Date,
        TypeRoot::Char(n) | TypeRoot::VarChar(n) | TypeRoot::Binary(n) | TypeRoot::VarBinary(n) => {
            m.length = n;
            match t.root {
                TypeRoot::Char(_) => Kind::Char,
                TypeRoot::VarChar(_) => Kind::Varchar,
                TypeRoot::Binary(_) => Kind::Binary,
                _ => Kind::Varbinary,
            }
        }
        TypeRoot::Decimal(p, s) => {
            (m.precision, m.scale) = (p.into(), s.into());
            Kind::Decimal
        }
        TypeRoot::Time(p) | TypeRoot::Timestamp(p) | TypeRoot::TimestampLtz(p) => {
            m.precision = p.into();
            match t.root {
                TypeRoot::Time(_) => Kind::Time,
                TypeRoot::Timestamp(_) => Kind::Timestamp,
                _ => Kind::TimestampLtz,
            }
        }
        TypeRoot::Array(element) => {
            m.types = vec![data_type_message(*element)];
            Kind::Array
        }
        TypeRoot::Map(key, value) => {
            m.types = vec![data_type_message(*key), data_type_message(*value)];
            Kind::Map
        }
        TypeRoot::Row(fields) => {
            m.fields = fields.into_iter().map(column_message).collect();
            Kind::Row
        }
    };
    m.kind = kind.into();
    m
}

pub(crate) fn declaration(d: Option<proto::TableDescriptor>) -> Result<TableDeclaration> {
    let d = d.ok_or_else(|| missing("table descriptor"))?;
    let columns = d.columns.into_iter().map(column).collect::<Result<Vec<_>>>()?;
    Ok(TableDeclaration {
        columns,
        primary_key: d.primary_key,
        bucket_key: d.bucket_key,
        partition_keys: d.partition_keys,
        bucket_count: d.bucket_count,
        comment: d.comment,
        options: d.options.into_iter().collect(),
        custom_properties: d.custom_properties.into_iter().collect(),
    })
}

pub(crate) fn alteration(a: proto::AlterTable) -> Result<TableAlteration> {
    Ok(TableAlteration {
        changes: a.changes.into_iter().map(schema_change).collect::<Result<_>>()?,
        set_options: a.set_options.into_iter().collect(),
        reset_options: a.reset_options,
        custom_properties: a.custom_properties.map(|p| p.values.into_iter().collect()),
        comment: a.comment,
        expected_schema_id: a.expected_schema_id,
    })
}

fn schema_change(c: proto::SchemaChange) -> Result<SchemaChange> {
    Ok(match c.change.ok_or_else(|| Error::invalid("the change of the schema is empty, or of a later version"))? {
        Change::Add(Add { parent, column: added }) => {
            SchemaChange::Add { parent, column: column(added.ok_or_else(|| missing("column to add"))?)? }
        }
        Change::Drop(Drop { path }) => SchemaChange::Drop { path },
        Change::Rename(Rename { path, name }) => SchemaChange::Rename { path, name },
        Change::Widen(Widen { path, r#type }) => {
            let data_type = data_type(&path.join("."), r#type)?;
            SchemaChange::Widen { path, data_type }
        }
        Change::Move(Move { path, after }) => SchemaChange::Move { path, after },
        Change::Comment(Comment { path, comment }) => SchemaChange::Comment { path, comment },
    })
}

pub(crate) fn table_info(path: &TablePath, t: TableMeta) -> proto::TableInfo {
    let d = t.declaration;
    proto::TableInfo {
        path: Some(proto::TablePath { database: path.database.clone(), table: path.table.clone() }),
        table_id: t.table_id,
        schema_id: t.schema_id,
        descriptor: Some(proto::TableDescriptor {
            columns: d.columns.into_iter().map(column_message).collect(),
            primary_key: d.primary_key,
            bucket_key: d.bucket_key,
            partition_keys: d.partition_keys,
            bucket_count: d.bucket_count,
            comment: d.comment,
            options: d.options.into_iter().collect(),
            custom_properties: d.custom_properties.into_iter().collect(),
        }),
        created_ms: t.created_ms,
    }
}

pub(crate) fn partition_info(p: &Partition) -> proto::PartitionInfo {
    proto::PartitionInfo { partition_id: p.id, values: p.values().map(str::to_string).collect(), created_ms: p.created_ms }
}

pub(crate) fn database(d: Option<proto::DatabaseInfo>) -> Result<(String, DatabaseMeta)> {
    let d = d.ok_or_else(|| missing("database"))?;
    Ok((d.name, DatabaseMeta { comment: d.comment, properties: d.properties.into_iter().collect() }))
}

pub(crate) fn database_info(name: String, d: DatabaseMeta) -> proto::DatabaseInfo {
    proto::DatabaseInfo { name, comment: d.comment, properties: d.properties.into_iter().collect() }
}
