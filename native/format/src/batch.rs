//! A log batch: fixed header, buffer checksums, Arrow IPC metadata, and the body on a 64-byte boundary.
use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::writer::{CompressionContext, DictionaryTracker, IpcDataGenerator, IpcWriteOptions};
use arrow_ipc::{CompressionType, MetadataVersion};
use arrow_schema::{DataType as ArrowType, Field, Schema as ArrowSchema, SchemaRef};
use fluss_types::{Compression, Error, ErrorCode, LogOffset, Result, Schema, SchemaId};

/// Bytes of the fixed part of the header.
pub const HEADER_LEN: usize = 80;
/// The longest batch, header and body.
pub const MAX_BATCH_BYTES: usize = 64 << 20;

const MAGIC: [u8; 4] = *b"FLUB";
const VERSION: u16 = 0;
const KNOWN_FEATURES: u32 = 0;
const ATTRIBUTE_APPEND_ONLY: u16 = 1;
/// The header checksum covers everything from here to the end of the metadata.
const CHECKSUM_FROM: usize = 16;

/// The next multiple of 64.
pub const fn align64(n: usize) -> usize {
    (n + 63) & !63
}

/// The fixed part of a batch's header. Byte positions: `native/docs/format.md`, "Log batch".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// All rows are appends; the body has no change type column.
    pub append_only: bool,
    /// Compression of each buffer.
    pub compression: Compression,
    /// CRC-32C of header, checksums and metadata.
    pub checksum: u32,
    /// Offset of the first row.
    pub base_offset: LogOffset,
    /// Rows.
    pub rows: u32,
    /// Epoch of the bucket's owner.
    pub epoch: u32,
    /// Milliseconds since 1970, never less than that of the batch before.
    pub commit_timestamp: i64,
    /// End of what was durable when this batch was appended. Recovery tells a torn tail from damage by it.
    pub high_watermark: LogOffset,
    /// Writer, -1 if it is not idempotent.
    pub writer_id: i64,
    /// Number of the batch of that writer and bucket, -1 if it is not idempotent.
    pub batch_sequence: i32,
    /// Version of the schema that the rows were written with.
    pub schema_id: SchemaId,
    /// Bytes of the IPC metadata.
    pub metadata_len: u32,
    /// Buffers of the body, and so checksums.
    pub buffers: u32,
    /// Bytes of the body, a multiple of 64.
    pub body_len: u64,
}

fn u32_at(b: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]])
}

fn i64_at(b: &[u8], at: usize) -> i64 {
    i64::from(u32_at(b, at)) | i64::from(u32_at(b, at + 4)) << 32
}

impl BatchHeader {
    /// Reads the fixed part; checks magic, version, features and bounds, not the checksum.
    pub fn decode(b: &[u8]) -> Result<Self> {
        let corrupt = |m: String| Err(Error::new(ErrorCode::CorruptSegment, m));
        if b.len() < HEADER_LEN {
            return corrupt(format!("{} bytes are left, a batch header has {HEADER_LEN}", b.len()));
        }
        if b[..4] != MAGIC {
            return corrupt("no batch begins here".into());
        }
        let version = u16::from_le_bytes([b[4], b[5]]);
        let features = u32_at(b, 8);
        if version != VERSION || features & !KNOWN_FEATURES != 0 {
            return Err(Error::new(
                ErrorCode::UnknownFormat,
                format!(
                    "batch of format version {version} with features {features:#x}; this program knows version {VERSION} with features {KNOWN_FEATURES:#x}"
                ),
            ));
        }
        let attributes = u16::from_le_bytes([b[6], b[7]]);
        let compression = match attributes >> 1 & 3 {
            0 => Compression::None,
            1 => Compression::Lz4Frame,
            2 => Compression::Zstd,
            n => return corrupt(format!("unknown compression {n}")),
        };
        let h = Self {
            append_only: attributes & ATTRIBUTE_APPEND_ONLY != 0,
            compression,
            checksum: u32_at(b, 12),
            base_offset: i64_at(b, 16),
            rows: u32_at(b, 24),
            epoch: u32_at(b, 28),
            commit_timestamp: i64_at(b, 32),
            high_watermark: i64_at(b, 40),
            writer_id: i64_at(b, 48),
            batch_sequence: u32_at(b, 56) as i32,
            schema_id: u32_at(b, 60),
            metadata_len: u32_at(b, 64),
            buffers: u32_at(b, 68),
            body_len: i64_at(b, 72) as u64,
        };
        let too_long = (h.buffers as usize).saturating_mul(4).saturating_add(h.metadata_len as usize) > MAX_BATCH_BYTES
            || h.body_len > MAX_BATCH_BYTES as u64;
        if too_long || h.base_offset < 0 || h.rows == 0 || !h.body_len.is_multiple_of(64) {
            return corrupt("the batch header has impossible lengths".into());
        }
        Ok(h)
    }

