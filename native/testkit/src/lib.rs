//! For tests only: seeded rows of every type, and a disk that loses power.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "test code")]

mod disk;

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, RecordBatch, StringArray, StructArray, Time32MillisecondArray, TimestampMicrosecondArray,
    TimestampMillisecondArray,
};
use arrow_schema::{DataType as ArrowType, TimeUnit};
use fluss_types::{Column, DataType, Schema, TypeRoot};

pub use disk::{Fault, Flip, Operation, SimulatedDisk};

/// Every type once, key columns `id` and `name` first.
pub fn all_types(primary_key: &[&str]) -> Arc<Schema> {
    let roots = [
        ("id", TypeRoot::BigInt),
        ("name", TypeRoot::VarChar(i32::MAX as u32)),
        ("c_boolean", TypeRoot::Boolean),
        ("c_tinyint", TypeRoot::TinyInt),
        ("c_smallint", TypeRoot::SmallInt),
        ("c_int", TypeRoot::Int),
        ("c_float", TypeRoot::Float),
        ("c_double", TypeRoot::Double),
        ("c_char", TypeRoot::Char(3)),
        ("c_binary", TypeRoot::Binary(4)),
        ("c_varbinary", TypeRoot::VarBinary(9)),
        ("c_decimal", TypeRoot::Decimal(38, 10)),
        ("c_date", TypeRoot::Date),
        ("c_time", TypeRoot::Time(3)),
        ("c_timestamp3", TypeRoot::Timestamp(3)),
        ("c_timestamp6", TypeRoot::Timestamp(6)),
        ("c_timestamp9", TypeRoot::Timestamp(9)),
        ("c_ltz0", TypeRoot::TimestampLtz(0)),
        ("c_ltz6", TypeRoot::TimestampLtz(6)),
        ("c_ltz9", TypeRoot::TimestampLtz(9)),
    ];
    let columns = roots.iter().map(|(name, root)| Column::new(*name, DataType::new(root.clone(), true).unwrap())).collect();
    let key: Vec<String> = primary_key.iter().map(|k| (*k).into()).collect();
    Arc::new(Schema::new(0, columns, &key, &[]).unwrap())
}

/// SplitMix64 (Sebastiano Vigna, public domain).
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.bits() % n
    }
}

/// Random rows of a schema; about one value in five is NULL where that is allowed, and extreme values are frequent.
pub fn random_rows(schema: &Schema, rows: usize, random: &mut Random) -> RecordBatch {
    let columns = schema.columns().iter().map(|c| random_column(&c.data_type, rows, random)).collect();
    RecordBatch::try_new(schema.arrow_schema(), columns).unwrap()
}

fn random_column(t: &DataType, rows: usize, random: &mut Random) -> ArrayRef {
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
                (!t.nullable || random.below(5) > 0).then_some(value)
            })
            .collect()
    };
    let text = |v: u64| format!("é{}", &"0123456789".repeat(3)[..(v % 30) as usize]);
    let bytes = |v: u64| v.to_be_bytes()[..(v % 8) as usize].to_vec();
    macro_rules! array {
        ($type:ty, $map:expr) => {
            <$type>::from(values().into_iter().map(|v| v.map($map)).collect::<Vec<_>>())
        };
    }
    match t.to_arrow() {
        ArrowType::Boolean => Arc::new(array!(BooleanArray, |v| v % 2 == 0)),
        ArrowType::Int8 => Arc::new(array!(Int8Array, |v| v as i8)),
        ArrowType::Int16 => Arc::new(array!(Int16Array, |v| v as i16)),
        ArrowType::Int32 => Arc::new(array!(Int32Array, |v| v as i32)),
        ArrowType::Int64 => Arc::new(array!(Int64Array, |v| v as i64)),
        ArrowType::Float32 => Arc::new(array!(Float32Array, |v| v as i32 as f32 / 7.0)),
        ArrowType::Float64 => Arc::new(array!(Float64Array, |v| v as i64 as f64 / 7.0)),
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
