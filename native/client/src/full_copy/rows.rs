//! The rows of one bucket in memory.
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};
use std::hash::{Hash, Hasher};
use std::ops::Bound;

const KEY_LEN: usize = 4;

/// A key and its stored row in one piece of memory: the length of the key (u32 little endian), the key, the row.
#[derive(Debug)]
pub(super) struct Entry(Box<[u8]>);

impl Entry {
    pub(super) fn new(key: &[u8], row: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(KEY_LEN + key.len() + row.len());
        bytes.extend_from_slice(&(key.len() as u32).to_le_bytes());
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(row);
        Self(bytes.into_boxed_slice())
    }

    fn row_at(&self) -> usize {
        KEY_LEN + u32::from_le_bytes([self.0[0], self.0[1], self.0[2], self.0[3]]) as usize
    }

    fn key(&self) -> &[u8] {
        &self.0[KEY_LEN..self.row_at()]
    }

    pub(super) fn row(&self) -> &[u8] {
        &self.0[self.row_at()..]
    }

    /// With what the allocator adds and its place among the others, which is up to twice 17 bytes.
    pub(super) fn memory(&self) -> u64 {
        (self.0.len() as u64 + 8).next_multiple_of(16) + 32
    }
}

impl Borrow<[u8]> for Entry {
    fn borrow(&self) -> &[u8] {
        self.key()
    }
}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(other.key())
    }
}

/// In key order where keys are looked up by their beginning.
#[derive(Debug)]
pub(super) enum Rows {
    Hashed(HashSet<Entry, ahash::RandomState>),
    Ordered(BTreeSet<Entry>),
}

impl Rows {
    pub(super) fn new(ordered: bool) -> Self {
        if ordered { Self::Ordered(BTreeSet::new()) } else { Self::Hashed(HashSet::default()) }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Hashed(rows) => rows.len(),
            Self::Ordered(rows) => rows.len(),
        }
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&[u8]> {
        match self {
            Self::Hashed(rows) => rows.get(key),
            Self::Ordered(rows) => rows.get(key),
        }
        .map(Entry::row)
    }

    /// In key order, if they are ordered.
    pub(super) fn within<'a>(&'a self, prefix: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let ordered = match self {
            Self::Hashed(_) => None,
            Self::Ordered(rows) => Some(rows.range::<[u8], _>((Bound::Included(prefix), Bound::Unbounded))),
        };
        ordered.into_iter().flatten().take_while(move |entry| entry.key().starts_with(prefix)).map(Entry::row)
    }

    /// Puts a row in and gives the one of the same key.
    pub(super) fn put(&mut self, entry: Entry) -> Option<Entry> {
        match self {
            Self::Hashed(rows) => rows.replace(entry),
            Self::Ordered(rows) => rows.replace(entry),
        }
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<Entry> {
        match self {
            Self::Hashed(rows) => rows.take(key),
            Self::Ordered(rows) => rows.take(key),
        }
    }

    pub(super) fn retain(&mut self, keep: impl FnMut(&Entry) -> bool) {
        match self {
            Self::Hashed(rows) => rows.retain(keep),
            Self::Ordered(rows) => rows.retain(keep),
        }
    }
}