    /// Offset after the last row.
    pub fn end_offset(&self) -> LogOffset {
        self.base_offset + LogOffset::from(self.rows)
    }

    /// Bytes of fixed part, checksums and metadata, without the padding before the body.
    pub fn prefix_len(&self) -> usize {
        HEADER_LEN + 4 * self.buffers as usize + self.metadata_len as usize
    }

    /// Where the body begins, counted from the batch's first byte.
    pub fn body_at(&self) -> usize {
        align64(self.prefix_len())
    }

    /// Bytes of the whole batch.
    pub fn total_len(&self) -> usize {
        self.body_at() + self.body_len as usize
    }

    /// Checks the header checksum; `prefix` has at least [`Self::prefix_len`] bytes from the batch's first.
    pub fn verify(&self, prefix: &[u8]) -> Result<()> {
        let actual = crc32c::crc32c(&prefix[CHECKSUM_FROM..self.prefix_len()]);
        if actual == self.checksum {
            return Ok(());
        }
        Err(Error::new(
            ErrorCode::CorruptSegment,
            format!("batch header has checksum {actual:#010x}, {:#010x} was written", self.checksum),
        ))
    }

    /// Checks the header and every buffer of a whole batch.
    pub fn verify_all(&self, bytes: &[u8]) -> Result<()> {
        self.verify(bytes)?;
        let message = arrow_ipc::root_as_message(self.metadata(bytes)).map_err(|e| bad_metadata(&e))?;
        let buffers = message.header_as_record_batch().and_then(|b| b.buffers()).unwrap_or_default();
        let body = &bytes[self.body_at()..self.total_len()];
        for (i, buffer) in buffers.iter().enumerate() {
            verify_buffer(bytes, i, checked_span(body, buffer.offset(), buffer.length())?)?;
        }
        Ok(())
    }

    /// The checksum of buffer `i`.
    pub(crate) fn buffer_checksum(prefix: &[u8], i: usize) -> u32 {
        u32_at(prefix, HEADER_LEN + 4 * i)
    }

    /// The IPC metadata within the prefix.
    pub(crate) fn metadata<'a>(&self, prefix: &'a [u8]) -> &'a [u8] {
        let from = HEADER_LEN + 4 * self.buffers as usize;
        &prefix[from..from + self.metadata_len as usize]
    }
}

/// A batch whose rows are encoded and whose place in the log is not known yet.
#[derive(Debug)]
pub struct EncodedBatch {
    bytes: Vec<u8>,
    rows: u32,
    prefix_len: usize,
}

impl EncodedBatch {
    /// Rows.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Bytes of the whole batch.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Never: a batch has rows.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Fills in what the owner of the log decides and returns the bytes to be written.
    pub fn place(&mut self, base_offset: LogOffset, epoch: u32, commit_timestamp: i64, high_watermark: LogOffset) -> &[u8] {
        self.bytes[16..24].copy_from_slice(&base_offset.to_le_bytes());
        self.bytes[28..32].copy_from_slice(&epoch.to_le_bytes());
        self.bytes[32..40].copy_from_slice(&commit_timestamp.to_le_bytes());
        self.bytes[40..48].copy_from_slice(&high_watermark.to_le_bytes());
        let checksum = crc32c::crc32c(&self.bytes[CHECKSUM_FROM..self.prefix_len]);
        self.bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        &self.bytes
    }
}

/// The columns of a log body: for a primary-key table the change type comes first.
pub fn log_schema(schema: &Schema, append_only: bool) -> SchemaRef {
    if append_only {
        return schema.arrow_schema();
    }
    let mut fields = vec![Arc::new(Field::new("_change_type", ArrowType::UInt8, false))];
    fields.extend(schema.arrow_schema().fields().iter().cloned());
    Arc::new(ArrowSchema::new(fields))
}

