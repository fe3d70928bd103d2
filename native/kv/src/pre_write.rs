//! Changes that are in the log and not yet in RocksDB. Lookups read it first, so they see a row before it is durable;
//! RocksDB gets it only once its log offset is durable, and so never holds a row that the log lacks.
use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;

/// The last change a key: its row, or `None` when it was deleted.
pub type Changes = HashMap<Bytes, Option<Bytes>, ahash::RandomState>;

/// Two generations: what is being appended, and what is being made durable.
#[derive(Debug, Default)]
pub struct PreWriteBuffer {
    current: Changes,
    committing: Arc<Changes>,
    /// The keys of both, kept when keys are looked up by their beginning.
    ordered: Option<[BTreeSet<Bytes>; 2]>,
}

impl PreWriteBuffer {
    /// A buffer that also finds keys by their beginning, see [`PreWriteBuffer::within`].
    pub fn ordered() -> Self {
        Self { ordered: Some(Default::default()), ..Self::default() }
    }

    /// Records a change; a later one of the same key replaces it.
    pub fn put(&mut self, key: Bytes, row: Option<Bytes>) {
        if let Some([current, _]) = &mut self.ordered {
            current.insert(key.clone());
        }
        self.current.insert(key, row);
    }

    /// What is known of the keys that begin with `prefix`, in key order. Of a buffer that is [`ordered`](PreWriteBuffer::ordered); of another
    /// one nothing.
    pub fn within(&self, prefix: &[u8]) -> Vec<(Bytes, Option<Bytes>)> {
        let Some(generations) = &self.ordered else { return Vec::new() };
        let begin = |keys: &BTreeSet<Bytes>| -> Vec<Bytes> {
            let from = (Bound::Included(prefix), Bound::Unbounded);
            keys.range::<[u8], _>(from).take_while(|key| key.starts_with(prefix)).cloned().collect()
        };
        let mut keys: Vec<Bytes> = generations.iter().flat_map(begin).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter().filter_map(|key| self.get(&key).cloned().map(|row| (key, row))).collect()
    }

    /// What is known of a key: `None` nothing, `Some(None)` deleted.
    pub fn get(&self, key: &[u8]) -> Option<&Option<Bytes>> {
        self.current.get(key).or_else(|| self.committing.get(key))
    }

    /// Freezes what is there for a commit. The commit before must have ended.
    pub fn begin_commit(&mut self) -> Arc<Changes> {
        debug_assert!(self.committing.is_empty(), "two commits at once");
        if let Some([current, committing]) = &mut self.ordered {
            *committing = std::mem::take(current);
        }
        self.committing = Arc::new(std::mem::take(&mut self.current));
        self.committing.clone()
    }

    /// Forgets what the commit has brought to RocksDB.
    pub fn end_commit(&mut self) {
        self.committing = Arc::default();
        if let Some([_, committing]) = &mut self.ordered {
            committing.clear();
        }
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

    #[test]
    fn an_ordered_buffer_finds_the_newest_changes_by_the_beginning_of_their_keys() {
        let put = |b: &mut PreWriteBuffer, key: &'static str, row: Option<&'static str>| {
            b.put(Bytes::from_static(key.as_bytes()), row.map(|r| Bytes::from_static(r.as_bytes())));
        };
        let within = |b: &PreWriteBuffer, prefix: &str| -> Vec<String> {
            let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
            let found = b.within(prefix.as_bytes());
            found.iter().map(|(k, row)| format!("{}={}", text(k), row.as_ref().map_or("-".into(), text))).collect()
        };
        let mut b = PreWriteBuffer::ordered();
        put(&mut b, "ac", Some("1"));
        put(&mut b, "ab", Some("2"));
        put(&mut b, "b", Some("3"));
        b.begin_commit();
        put(&mut b, "ac", None);
        put(&mut b, "aa", Some("4"));
        assert_eq!(within(&b, "a"), ["aa=4", "ab=2", "ac=-"]);
        assert_eq!(within(&b, "ab"), ["ab=2"]);
        assert_eq!(within(&b, "").len(), 4);
        assert!(within(&b, "c").is_empty());
        b.end_commit();
        assert_eq!(within(&b, "a"), ["aa=4", "ac=-"]);
        assert!(PreWriteBuffer::default().within(b"").is_empty());
    }
}
