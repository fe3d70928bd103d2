//! Changes that are in the log and not yet in RocksDB. Lookups read it first, so they see a row before it is durable;
//! RocksDB gets it only once its log offset is durable, and so never holds a row that the log lacks.
use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

/// The last change a key: its row, or `None` when it was deleted.
pub type Changes = HashMap<Bytes, Option<Bytes>, ahash::RandomState>;

/// Two generations: what is being appended, and what is being made durable.
#[derive(Debug, Default)]
pub struct PreWriteBuffer {
    current: Changes,
    committing: Arc<Changes>,
}

impl PreWriteBuffer {
    /// Records a change; a later one of the same key replaces it.
    pub fn put(&mut self, key: Bytes, row: Option<Bytes>) {
        self.current.insert(key, row);
    }

    /// What is known of a key: `None` nothing, `Some(None)` deleted.
    pub fn get(&self, key: &[u8]) -> Option<&Option<Bytes>> {
        self.current.get(key).or_else(|| self.committing.get(key))
    }

    /// Freezes what is there for a commit. The commit before must have ended.
    pub fn begin_commit(&mut self) -> Arc<Changes> {
        debug_assert!(self.committing.is_empty(), "two commits at once");
        self.committing = Arc::new(std::mem::take(&mut self.current));
        self.committing.clone()
    }

    /// Forgets what the commit has brought to RocksDB.
    pub fn end_commit(&mut self) {
        self.committing = Arc::default();
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.current.is_empty() && self.committing.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_seen_through_the_whole_commit_and_the_newest_change_wins() {
        let key = Bytes::from_static(b"k");
        let row = |n: u8| Some(Bytes::from(vec![n]));
        let mut b = PreWriteBuffer::default();
        b.put(key.clone(), row(1));
        assert_eq!(b.begin_commit().len(), 1);
        assert_eq!(b.get(b"k"), Some(&row(1)));
        b.put(key, None);
        assert_eq!(b.get(b"k"), Some(&None), "deleted since");
        b.end_commit();
        assert_eq!(b.get(b"k"), Some(&None));
        assert!(b.get(b"other").is_none() && !b.is_empty());
    }
}
