//! Writes: rows go to their buckets; a flush waits until all of them are durable.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::take::take_record_batch;
use fluss_format::{ColumnValues, Committable};
use fluss_tablet::Rows;
use fluss_types::{
    BatchSequence, Error, ErrorCode, FieldId, LogOffset, PartitionBucket, PartitionId, Result, TableKind, WriterId,
};

use crate::routing::{by_bucket, by_partition};
use crate::{Table, TransactionalWriter};

/// Change kind of a written row: a delete.
const DELETE: u8 = 1;

/// Writes to one table. Each bucket's batches are numbered, so that a write that is repeated after an error is not there twice.
#[derive(Debug)]
pub struct Writer {
    table: Arc<Table>,
    /// Ids of the columns that it gives; `None`: all.
    targets: Option<Arc<[FieldId]>>,
    /// Log tables without a bucket key: the bucket of the next batch.
    next_bucket: AtomicU32,
    /// Makes partitions that rows are the first of.
    create_partitions: bool,
    staging: Staging,
    /// One write at a time.
    numbers: Mutex<Numbers>,
    /// What a flush has to wait for.
    written: Mutex<BTreeMap<PartitionBucket, LogOffset>>,
}

/// What becomes of written rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Staging {
    /// They are written.
    Unstaged,
    /// They are staged for a transaction, which the writer's id is.
    Added,
    /// They are staged, too, and replace those that are there.
    Replacing,
}

/// The numbers of the batches.
#[derive(Debug, Default)]
struct Numbers {
    /// Taken by the first write.
    writer_id: Option<WriterId>,
    /// The next number in each bucket, 0 where there is none.
    next: BTreeMap<PartitionBucket, i32>,
    failed: Option<Parts>,
}

/// A write and what of it goes to which bucket; a part has its number once it was tried.
#[derive(Debug)]
struct Parts {
    kinds: Option<Vec<u8>>,
    rows: RecordBatch,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    /// The values of the partition keys; none: the table has no partitions.
    partition: Arc<[String]>,
    bucket: PartitionBucket,
    rows: Rows,
}

impl Writer {
    pub(crate) fn new(table: Arc<Table>, targets: Option<Arc<[FieldId]>>) -> Self {
        // Writers of one table begin at different buckets.
        let first = Arc::strong_count(&table) as u32 % table.inner.buckets();
        Self {
            table,
            targets,
            next_bucket: AtomicU32::new(first),
            create_partitions: true,
            staging: Staging::Unstaged,
            numbers: Mutex::default(),
            written: Mutex::default(),
        }
    }

    /// The same writer, for rows that are seen when they are committed.
    pub fn transactional(self) -> TransactionalWriter {
        TransactionalWriter::new(Self { staging: Staging::Added, numbers: Mutex::default(), ..self })
    }

    /// The same writer, for rows that replace those that are there when an overwrite is committed ([`Connection::commit_overwrite`](crate::Connection::commit_overwrite)).
    pub fn overwriting(self) -> TransactionalWriter {
        TransactionalWriter::new(Self { staging: Staging::Replacing, numbers: Mutex::default(), ..self })
    }

