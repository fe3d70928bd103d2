//! Opening the kv state: replay the log from the applied offset.
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt8Type;
use bytes::Bytes;
use fluss_format::{ColumnValues, KeyEncoder, RowCodec, decode_all};
use fluss_kv::{Changes, KvStore};
use fluss_log::{Log, ReadHint};
use fluss_types::{ChangeType, Error, ErrorCode, Result};

use super::TabletContext;

/// Changes are applied in pieces: after so many rows, or so many bytes of them.
const REPLAY_ROWS: usize = 50_000;
const REPLAY_BYTES: usize = 16 << 20;

/// Opens the store in `dir`, a folder of the tablet's, and brings it to the end of the log.
pub(super) fn open_and_replay(dir: &Path, log: &Log, codec: &RowCodec, context: &TabletContext) -> Result<Arc<dyn KvStore>> {
    let fs = context.fs.as_ref();
    let make = || fs.create_dir_all(dir).map_err(|e| Error::io(format!("make kv folder {}", dir.display()), &e));
    make()?;
    let mut kv = context.kv.open(dir)?;
    let mut applied = kv.applied_offset()?;
    if applied > log.end_offset() || applied < log.start_offset() {
        if log.start_offset() > 0 {
            return Err(Error::new(
                ErrorCode::CorruptKv,
                format!(
                    "the kv store {} is at offset {applied} and the log holds {} to {}: it cannot be rebuilt. Restore the table from a copy",
                    dir.display(),
                    log.start_offset(),
                    log.end_offset()
                ),
            ));
        }
        // The store holds rows that the log lacks: it is discarded and made again from the log.
        drop(kv);
        // Durably, or a loss of power brings it back when the log is longer than its applied offset.
        fs.remove_dir_all(dir)
            .and_then(|()| dir.parent().map_or(Ok(()), |tablet| fs.sync_dir(tablet)))
            .map_err(|e| Error::io(format!("remove {}", dir.display()), &e))?;
        make()?;
        kv = context.kv.open(dir)?;
        applied = 0;
    }
    let schema = codec.schema();
    let mut changes = Changes::default();
    let mut hint = ReadHint::default();
    let mut held = 0;
    while let Some((header, bytes)) = log.read_whole(applied, &mut hint)? {
        let batch = decode_all(&header, &bytes, codec.schemas())?;
        let kinds = batch.column(0).as_primitive::<UInt8Type>().values();
        let table_columns = batch.project(&(1..batch.num_columns()).collect::<Vec<_>>())?;
        let keys = ColumnValues::of(&table_columns, schema.columns(), schema.primary_key())?;
        let columns = ColumnValues::all(&table_columns, schema.columns())?;
        let skip = (applied - header.base_offset) as usize;
        for (i, kind) in kinds.iter().enumerate().skip(skip) {
            let row = match ChangeType::from_byte(*kind)? {
                ChangeType::UpdateBefore => continue,
                ChangeType::Delete => None,
                ChangeType::Append | ChangeType::Insert | ChangeType::UpdateAfter => {
                    let mut row = Vec::new();
                    codec.encode(&columns, i, &mut row)?;
                    Some(Bytes::from(row))
                }
            };
            let mut key = Vec::new();
            KeyEncoder::encode(&keys, i, &mut key);
            held += key.len() + row.as_ref().map_or(0, Bytes::len);
            changes.insert(key.into(), row);
        }
        applied = header.end_offset();
        if changes.len() >= REPLAY_ROWS || held >= REPLAY_BYTES {
            kv.apply(&changes, applied)?;
            changes.clear();
            held = 0;
        }
    }
    if !changes.is_empty() {
        kv.apply(&changes, applied)?;
    }
    Ok(kv)
}
