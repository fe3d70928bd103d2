//! Lookups by the bucket key of a table whose primary key goes on behind it: all rows of each key, answered in batches.
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema as ArrowSchema, SchemaRef};
use fluss_format::{ColumnValues, Filter, KeyEncoder, Predicate, Projection};
use fluss_types::{Column, Error, ErrorCode, MemoryUser, Result, TableKind};

use crate::full_copy::FullCopy;
use crate::routing::{codec, tablets};
use crate::{CopyState, ReadBatch, Table};

/// What a prefix lookup found.
#[derive(Debug)]
pub struct PrefixRows {
    /// The rows of the first key in the order of their primary keys, then those of the second, and so on.
    pub rows: ReadBatch,
    /// Where the rows of each key end.
    pub ends: Vec<usize>,
}

/// Looks rows up by the beginning of their key; any thread.
#[derive(Debug)]
pub struct PrefixLookuper {
    table: Arc<Table>,
    projection: Projection,
    /// Which rows count.
    filter: Option<Filter>,
    key: Vec<Column>,
    /// Positions in the key of what is encoded, in the order of the primary key.
    encoded: Vec<usize>,
    /// The bucket key columns' positions in the key.
    bucket_key: Vec<usize>,
    /// Those of the partition key columns.
    partition_key: Vec<usize>,
    memory: Arc<MemoryUser>,
    /// Where rows are looked up; `None`: in the store.
    copy: Option<Arc<FullCopy>>,
}

impl PrefixLookuper {
    /// `names`: the columns of the lookup keys, in any order.
    pub(crate) fn new(table: Arc<Table>, names: &[&str], projection: Projection) -> Result<Self> {
        let schema = table.schema();
        let path = table.inner.path();
        if schema.kind() == TableKind::Log {
            return Err(Error::invalid(format!("table {path} has no primary key; lookups need one")));
        }
        let Some(prefix) = schema.prefix_key() else {
            return Err(Error::invalid(format!(
                "Can not perform prefix lookup on table '{path}', because the bucket keys [{}] is not a prefix subset of the physical primary keys [{}] (excluded partition fields if present)",
                schema.key_names(schema.bucket_key()).join(", "),
                schema.key_names(schema.primary_key()).join(", "),
            )));
        };
        let of_key = |column: usize| {
            let name = &schema.columns()[column].name;
            names.iter().position(|n| n == name).ok_or_else(|| {
                Error::invalid(format!(
                    "The Fluss lookup function supports lookup tables where the lookup keys include all primary keys or all bucket keys. Can't find expected key '{name}' in lookup keys [{}] of table {path}",
                    names.join(", ")
                ))
            })
        };
        let positions = |columns: &[usize]| columns.iter().map(|&i| of_key(i)).collect::<Result<Vec<usize>>>();
        let (encoded, bucket_key) = (positions(prefix)?, positions(schema.bucket_key())?);
        let partition_key = positions(schema.partition_key())?;
        if let Some(other) = (0..names.len()).find(|i| !bucket_key.contains(i) && !partition_key.contains(i)) {
            return Err(Error::invalid(format!(
                "Can not perform prefix lookup on table '{path}' by column '{}': it is part of neither the bucket key [{}] nor the partition key [{}]",
                names[other],
                schema.key_names(schema.bucket_key()).join(", "),
                schema.key_names(schema.partition_key()).join(", "),
            )));
        }
        let columns = names.iter().filter_map(|n| schema.columns().iter().find(|c| c.name == **n));
        let key = columns.cloned().collect();
        let memory = table.inner.memory().readers().user();
        Ok(Self { table, projection, filter: None, key, encoded, bucket_key, partition_key, memory, copy: None })
    }

    /// The same, of rows that match. Paths are into the table's schema.
    pub fn filtered(self, predicate: Predicate) -> Result<Self> {
        let filter = Some(Filter::new(self.table.schema().clone(), predicate)?);
        Ok(Self { filter, ..self })
    }

    /// As [`Lookuper::in_full_copy`](crate::Lookuper::in_full_copy), with which it shares the copy.
    pub fn in_full_copy(self) -> Result<Self> {
        let copy = Some(FullCopy::of(&self.table)?);
        Ok(Self { copy, ..self })
    }

