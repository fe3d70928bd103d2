//! Opening the kv state: replay the log from the applied offset.
use arrow_array::cast::AsArray;
use arrow_array::types::UInt8Type;
use bytes::Bytes;
use fluss_format::{BatchHeader, ColumnValues, KeyEncoder, RowCodec, decode_all};
use fluss_kv::{Applied, Changes, KvStore};
use fluss_log::{Log, ReadHint};
use fluss_types::{ChangeType, Error, ErrorCode, LogOffset, Result};

/// Changes are applied in pieces: after so many rows, or so many bytes of them.
const REPLAY_ROWS: usize = 50_000;
const REPLAY_BYTES: usize = 16 << 20;

/// Brings a tablet's kv state to the end of its log.
pub(super) fn replay(kv: &dyn KvStore, log: &Log, codec: &RowCodec) -> Result<Applied> {
    let mut applied = kv.applied()?;
    // What is durable is beyond what was applied when the removal below has failed.
    let known = applied.offset.max(kv.durable_offset()?);
    if known > log.end_offset() || known > applied.offset || known < log.start_offset() {
        if log.start_offset() > 0 {
            return Err(Error::new(
                ErrorCode::CorruptKv,
                format!(
                    "its kv state is at offset {known} and the log holds {} to {}: it cannot be rebuilt. Restore the table from a copy",
                    log.start_offset(),
                    log.end_offset()
                ),
            ));
        }
        // It holds rows that the log lacks: it is discarded and made again from the log. Durably, or a loss of power brings it back when the log
        // is longer than its applied offset.
        kv.clear()?;
        applied = Applied::default();
    }
    let mut changes = Changes::default();
    let mut hint = ReadHint::default();
    let mut held = 0;
    while let Some((header, bytes)) = log.read_whole(applied.offset, &mut hint)? {
        each_change(codec, &header, &bytes, applied.offset, |kind, key, row| {
            applied.rows += match kind {
                ChangeType::Insert => 1,
                ChangeType::Delete => -1,
                _ => 0,
            };
            held += key.len() + row.as_ref().map_or(0, Vec::len);
            changes.insert(key.into(), row.map(Bytes::from));
        })?;
        applied.offset = header.end_offset();
        if changes.len() >= REPLAY_ROWS || held >= REPLAY_BYTES {
            kv.apply(&changes, applied)?;
            changes.clear();
            held = 0;
        }
    }
    if !changes.is_empty() {
        kv.apply(&changes, applied)?;
    }
    Ok(applied)
}

/// Calls `change` with the kind, the key and the new row, `None` if it is deleted, of each change of a changelog batch from an offset on. Rows as they were
/// before are left out.
pub(super) fn each_change(
    codec: &RowCodec,
    header: &BatchHeader,
    bytes: &[u8],
    from: LogOffset,
    mut change: impl FnMut(ChangeType, Vec<u8>, Option<Vec<u8>>),
) -> Result<()> {
    let schema = codec.schema();
    let batch = decode_all(header, bytes, codec.schemas())?;
    let kinds = batch.column(0).as_primitive::<UInt8Type>().values();
    let table_columns = batch.project(&(1..batch.num_columns()).collect::<Vec<_>>())?;
    let keys = ColumnValues::of(&table_columns, schema.columns(), schema.primary_key())?;
    let columns = ColumnValues::all(&table_columns, schema.columns())?;
    let skip = (from - header.base_offset) as usize;
    for (i, kind) in kinds.iter().enumerate().skip(skip) {
        let kind = ChangeType::from_byte(*kind)?;
        let row = match kind {
            ChangeType::UpdateBefore => continue,
            ChangeType::Delete => None,
            ChangeType::Append | ChangeType::Insert | ChangeType::UpdateAfter => {
                let mut row = Vec::new();
                codec.encode(&columns, i, &mut row)?;
                codec.set_time(&mut row, header.commit_timestamp);
                Some(row)
            }
        };
        let mut key = Vec::new();
        KeyEncoder::encode(&keys, i, &mut key);
        change(kind, key, row);
    }
    Ok(())
}
