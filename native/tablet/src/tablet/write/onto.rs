//! What becomes of the rows that are there when others are written.
use std::collections::HashSet;

use ahash::RandomState;

/// What becomes of the row that is there under the key of a written one.
#[derive(Clone, Copy)]
pub(in crate::tablet) enum Onto<'a> {
    /// The table's merger decides.
    Merged,
    /// It goes unless its key is among these: it is as if there were none.
    Replaced(&'a Seen),
    /// It goes, whatever the table says of deletes; all written rows are deletes.
    Removed,
}

impl Onto<'_> {
    pub(super) fn replaces(self, key: &[u8]) -> bool {
        match self {
            Self::Replaced(seen) => !seen.contains(KeyHash::of(key)),
            Self::Merged | Self::Removed => false,
        }
    }
}

/// Stands for a key: that two keys have the same one does not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::tablet) struct KeyHash(u64, u64);

impl KeyHash {
    pub(in crate::tablet) fn of(key: &[u8]) -> Self {
        let hash = |seed| RandomState::with_seeds(seed, 1, 2, 3).hash_one(key);
        Self(hash(0), hash(u64::MAX))
    }

    /// Which of `parts` the key is in.
    pub(in crate::tablet) fn part(self, parts: u64) -> u64 {
        self.0 % parts
    }
}

/// Keys of rows that were written.
#[derive(Default)]
pub(in crate::tablet) struct Seen(HashSet<KeyHash, RandomState>);

impl Seen {
    pub(in crate::tablet) fn add(&mut self, keys: impl IntoIterator<Item = KeyHash>) {
        self.0.extend(keys);
    }

    pub(in crate::tablet) fn contains(&self, key: KeyHash) -> bool {
        self.0.contains(&key)
    }
}