    /// What the copy of the table is; `None`: it is looked up in the store.
    pub fn copy_state(&self) -> Option<CopyState> {
        self.copy.as_ref().map(|copy| copy.state())
    }

    /// The columns of the lookup keys.
    pub fn key(&self) -> &[Column] {
        &self.key
    }

    /// The same for Arrow.
    pub fn key_schema(&self) -> SchemaRef {
        Arc::new(ArrowSchema::new(self.key.iter().map(Column::to_field).collect::<Vec<_>>()))
    }

    /// What it reads.
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// The rows of each key; in a partition that is missing there are none. Those of one bucket are of one point in time. Counted as reader memory, but never waits for it; refuses to hold
    /// more rows at once than the readers' share of the memory budget.
    pub fn lookup(&self, keys: &RecordBatch) -> Result<PrefixRows> {
        let path = self.table.inner.path();
        let columns = ColumnValues::all(keys, &self.key)?;
        if let Some((i, c)) = columns.iter().enumerate().find(|(_, c)| c.null_count() > 0) {
            let row = (0..keys.num_rows()).find(|&r| c.is_null(r)).unwrap_or(0);
            let message = format!("table {path}: key {row} of the lookup has NULL in column '{}'", self.key[i].name);
            return Err(Error::new(ErrorCode::NullKey, message));
        }
        let n = keys.num_rows();
        let encoded = ColumnValues::of(keys, &self.key, &self.encoded)?;
        let prefix = |row| {
            let mut prefix = Vec::new();
            KeyEncoder::encode(&encoded, row, &mut prefix);
            prefix
        };
        let prefixes: Vec<Vec<u8>> = (0..n).map(prefix).collect();

        let limit = self.table.inner.memory().readers().limit();
        let mut stored: Vec<u8> = Vec::new();
        let mut places: Vec<Vec<std::ops::Range<usize>>> = vec![Vec::new(); n];
        let mut asked = Vec::new();
        for (tablet, rows) in tablets(&self.table, keys, &self.key, &self.bucket_key, &self.partition_key)? {
            let of_bucket: Vec<&[u8]> = rows.iter().map(|&r| prefixes[r as usize].as_slice()).collect();
            let found = |i: usize, row: &[u8]| {
                if (stored.len() + row.len()) as u64 > limit {
                    return Err(Error::new(
                        ErrorCode::OutOfMemory,
                        format!(
                            "the rows of {n} keys are more than {limit} bytes, the readers' share of 'memory.size': look up fewer keys at once, or scan the table"
                        ),
                    ));
                }
                let from = stored.len();
                stored.extend_from_slice(row);
                places[rows[i] as usize].push(from..stored.len());
                Ok(())
            };
            let found = match &self.copy {
                None => tablet.prefix_lookup(&of_bucket, found),
                Some(copy) => copy.prefix_lookup(&tablet, &of_bucket, found),
            };
            match found {
                Ok(()) => asked.push(tablet),
                // Dropped since.
                Err(e) if e.code() == ErrorCode::PartitionNotFound => rows.iter().for_each(|&r| places[r as usize].clear()),
                Err(e) => return Err(e),
            }
        }
        let codec = codec(&self.table, &asked)?;
        if let Some(filter) = &self.filter {
            let rows: Vec<&[u8]> = places.iter().flatten().map(|p| &stored[p.clone()]).collect();
            let matching = codec.matching(&rows, filter)?;
            let mut matching = matching.iter();
            places.iter_mut().for_each(|places| places.retain(|_| matching.next() == Some(true)));
        }
        let rows: Vec<Option<&[u8]>> = places.iter().flatten().map(|p| Some(&stored[p.clone()])).collect();
        let ends: Vec<usize> = places
            .iter()
            .scan(0, |end, p| {
                *end += p.len();
                Some(*end)
            })
            .collect();
        let mut rows = codec.decode_projected(&rows, &self.projection, false)?;
        rows.set_ends(&ends);
        Ok(PrefixRows { rows: ReadBatch::new(rows, &self.memory), ends })
    }
}
