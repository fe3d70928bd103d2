//! Lookups by full primary key, answered in batches.
use std::sync::{Arc, OnceLock, PoisonError};

use arrow_array::{RecordBatch, UInt32Array};
use arrow_select::take::take_record_batch;
use fluss_format::{BinaryRows, ColumnValues, Filter, KeyEncoder, KeyParts, Predicate, Projection};
use fluss_types::{Column, Error, ErrorCode, MemoryUser, Result, TableKind};

use crate::full_copy::FullCopy;
use crate::probe::{Partitions, Source};
use crate::routing::{codec, tablets};
use crate::{CopyState, Probe, ReadBatch, Table, Writer};

/// How often a row is made for a key that has none before the lookup gives up.
const INSERTS: usize = 10;
/// Bytes of most rows; longer ones are found room for.
const ROOM_OF_A_ROW: usize = 256;

/// Looks rows up; any thread.
#[derive(Debug)]
pub struct Lookuper {
    table: Arc<Table>,
    projection: Projection,
    /// Which rows count.
    filter: Option<Filter>,
    key: Vec<Column>,
    /// The bucket key columns' positions in the key.
    bucket_key: Vec<usize>,
    /// Those of the partition key columns.
    partition_key: Vec<usize>,
    memory: Arc<MemoryUser>,
    /// Writes rows of the key alone, for keys that are missing.
    inserts: Option<Writer>,
    /// Where rows are looked up; `None`: in the store.
    copy: Option<Arc<FullCopy>>,
    /// Where keys were found, for probes; there are none yet if it is not set.
    partitions: OnceLock<Arc<Partitions>>,
}

impl Lookuper {
    pub(crate) fn new(table: Arc<Table>, projection: Projection) -> Result<Self> {
        let schema = table.schema();
        if schema.kind() == TableKind::Log {
            return Err(Error::invalid(format!("table {} has no primary key; lookups need one", table.inner.path())));
        }
        let in_key =
            |columns: &[usize]| columns.iter().filter_map(|b| schema.primary_key().iter().position(|k| k == b)).collect();
        let (bucket_key, partition_key) = (in_key(schema.bucket_key()), in_key(schema.partition_key()));
        let key = schema.primary_key().iter().map(|&i| schema.columns()[i].clone()).collect();
        let memory = table.inner.memory().readers().user();
        Ok(Self {
            table,
            projection,
            filter: None,
            key,
            bucket_key,
            partition_key,
            memory,
            inserts: None,
            copy: None,
            partitions: OnceLock::new(),
        })
    }

    /// The same with a row made for every key that has none: its key, and NULL elsewhere. However many ask for a key at once, one row is made and all
    /// of them get it. It is durable when they do. If rows are gone as soon as they are made (deleted, or expired) the lookup fails. Refused when a column outside the key is NOT NULL.
    pub fn inserting(self) -> Result<Self> {
        if self.copy.is_some() {
            return Err(inserts_in_copy());
        }
        let inserts = self.table.partial_writer(self.table.schema().primary_key())?;
        Ok(Self { inserts: Some(inserts), ..self })
    }

    /// The same, that does not find rows which do not match, though they are there. Paths are into the table's schema.
    pub fn filtered(self, predicate: Predicate) -> Result<Self> {
        let filter = Some(Filter::new(self.table.schema().clone(), predicate)?);
        Ok(Self { filter, ..self })
    }

    /// The same, in a copy of the table in memory: one that all in this process share who ask for it, made bucket by bucket as they are asked for, and
    /// freed when the last of them is dropped. It follows the changes that are durable.
    pub fn in_full_copy(self) -> Result<Self> {
        if self.inserts.is_some() {
            return Err(inserts_in_copy());
        }
        let copy = Some(FullCopy::of(&self.table)?);
        Ok(Self { copy, ..self })
    }

    /// What the copy of the table is; `None`: it is looked up in the store.
    pub fn copy_state(&self) -> Option<CopyState> {
        self.copy.as_ref().map(|copy| copy.state())
    }

    /// The same for keys one by one, of partitions that are asked for here as well: what it does not know is looked up here. `None`: not every row
    /// counts, or those that are missing are made, or there are types that it does not know.
    pub fn probe(&self) -> Result<Option<Probe>> {
        let rows = BinaryRows::new(codec(&self.table, &[])?, &self.projection)?;
        let parts = KeyParts::new(self.table.schema());
        let (Some(parts), Some(rows), None, None) = (parts, rows, &self.filter, &self.inserts) else { return Ok(None) };
        let source = self.copy.clone().map_or_else(|| Source::Store(self.table.clone()), Source::Copy);
        let partitions = self.partitions.get_or_init(Arc::default).clone();
        Ok(Some(Probe::new(source, self.projection.clone(), rows, self.table.inner.buckets(), parts, partitions)))
    }

