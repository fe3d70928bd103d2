//! Lookups by full primary key, answered in batches.
use std::sync::Arc;

use arrow_array::RecordBatch;
use fluss_format::{Bucketer, ColumnValues, KeyEncoder, RowCodec};
use fluss_types::{Error, ErrorCode, MemoryUser, Result, TableKind};

use crate::{ReadBatch, Table};

/// Looks rows up; any thread.
#[derive(Debug)]
pub struct Lookuper {
    table: Arc<Table>,
    projection: Vec<usize>,
    codec: RowCodec,
    /// The bucket key columns' positions in the key.
    bucket_key: Vec<usize>,
    memory: Arc<MemoryUser>,
}

impl Lookuper {
    pub(crate) fn new(table: Arc<Table>, projection: Vec<usize>) -> Result<Self> {
        let schema = table.schema();
        if schema.kind() == TableKind::Log {
            return Err(Error::invalid(format!("table {} has no primary key; lookups need one", table.inner.path())));
        }
        let bucket_key = schema.bucket_key().iter().filter_map(|b| schema.primary_key().iter().position(|k| k == b)).collect();
        let codec = RowCodec::new(schema.clone());
        let memory = table.inner.memory().readers().user();
        Ok(Self { table, projection, codec, bucket_key, memory })
    }

    /// One row a key, in order; `row_bytes` says which were found. Keys lie as [`Table::key_schema`] says. Counted as reader memory, but
    /// never waits for it: a lookup is answered at once.
    pub fn lookup(&self, keys: &RecordBatch) -> Result<ReadBatch> {
        let schema = self.table.schema();
        let columns = ColumnValues::all(keys)?;
        if let Some((i, c)) = columns.iter().enumerate().find(|(_, c)| c.has_nulls()) {
            let name = schema.primary_key().get(i).map_or("?", |&k| &schema.columns()[k].name);
            let row = (0..keys.num_rows()).find(|&r| c.is_null(r)).unwrap_or(0);
            return Err(Error::new(
                ErrorCode::NullKey,
                format!("table {}: key {row} of the lookup has NULL in primary key column '{name}'", self.table.inner.path()),
            ));
        }
        let n = keys.num_rows();
        let mut encoded = Vec::with_capacity(n * 16);
        let mut ends = Vec::with_capacity(n);
        let buckets = self.table.inner.buckets();
        let bucket_columns = ColumnValues::of(keys, &self.bucket_key)?;
        let mut bucketer = Bucketer::default();
        let mut by_bucket: Vec<Vec<usize>> = vec![Vec::new(); buckets as usize];
        for row in 0..n {
            KeyEncoder::encode(&columns, row, &mut encoded);
            ends.push(encoded.len());
            by_bucket[bucketer.bucket(&bucket_columns, row, buckets) as usize].push(row);
        }
        let key = |row: usize| &encoded[row.checked_sub(1).map_or(0, |p| ends[p])..ends[row]];

        let mut stored: Vec<u8> = Vec::new();
        let mut places: Vec<Option<std::ops::Range<usize>>> = vec![None; n];
        for (bucket, rows) in (0..).zip(&by_bucket).filter(|(_, r)| !r.is_empty()) {
            let bucket_keys: Vec<&[u8]> = rows.iter().map(|&r| key(r)).collect();
            self.table.inner.tablet(bucket)?.lookup(&bucket_keys, |i, row| {
                let from = stored.len();
                stored.extend_from_slice(row);
                places[rows[i]] = Some(from..stored.len());
            })?;
        }
        let rows: Vec<Option<&[u8]>> = places.into_iter().map(|p| p.map(|p| &stored[p])).collect();
        let found = self.codec.decode_projected(&rows, &self.projection, true)?;
        Ok(ReadBatch::new(found, &self.memory))
    }
}
