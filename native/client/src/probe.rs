//! Looking up one key after the other, in the store or in a copy of the table, without decoding it into columns in between.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use fluss_format::{BinaryRows, KeyParts, Projection, RowCodec};
use fluss_tablet::Tablet;
use fluss_types::{PartitionBucket, PartitionId, SchemaId};

use crate::Table;
use crate::full_copy::{BucketCopy, FullCopy};

/// Numbers of partitions by the part of a key that says which one: as they were when they were last looked for.
pub(crate) type Partitions = Mutex<HashMap<Vec<u8>, PartitionId>>;

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probed {
    /// Its row has so many bytes.
    Found(usize),
    /// It has none.
    Missing,
    /// It has to be looked up in another way: that reads files and was not to, its bucket cannot be read, or is not loaded in the copy, or its row is of an older schema or too long.
    Unknown,
}

/// Where rows are.
#[derive(Debug)]
pub(crate) enum Source {
    Store(Arc<Table>),
    Copy(Arc<FullCopy>),
}

#[derive(Debug)]
enum Bucket {
    Stored(Arc<Tablet>),
    Copied(Arc<BucketCopy>),
}

/// Looks keys up one by one, as the [`Lookuper`](crate::Lookuper) that made it; one thread.
#[derive(Debug)]
pub struct Probe {
    source: Source,
    buckets: u32,
    parts: KeyParts,
    partitions: Arc<Partitions>,
    /// By the partition key's part of the key, those that were asked.
    seen: HashMap<Vec<u8>, Vec<Option<Bucket>>, ahash::RandomState>,
    rows: RowWriter,
    key: Vec<u8>,
}

impl Probe {
    /// `rows` writes those of the newest schema that is known.
    pub(crate) fn new(
        source: Source,
        projection: Projection,
        rows: BinaryRows,
        buckets: u32,
        parts: KeyParts,
        partitions: Arc<Partitions>,
    ) -> Self {
        let rows = RowWriter { projection, newest: rows.schema_id(), rows: Some(rows) };
        Self { source, buckets, parts, partitions, seen: HashMap::default(), rows, key: Vec::new() }
    }

    /// Takes a kv key from the beginning of `memory` and puts the projected row there in Flink's binary form.
    pub fn find(&mut self, memory: &mut [u8], key_len: usize) -> Probed {
        self.found(memory, key_len, false).unwrap_or(Probed::Unknown)
    }

    /// The same without reading files.
    pub fn find_in_memory(&mut self, memory: &mut [u8], key_len: usize) -> Probed {
        self.found(memory, key_len, true).unwrap_or(Probed::Unknown)
    }

    fn found(&mut self, memory: &mut [u8], key_len: usize, in_memory: bool) -> Option<Probed> {
        let Self { source, buckets, parts, partitions, seen, rows, key } = self;
        key.clear();
        key.extend_from_slice(memory.get(..key_len)?);
        let (partition, bucket) = parts.find(key, *buckets)?;
        let number = || {
            let partitions = partitions.lock().unwrap_or_else(PoisonError::into_inner);
            if partition.is_empty() { Some(0) } else { partitions.get(partition).copied() }
        };
        if !seen.contains_key(partition) {
            // Of those that are missing there may be any number.
            number()?;
            seen.insert(partition.to_vec(), (0..*buckets).map(|_| None).collect());
        }
        let asked = &mut seen.get_mut(partition)?[bucket as usize];
        if asked.is_none() {
            *asked = Some(source.bucket((number()?, bucket).into())?);
        }
        let probed = match asked.as_ref()? {
            Bucket::Stored(tablet) => {
                let write = |row: &[u8]| rows.write(row, memory, || tablet.codec());
                match if in_memory { tablet.get_in_memory(key, write) } else { tablet.get(key, write).map(Some) } {
                    Ok(Some(row)) => Some(row),
                    Ok(None) => return None,
                    Err(_) => None,
                }
            }
            Bucket::Copied(copy) => {
                copy.read().as_ref().map(|loaded| loaded.row(key).map(|row| rows.write(row, memory, || loaded.codec().clone())))
            }
        };
        match probed {
            Some(Some(written)) => written.map(Probed::Found),
            Some(None) => Some(Probed::Missing),
            None => {
                // Its partition may be another one by now.
                *asked = None;
                None
            }
        }
    }
}

impl Source {
    fn bucket(&self, bucket: PartitionBucket) -> Option<Bucket> {
        Some(match self {
            Self::Store(table) => Bucket::Stored(table.inner.tablet(bucket).ok()?),
            Self::Copy(copy) => Bucket::Copied(copy.bucket(bucket)),
        })
    }
}

#[derive(Debug)]
struct RowWriter {
    projection: Projection,
    /// The newest schema that was seen.
    newest: SchemaId,
    /// Of that one, if it can be written so.
    rows: Option<BinaryRows>,
}

impl RowWriter {
    /// Gives the bytes of the row. `codec` is asked for when the row may be of a schema that is not known yet.
    fn write(&mut self, row: &[u8], memory: &mut [u8], codec: impl FnOnce() -> Arc<RowCodec>) -> Option<usize> {
        if let Some(written) = self.rows.as_ref().and_then(|rows| rows.write(row, memory)) {
            return Some(written);
        }
        let codec = codec();
        let schema = codec.schema().id();
        if self.newest == schema {
            return None;
        }
        self.newest = schema;
        self.rows = BinaryRows::new(codec, &self.projection).ok()?;
        self.rows.as_ref()?.write(row, memory)
    }
}
