//! Writes: rows go to their buckets; a flush waits until all of them are durable.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::take::take_record_batch;
use fluss_format::{Bucketer, ColumnValues};
use fluss_tablet::Rows;
use fluss_types::{BucketId, Error, LogOffset, Result, TableKind};

use crate::Table;

/// Change kind of a written row: a delete.
const DELETE: u8 = 1;

/// Writes to one table.
#[derive(Debug)]
pub struct Writer {
    table: Arc<Table>,
    /// Log tables without a bucket key: the bucket of the next batch.
    next_bucket: AtomicU32,
    /// What a flush has to wait for.
    written: Mutex<BTreeMap<BucketId, LogOffset>>,
}

impl Writer {
    pub(crate) fn new(table: Arc<Table>) -> Self {
        // Writers of one table begin at different buckets.
        let first = Arc::strong_count(&table) as u32 % table.inner.buckets();
        Self { table, next_bucket: AtomicU32::new(first), written: Mutex::default() }
    }

    /// Writes rows in the layout of [`Table::write_schema`]. `kinds`: one byte a row, 0 append or upsert, 1 delete; `None`: all 0. They
    /// are acknowledged by [`Writer::flush`]. After an error some buckets may have their part of the batch.
    pub fn write(&self, kinds: Option<&[u8]>, rows: &RecordBatch) -> Result<()> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        if let Some(bad) = kinds.and_then(|k| k.iter().find(|k| **k > DELETE)) {
            return Err(Error::invalid(format!("change kind {bad} of a written row: 0 (upsert) and 1 (delete) are known")));
        }
        let deletes = kinds.filter(|k| k.contains(&DELETE)).map(|k| k.iter().map(|k| *k == DELETE).collect::<Vec<_>>());
        let schema = self.table.schema();
        if deletes.is_some() && schema.kind() == TableKind::Log {
            return Err(Error::invalid(format!(
                "table {}: a log table takes appends only, a delete was written",
                self.table.inner.path()
            )));
        }
        let buckets = self.table.inner.buckets();
        if buckets == 1 {
            return self.write_bucket(0, &Rows { schema_id: schema.id(), batch: rows.clone(), deletes });
        }
        if schema.bucket_key().is_empty() {
            let bucket = self.next_bucket.fetch_add(1, Ordering::Relaxed) % buckets;
            return self.write_bucket(bucket, &Rows { schema_id: schema.id(), batch: rows.clone(), deletes });
        }
        let columns = ColumnValues::of(rows, schema.columns(), schema.bucket_key())?;
        let mut bucketer = Bucketer::default();
        let mut by_bucket: Vec<Vec<u32>> = vec![Vec::new(); buckets as usize];
        for row in 0..rows.num_rows() {
            by_bucket[bucketer.bucket(&columns, row, buckets) as usize].push(row as u32);
        }
        for (bucket, picked) in (0..).zip(by_bucket).filter(|(_, p)| !p.is_empty()) {
            let deletes = deletes.as_ref().map(|d| picked.iter().map(|&i| d[i as usize]).collect());
            let batch = take_record_batch(rows, &UInt32Array::from(picked))?;
            self.write_bucket(bucket, &Rows { schema_id: schema.id(), batch, deletes })?;
        }
        Ok(())
    }

    fn write_bucket(&self, bucket: BucketId, rows: &Rows) -> Result<()> {
        let end = self.table.inner.tablet(bucket)?.write(rows)?;
        self.written.lock().unwrap_or_else(PoisonError::into_inner).insert(bucket, end);
        Ok(())
    }

    /// Returns when every row written through this writer is durable and visible to readers and lookups.
    pub fn flush(&self) -> Result<()> {
        let written = std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner));
        for (&bucket, &end) in &written {
            let durable = self.table.inner.tablet(bucket).and_then(|t| t.wait_durable(end, None));
            if let Err(e) = durable {
                // The next flush must not succeed over rows that this one could not vouch for.
                self.written.lock().unwrap_or_else(PoisonError::into_inner).extend(written);
                return Err(e);
            }
        }
        Ok(())
    }
}
