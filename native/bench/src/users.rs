//! The rows of the primary-key benchmarks: the table `users` of the Java benchmarks, 8 columns, about 200 bytes a stored row.
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow_schema::SchemaRef;
use fluss_client::Table;
use fluss_format::{ColumnValues, KeyEncoder, RowCodec};
use fluss_proto::data_type::Kind;
use fluss_testkit::Random;
use fluss_types::Schema;

use crate::data::{hex, word};
use crate::{Result, data};

/// Columns; `id` is the key.
pub(crate) const USERS: &[(&str, Kind)] = &[
    ("id", Kind::Bigint),
    ("name", Kind::Varchar),
    ("email", Kind::Varchar),
    ("country", Kind::Varchar),
    ("balance", Kind::Double),
    ("score", Kind::Int),
    ("updated", Kind::Timestamp),
    ("bio", Kind::Varchar),
];
/// About the bytes of a stored row and its key.
pub(crate) const ROW_BYTES: usize = 208;
/// Rows of a batch: about 2 MiB in memory, as `client.writer.batch-size` has it.
pub(crate) const BATCH_ROWS: usize = data::BATCH_ROWS;
/// Different batches but for their keys.
const POOL: usize = 16;
/// Where `score` is.
pub(crate) const SCORE: usize = 5;

/// Makes rows: the keys are new in each batch, the other columns repeat after some batches, so that making rows costs nothing beside
/// writing them.
pub(crate) struct Users {
    schema: SchemaRef,
    codec: RowCodec,
    pool: Vec<Vec<ArrayRef>>,
}

/// Keys and rows as they are stored.
#[derive(Default)]
pub(crate) struct Stored {
    bytes: Vec<u8>,
    rows: Vec<(Range<usize>, Range<usize>)>,
}

impl Stored {
    /// Rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Key and row, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.rows.iter().map(|(key, row)| (&self.bytes[key.clone()], &self.bytes[row.clone()]))
    }
}

impl Users {
    pub(crate) fn new(table: &Table) -> Self {
        let schema = table.write_schema();
        let mut random = Random(7);
        let pool = (0..POOL).map(|_| columns(&mut random)).collect();
        Self { schema, codec: RowCodec::new(Arc::new(table.schema().clone().into())), pool }
    }

    /// Rows of some keys, at most [`BATCH_ROWS`]; `n` picks the other columns.
    pub(crate) fn batch(&self, keys: Vec<i64>, n: usize) -> Result<RecordBatch> {
        let len = keys.len();
        let others = self.pool[n % POOL].iter().map(|c| c.slice(0, len));
        let arrays = std::iter::once(Arc::new(Int64Array::from(keys)) as ArrayRef).chain(others).collect();
        Ok(RecordBatch::try_new(self.schema.clone(), arrays)?)
    }

    /// Batches of `rows` rows of random keys below `keys`.
    pub(crate) fn random(&self, rows: usize, keys: usize, random: &mut Random) -> Result<Vec<RecordBatch>> {
        let batch = |n: usize| {
            let len = BATCH_ROWS.min(rows - n * BATCH_ROWS);
            self.batch((0..len).map(|_| random.below(keys as u64) as i64).collect(), random.below(POOL as u64) as usize)
        };
        (0..rows.div_ceil(BATCH_ROWS)).map(batch).collect()
    }

    /// The keys below `keys`, all with `score` in the column [`SCORE`].
    pub(crate) fn marked(&self, keys: usize, score: i32) -> Result<RecordBatch> {
        let batch = self.batch((0..keys as i64).collect(), 0)?;
        let mut columns = batch.columns().to_vec();
        columns[SCORE] = Arc::new(Int32Array::from(vec![score; keys]));
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
    }

    /// Every key below `keys` once, in batches that are made as they are asked for.
    pub(crate) fn every(&self, keys: usize) -> impl Iterator<Item = Result<RecordBatch>> {
        let first = (0..keys).step_by(BATCH_ROWS).enumerate();
        first.map(move |(n, from)| self.batch((from as i64..keys.min(from + BATCH_ROWS) as i64).collect(), n))
    }

    /// The rows as the engine stores them.
    pub(crate) fn stored<'a>(&self, batches: impl IntoIterator<Item = &'a RecordBatch>) -> Result<Stored> {
        let schema: &Schema = self.codec.schema();
        let mut out = Stored::default();
        for batch in batches {
            let keys = ColumnValues::of(batch, schema.columns(), schema.primary_key())?;
            let columns = ColumnValues::all(batch, schema.columns())?;
            for i in 0..batch.num_rows() {
                let from = out.bytes.len();
                KeyEncoder::encode(&keys, i, &mut out.bytes);
                let row = out.bytes.len();
                self.codec.encode(&columns, i, &mut out.bytes)?;
                out.rows.push((from..row, row..out.bytes.len()));
            }
        }
        Ok(out)
    }
}

/// All columns but the key.
fn columns(random: &mut Random) -> Vec<ArrayRef> {
    let mut strings = |value: fn(&mut Random) -> String| -> ArrayRef {
        Arc::new(StringArray::from((0..BATCH_ROWS).map(|_| value(random)).collect::<Vec<_>>()))
    };
    let (name, email) = (strings(|r| hex(r, 12)), strings(|r| hex(r, 20)));
    let (country, bio) = (strings(|r| word(r, 200, 2)), strings(|r| hex(r, 110)));
    let balance = (0..BATCH_ROWS).map(|_| random.below(10_000_000) as f64 / 100.0).collect::<Vec<_>>();
    let score = (0..BATCH_ROWS).map(|_| random.below(1000) as i32).collect::<Vec<_>>();
    let updated = (0..BATCH_ROWS).map(|_| 1_700_000_000_000 + random.below(3_600_000) as i64).collect::<Vec<_>>();
    vec![
        name,
        email,
        country,
        Arc::new(Float64Array::from(balance)),
        Arc::new(Int32Array::from(score)),
        Arc::new(TimestampMillisecondArray::from(updated)),
        bio,
    ]
}
