//! Columns of an older schema as columns of a newer one. Specification: `native/docs/format.md`, "Columns and their ids".
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
};
use arrow_array::{ArrayRef, ArrowPrimitiveType, Int32Array, PrimitiveArray, RecordBatch, RecordBatchOptions};
use arrow_buffer::Buffer;
use arrow_schema::{Field, Schema as ArrowSchema};
use fluss_types::{Column, DataType, Error, ErrorCode, Result, Schema, TypeRoot};

use crate::arrays::{Parts, children, mismatch, nulls};

const MICROS_PER_MILLI: i64 = 1000;
const NANOS_PER_MICRO: i64 = 1000;

/// How stored values of one type are read as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reading {
    /// The bytes are the same.
    AsStored,
    /// Value by value, or fields by their ids.
    Converted,
    /// Not every value of the one is a value of the other: the reader has a schema that is older than the rows.
    Impossible,
}

/// How values written as `from` are read as `to`.
pub(crate) fn reading(from: &DataType, to: &DataType) -> Reading {
    use TypeRoot as T;
    if from == to {
        return Reading::AsStored;
    }
    // The reader does not look for NULLs.
    if from.nullable && !to.nullable {
        return Reading::Impossible;
    }
    match (&from.root, &to.root) {
        (T::Array(_), T::Array(_)) | (T::Map(..), T::Map(..)) => {
            let pairs = children(from).into_iter().zip(children(to));
            pairs.map(|(f, t)| reading(f, t)).max().unwrap_or(Reading::AsStored)
        }
        (T::Row(from), T::Row(to)) => {
            let same_places = from.len() == to.len() && from.iter().zip(to).all(|(f, t)| f.id == t.id);
            let worst = to.iter().map(|t| match from.iter().find(|f| f.id == t.id) {
                Some(f) => reading(&f.data_type, &t.data_type),
                None if t.data_type.nullable => Reading::Converted,
                None => Reading::Impossible,
            });
            let worst = worst.max().unwrap_or(Reading::AsStored);
            if same_places { worst } else { worst.max(Reading::Converted) }
        }
        // To be nullable changes no byte.
        (a, b) if a == b => Reading::AsStored,
        _ if !from.widens_to(&DataType { root: to.root.clone(), nullable: true }) => Reading::Impossible,
        (T::Timestamp(p), T::Timestamp(q)) | (T::TimestampLtz(p), T::TimestampLtz(q)) if unit(*p) != unit(*q) => {
            Reading::Converted
        }
        (T::TinyInt | T::SmallInt | T::Int | T::Float, _) => Reading::Converted,
        _ => Reading::AsStored,
    }
}

/// 0: milliseconds, 1: microseconds, 2: milliseconds and nanoseconds.
fn unit(precision: u8) -> u8 {
    match precision {
        0..=3 => 0,
        4..=6 => 1,
        _ => 2,
    }
}

/// A column that a reader cannot have, because its schema is older than the rows.
pub(crate) fn too_old(column: &Column, written: &Schema) -> Error {
    Error::new(
        ErrorCode::SchemaMismatch,
        format!(
            "column '{}' is read as {}, but rows of schema {} have another type for it, or lack it: the table was altered. Open it again",
            column.name,
            column.data_type,
            written.id()
        ),
    )
}

