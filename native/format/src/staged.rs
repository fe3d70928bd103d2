//! The file of what a transaction has staged in a bucket. Specification: `native/docs/format.md`, "Staged transaction".
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt8Type;
use arrow_array::{ArrayRef, RecordBatch, UInt8Array};
use fluss_types::{ChangeType, Compression, Error, ErrorCode, FieldId, Result, Schema, SchemaId, Schemas, TableBucket, WriterId};

use crate::{BatchHeader, EncodeOptions, EncodedBatch, MAX_BATCH_BYTES, align64, decode_all, encode_batch, log_schema};

const MAGIC: [u8; 8] = *b"FLUSSTXN";
const VERSION: u32 = 0;
/// The rows replace those that are there: they are committed by an overwrite.
const FEATURE_OVERWRITES: u32 = 1;
const KNOWN_FEATURES: u32 = FEATURE_OVERWRITES;
const PIECE: [u8; 4] = *b"FLUP";
const MARK: [u8; 4] = *b"FLUE";
const FLAG_TARGETS: u32 = 1;
/// Bytes of a piece's header before the ids of its columns.
const PIECE_FIXED: usize = 32;
const CHECKSUM_AT: usize = 28;
/// The most columns that a piece may name.
const MAX_TARGETS: usize = 1 << 16;

/// Bytes of the header, of the mark, and of the part of a piece's header that says how long the whole is.
pub const STAGED_UNIT: usize = 64;

fn corrupt(m: impl Into<String>) -> Error {
    Error::new(ErrorCode::CorruptTransaction, m)
}

fn u32_at(b: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]])
}

fn u64_at(b: &[u8], at: usize) -> u64 {
    u64::from(u32_at(b, at)) | u64::from(u32_at(b, at + 4)) << 32
}

fn seal(b: &mut [u8; STAGED_UNIT]) {
    let checksum = crc32c::crc32c(&b[..60]);
    b[60..].copy_from_slice(&checksum.to_le_bytes());
}

fn is_sealed(b: &[u8; STAGED_UNIT]) -> bool {
    crc32c::crc32c(&b[..60]) == u32_at(b, 60)
}

/// The first bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StagedHeader {
    /// Where the rows go.
    pub bucket: TableBucket,
    /// The transaction, which is an idempotent writer.
    pub transaction: WriterId,
    /// The rows are a part of an overwrite.
    pub overwrites: bool,
}

impl StagedHeader {
    /// The bytes.
    pub fn encode(&self) -> [u8; STAGED_UNIT] {
        let mut b = [0; STAGED_UNIT];
        b[..8].copy_from_slice(&MAGIC);
        b[8..12].copy_from_slice(&VERSION.to_le_bytes());
        b[12..16].copy_from_slice(&(u32::from(self.overwrites) * FEATURE_OVERWRITES).to_le_bytes());
        b[16..24].copy_from_slice(&self.bucket.table_id.to_le_bytes());
        b[24..28].copy_from_slice(&self.bucket.bucket.to_le_bytes());
        b[28..32].copy_from_slice(&self.bucket.partition.to_le_bytes());
        b[32..40].copy_from_slice(&self.transaction.to_le_bytes());
        seal(&mut b);
        b
    }

    /// Reads the bytes; `None`: damaged, or never written whole. Refuses a version or features that this program does not know.
    pub fn decode(b: &[u8; STAGED_UNIT]) -> Result<Option<Self>> {
        if b[..8] != MAGIC {
            return Ok(None);
        }
        let (version, features) = (u32_at(b, 8), u32_at(b, 12));
        if version != VERSION || features & !KNOWN_FEATURES != 0 {
            return Err(Error::new(
                ErrorCode::UnknownFormat,
                format!(
                    "a staged transaction has format version {version} with features {features:#x}; this program knows version {VERSION} with features {KNOWN_FEATURES:#x}"
                ),
            ));
        }
        let bucket = TableBucket { table_id: u64_at(b, 16), bucket: u32_at(b, 24), partition: u32_at(b, 28) };
        let overwrites = features & FEATURE_OVERWRITES != 0;
        Ok(is_sealed(b).then_some(Self { bucket, transaction: u64_at(b, 32) as WriterId, overwrites }))
    }
}

/// What stands before the batch of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedPiece {
    /// Its number, from 0.
    pub number: u32,
    /// Bytes of the batch.
    pub batch_len: usize,
    /// The columns that the writer gives; `None`: all.
    pub targets: Option<Arc<[FieldId]>>,
}

impl StagedPiece {
    /// The bytes, a multiple of 64.
    pub fn encode(&self) -> Vec<u8> {
        let targets = self.targets.as_deref().unwrap_or_default();
        let mut b = vec![0; align64(PIECE_FIXED + 4 * targets.len())];
        b[..4].copy_from_slice(&PIECE);
        b[4..8].copy_from_slice(&self.number.to_le_bytes());
        b[8..16].copy_from_slice(&(self.batch_len as u64).to_le_bytes());
        b[16..20].copy_from_slice(&(u32::from(self.targets.is_some()) * FLAG_TARGETS).to_le_bytes());
        b[20..24].copy_from_slice(&(targets.len() as u32).to_le_bytes());
        for (i, id) in targets.iter().enumerate() {
            b[PIECE_FIXED + 4 * i..][..4].copy_from_slice(&id.to_le_bytes());
        }
        let checksum = Self::checksum(&b);
        b[CHECKSUM_AT..PIECE_FIXED].copy_from_slice(&checksum.to_le_bytes());
        b
    }

    fn checksum(b: &[u8]) -> u32 {
        crc32c::crc32c_append(crc32c::crc32c(&b[..CHECKSUM_AT]), &b[PIECE_FIXED..])
    }

