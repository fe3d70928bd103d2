//! Random values of every type.
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, ListArray, MapArray, StringArray, StructArray, Time32MillisecondArray, TimestampMicrosecondArray,
    TimestampMillisecondArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType as ArrowType, TimeUnit};
use fluss_types::{Column, DataType, TypeRoot};

use crate::Random;

/// Values of a type; about one in five is NULL where that is allowed, at every depth, and extreme values are frequent.
pub(crate) fn random_column(t: &DataType, rows: usize, random: &mut Random) -> ArrayRef {
    match (&t.root, t.to_arrow()) {
        (TypeRoot::Array(element), ArrowType::List(field)) => {
            let (offsets, nulls) = random_offsets(t, rows, random);
            let values = random_column(element, offsets[rows] as usize, random);
            Arc::new(ListArray::new(field, offsets, values, nulls))
        }
        (TypeRoot::Map(key, value), ArrowType::Map(field, sorted)) => {
            let (offsets, nulls) = random_offsets(t, rows, random);
            let n = offsets[rows] as usize;
            let ArrowType::Struct(fields) = field.data_type() else { unreachable!() };
            let entries = vec![random_column(key, n, random), random_column(value, n, random)];
            let entries = StructArray::new(fields.clone(), entries, None);
            Arc::new(MapArray::new(field, offsets, entries, nulls, sorted))
        }
        (TypeRoot::Row(columns), ArrowType::Struct(fields)) => {
            let nulls = random_nulls(t, rows, random);
            let column = |c: &Column| random_column(&c.data_type, rows, random);
            Arc::new(StructArray::new(fields, columns.iter().map(column).collect(), nulls))
        }
        (_, arrow) => flat(&arrow, t.nullable, rows, random),
    }
}

fn random_nulls(t: &DataType, rows: usize, random: &mut Random) -> Option<NullBuffer> {
    t.nullable.then(|| (0..rows).map(|_| random.below(5) > 0).collect::<Vec<bool>>().into())
}

/// Up to three elements a row; none where it is NULL.
fn random_offsets(t: &DataType, rows: usize, random: &mut Random) -> (OffsetBuffer<i32>, Option<NullBuffer>) {
    let nulls = random_nulls(t, rows, random);
    let len = |row| if nulls.as_ref().is_some_and(|n| n.is_null(row)) { 0 } else { random.below(4) as usize };
    (OffsetBuffer::from_lengths((0..rows).map(len).collect::<Vec<usize>>()), nulls)
}

fn flat(t: &ArrowType, nullable: bool, rows: usize, random: &mut Random) -> ArrayRef {
    let mut values = || -> Vec<Option<u64>> {
        (0..rows)
            .map(|_| {
                let value = match random.below(8) {
                    0 => 0,
                    1 => u64::MAX,
                    2 => i64::MAX as u64,
                    3 => 1 << 63,
                    _ => random.bits(),
                };
                (!nullable || random.below(5) > 0).then_some(value)
            })
            .collect()
    };
    let text = |v: u64| format!("é{}", &"0123456789".repeat(5)[..(v % 50) as usize]);
    let bytes = |v: u64| v.to_be_bytes()[..(v % 8) as usize].to_vec();
    macro_rules! array {
        ($type:ty, $map:expr) => {
            <$type>::from(values().into_iter().map(|v| v.map($map)).collect::<Vec<_>>())
        };
    }
    match t.clone() {
        ArrowType::Boolean => Arc::new(array!(BooleanArray, |v| v % 2 == 0)),
        ArrowType::Int8 => Arc::new(array!(Int8Array, |v| v as i8)),
        ArrowType::Int16 => Arc::new(array!(Int16Array, |v| v as i16)),
        ArrowType::Int32 => Arc::new(array!(Int32Array, |v| v as i32)),
        ArrowType::Int64 => Arc::new(array!(Int64Array, |v| v as i64)),
        ArrowType::Float32 => Arc::new(array!(Float32Array, |v| if v == 1 << 63 { f32::NAN } else { v as i32 as f32 / 7.0 })),
        ArrowType::Float64 => Arc::new(array!(Float64Array, |v| if v == 1 << 63 { f64::NAN } else { v as i64 as f64 / 7.0 })),
        ArrowType::Decimal128(p, s) => Arc::new(
            array!(Decimal128Array, |v| i128::from(v as i64) * i128::from(v as i32)).with_precision_and_scale(p, s).unwrap(),
        ),
        ArrowType::Date32 => Arc::new(array!(Date32Array, |v| v as i32)),
        ArrowType::Time32(_) => Arc::new(array!(Time32MillisecondArray, |v| (v % 86_400_000) as i32)),
        ArrowType::Timestamp(TimeUnit::Millisecond, zone) => {
            Arc::new(array!(TimestampMillisecondArray, |v| v as i64).with_timezone_opt(zone))
        }
        ArrowType::Timestamp(_, zone) => Arc::new(array!(TimestampMicrosecondArray, |v| v as i64).with_timezone_opt(zone)),
        ArrowType::Struct(fields) => {
            let values = values();
            let ArrowType::Timestamp(_, zone) = fields[0].data_type().clone() else { unreachable!() };
            let millis: TimestampMillisecondArray = values.iter().map(|v| Some(v.unwrap_or(0) as i64)).collect();
            let nanos: Int32Array = values.iter().map(|v| Some((v.unwrap_or(0) % 1_000_000) as i32)).collect();
            let nulls = values.iter().map(Option::is_some).collect::<Vec<bool>>().into();
            Arc::new(StructArray::new(fields, vec![Arc::new(millis.with_timezone_opt(zone)), Arc::new(nanos)], Some(nulls)))
        }
        ArrowType::Utf8 => Arc::new(values().into_iter().map(|v| v.map(text)).collect::<StringArray>()),
        _ => Arc::new(values().into_iter().map(|v| v.map(bytes)).collect::<BinaryArray>()),
    }
}
