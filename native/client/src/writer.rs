//! Writes: rows go to their buckets; a flush waits until all of them are durable.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::take::take_record_batch;
use fluss_format::{Bucketer, ColumnValues};
use fluss_tablet::Rows;
use fluss_types::{BatchSequence, BucketId, Error, ErrorCode, LogOffset, Result, TableKind, WriterId};

use crate::Table;

/// Change kind of a written row: a delete.
const DELETE: u8 = 1;

/// Writes to one table. Each bucket's batches are numbered, so that a write that is repeated after an error is not there twice.
#[derive(Debug)]
pub struct Writer {
    table: Arc<Table>,
    /// Log tables without a bucket key: the bucket of the next batch.
    next_bucket: AtomicU32,
    /// One write at a time.
    numbers: Mutex<Numbers>,
    /// What a flush has to wait for.
    written: Mutex<BTreeMap<BucketId, LogOffset>>,
}

/// The numbers of the batches.
#[derive(Debug, Default)]
struct Numbers {
    /// Taken by the first write.
    writer_id: Option<WriterId>,
    /// The next number in each bucket, 0 where there is none.
    next: BTreeMap<BucketId, i32>,
    failed: Option<Parts>,
}

/// A write and what of it goes to which bucket; a part has its number once it was tried.
#[derive(Debug)]
struct Parts {
    kinds: Option<Vec<u8>>,
    rows: RecordBatch,
    parts: Vec<(BucketId, Rows)>,
}

impl Writer {
    pub(crate) fn new(table: Arc<Table>) -> Self {
        // Writers of one table begin at different buckets.
        let first = Arc::strong_count(&table) as u32 % table.inner.buckets();
        Self { table, next_bucket: AtomicU32::new(first), numbers: Mutex::default(), written: Mutex::default() }
    }

    /// Writes rows in the layout of [`Table::write_schema`]. `kinds`: one byte a row, 0 append or upsert, 1 delete; `None`: all 0. They
    /// are acknowledged by [`Writer::flush`].
    ///
    /// After an error some buckets may have their part of the rows. The same call, made again as the next one, completes the write: each part
    /// goes to the same bucket under the same number, and a bucket that has it leaves it as it is. Another write makes the writer begin
    /// under a new id, since a number whose fate is not known must not be given to other rows; what the failed write left stays.
    pub fn write(&self, kinds: Option<&[u8]>, rows: &RecordBatch) -> Result<()> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut write = match numbers.failed.take() {
            Some(failed) if failed.kinds.as_deref() == kinds && failed.rows == *rows => failed,
            None => self.split(kinds, rows)?,
            Some(_) => {
                *numbers = Numbers::default();
                self.split(kinds, rows)?
            }
        };
        let written = write.parts.iter_mut().try_for_each(|(bucket, rows)| self.write_part(&mut numbers, *bucket, rows));
        if written.is_err() {
            numbers.failed = Some(write);
        }
        written
    }

    fn split(&self, kinds: Option<&[u8]>, rows: &RecordBatch) -> Result<Parts> {
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
        let part = |batch, deletes| Rows { schema_id: schema.id(), batch, deletes, targets: None, writer: None };
        let buckets = self.table.inner.buckets();
        let mut parts = Vec::new();
        if buckets == 1 {
            parts.push((0, part(rows.clone(), deletes)));
        } else if schema.bucket_key().is_empty() {
            let bucket = self.next_bucket.fetch_add(1, Ordering::Relaxed) % buckets;
            parts.push((bucket, part(rows.clone(), deletes)));
        } else {
            let columns = ColumnValues::of(rows, schema.columns(), schema.bucket_key())?;
            let mut bucketer = Bucketer::default();
            let mut by_bucket: Vec<Vec<u32>> = vec![Vec::new(); buckets as usize];
            for row in 0..rows.num_rows() {
                by_bucket[bucketer.bucket(&columns, row, buckets) as usize].push(row as u32);
            }
            for (bucket, picked) in (0..).zip(by_bucket).filter(|(_, p)| !p.is_empty()) {
                let deletes = deletes.as_ref().map(|d| picked.iter().map(|&i| d[i as usize]).collect());
                parts.push((bucket, part(take_record_batch(rows, &UInt32Array::from(picked))?, deletes)));
            }
        }
        Ok(Parts { kinds: kinds.map(<[u8]>::to_vec), rows: rows.clone(), parts })
    }

    fn write_part(&self, numbers: &mut Numbers, bucket: BucketId, rows: &mut Rows) -> Result<()> {
        let is_new = rows.writer.is_none();
        let tablet = self.table.inner.tablet(bucket)?;
        let mut number = match rows.writer {
            Some(number) => number,
            None => self.number(numbers, bucket)?,
        };
        rows.writer = Some(number);
        let mut end = tablet.write(rows);
        if is_new && end.as_ref().is_err_and(|e| e.code() == ErrorCode::OutOfOrderSequence) {
            // The bucket has forgotten a writer that was idle for long.
            *numbers = Numbers::default();
            number = self.number(numbers, bucket)?;
            rows.writer = Some(number);
            end = tablet.write(rows);
        }
        let end = end?;
        if numbers.writer_id == Some(number.writer_id) {
            numbers.next.insert(bucket, number.sequence.checked_add(1).unwrap_or(0));
        }
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let last = written.entry(bucket).or_insert(end);
        *last = end.max(*last);
        Ok(())
    }

    fn number(&self, numbers: &mut Numbers, bucket: BucketId) -> Result<BatchSequence> {
        let writer_id = match numbers.writer_id {
            Some(id) => id,
            None => *numbers.writer_id.insert(self.table.inner.new_writer_id()?),
        };
        Ok(BatchSequence { writer_id, sequence: numbers.next.get(&bucket).copied().unwrap_or(0) })
    }

    /// Returns when every row written through this writer is durable and visible to readers and lookups.
    pub fn flush(&self) -> Result<()> {
        let lock = || self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let written = lock().clone();
        for (&bucket, &end) in &written {
            self.table.inner.tablet(bucket)?.wait_durable(end, None)?;
            // What another flush waits for, and what this one could not vouch for, stays.
            let mut left = lock();
            if left.get(&bucket) == Some(&end) {
                left.remove(&bucket);
            }
        }
        Ok(())
    }
}
