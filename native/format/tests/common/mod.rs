//! Shared by the tests of the formats: encode, read, and compare value by value.
#![allow(clippy::unwrap_used, reason = "test code")]
#![allow(dead_code, reason = "each test binary uses a part")]

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, UInt8Array};
use fluss_format::{BatchHeader, ColumnBatch, ColumnValues, Projection, RowCodec, log_schema, read_projected};
use fluss_testkit::{Value, values};
use fluss_types::{Column, Compression, Result, Schema};

pub const COMPRESSIONS: [Compression; 3] = [Compression::None, Compression::Lz4Frame, Compression::Zstd];

/// The rows with change types +I, -U, +U, -D in turn.
pub fn changelog(schema: &Schema, rows: &RecordBatch) -> RecordBatch {
    let kinds: ArrayRef = Arc::new(UInt8Array::from((0..rows.num_rows()).map(|i| 1 + (i % 4) as u8).collect::<Vec<_>>()));
    let columns = std::iter::once(kinds).chain(rows.columns().iter().cloned()).collect();
    RecordBatch::try_new(log_schema(schema, false), columns).unwrap()
}

/// The projected columns, and how many bytes of the body were fetched.
pub fn read(header: &BatchHeader, bytes: &[u8], written: &Schema, projection: &Projection) -> Result<(ColumnBatch, usize)> {
    let mut fetched = 0;
    let body = &bytes[header.body_at()..];
    let batch = read_projected(header, bytes, written, projection, None, 0..header.rows as usize, |at, out| {
        fetched += out.len();
        out.copy_from_slice(&body[at..at + out.len()]);
        Ok(())
    })?;
    Ok((batch.unwrap(), fetched))
}

/// Rows encoded one by one.
pub fn encode_rows(codec: &RowCodec, rows: &RecordBatch) -> Vec<Vec<u8>> {
    let columns = ColumnValues::all(rows, codec.schema().columns()).unwrap();
    let row = |i| {
        let mut out = Vec::new();
        codec.encode(&columns, i, &mut out).unwrap();
        out
    };
    (0..rows.num_rows()).map(row).collect()
}

/// The values of the columns of a batch, column by column.
pub fn table(rows: &RecordBatch, columns: &[Column]) -> Vec<Vec<Value>> {
    assert_eq!(rows.num_columns(), columns.len());
    rows.columns().iter().zip(columns).map(|(a, c)| values(a, &c.data_type)).collect()
}

/// The values of the projected columns, column by column.
pub fn projected(batch: ColumnBatch, projection: &Projection) -> Vec<Vec<Value>> {
    assert_eq!(batch.columns.len(), projection.nodes());
    let arrays = batch.arrays(projection.types()).unwrap();
    arrays.iter().zip(projection.types()).map(|(a, t)| values(a, t)).collect()
}