    /// Whether a partition that is missing is made by the first row of it, as it is unless this says otherwise; else the write fails.
    #[must_use]
    pub fn creating_partitions(self, create: bool) -> Self {
        Self { create_partitions: create, ..self }
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
            Some(failed) if self.staging != Staging::Unstaged => {
                numbers.failed = Some(failed);
                return Err(half_written());
            }
            Some(_) => {
                *numbers = Numbers::default();
                self.split(kinds, rows)?
            }
        };
        let written = self.write_parts(&mut numbers, &mut write.parts);
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
        let inner = &self.table.inner;
        let buckets = inner.buckets();
        let all = rows.num_rows();
        let round = schema.bucket_key().is_empty().then(|| self.next_bucket.fetch_add(1, Ordering::Relaxed) % buckets);
        let columns = ColumnValues::of(rows, schema.columns(), schema.bucket_key())?;
        let mut parts = Vec::new();
        for of in by_partition(rows, schema.columns(), schema.partition_key())? {
            let partition: Arc<[String]> = of.values.into();
            let id = self.partition(&partition)?;
            let by_bucket = match round {
                Some(bucket) => vec![(bucket, of.rows)],
                None if buckets == 1 => vec![(0, of.rows)],
                None => by_bucket(&columns, &of.rows, buckets),
            };
            for (bucket, picked) in by_bucket {
                let (batch, deletes) = if picked.len() == all {
                    (rows.clone(), deletes.clone())
                } else {
                    let deletes = deletes.as_ref().map(|d| picked.iter().map(|&i| d[i as usize]).collect());
                    (take_record_batch(rows, &UInt32Array::from(picked))?, deletes)
                };
                let rows = Rows { schema_id: schema.id(), batch, deletes, targets: self.targets.clone(), writer: None };
                parts.push(Part { partition: partition.clone(), bucket: (id, bucket).into(), rows });
            }
        }
        Ok(Parts { kinds: kinds.map(<[u8]>::to_vec), rows: rows.clone(), parts })
    }

    /// The number of the partition with these values, made if need be; 0: the table has no partitions.
    fn partition(&self, values: &[String]) -> Result<PartitionId> {
        let inner = &self.table.inner;
        if values.is_empty() {
            return Ok(0);
        }
        if let Some(id) = inner.partition(values)? {
            return Ok(id);
        }
        if !self.create_partitions {
            return Err(Error::new(
                ErrorCode::PartitionNotFound,
                format!(
                    "table {} has no partition '{}', and this writer was told not to make any: create it first",
                    inner.path(),
                    values.join("$")
                ),
            ));
        }
        inner.create_partition(values)
    }

    /// A part whose changes, with the old rows, are more than a log batch may have becomes two.
    fn write_parts(&self, numbers: &mut Numbers, parts: &mut Vec<Part>) -> Result<()> {
        let mut next = 0;
        while next < parts.len() {
            match self.write_part(numbers, &mut parts[next]) {
                Err(e) if e.code() == ErrorCode::BatchTooLarge && parts[next].rows.batch.num_rows() > 1 => {
                    let second = parts[next].split_off();
                    parts.insert(next + 1, second);
                }
                written => {
                    written?;
                    next += 1;
                }
            }
        }
        Ok(())
    }

    fn write_part(&self, numbers: &mut Numbers, part: &mut Part) -> Result<()> {
        let mut end = self.append(numbers, part);
        if end.as_ref().is_err_and(|e| e.code() == ErrorCode::PartitionNotFound) {
            // It was dropped, with what this write had put there: these rows come after the drop.
            part.bucket.partition = self.partition(&part.partition)?;
            part.rows.writer = None;
            end = self.append(numbers, part);
        }
        let end = end?;
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let last = written.entry(part.bucket).or_insert(end);
        *last = end.max(*last);
        Ok(())
    }

    fn append(&self, numbers: &mut Numbers, part: &mut Part) -> Result<LogOffset> {
        let Part { bucket, rows, .. } = part;
        let is_new = rows.writer.is_none();
        let tablet = self.table.inner.tablet(*bucket)?;
        let mut number = match rows.writer {
            Some(number) => number,
            None => self.number(numbers, *bucket)?,
        };
        rows.writer = Some(number);
        if self.staging != Staging::Unstaged {
            // The bucket may have a part of it from now on.
            numbers.next.entry(*bucket).or_insert(number.sequence);
            match self.staging {
                Staging::Replacing => tablet.stage_overwrite(rows)?,
                _ => tablet.stage(rows)?,
            }
            numbers.next.insert(*bucket, number.sequence + 1);
            // It has no offset yet.
            return Ok(0);
        }
        let mut end = tablet.write(rows);
        if is_new && end.as_ref().is_err_and(|e| e.code() == ErrorCode::OutOfOrderSequence) {
            // The bucket has forgotten a writer that was idle for long.
            *numbers = Numbers::default();
            number = self.number(numbers, *bucket)?;
            rows.writer = Some(number);
            end = tablet.write(rows);
        }
        let end = end?;
        if numbers.writer_id == Some(number.writer_id) {
            numbers.next.insert(*bucket, number.sequence.checked_add(1).unwrap_or(0));
        }
        Ok(end)
    }

    fn number(&self, numbers: &mut Numbers, bucket: PartitionBucket) -> Result<BatchSequence> {
        let writer_id = match numbers.writer_id {
            Some(id) => id,
            None => *numbers.writer_id.insert(self.table.inner.new_writer_id()?),
        };
        Ok(BatchSequence { writer_id, sequence: numbers.next.get(&bucket).copied().unwrap_or(0) })
    }

    /// Returns when every row written through this writer is durable and visible to readers and lookups; what was written to a partition
    /// that was dropped since went with it.
    pub fn flush(&self) -> Result<()> {
        let lock = || self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let written = lock().clone();
        for (&bucket, &end) in &written {
            let durable = self.table.inner.tablet(bucket).and_then(|tablet| tablet.wait_durable(end, None));
            if let Err(e) = durable
                && e.code() != ErrorCode::PartitionNotFound
            {
                return Err(e);
            }
            // What another flush waits for, and what this one could not vouch for, stays.
            let mut left = lock();
            if left.get(&bucket) == Some(&end) {
                left.remove(&bucket);
            }
        }
        Ok(())
    }

    /// Makes what was staged durable; the next write begins a new transaction.
    pub(crate) fn prepare(&self) -> Result<Committable> {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if numbers.failed.is_some() {
            return Err(half_written());
        }
        // It takes a number without rows too.
        if self.staging == Staging::Replacing && numbers.writer_id.is_none() {
            numbers.writer_id = Some(self.table.inner.new_writer_id()?);
        }
        // Without a number it has no rows.
        let committable = self.table.inner.prepare_transaction(numbers.writer_id.unwrap_or(-1), numbers.staged())?;
        *numbers = Numbers::default();
        Ok(committable)
    }

    /// Forgets what was staged and is not prepared.
    pub(crate) fn abort(&self) -> Result<()> {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = numbers.writer_id {
            self.table.inner.abort_transaction(id, &numbers.staged())?;
        }
        *numbers = Numbers::default();
        Ok(())
    }
}

impl Part {
    /// Gives the second half of the rows away. Nothing of it was written, so neither half has a number yet.
    fn split_off(&mut self) -> Self {
        let [first, second] = self.rows.halves();
        self.rows = first;
        Self { partition: self.partition.clone(), bucket: self.bucket, rows: second }
    }
}

impl Numbers {
    /// Where pieces are staged, and how many.
    fn staged(&self) -> Vec<(PartitionBucket, u32)> {
        self.next.iter().map(|(&bucket, &pieces)| (bucket, pieces as u32)).collect()
    }
}

fn half_written() -> Error {
    Error::invalid("a write of the transaction failed half-way: repeat it, or abort the transaction")
}