/// Rows of schema `from` as rows of schema `to`. No column is marked NOT NULL, since of a deleted row only the key counts.
pub fn evolve_batch(rows: &RecordBatch, from: &Schema, to: &Schema) -> Result<RecordBatch> {
    if from.columns() == to.columns() {
        return Ok(rows.clone());
    }
    let arrays = rows.columns().iter().zip(from.columns());
    let columns = to.columns().iter().map(|t| match arrays.clone().find(|(_, f)| f.id == t.id) {
        Some((a, f)) if reading(&f.data_type, &t.data_type) != Reading::Impossible => evolve(a, &f.data_type, &t.data_type),
        None if t.data_type.nullable => Ok(nulls(&t.data_type, rows.num_rows())),
        _ => Err(too_old(t, from)),
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let fields: Vec<Field> = to.columns().iter().map(|c| c.to_field().with_nullable(true)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::new(ArrowSchema::new(fields)), columns, &options)?)
}

/// An array of type `from` as one of type `to`, exactly. [`reading`] must not be impossible.
pub(crate) fn evolve(a: &ArrayRef, from: &DataType, to: &DataType) -> Result<ArrayRef> {
    use TypeRoot as T;
    if from == to {
        return Ok(a.clone());
    }
    let wrong = || mismatch(a.as_ref(), from);
    let mut parts = Parts::of(a.as_ref(), from)?;
    match (&from.root, &to.root) {
        (T::Row(fields), T::Row(wanted)) => {
            let stored = std::mem::take(&mut parts.children);
            let field = |w: &Column| match fields.iter().position(|f| f.id == w.id) {
                Some(i) => evolve(&stored[i], &fields[i].data_type, &w.data_type),
                None => Ok(nulls(&w.data_type, parts.rows)),
            };
            parts.children = wanted.iter().map(field).collect::<Result<_>>()?;
        }
        (T::Array(_), T::Array(_)) | (T::Map(..), T::Map(..)) => {
            for (i, (from, to)) in children(from).into_iter().zip(children(to)).enumerate() {
                parts.children[i] = evolve(&parts.children[i], from, to)?;
            }
        }
        (T::TinyInt, T::SmallInt) => parts.data = widened::<Int8Type, Int16Type>(a).ok_or_else(wrong)?,
        (T::TinyInt, T::Int) => parts.data = widened::<Int8Type, Int32Type>(a).ok_or_else(wrong)?,
        (T::TinyInt, T::BigInt) => parts.data = widened::<Int8Type, Int64Type>(a).ok_or_else(wrong)?,
        (T::SmallInt, T::Int) => parts.data = widened::<Int16Type, Int32Type>(a).ok_or_else(wrong)?,
        (T::SmallInt, T::BigInt) => parts.data = widened::<Int16Type, Int64Type>(a).ok_or_else(wrong)?,
        (T::Int, T::BigInt) => parts.data = widened::<Int32Type, Int64Type>(a).ok_or_else(wrong)?,
        (T::Float, T::Double) => parts.data = widened::<Float32Type, Float64Type>(a).ok_or_else(wrong)?,
        (T::Timestamp(p), T::Timestamp(q)) | (T::TimestampLtz(p), T::TimestampLtz(q)) => match (unit(*p), unit(*q)) {
            // Beyond the year 292,000 there are no microseconds.
            (0, 1) => {
                let millis = a.as_primitive_opt::<TimestampMillisecondType>().ok_or_else(wrong)?;
                parts.data = Buffer::from_vec(millis.values().iter().map(|v| v.saturating_mul(MICROS_PER_MILLI)).collect());
            }
            (0, 2) => parts.aux = Int32Array::from(vec![0; parts.rows]).values().inner().clone(),
            (1, 2) => {
                let micros = a.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(wrong)?.values();
                let nanos = |v: &i64| (v.rem_euclid(MICROS_PER_MILLI) * NANOS_PER_MICRO) as i32;
                parts.aux = Buffer::from_vec(micros.iter().map(nanos).collect());
                parts.data = Buffer::from_vec(micros.iter().map(|v| v.div_euclid(MICROS_PER_MILLI)).collect());
            }
            _ => {}
        },
        // The bytes are the same.
        _ => {}
    }
    parts.into_array(to)
}

fn widened<F: ArrowPrimitiveType, T: ArrowPrimitiveType>(a: &ArrayRef) -> Option<Buffer>
where
    F::Native: Into<T::Native>,
{
    let values: PrimitiveArray<T> = a.as_primitive_opt::<F>()?.unary(Into::into);
    Some(values.values().inner().clone())
}