    /// Bytes of the whole that these are the first of.
    pub fn encoded_len(first: &[u8; STAGED_UNIT]) -> Result<usize> {
        let targets = u32_at(first, 20) as usize;
        if first[..4] != PIECE || targets > MAX_TARGETS {
            return Err(corrupt("no piece begins here"));
        }
        Ok(align64(PIECE_FIXED + 4 * targets))
    }

    /// Reads [`Self::encoded_len`] bytes.
    pub fn decode(b: &[u8]) -> Result<Self> {
        let first = b.first_chunk().ok_or_else(|| corrupt("a piece is cut"))?;
        if Self::encoded_len(first)? != b.len() || Self::checksum(b) != u32_at(b, CHECKSUM_AT) {
            return Err(corrupt("the header of a piece has another checksum than was written"));
        }
        let flags = u32_at(b, 16);
        if flags & !FLAG_TARGETS != 0 {
            return Err(Error::new(
                ErrorCode::UnknownFormat,
                format!("a piece has flags {flags:#x} that this program does not know"),
            ));
        }
        let batch_len = usize::try_from(u64_at(b, 8)).ok().filter(|n| *n <= 2 * MAX_BATCH_BYTES);
        let batch_len = batch_len.ok_or_else(|| corrupt("a piece has an impossible length"))?;
        let ids = (0..u32_at(b, 20) as usize).map(|i| u32_at(b, PIECE_FIXED + 4 * i));
        let targets = (flags & FLAG_TARGETS != 0).then(|| ids.collect());
        Ok(Self { number: u32_at(b, 4), batch_len, targets })
    }
}

/// The last bytes of the file of a transaction that is prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreparedMark {
    /// Pieces before it.
    pub pieces: u32,
    /// Where it lies in the file.
    pub position: u64,
    /// When the transaction was prepared, ms since 1970.
    pub prepared_ms: i64,
}

impl PreparedMark {
    /// The bytes.
    pub fn encode(&self) -> [u8; STAGED_UNIT] {
        let mut b = [0; STAGED_UNIT];
        b[..4].copy_from_slice(&MARK);
        b[4..8].copy_from_slice(&self.pieces.to_le_bytes());
        b[8..16].copy_from_slice(&self.position.to_le_bytes());
        b[16..24].copy_from_slice(&self.prepared_ms.to_le_bytes());
        seal(&mut b);
        b
    }

    /// Reads the bytes; `None`: the transaction was not prepared.
    pub fn decode(b: &[u8; STAGED_UNIT]) -> Option<Self> {
        let mark = Self { pieces: u32_at(b, 4), position: u64_at(b, 8), prepared_ms: u64_at(b, 16) as i64 };
        (b[..4] == MARK && is_sealed(b)).then_some(mark)
    }
}

/// Encodes rows to be upserted or deleted: `deletes[i]`: row i is a delete. Of a delete only the key counts.
pub fn encode_upserts(rows: &RecordBatch, deletes: Option<&[bool]>, schema: &Schema) -> Result<EncodedBatch> {
    let schema = schema.with_nullable_values();
    let kind = |i: usize| if deletes.is_some_and(|d| d[i]) { ChangeType::Delete } else { ChangeType::Insert };
    let kinds: ArrayRef = Arc::new(UInt8Array::from_iter_values((0..rows.num_rows()).map(|i| kind(i) as u8)));
    let columns = std::iter::once(kinds).chain(rows.columns().iter().cloned()).collect();
    let mismatch = |e: &dyn std::fmt::Display| Error::new(ErrorCode::SchemaMismatch, e.to_string());
    let batch = RecordBatch::try_new(log_schema(&schema, false), columns).map_err(|e| mismatch(&e))?;
    encode_batch(&batch, &schema, &EncodeOptions::new(false, Compression::Lz4Frame))
}

/// Reads what [`encode_upserts`] wrote, as rows of the current schema.
pub fn decode_upserts(bytes: &[u8], schemas: &Schemas) -> Result<(RecordBatch, Option<Vec<bool>>)> {
    let header = whole_batch(bytes)?;
    let current = schemas.current().id();
    let mut versions = vec![current];
    if header.schema_id != current && schemas.get(header.schema_id).is_some() {
        versions.insert(0, header.schema_id);
    }
    let version = |id: &SchemaId| schemas.get(*id).map(|s| Arc::new(s.with_nullable_values()));
    let schemas = Schemas::new(versions.iter().filter_map(version).collect())?;
    let batch = decode_all(&header, bytes, &schemas)?;
    if header.append_only || header.rows == 0 {
        return Err(corrupt("a piece of a primary-key table has no change types"));
    }
    let kinds = batch.column(0).as_primitive::<UInt8Type>().values();
    let deletes: Vec<bool> = kinds.iter().map(|k| *k == ChangeType::Delete as u8).collect();
    let columns: Vec<usize> = (1..batch.num_columns()).collect();
    Ok((batch.project(&columns)?, deletes.contains(&true).then_some(deletes)))
}

/// A batch as it was written, to be appended to a log; its checksums are checked.
pub fn stored_batch(bytes: Vec<u8>) -> Result<EncodedBatch> {
    let header = whole_batch(&bytes)?;
    header.verify_all(&bytes)?;
    Ok(EncodedBatch::stored(bytes, &header))
}

fn whole_batch(bytes: &[u8]) -> Result<BatchHeader> {
    let header = BatchHeader::decode(bytes)?;
    if header.total_len() != bytes.len() {
        return Err(corrupt("a piece is longer or shorter than its batch"));
    }
    Ok(header)
}