    /// What it reads.
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// One row a key, in order; `row_bytes` says which were found. In a partition that is missing nothing is found. Keys lie as
    /// [`Table::key_schema`] says. Counted as reader memory, but never waits for it: a lookup is answered at once, unless it [inserts](Self::inserting).
    pub fn lookup(&self, keys: &RecordBatch) -> Result<ReadBatch> {
        let Some(inserts) = &self.inserts else { return self.find(keys, self.filter.as_ref()) };
        let mut rows = self.find(keys, None)?;
        for _ in 0..INSERTS {
            let there = rows.row_bytes.map_or(&[][..], |at| &rows.bytes[at..at + rows.rows]);
            let missing: Vec<u32> = (0..).zip(there).filter(|(_, there)| **there == 0).map(|(row, _)| row).collect();
            if missing.is_empty() {
                return if self.filter.is_none() { Ok(rows) } else { self.find(keys, self.filter.as_ref()) };
            }
            // A write of the key alone leaves a row that is there by now as it is.
            let missing = take_record_batch(keys, &UInt32Array::from(missing))?;
            inserts.write(None, &self.table.widened(self.table.schema().primary_key(), &missing)?)?;
            inserts.flush()?;
            // Another may have deleted it meanwhile.
            rows = self.find(keys, None)?;
        }
        Err(Error::new(
            ErrorCode::Unavailable,
            format!(
                "table {}: a row was made for a key that had none {INSERTS} times, and was gone at once: it was deleted again, or expired because 'table.row.ttl' is shorter than a write takes",
                self.table.inner.path()
            ),
        ))
    }

    fn find(&self, keys: &RecordBatch, filter: Option<&Filter>) -> Result<ReadBatch> {
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
        for row in 0..n {
            KeyEncoder::encode(&columns, row, &mut encoded);
            ends.push(encoded.len());
        }
        let key = |row: usize| &encoded[row.checked_sub(1).map_or(0, |p| ends[p])..ends[row]];

        let mut stored: Vec<u8> = Vec::with_capacity(n * ROOM_OF_A_ROW);
        let mut places: Vec<Option<std::ops::Range<usize>>> = vec![None; n];
        let mut asked = Vec::new();
        for (tablet, rows) in tablets(&self.table, keys, &self.key, &self.bucket_key, &self.partition_key)? {
            let bucket_keys: Vec<&[u8]> = rows.iter().map(|&r| key(r as usize)).collect();
            let found = |i: usize, row: &[u8]| {
                let from = stored.len();
                stored.extend_from_slice(row);
                places[rows[i] as usize] = Some(from..stored.len());
            };
            let found = match &self.copy {
                None => tablet.lookup(&bucket_keys, found),
                Some(copy) => copy.lookup(&tablet, &bucket_keys, found).map(|()| false),
            };
            if let Some(partitions) = self.partitions.get().filter(|_| !self.partition_key.is_empty()) {
                let mut partition = Vec::new();
                let values = ColumnValues::of(keys, &self.key, &self.partition_key)?;
                KeyEncoder::encode(&values, rows[0] as usize, &mut partition);
                let number = tablet.partition_bucket().partition;
                partitions.lock().unwrap_or_else(PoisonError::into_inner).insert(partition, number);
            }
            match found {
                Ok(undurable) => {
                    if undurable && self.inserts.is_some() {
                        tablet.wait_appended()?;
                    }
                    asked.push(tablet);
                }
                // Dropped since.
                Err(e) if e.code() == ErrorCode::PartitionNotFound => rows.iter().for_each(|&r| places[r as usize] = None),
                Err(e) => return Err(e),
            }
        }
        let mut rows: Vec<Option<&[u8]>> = places.into_iter().map(|p| p.map(|p| &stored[p])).collect();
        let codec = codec(&self.table, &asked)?;
        if let Some(filter) = filter {
            let found: Vec<&[u8]> = rows.iter().flatten().copied().collect();
            let matching = codec.matching(&found, filter)?;
            let mut matching = matching.iter();
            rows.iter_mut().for_each(|row| *row = row.filter(|_| matching.next() == Some(true)));
        }
        let found = codec.decode_projected(&rows, &self.projection, true)?;
        Ok(ReadBatch::new(found, &self.memory))
    }
}

fn inserts_in_copy() -> Error {
    Error::invalid("a lookup in a copy of the table cannot insert rows: they would be missing there for a while")
}
