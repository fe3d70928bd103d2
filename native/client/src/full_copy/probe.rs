//! Looking up one key after the other in a copy without an allocation in between.
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use fluss_format::{BinaryRows, KeyParts, Projection};

use super::bucket::BucketCopy;
use super::{FullCopy, Partitions};

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probed {
    /// Its row has so many bytes.
    Found(usize),
    /// It has none.
    Missing,
    /// It has to be looked up in another way: its bucket is not loaded, or its row is of an older schema or too long.
    Unknown,
}

/// Looks keys up one by one, as the [`Lookuper`](crate::Lookuper) that made it; one thread.
#[derive(Debug)]
pub struct Probe {
    copy: Arc<FullCopy>,
    projection: Projection,
    buckets: u32,
    parts: KeyParts,
    partitions: Arc<Partitions>,
    /// By the partition key's part of the key, those that were asked.
    seen: HashMap<Vec<u8>, Vec<Option<Arc<BucketCopy>>>, ahash::RandomState>,
    /// Of the newest schema that was seen.
    rows: Option<BinaryRows>,
}

impl Probe {
    pub(crate) fn new(
        copy: Arc<FullCopy>,
        projection: Projection,
        buckets: u32,
        parts: KeyParts,
        partitions: Arc<Partitions>,
    ) -> Self {
        Self { copy, projection, buckets, parts, partitions, seen: HashMap::default(), rows: None }
    }

    /// Takes a kv key from the beginning of `memory` and puts the projected row there in Flink's binary form.
    pub fn find(&mut self, memory: &mut [u8], key_len: usize) -> Probed {
        self.found(memory, key_len).unwrap_or(Probed::Unknown)
    }

    fn found(&mut self, memory: &mut [u8], key_len: usize) -> Option<Probed> {
        let (partition, bucket) = self.parts.find(memory.get(..key_len)?, self.buckets)?;
        if !self.seen.contains_key(partition) {
            // Of those that are missing there may be any number.
            let known = || self.partitions.lock().unwrap_or_else(PoisonError::into_inner).contains_key(partition);
            if !partition.is_empty() && !known() {
                return None;
            }
            self.seen.insert(partition.to_vec(), vec![None; self.buckets as usize]);
        }
        let copy = &mut self.seen.get_mut(partition)?[bucket as usize];
        if copy.is_none() {
            let partitions = self.partitions.lock().unwrap_or_else(PoisonError::into_inner);
            let partition = if partition.is_empty() { 0 } else { *partitions.get(partition)? };
            *copy = Some(self.copy.bucket((partition, bucket).into()));
        }
        let guard = copy.as_ref()?.read();
        let Some(loaded) = guard.as_ref() else {
            drop(guard);
            // Its partition may be another one by now.
            *copy = None;
            return None;
        };
        let Some(row) = loaded.row(&memory[..key_len]) else { return Some(Probed::Missing) };
        let mut written = self.rows.as_ref().and_then(|rows| rows.write(row, memory));
        if written.is_none() && self.rows.as_ref().map(BinaryRows::schema_id) != Some(loaded.codec().schema().id()) {
            self.rows = BinaryRows::new(loaded.codec(), &self.projection).ok()?;
            written = self.rows.as_ref().and_then(|rows| rows.write(row, memory));
        }
        written.map(Probed::Found)
    }
}
