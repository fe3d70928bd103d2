//! Shared by the tests of the log: rows of `id BIGINT, v STRING`, on a simulated disk.
#![allow(clippy::unwrap_used, reason = "test code")]
#![allow(dead_code, reason = "each test binary uses a part")]
use std::path::Path;
use std::sync::Arc;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use fluss_format::{ColumnLayout, EncodeOptions, EncodedBatch, Projection, encode_batch};
use fluss_log::{Log, LogOptions, ReadHint};
use fluss_testkit::SimulatedDisk;
use fluss_types::{Column, Compression, DataType, LogOffset, Result, Schema, TableBucket, TypeRoot};

pub const BUCKET: TableBucket = TableBucket { table_id: 7, partition: 0, bucket: 3 };
/// A segment has a few batches.
pub const SMALL: LogOptions = LogOptions { segment_size: 2048, index_interval: 512, writer_expiration_ms: 7 * 86_400_000 };

pub fn dir() -> &'static Path {
    Path::new("/data/log")
}

pub fn open(disk: &SimulatedDisk) -> Result<Log> {
    Log::open(disk.fs(), dir(), BUCKET, SMALL)
}

pub fn schema() -> Arc<Schema> {
    let column = |name: &str, root| Column::new(name, DataType::new(root, true).unwrap());
    let columns = vec![column("id", TypeRoot::BigInt), column("v", TypeRoot::VarChar(i32::MAX as u32))];
    Arc::new(Schema::new(0, columns, &[], &[]).unwrap())
}

/// A row for each id, with a text that follows from it.
pub fn rows(schema: &Schema, ids: impl Iterator<Item = i64> + Clone) -> RecordBatch {
    let texts = StringArray::from_iter_values(ids.clone().map(text));
    RecordBatch::try_new(schema.arrow_schema(), vec![Arc::new(Int64Array::from_iter_values(ids)), Arc::new(texts)]).unwrap()
}

pub fn text(id: i64) -> String {
    format!("row {id} {}", "x".repeat((id % 50) as usize))
}

pub fn encode(schema: &Schema, ids: impl Iterator<Item = i64> + Clone) -> EncodedBatch {
    encode_batch(&rows(schema, ids), schema, &EncodeOptions::new(true, Compression::None)).unwrap()
}

/// The ids from an offset to a limit; checks that offsets are gapless and texts belong to the ids.
pub fn ids(log: &Log, schema: &Arc<Schema>, from: LogOffset, limit: LogOffset) -> Result<Vec<i64>> {
    let rows = read(log, schema, from, limit, &[1, 0])?;
    Ok(rows
        .into_iter()
        .map(|row| {
            assert_eq!(row.text.unwrap(), text(row.id.unwrap()));
            row.id.unwrap()
        })
        .collect())
}

/// A row as it was read; `None`: not projected.
#[derive(Debug)]
pub struct ReadRow {
    pub id: Option<i64>,
    pub text: Option<String>,
}

/// The projected columns from an offset to a limit; checks that offsets are gapless.
pub fn read(log: &Log, schema: &Arc<Schema>, from: LogOffset, limit: LogOffset, columns: &[usize]) -> Result<Vec<ReadRow>> {
    let projection = Projection::columns(schema.clone(), columns)?;
    let place = |column: usize| columns.iter().position(|c| *c == column);
    let mut hint = ReadHint::default();
    let (mut at, mut found) = (from, Vec::new());
    while let Some(batch) = log.read(at, limit, &schema.clone().into(), &projection, &mut hint)? {
        assert_eq!(batch.base_offset + batch.first_row as i64, at, "offsets are gapless");
        let end = |layout: &ColumnLayout, row: usize| {
            let at = layout.aux.unwrap() + 4 * row;
            i32::from_le_bytes(batch.bytes[at..at + 4].try_into().unwrap()) as usize
        };
        for row in batch.first_row..batch.end_row {
            let id = place(0).map(|i| &batch.columns[i]).map(|layout| &batch.bytes[layout.data + 8 * row..][..8]);
            let text = place(1)
                .map(|i| &batch.columns[i])
                .map(|layout| batch.bytes[layout.data..][end(layout, row)..end(layout, row + 1)].to_vec());
            found.push(ReadRow {
                id: id.map(|b| i64::from_le_bytes(b.try_into().unwrap())),
                text: text.map(|b| String::from_utf8(b).unwrap()),
            });
        }
        at = batch.base_offset + batch.end_row as i64;
    }
    assert_eq!(at, limit.max(from));
    Ok(found)
}
