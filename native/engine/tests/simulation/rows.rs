//! Rows as the model has them, and the way to and from Arrow and column batches.
use std::sync::Arc;

use arrow_array::{Int32Array, Int64Array, RecordBatch, StringArray};
use fluss_format::{ColumnBatch, ColumnValues, KeyEncoder};
use fluss_types::{Column, DataType, TypeRoot};

/// `id BIGINT NOT NULL, v STRING, n INT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub id: i64,
    pub v: Option<String>,
    pub n: Option<i32>,
}

/// A value of a column.
#[derive(Debug, PartialEq, Eq)]
pub enum Cell {
    Id(i64),
    V(Option<String>),
    N(Option<i32>),
}

impl Row {
    pub fn cells(&self, projection: &[usize]) -> Vec<Cell> {
        let cell = |c: &usize| match c {
            0 => Cell::Id(self.id),
            1 => Cell::V(self.v.clone()),
            _ => Cell::N(self.n),
        };
        projection.iter().map(cell).collect()
    }
}

/// A row of the log. `kind`: 0 +A, 1 +I, 2 -U, 3 +U, 4 -D.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub kind: u8,
    pub row: Row,
}

pub fn columns() -> Vec<Column> {
    let column = |name, root, nullable| Column::new(name, DataType::new(root, nullable).unwrap());
    vec![
        column("id", TypeRoot::BigInt, false),
        column("v", TypeRoot::VarChar(i32::MAX as u32), true),
        column("n", TypeRoot::Int, true),
    ]
}

pub fn batch(rows: &[Row]) -> RecordBatch {
    let schema = fluss_types::Schema::new(0, columns(), &[], &[]).unwrap().arrow_schema();
    let id: Int64Array = rows.iter().map(|r| Some(r.id)).collect();
    let v: StringArray = rows.iter().map(|r| r.v.as_deref()).collect();
    let n: Int32Array = rows.iter().map(|r| r.n).collect();
    RecordBatch::try_new(schema, vec![Arc::new(id), Arc::new(v), Arc::new(n)]).unwrap()
}

/// The encoded key of a row.
pub fn key(id: i64) -> Vec<u8> {
    let batch = batch(&[Row { id, v: None, n: None }]);
    let mut out = Vec::new();
    KeyEncoder::encode(&ColumnValues::of(&batch, &columns(), &[0]).unwrap(), 0, &mut out);
    out
}

/// The projected values of row `row`.
pub fn cells(batch: &ColumnBatch, projection: &[usize], row: usize) -> Vec<Cell> {
    let bytes = |at: usize, len: usize| &batch.bytes.as_slice()[at..at + len];
    let cell = |(i, column): (usize, &usize)| {
        let layout = &batch.columns[i];
        let valid = layout.validity.is_none_or(|at| bytes(at + row / 8, 1)[0] >> (row % 8) & 1 == 1);
        match column {
            0 => Cell::Id(i64::from_le_bytes(bytes(layout.data + 8 * row, 8).try_into().unwrap())),
            1 => {
                let end = |i| i32::from_le_bytes(bytes(layout.aux.unwrap() + 4 * i, 4).try_into().unwrap()) as usize;
                let text = bytes(layout.data + end(row), end(row + 1) - end(row));
                Cell::V(valid.then(|| String::from_utf8(text.to_vec()).unwrap()))
            }
            _ => Cell::N(valid.then(|| i32::from_le_bytes(bytes(layout.data + 4 * row, 4).try_into().unwrap()))),
        }
    };
    projection.iter().enumerate().map(cell).collect()
}
