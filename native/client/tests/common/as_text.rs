//! Rows as text: `1 x -` is the row 1, 'x', NULL of a table of BIGINT, INT and STRING columns.
#![allow(clippy::unwrap_used, reason = "test code")]
#![allow(dead_code, reason = "each test binary uses a part")]
use std::sync::Arc;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType as ArrowType, SchemaRef};
use fluss_client::{Connection, LogScanner, Table, Writer};
use fluss_format::{AlignedBytes, ColumnBatch};
use fluss_proto::admin_request::Request;
use fluss_proto::{self as proto, AdminRequest, data_type::Kind};
use fluss_types::{Result, TablePath};

use super::options;

/// What a table is made of; columns as `name INT`, in the order of the table.
#[derive(Clone, Copy, Default)]
pub struct Declared<'a> {
    pub columns: &'a [&'a str],
    pub primary_key: &'a [&'a str],
    pub bucket_key: &'a [&'a str],
    pub partition_keys: &'a [&'a str],
    pub buckets: u32,
    pub options: &'a [(&'a str, &'a str)],
}

/// Makes the table `db.name` and opens it.
pub fn declare(connection: &Arc<Connection>, name: &str, declared: Declared<'_>) -> Result<Arc<Table>> {
    let names = |n: &[&str]| n.iter().map(|n| (*n).to_string()).collect::<Vec<_>>();
    let column = |text: &&str| {
        let mut words = text.splitn(3, ' ');
        let name = words.next().unwrap().into();
        let kind = match words.next().unwrap() {
            "BIGINT" => Kind::Bigint,
            "INT" => Kind::Int,
            "STRING" => Kind::Varchar,
            other => panic!("{other}"),
        };
        let not_null = words.next() == Some("NOT NULL");
        let data_type = proto::DataType { kind: kind.into(), not_null, length: i32::MAX as u32, ..Default::default() };
        proto::Column { name, r#type: Some(data_type), ..Default::default() }
    };
    let descriptor = Some(proto::TableDescriptor {
        columns: declared.columns.iter().map(column).collect(),
        primary_key: names(declared.primary_key),
        bucket_key: names(declared.bucket_key),
        partition_keys: names(declared.partition_keys),
        bucket_count: declared.buckets,
        options: options(declared.options).into_iter().collect(),
        ..Default::default()
    });
    let database = Some(proto::DatabaseInfo { name: "db".into(), ..Default::default() });
    let path = Some(proto::TablePath { database: "db".into(), table: name.into() });
    for request in [
        Request::CreateDatabase(proto::CreateDatabase { database, if_not_exists: true }),
        Request::CreateTable(proto::CreateTable { path, descriptor, if_not_exists: false }),
    ] {
        connection.admin(AdminRequest { request: Some(request) })?;
    }
    connection.table(&TablePath::new("db", name))
}

/// Rows of a schema.
pub fn batch(schema: SchemaRef, rows: &[&str]) -> RecordBatch {
    let cells: Vec<Vec<Option<&str>>> = rows.iter().map(|r| r.split(' ').map(|c| (c != "-").then_some(c)).collect()).collect();
    let column = |(i, t): (usize, &ArrowType)| -> ArrayRef {
        let cells = cells.iter().map(|r| r[i]);
        match t {
            ArrowType::Int64 => Arc::new(Int64Array::from_iter(cells.map(|c| c.map(|c| c.parse::<i64>().unwrap())))),
            ArrowType::Int32 => Arc::new(Int32Array::from_iter(cells.map(|c| c.map(|c| c.parse::<i32>().unwrap())))),
            _ => Arc::new(StringArray::from_iter(cells)),
        }
    };
    let columns = schema.fields().iter().map(|f| f.data_type()).enumerate().map(column).collect();
    RecordBatch::try_new(schema, columns).unwrap()
}

fn cell(a: &ArrayRef, row: usize) -> String {
    match a.data_type() {
        _ if a.is_null(row) => "-".into(),
        ArrowType::Int64 => a.as_primitive::<Int64Type>().value(row).to_string(),
        ArrowType::Int32 => a.as_primitive::<Int32Type>().value(row).to_string(),
        _ => a.as_string::<i32>().value(row).to_string(),
    }
}

/// All rows of a batch of all columns that a reader got.
pub fn rows(table: &Table, batch: &ColumnBatch) -> Vec<String> {
    let mut bytes = AlignedBytes::new(batch.bytes.len());
    bytes.extend_from_slice(&batch.bytes);
    let copy = ColumnBatch { bytes, columns: batch.columns.clone(), ..*batch };
    let columns = copy.arrays(table.schema().columns().iter().map(|c| &c.data_type)).unwrap();
    let row = |i: usize| columns.iter().map(|a| cell(a, i)).collect::<Vec<_>>().join(" ");
    (0..batch.rows).map(row).collect()
}

/// Writes rows as one batch and waits until they are durable: those that begin with `!` are deletes.
pub fn write_with(writer: &Writer, table: &Table, rows: &[&str]) -> Result<()> {
    let kinds: Vec<u8> = rows.iter().map(|r| u8::from(r.starts_with('!'))).collect();
    let rows: Vec<&str> = rows.iter().map(|r| r.trim_start_matches('!')).collect();
    writer.write(kinds.contains(&1).then_some(&kinds), &batch(table.write_schema(), &rows))?;
    writer.flush()
}

pub fn write(table: &Arc<Table>, rows: &[&str]) {
    write_with(&table.writer().unwrap(), table, rows).unwrap();
}

pub fn all_columns(table: &Table) -> std::ops::Range<usize> {
    0..table.schema().columns().len()
}

/// The rows of some keys.
pub fn lookup(table: &Arc<Table>, keys: &[&str]) -> Vec<Option<String>> {
    let found = table.lookuper(all_columns(table)).unwrap().lookup(&batch(table.key_schema(), keys)).unwrap();
    let at = found.row_bytes.unwrap();
    rows(table, &found).into_iter().enumerate().map(|(i, row)| (found.bytes[at + i] == 1).then_some(row)).collect()
}

/// The changes of a bucket from an offset on, up to the high watermark.
pub fn changes(table: &Arc<Table>, bucket: u32, from: i64) -> Vec<String> {
    let scanner: LogScanner = table.log_scanner(all_columns(table)).unwrap();
    scanner.subscribe(bucket, from, i64::MAX).unwrap();
    let mut changes = Vec::new();
    while let Some(batch) = scanner.poll(Duration::ZERO).unwrap() {
        let at = batch.row_bytes.unwrap();
        let texts = rows(table, &batch);
        for row in batch.first_row..batch.end_row {
            let kind = ["+A", "+I", "-U", "+U", "-D"][usize::from(batch.bytes[at + row])];
            changes.push(format!("{kind} {}", texts[row]));
        }
    }
    changes
}