/// Encodes rows laid out as [`log_schema`] says. Refuses a batch over [`MAX_BATCH_BYTES`].
pub fn encode_batch(
    rows: &RecordBatch,
    schema_id: SchemaId,
    append_only: bool,
    compression: Compression,
) -> Result<EncodedBatch> {
    let codec = match compression {
        Compression::None => None,
        Compression::Lz4Frame => Some(CompressionType::LZ4_FRAME),
        Compression::Zstd => Some(CompressionType::ZSTD),
    };
    let options = IpcWriteOptions::try_new(64, false, MetadataVersion::V5)?.try_with_compression(codec)?;
    let (_, encoded) = COMPRESSION.with_borrow_mut(|context| {
        IpcDataGenerator::default().encode(rows, &mut DictionaryTracker::new(true), &options, context)
    })?;
    let message = arrow_ipc::root_as_message(&encoded.ipc_message).map_err(|e| Error::internal(format!("IPC metadata: {e}")))?;
    let record_batch =
        message.header_as_record_batch().ok_or_else(|| Error::internal("the IPC message holds no record batch"))?;
    let buffers = record_batch.buffers().unwrap_or_default();
    let prefix_len = HEADER_LEN + 4 * buffers.len() + encoded.ipc_message.len();
    let body_at = align64(prefix_len);
    let total = body_at + encoded.arrow_data.len();
    if total > MAX_BATCH_BYTES {
        return Err(Error::invalid(format!(
            "a batch of {} rows has {total} bytes, at most {MAX_BATCH_BYTES} are allowed; write smaller batches",
            rows.num_rows()
        )));
    }
    let mut b = Vec::with_capacity(total);
    b.extend_from_slice(&MAGIC);
    b.extend_from_slice(&VERSION.to_le_bytes());
    let attributes = (u16::from(append_only) * ATTRIBUTE_APPEND_ONLY) | ((compression as u16) << 1);
    b.extend_from_slice(&attributes.to_le_bytes());
    b.extend_from_slice(&KNOWN_FEATURES.to_le_bytes());
    b.resize(24, 0);
    b.extend_from_slice(&(rows.num_rows() as u32).to_le_bytes());
    b.resize(48, 0);
    b.extend_from_slice(&(-1i64).to_le_bytes());
    b.extend_from_slice(&(-1i32).to_le_bytes());
    b.extend_from_slice(&schema_id.to_le_bytes());
    b.extend_from_slice(&(encoded.ipc_message.len() as u32).to_le_bytes());
    b.extend_from_slice(&(buffers.len() as u32).to_le_bytes());
    b.extend_from_slice(&(encoded.arrow_data.len() as u64).to_le_bytes());
    for buffer in buffers {
        let from = buffer.offset() as usize;
        b.extend_from_slice(&crc32c::crc32c(&encoded.arrow_data[from..from + buffer.length() as usize]).to_le_bytes());
    }
    b.extend_from_slice(&encoded.ipc_message);
    b.resize(body_at, 0);
    b.extend_from_slice(&encoded.arrow_data);
    Ok(EncodedBatch { bytes: b, rows: rows.num_rows() as u32, prefix_len })
}

thread_local! {
    static COMPRESSION: std::cell::RefCell<CompressionContext> = std::cell::RefCell::new(CompressionContext::default());
}

pub(crate) fn bad_metadata(e: &flatbuffers::InvalidFlatbuffer) -> Error {
    Error::new(ErrorCode::CorruptSegment, format!("the IPC metadata of the batch cannot be read: {e}"))
}

fn checked_span(body: &[u8], offset: i64, len: i64) -> Result<&[u8]> {
    usize::try_from(offset)
        .ok()
        .zip(usize::try_from(len).ok())
        .and_then(|(o, l)| body.get(o..o.checked_add(l)?))
        .ok_or_else(|| Error::new(ErrorCode::CorruptSegment, "a buffer lies outside the body of its batch"))
}

/// Checks the checksum of buffer `i`; `prefix` holds the checksums.
pub(crate) fn verify_buffer(prefix: &[u8], i: usize, stored: &[u8]) -> Result<()> {
    let expected = BatchHeader::buffer_checksum(prefix, i);
    let actual = crc32c::crc32c(stored);
    if actual == expected {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::CorruptSegment,
        format!("buffer {i} of the batch has checksum {actual:#010x}, {expected:#010x} was written"),
    ))
}

/// Decodes all columns of a whole batch (for replay), laid out as [`log_schema`] says. Checks all checksums.
pub fn decode_all(header: &BatchHeader, bytes: &[u8], schema: &Schema) -> Result<RecordBatch> {
    header.verify_all(bytes)?;
    let message = arrow_ipc::root_as_message(header.metadata(bytes)).map_err(|e| bad_metadata(&e))?;
    let batch = message
        .header_as_record_batch()
        .ok_or_else(|| Error::new(ErrorCode::CorruptSegment, "the IPC message holds no record batch"))?;
    let body = Buffer::from(&bytes[header.body_at()..header.total_len()]);
    Ok(arrow_ipc::reader::read_record_batch(
        &body,
        batch,
        log_schema(schema, header.append_only),
        &HashMap::new(),
        None,
        &message.version(),
    )?)
}
