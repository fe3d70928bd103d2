//! Values as a person would write them down, independent of layouts: what codecs must give back, and what a change of the schema
//! must make of a value.
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use fluss_types::{Column, DataType, FieldId, TypeRoot};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// Integers, decimals, dates, times, and timestamps in nanoseconds.
    Int(i128),
    /// Bits, so that a NaN equals itself.
    Float(u64),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Row(Vec<(FieldId, Value)>),
}

/// The value of a row.
pub fn value(a: &ArrayRef, t: &DataType, row: usize) -> Value {
    use TypeRoot as T;
    if a.is_null(row) {
        return Value::Null;
    }
    let all = |a: &ArrayRef, t: &DataType| (0..a.len()).map(|i| value(a, t, i)).collect::<Vec<_>>();
    match &t.root {
        T::Boolean => Value::Bool(a.as_boolean().value(row)),
        T::TinyInt => Value::Int(a.as_primitive::<Int8Type>().value(row).into()),
        T::SmallInt => Value::Int(a.as_primitive::<Int16Type>().value(row).into()),
        T::Int => Value::Int(a.as_primitive::<Int32Type>().value(row).into()),
        T::BigInt => Value::Int(a.as_primitive::<Int64Type>().value(row).into()),
        T::Float => Value::Float(f64::from(a.as_primitive::<Float32Type>().value(row)).to_bits()),
        T::Double => Value::Float(a.as_primitive::<Float64Type>().value(row).to_bits()),
        T::Decimal(..) => Value::Int(a.as_primitive::<Decimal128Type>().value(row)),
        T::Date => Value::Int(a.as_primitive::<Date32Type>().value(row).into()),
        T::Time(_) => Value::Int(a.as_primitive::<Time32MillisecondType>().value(row).into()),
        T::Timestamp(p) | T::TimestampLtz(p) => Value::Int(match p {
            0..=3 => i128::from(a.as_primitive::<TimestampMillisecondType>().value(row)) * 1_000_000,
            4..=6 => i128::from(a.as_primitive::<TimestampMicrosecondType>().value(row)) * 1000,
            _ => {
                let millis = a.as_struct().column(0).as_primitive::<TimestampMillisecondType>().value(row);
                let nanos = a.as_struct().column(1).as_primitive::<Int32Type>().value(row);
                assert!((0..1_000_000).contains(&nanos));
                i128::from(millis) * 1_000_000 + i128::from(nanos)
            }
        }),
        T::Char(_) | T::VarChar(_) => Value::Bytes(a.as_string::<i32>().value(row).into()),
        T::Binary(_) | T::VarBinary(_) => Value::Bytes(a.as_binary::<i32>().value(row).into()),
        T::Array(element) => Value::List(all(&a.as_list::<i32>().value(row), element)),
        T::Map(k, v) => {
            let entries = a.as_map().value(row);
            Value::Map(all(entries.column(0), k).into_iter().zip(all(entries.column(1), v)).collect())
        }
        T::Row(fields) => {
            let field = |(c, f): (&ArrayRef, &Column)| (f.id, value(c, &f.data_type, row));
            Value::Row(a.as_struct().columns().iter().zip(fields).map(field).collect())
        }
    }
}

/// The values of a column.
pub fn values(a: &ArrayRef, t: &DataType) -> Vec<Value> {
    (0..a.len()).map(|row| value(a, t, row)).collect()
}

/// A value of type `from`, read as type `to`.
pub fn read_as(v: &Value, from: &DataType, to: &DataType) -> Value {
    use TypeRoot as T;
    let is_micros = |t: &T| matches!(t, T::Timestamp(4..=6) | T::TimestampLtz(4..=6));
    match (v, &from.root, &to.root) {
        (Value::List(l), T::Array(f), T::Array(t)) => Value::List(l.iter().map(|v| read_as(v, f, t)).collect()),
        (Value::Map(m), T::Map(fk, fv), T::Map(tk, tv)) => {
            Value::Map(m.iter().map(|(k, v)| (read_as(k, fk, tk), read_as(v, fv, tv))).collect())
        }
        (Value::Row(stored), T::Row(f), T::Row(t)) => Value::Row(fields_as(stored, f, t)),
        // Only what no calendar reaches does not fit into microseconds.
        (Value::Int(ns), _, t) if is_micros(t) => {
            Value::Int((*ns).clamp(i128::from(i64::MIN) * 1000, i128::from(i64::MAX) * 1000))
        }
        (v, ..) => v.clone(),
    }
}

/// The fields of a row of columns `from`, read as columns `to`.
pub fn fields_as(stored: &[(FieldId, Value)], from: &[Column], to: &[Column]) -> Vec<(FieldId, Value)> {
    let read = |t: &Column| match from.iter().position(|f| f.id == t.id) {
        Some(i) => read_as(&stored[i].1, &from[i].data_type, &t.data_type),
        None => Value::Null,
    };
    to.iter().map(|t| (t.id, read(t))).collect()
}
