//! For tests only: seeded rows of every type, values as models have them, and a disk that loses power.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "test code")]

mod columns;
mod disk;
mod hooked;
mod schemas;
mod value;

use std::sync::Arc;

use arrow_array::RecordBatch;
use fluss_types::{Column, DataType, Schema, TypeRoot};

use columns::random_column;

pub use disk::{Fault, Flip, Operation, SimulatedDisk};
pub use hooked::{HookedFiles, SyncHook};
pub use schemas::{nested_types, random_change, random_schema};
pub use value::{Value, fields_as, read_as, value, values};

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
