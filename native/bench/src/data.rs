//! The rows that are written.
use std::sync::Arc;

use arrow_array::{Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::SchemaRef;
use fluss_proto::data_type::Kind;
use fluss_testkit::Random;

use crate::Result;
use crate::store::Columns;

/// Four columns, about 128 bytes a row.
pub(crate) const NARROW: Columns =
    &[("id", Kind::Bigint), ("user_id", Kind::Bigint), ("price", Kind::Double), ("payload", Kind::Varchar)];

const NARROW_PAYLOAD: usize = 100;

/// A text of random hexadecimal digits, as Flink's datagen makes them.
fn text(random: &mut Random, len: usize) -> String {
    let mut out = String::with_capacity(len + 16);
    while out.len() < len {
        out += &format!("{:016x}", random.bits());
    }
    out.truncate(len);
    out
}

/// Rows of [`NARROW`] that take about `bytes` in memory.
pub(crate) fn narrow(schema: SchemaRef, bytes: usize, random: &mut Random) -> Result<RecordBatch> {
    let rows = bytes / (3 * 8 + 4 + NARROW_PAYLOAD);
    Ok(RecordBatch::try_new(
        schema,
        vec![
            Arc::new(Int64Array::from_iter_values((0..rows).map(|_| random.bits() as i64))),
            Arc::new(Int64Array::from_iter_values((0..rows).map(|_| random.bits() as i64))),
            Arc::new(Float64Array::from_iter_values((0..rows).map(|_| random.bits() as f64))),
            Arc::new(StringArray::from_iter_values((0..rows).map(|_| text(random, NARROW_PAYLOAD)))),
        ],
    )?)
}
