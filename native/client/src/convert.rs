//! Messages from and to the types of the engine.
use fluss_meta::{DatabaseMeta, TableDeclaration, TableMeta};
use fluss_proto as proto;
use fluss_proto::data_type::Kind;
use fluss_types::{Column, DataType, Error, ErrorCode, Result, TablePath, TypeRoot};

fn missing(what: &str) -> Error {
    Error::invalid(format!("the request has no {what}"))
}

pub(crate) fn path(p: Option<proto::TablePath>) -> Result<TablePath> {
    p.map(|p| TablePath::new(p.database, p.table)).ok_or_else(|| missing("table path"))
}

fn data_type(name: &str, t: Option<proto::DataType>) -> Result<DataType> {
    let t = t.ok_or_else(|| missing("column type"))?;
    // What does not fit eight bits is out of every type's range: let the range check say so.
    let precision = u8::try_from(t.precision).unwrap_or(u8::MAX);
    let scale = u8::try_from(t.scale).unwrap_or(u8::MAX);
    let root = match t.kind() {
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
    };
    DataType::new(root, !t.not_null).map_err(|e| e.at(format_args!("column '{name}'")))
}

fn data_type_message(t: DataType) -> proto::DataType {
    let (kind, length, precision, scale) = match t.root {
        TypeRoot::Boolean => (Kind::Boolean, 0, 0, 0),
        TypeRoot::TinyInt => (Kind::Tinyint, 0, 0, 0),
        TypeRoot::SmallInt => (Kind::Smallint, 0, 0, 0),
        TypeRoot::Int => (Kind::Int, 0, 0, 0),
        TypeRoot::BigInt => (Kind::Bigint, 0, 0, 0),
        TypeRoot::Float => (Kind::Float, 0, 0, 0),
        TypeRoot::Double => (Kind::Double, 0, 0, 0),
        TypeRoot::Char(n) => (Kind::Char, n, 0, 0),
        TypeRoot::VarChar(n) => (Kind::Varchar, n, 0, 0),
        TypeRoot::Binary(n) => (Kind::Binary, n, 0, 0),
        TypeRoot::VarBinary(n) => (Kind::Varbinary, n, 0, 0),
        TypeRoot::Decimal(p, s) => (Kind::Decimal, 0, p, s),
        TypeRoot::Date => (Kind::Date, 0, 0, 0),
        TypeRoot::Time(p) => (Kind::Time, 0, p, 0),
        TypeRoot::Timestamp(p) => (Kind::Timestamp, 0, p, 0),
        TypeRoot::TimestampLtz(p) => (Kind::TimestampLtz, 0, p, 0),
    };
    proto::DataType { kind: kind.into(), not_null: !t.nullable, length, precision: precision.into(), scale: scale.into() }
}

pub(crate) fn declaration(d: Option<proto::TableDescriptor>) -> Result<TableDeclaration> {
    let d = d.ok_or_else(|| missing("table descriptor"))?;
    let columns = d
        .columns
        .into_iter()
        .map(|c| Ok(Column { data_type: data_type(&c.name, c.r#type)?, name: c.name, comment: c.comment }))
        .collect::<Result<Vec<_>>>()?;
    Ok(TableDeclaration {
        columns,
        primary_key: d.primary_key,
        bucket_key: d.bucket_key,
        bucket_count: d.bucket_count,
        comment: d.comment,
        options: d.options.into_iter().collect(),
        custom_properties: d.custom_properties.into_iter().collect(),
    })
}

pub(crate) fn table_info(path: &TablePath, t: TableMeta) -> proto::TableInfo {
    let d = t.declaration;
    proto::TableInfo {
        path: Some(proto::TablePath { database: path.database.clone(), table: path.table.clone() }),
        table_id: t.table_id,
        schema_id: t.schema_id,
        descriptor: Some(proto::TableDescriptor {
            columns: d
                .columns
                .into_iter()
                .map(|c| proto::Column { name: c.name, r#type: Some(data_type_message(c.data_type)), comment: c.comment })
                .collect(),
            primary_key: d.primary_key,
            bucket_key: d.bucket_key,
            bucket_count: d.bucket_count,
            comment: d.comment,
            options: d.options.into_iter().collect(),
            custom_properties: d.custom_properties.into_iter().collect(),
        }),
        created_ms: t.created_ms,
    }
}

pub(crate) fn database(d: Option<proto::DatabaseInfo>) -> Result<(String, DatabaseMeta)> {
    let d = d.ok_or_else(|| missing("database"))?;
    Ok((d.name, DatabaseMeta { comment: d.comment, properties: d.properties.into_iter().collect() }))
}

pub(crate) fn database_info(name: String, d: DatabaseMeta) -> proto::DatabaseInfo {
    proto::DatabaseInfo { name, comment: d.comment, properties: d.properties.into_iter().collect() }
}
