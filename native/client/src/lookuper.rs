//! Lookups by full primary key, answered in batches.
use std::sync::Arc;

use arrow_array::RecordBatch;
use fluss_format::{Bucketer, ColumnValues, KeyEncoder, Projection};
use fluss_types::{Column, Error, ErrorCode, MemoryUser, Result, TableKind};

use crate::{ReadBatch, Table};

/// Looks rows up; any thread.
#[derive(Debug)]
pub struct Lookuper {
    table: Arc<Table>,
    projection: Projection,
    key: Vec<Column>,
    /// The bucket key columns' positions in the key.
    bucket_key: Vec<usize>,
    memory: Arc<MemoryUser>,
}

impl Lookuper {
    pub(crate) fn new(table: Arc<Table>, projection: Projection) -> Result<Self> {
        let schema = table.schema();
        if schema.kind() == TableKind::Log {
            return Err(Error::invalid(format!("table {} has no primary key; lookups need one", table.inner.path())));
        }
        let bucket_key = schema.bucket_key().iter().filter_map(|b| schema.primary_key().iter().position(|k| k == b)).collect();
        let key = schema.primary_key().iter().map(|&i| schema.columns()[i].clone()).collect();
        let memory = table.inner.memory().readers().user();
        Ok(Self { table, projection, key, bucket_key, memory })
    }

    /// What it reads.
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// One row a key, in order; `row_bytes` says which were found. Keys lie as [`Table::key_schema`] says. Counted as reader memory, but
    /// never waits for it: a lookup is answered at once.
    pub fn lookup(&self, keys: &RecordBatch) -> Result<ReadBatch> {
        let columns = ColumnValues::all(keys, &self.key)?;
        if let Some((i, c)) = columns.iter().enumerate().find(|(_, c)| c.null_count() > 0) {
            let name = &self.key[i].name;
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
        let bucket_columns = ColumnValues::of(keys, &self.key, &self.bucket_key)?;
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
        // After the rows: the newest knows the schemas of all of them. Without keys any will do.
        let asked = (0..).zip(&by_bucket).filter(|(_, r)| n == 0 || !r.is_empty());
        let codecs = asked.map(|(bucket, _)| Ok(self.table.inner.tablet(bucket)?.codec())).collect::<Result<Vec<_>>>()?;
        let codec = codecs.iter().max_by_key(|c| c.schema().id()).ok_or_else(|| Error::internal("a table without buckets"))?;
        let found = codec.decode_projected(&rows, &self.projection, true)?;
        Ok(ReadBatch::new(found, &self.memory))
    }
}
