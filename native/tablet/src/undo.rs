//! A primary-key tablet as it was at an earlier offset: what the log says of the keys that have changed since goes before the rows of a snapshot.
use std::collections::BTreeMap;
use std::ops::Bound;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt8Type;
use bytes::Bytes;
use fluss_format::{ColumnValues, KeyEncoder, RowCodec, decode_all};
use fluss_kv::{KvRange, KvSnapshot};
use fluss_log::{Log, ReadHint};
use fluss_types::{ChangeType, Error, ErrorCode, LogOffset, MemoryGuard, Result};

/// What an entry takes besides its bytes, about: its places in the map and in the heap.
const ENTRY_BYTES: usize = 128;

/// The keys that have changed from an offset on, with the row that each had there; `None`: it had none.
#[derive(Debug)]
pub(crate) struct Undo {
    rows: BTreeMap<Bytes, Option<Bytes>>,
    _memory: MemoryGuard,
}

impl Undo {
    /// Reads the log from `from` to `to`: the first change of a key says what was before it. Fails when the keys and rows take more than `limit` bytes
    /// of `memory`.
    pub(crate) fn read(
        log: &Log,
        codec: &RowCodec,
        from: LogOffset,
        to: LogOffset,
        limit: u64,
        mut memory: MemoryGuard,
    ) -> Result<Self> {
        let mut rows = BTreeMap::new();
        let schema = codec.schema();
        let mut hint = ReadHint::default();
        let mut offset = from;
        while offset < to
            && let Some((header, bytes)) = log.read_whole(offset, &mut hint)?
        {
            let batch = decode_all(&header, &bytes, codec.schemas())?;
            let kinds = batch.column(0).as_primitive::<UInt8Type>().values();
            let table_columns = batch.project(&(1..batch.num_columns()).collect::<Vec<_>>())?;
            let keys = ColumnValues::of(&table_columns, schema.columns(), schema.primary_key())?;
            let columns = ColumnValues::all(&table_columns, schema.columns())?;
            let mut key = Vec::new();
            for (i, kind) in kinds.iter().enumerate().skip((offset - header.base_offset) as usize) {
                key.clear();
                KeyEncoder::encode(&keys, i, &mut key);
                if rows.contains_key(&key[..]) {
                    continue;
                }
                let before = match ChangeType::from_byte(*kind)? {
                    ChangeType::UpdateBefore | ChangeType::Delete => {
                        let mut row = Vec::new();
                        codec.encode(&columns, i, &mut row)?;
                        Some(Bytes::from(row))
                    }
                    // A +U without its -U: `from` lies between them, where the row is taken away and not yet put back.
                    ChangeType::Append | ChangeType::Insert | ChangeType::UpdateAfter => None,
                };
                memory.grow((key.len() + before.as_ref().map_or(0, Bytes::len) + ENTRY_BYTES) as u64);
                rows.insert(Bytes::copy_from_slice(&key), before);
            }
            if memory.bytes() > limit {
                return Err(Error::new(
                    ErrorCode::TooManyChanges,
                    format!(
                        "to read the table as it was at offset {from}, the rows of all keys that have changed since are kept in memory: {} keys from there to offset {}, of {to}, take {} bytes, more than the {limit} that a reader has for them, an eighth of memory.size. Read it at a later time, raise memory.size, or give the table more buckets",
                        rows.len(),
                        header.end_offset(),
                        memory.bytes()
                    ),
                ));
            }
            offset = header.end_offset();
        }
        Ok(Self { rows, _memory: memory })
    }

    /// As [`KvSnapshot::scan`], of the rows as they were: those that the changed keys had, and those of the snapshot whose keys have not changed.
    pub(crate) fn scan(
        &self,
        snapshot: &dyn KvSnapshot,
        range: &KvRange<'_>,
        give: &mut dyn FnMut(&[u8]),
    ) -> Result<Option<Vec<u8>>> {
        // As much of them as of the snapshot; what lies behind the last of these keys comes with the next piece.
        let (mut piece, mut bytes, mut cut) = (Vec::new(), 0, false);
        // No key is empty.
        let from = if range.after < range.within { Bound::Included(range.within) } else { Bound::Excluded(range.after) };
        let rows = self.rows.range::<[u8], _>((from, Bound::Unbounded));
        for (key, before) in rows.take_while(|(key, _)| key.starts_with(range.within)) {
            cut = piece.len() == range.max_rows || bytes >= range.max_bytes;
            if cut {
                break;
            }
            bytes += key.len() + before.as_ref().map_or(0, Bytes::len);
            piece.push((&key[..], before.as_deref()));
        }
        let last_changed = piece.last().map(|(key, _)| *key);
        let end = last_changed.filter(|_| cut);
        let mut changed = piece.into_iter().peekable();
        let last = snapshot.scan(range, &mut |key, row| {
            if end.is_some_and(|end| key > end) {
                return;
            }
            while let Some((_, before)) = changed.next_if(|(changed, _)| *changed < key) {
                before.into_iter().for_each(&mut *give);
            }
            match changed.next_if(|(changed, _)| *changed == key) {
                Some((_, before)) => before.into_iter().for_each(&mut *give),
                None => give(row),
            }
        })?;
        let all_scanned = match (&last, end) {
            (None, _) => true,
            (Some(last), Some(end)) => &last[..] >= end,
            (Some(_), None) => false,
        };
        if !all_scanned {
            return Ok(last);
        }
        changed.filter_map(|(_, before)| before).for_each(give);
        Ok(last_changed.map(<[u8]>::to_vec))
    }
}
