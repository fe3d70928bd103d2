//! Rows to and from Arrow.
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Decimal128Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::SchemaRef;
use arrow_select::take::take;
use fluss_format::{AlignedBytes, ColumnBatch};
use fluss_testkit::{Random, Value, random_rows, values};
use fluss_types::{Column, Schema, TypeRoot};

use crate::definition::{Definition, MergeEngine};
use crate::model::Row;

/// Values of a key column: few, so that keys come again.
fn key_values(column: &Column, rows: usize, random: &mut Random) -> ArrayRef {
    match column.data_type.root {
        TypeRoot::BigInt => {
            Arc::new((0..rows).map(|_| Some([-1, 0, 1, 2, i64::MAX][random.below(5) as usize])).collect::<Int64Array>())
        }
        _ => {
            Arc::new((0..rows).map(|_| Some(["", "a", "a\0", "\u{1}é", "ab"][random.below(5) as usize])).collect::<StringArray>())
        }
    }
}

/// The rows `picked` of an array.
pub fn picked(array: &ArrayRef, picked: &[i32]) -> ArrayRef {
    take(array.as_ref(), &Int32Array::from(picked.to_vec()), None).unwrap()
}

/// All columns of random rows.
pub fn random_columns(definition: &Definition, schema: &Schema, rows: usize, random: &mut Random) -> Vec<ArrayRef> {
    let batch = random_rows(schema, rows, random);
    let mut columns = batch.columns().to_vec();
    for (c, column) in definition.columns.iter().enumerate() {
        if definition.key.contains(&c) {
            columns[c] = key_values(column, rows, random);
        } else if definition.engine == MergeEngine::Versioned(c) {
            // Few values, so that versions are equal now and then.
            let few: Vec<i32> = (0..rows).map(|_| random.below(rows.min(3) as u64) as i32).collect();
            columns[c] = picked(&columns[c], &few);
        } else if let (Some(_), TypeRoot::Decimal(p, s)) = (&definition.functions[c], &column.data_type.root) {
            // Sums and products must fit.
            let numbers = (0..rows).map(|_| (random.below(5) > 0).then(|| random.below(40_000) as i128 - 20_000));
            columns[c] = Arc::new(numbers.collect::<Decimal128Array>().with_precision_and_scale(*p, *s as i8).unwrap());
        }
    }
    columns
}

/// The rows of columns; NaN is NaN, whatever its bits.
pub fn rows(arrays: &[ArrayRef], columns: &[Column]) -> Vec<Row> {
    let mut columns: Vec<_> = arrays.iter().zip(columns).map(|(a, c)| values(a, &c.data_type).into_iter()).collect();
    let count = arrays.first().map_or(0, |a| a.len());
    (0..count).map(|_| columns.iter_mut().map(|c| canonical(c.next().unwrap())).collect()).collect()
}

pub fn canonical(value: Value) -> Value {
    match value {
        Value::Float(bits) if f64::from_bits(bits).is_nan() => Value::Float(f64::NAN.to_bits()),
        other => other,
    }
}

pub fn batch(schema: SchemaRef, columns: Vec<ArrayRef>) -> RecordBatch {
    RecordBatch::try_new(schema, columns).unwrap()
}

/// All columns of a batch that a reader got.
pub fn read_rows(batch: &ColumnBatch, columns: &[Column]) -> Vec<Row> {
    let mut bytes = AlignedBytes::new(batch.bytes.len());
    bytes.extend_from_slice(&batch.bytes);
    let copy = ColumnBatch { bytes, columns: batch.columns.clone(), ..*batch };
    let arrays = copy.arrays(columns.iter().map(|c| &c.data_type)).unwrap();
    rows(&arrays, columns)
}
