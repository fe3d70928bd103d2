//! The rows that are there before a batch changes them.
use std::collections::HashMap;
use std::sync::PoisonError;

use fluss_format::Expiry;
use fluss_kv::{KvStore, KvValue};
use fluss_types::{Error, ErrorCode, Result};

use super::batch::Batch;
use crate::tablet::KvState;

/// Keys whose rows are read at once.
const READ_AT_ONCE: usize = 8192;

/// Bytes of the old rows that a batch may have read: a few bytes of keys can ask for any number.
const MAX_OLD_BYTES: usize = 128 << 20;

/// The row before a change.
#[derive(Clone, Copy)]
pub(super) enum Old {
    Absent,
    /// Nobody has to know.
    Unread,
    Stored(usize),
    /// What became of an earlier row of the same batch.
    InBatch(usize),
}

/// The rows before the changes of a batch.
pub(super) struct Olds<'a> {
    pub olds: Vec<Old>,
    pub stored: Vec<KvValue<'a>>,
    /// The last row of each key; if nothing had to be read all rows, the last of a key after the others.
    pub last: Vec<usize>,
}

impl<'a> Olds<'a> {
    /// Reads the rows of keys that come for the first time. Rows that have expired are absent.
    pub fn read(state: &KvState, kv: &'a dyn KvStore, batch: &Batch<'_>, expiry: Expiry) -> Result<Self> {
        let (keys, n) = (&batch.keys, batch.len());
        let mut last: HashMap<&[u8], usize, ahash::RandomState> =
            HashMap::with_capacity_and_hasher(n, ahash::RandomState::default());
        let mut olds = Vec::with_capacity(n);
        let mut stored = Vec::new();
        let mut unknown = Vec::new();
        {
            let buffer = state.buffer.read().unwrap_or_else(PoisonError::into_inner);
            for i in 0..n {
                let key = keys.get(i);
                olds.push(match last.insert(key, i) {
                    Some(j) => Old::InBatch(j),
                    None if batch.is_put(i) => Old::Unread,
                    None => match buffer.get(key) {
                        Some(Some(row)) if !expiry.is_over(row) => {
                            stored.push(KvValue::Buffered(row.clone()));
                            Old::Stored(stored.len() - 1)
                        }
                        Some(_) => Old::Absent,
                        None => {
                            unknown.push(i);
                            Old::Absent
                        }
                    },
                });
            }
        }
        let mut bytes = 0;
        for unknown in unknown.chunks(READ_AT_ONCE) {
            let unknown_keys: Vec<&[u8]> = unknown.iter().map(|i| keys.get(*i)).collect();
            for (i, row) in unknown.iter().zip(kv.multi_get(&unknown_keys)?) {
                if let Some(row) = row.filter(|row| !expiry.is_over(row)) {
                    olds[*i] = Old::Stored(stored.len());
                    bytes += row.len();
                    stored.push(row);
                }
            }
            if bytes > MAX_OLD_BYTES && n > 1 {
                let m = format!("the old rows of a batch of {n} rows are over {MAX_OLD_BYTES} bytes; write smaller batches");
                return Err(Error::new(ErrorCode::BatchTooLarge, m));
            }
        }
        Ok(Self { olds, stored, last: last.into_values().collect() })
    }
}
