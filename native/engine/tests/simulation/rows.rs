//! Rows as the model has them, and the way to and from Arrow and column batches.
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use fluss_format::{ColumnBatch, ColumnValues, KeyEncoder, Projection};
use fluss_types::{Column, DataType, Schema, TypeRoot};

/// A row of `id BIGINT NOT NULL, v STRING, n INT`, and of columns that were added since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub id: i64,
    /// Of the partition that it is in.
    pub p: Option<Arc<str>>,
    pub v: Option<String>,
    pub n: Option<i64>,
    /// Numbers, by the names of their columns; a column that it does not have is NULL.
    pub added: BTreeMap<String, i64>,
}

/// A value of a column.
#[derive(Debug, PartialEq, Eq)]
pub enum Cell {
    Number(Option<i64>),
    Text(Option<String>),
}

/// A row of the log. `kind`: 0 +A, 1 +I, 2 -U, 3 +U, 4 -D.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub kind: u8,
    pub row: Row,
}

impl Row {
    fn text(&self, column: &str) -> Option<&str> {
        if column == "p" { self.p.as_deref() } else { self.v.as_deref() }
    }

    fn number(&self, column: &str) -> Option<i64> {
        match column {
            "id" => Some(self.id),
            "n" => self.n,
            added => self.added.get(added).copied(),
        }
    }
}

pub fn number_column(name: &str) -> Column {
    Column::new(name, DataType::new(TypeRoot::Int, true).unwrap())
}

/// What a table has at first: `p STRING NOT NULL` too if it is partitioned.
pub fn columns(partitioned: bool) -> Vec<Column> {
    let column = |name, root, nullable| Column::new(name, DataType::new(root, nullable).unwrap());
    let string = || TypeRoot::VarChar(i32::MAX as u32);
    let mut columns = vec![column("id", TypeRoot::BigInt, false), column("v", string(), true), number_column("n")];
    columns.extend(partitioned.then(|| column("p", string(), false)));
    columns
}

pub fn batch(rows: &[Row], schema: &Schema) -> RecordBatch {
    let array = |c: &Column| -> ArrayRef {
        match c.data_type.root {
            TypeRoot::VarChar(_) => Arc::new(rows.iter().map(|r| r.text(&c.name)).collect::<StringArray>()),
            TypeRoot::Int => Arc::new(rows.iter().map(|r| r.number(&c.name).map(|n| n as i32)).collect::<Int32Array>()),
            _ => Arc::new(rows.iter().map(|r| r.number(&c.name)).collect::<Int64Array>()),
        }
    };
    RecordBatch::try_new(schema.arrow_schema(), schema.columns().iter().map(array).collect()).unwrap()
}

/// The encoded key of a row, in a partition or none.
pub fn key(id: i64, p: &Option<Arc<str>>) -> Vec<u8> {
    let columns = columns(p.is_some());
    let schema = Schema::new(0, columns.clone(), &[], &[]).unwrap();
    let batch = batch(&[Row { id, p: p.clone(), v: None, n: None, added: BTreeMap::new() }], &schema);
    let key: &[usize] = if p.is_some() { &[0, 3] } else { &[0] };
    let mut out = Vec::new();
    KeyEncoder::encode(&ColumnValues::of(&batch, &columns, key).unwrap(), 0, &mut out);
    out
}

/// Some columns of a schema, which rows are read with.
#[derive(Clone, Debug)]
pub struct View {
    pub schema: Arc<Schema>,
    pub columns: Vec<usize>,
}

impl View {
    pub fn new(schema: Arc<Schema>, columns: Vec<usize>) -> Self {
        Self { schema, columns }
    }

    pub fn projection(&self) -> Projection {
        Projection::columns(self.schema.clone(), &self.columns).unwrap()
    }

    fn shown(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().map(|&c| &self.schema.columns()[c])
    }

    /// What it shows of a row.
    pub fn of_row(&self, row: &Row) -> Vec<Cell> {
        let cell = |c: &Column| match c.data_type.root {
            TypeRoot::VarChar(_) => Cell::Text(row.text(&c.name).map(str::to_string)),
            _ => Cell::Number(row.number(&c.name)),
        };
        self.shown().map(cell).collect()
    }

    /// Row `row` of a batch of a partition that was read with it, and it shows all columns.
    pub fn whole_row(&self, batch: &ColumnBatch, row: usize, p: &Option<Arc<str>>) -> Row {
        let mut read = Row { id: 0, p: p.clone(), v: None, n: None, added: BTreeMap::new() };
        for (column, cell) in self.shown().zip(self.of_batch(batch, row)) {
            match (column.name.as_str(), cell) {
                ("id", Cell::Number(id)) => read.id = id.unwrap(),
                ("v", Cell::Text(v)) => read.v = v,
                ("n", Cell::Number(n)) => read.n = n,
                (name, Cell::Number(Some(n))) => drop(read.added.insert(name.into(), n)),
                _ => {}
            }
        }
        read
    }

    /// Row `row` of a batch that was read with it.
    pub fn of_batch(&self, batch: &ColumnBatch, row: usize) -> Vec<Cell> {
        let bytes = |at: usize, len: usize| &batch.bytes.as_slice()[at..at + len];
        let int = |at: usize| i32::from_le_bytes(bytes(at, 4).try_into().unwrap());
        let cell = |(i, c): (usize, &Column)| {
            let layout = &batch.columns[i];
            let valid = layout.validity.is_none_or(|at| bytes(at + row / 8, 1)[0] >> (row % 8) & 1 == 1);
            match c.data_type.root {
                TypeRoot::VarChar(_) => {
                    let end = |i| int(layout.aux.unwrap() + 4 * i) as usize;
                    let text = bytes(layout.data + end(row), end(row + 1) - end(row));
                    Cell::Text(valid.then(|| String::from_utf8(text.to_vec()).unwrap()))
                }
                TypeRoot::Int => Cell::Number(valid.then(|| i64::from(int(layout.data + 4 * row)))),
                _ => Cell::Number(valid.then(|| i64::from_le_bytes(bytes(layout.data + 8 * row, 8).try_into().unwrap()))),
            }
        };
        self.shown().enumerate().map(cell).collect()
    }
}
