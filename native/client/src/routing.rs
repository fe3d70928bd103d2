//! Where rows and keys go: to a partition by the values of the partition keys, then to a bucket by the hash of the bucket key.
use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use fluss_format::{Bucketer, ColumnValues, KeyEncoder, PartitionValue, RowCodec};
use fluss_tablet::Tablet;
use fluss_types::{BucketId, Column, ErrorCode, Result};

use crate::Table;

/// Rows of a batch that have the same values of the partition keys.
pub(crate) struct PartitionRows {
    /// The values as text, in the order of the partition keys; none: the table has no partitions.
    pub(crate) values: Vec<String>,
    /// Positions, in order.
    pub(crate) rows: Vec<u32>,
}

/// The rows of a batch by partition, in the order in which partitions come up. `positions` are those of the partition keys among the columns.
pub(crate) fn by_partition(batch: &RecordBatch, columns: &[Column], positions: &[usize]) -> Result<Vec<PartitionRows>> {
    let rows = batch.num_rows() as u32;
    if positions.is_empty() {
        return Ok(vec![PartitionRows { values: Vec::new(), rows: (0..rows).collect() }]);
    }
    let keys = ColumnValues::of(batch, columns, positions)?;
    let value = |row, (values, &i): (_, &usize)| {
        let column = &columns[i];
        PartitionValue::of(column, values, row)
            .and_then(|v| v.encode())
            .map_err(|e| e.at(format_args!("row {row}, partition key '{}'", column.name)))
    };
    let mut found: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut out: Vec<PartitionRows> = Vec::new();
    let (mut encoded, mut before, mut at) = (Vec::new(), Vec::new(), 0);
    for row in 0..rows {
        let i = row as usize;
        if keys.iter().any(|k| k.is_null(i)) {
            keys.iter().zip(positions).try_for_each(|k| value(i, k).map(drop))?;
        }
        encoded.clear();
        KeyEncoder::encode(&keys, i, &mut encoded);
        // Mostly it is that of the row before.
        if row == 0 || encoded != before {
            at = match found.get(&encoded) {
                Some(&at) => at,
                None => {
                    let values = keys.iter().zip(positions).map(|k| value(i, k)).collect::<Result<_>>()?;
                    out.push(PartitionRows { values, rows: Vec::new() });
                    found.insert(encoded.clone(), out.len() - 1);
                    out.len() - 1
                }
            };
            std::mem::swap(&mut encoded, &mut before);
        }
        out[at].rows.push(row);
    }
    Ok(out)
}

/// Some rows by bucket, in order; buckets without rows are left out.
pub(crate) fn by_bucket(columns: &[ColumnValues<'_>], rows: &[u32], buckets: u32) -> Vec<(BucketId, Vec<u32>)> {
    let mut bucketer = Bucketer::default();
    let mut out: Vec<Vec<u32>> = vec![Vec::new(); buckets as usize];
    for &row in rows {
        out[bucketer.bucket(columns, row as usize, buckets) as usize].push(row);
    }
    (0..).zip(out).filter(|(_, rows)| !rows.is_empty()).collect()
}

/// The tablets that some keys lie in, each with its keys; of partitions that are missing none. `bucket_key` and `partition_key` are positions among
/// the columns.
pub(crate) fn tablets(
    table: &Table,
    keys: &RecordBatch,
    columns: &[Column],
    bucket_key: &[usize],
    partition_key: &[usize],
) -> Result<Vec<(Arc<Tablet>, Vec<u32>)>> {
    let inner = &table.inner;
    let hashed = ColumnValues::of(keys, columns, bucket_key)?;
    let mut out = Vec::new();
    for of in by_partition(keys, columns, partition_key)? {
        let partition = if of.values.is_empty() { Some(0) } else { inner.partition(&of.values)? };
        let Some(partition) = partition else { continue };
        for (bucket, rows) in by_bucket(&hashed, &of.rows, inner.buckets()) {
            match inner.tablet((partition, bucket)) {
                Ok(tablet) => out.push((tablet, rows)),
                Err(e) if e.code() == ErrorCode::PartitionNotFound => {}
                Err(e) => return Err(e),
            }
        }
    }
    Ok(out)
}

/// The codec that knows the schemas of all rows that were read from some tablets before it is asked for.
pub(crate) fn codec(table: &Table, asked: &[Arc<Tablet>]) -> Result<Arc<RowCodec>> {
    match asked.iter().map(|tablet| tablet.codec()).max_by_key(|c| c.schema().id()) {
        Some(newest) => Ok(newest),
        None => Ok(Arc::new(RowCodec::new(Arc::new(table.inner.meta().schemas()?)))),
    }
}
