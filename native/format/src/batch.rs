//! The header of a log batch: a fixed part, buffer checksums, statistics and Arrow IPC metadata; the body follows on a 64-byte
//! boundary.
use fluss_types::{Compression, Error, ErrorCode, LogOffset, Result, SchemaId};

/// Bytes of the fixed part of the header.
pub const HEADER_LEN: usize = 96;
/// The longest batch, header and body.
pub const MAX_BATCH_BYTES: usize = 64 << 20;
/// The most rows of a batch.
pub const MAX_BATCH_ROWS: usize = 1 << 24;
/// The most bytes that the buffers of a batch have when they are not compressed.
pub(crate) const MAX_UNCOMPRESSED_BYTES: usize = 1 << 30;

pub(crate) const MAGIC: [u8; 4] = *b"FLUB";
pub(crate) const VERSION: u16 = 0;
pub(crate) const KNOWN_FEATURES: u32 = 0;
pub(crate) const ATTRIBUTE_APPEND_ONLY: u16 = 1;
/// Where the header checksum lies.
pub(crate) const CHECKSUM_AT: usize = 12;

/// It covers all but itself up to the end of the metadata, which is the end of `prefix`.
pub(crate) fn header_checksum(prefix: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&prefix[..CHECKSUM_AT]), &prefix[CHECKSUM_AT + 4..])
}

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
    /// CRC-32C of header, checksums, statistics and metadata.
    pub checksum: u32,
    /// Offset of the first row.
    pub base_offset: LogOffset,
    /// Rows; 0: a batch that only carries its writer's sequence.
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
    /// Bytes of the statistics.
    pub statistics_len: u32,
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
            statistics_len: u32_at(b, 64),
            metadata_len: u32_at(b, 68),
            buffers: u32_at(b, 72),
            body_len: i64_at(b, 80) as u64,
        };
        let parts = [4 * u64::from(h.buffers), h.statistics_len.into(), h.metadata_len.into(), h.body_len];
        let too_long = parts.iter().any(|n| *n > MAX_BATCH_BYTES as u64);
        let empty = parts.iter().all(|n| *n == 0);
        let impossible = h.base_offset.checked_add(h.rows.into()).is_none() || h.rows as usize > MAX_BATCH_ROWS;
        if too_long || impossible || h.base_offset < 0 || (h.rows == 0) != empty || !h.body_len.is_multiple_of(64) {
            return corrupt("the batch header has impossible lengths".into());
        }
        Ok(h)
    }

    /// Offset after the last row.
    pub fn end_offset(&self) -> LogOffset {
        self.base_offset + LogOffset::from(self.rows)
    }

    /// Bytes of fixed part, checksums, statistics and metadata, without the padding before the body.
    pub fn prefix_len(&self) -> usize {
        HEADER_LEN + 4 * self.buffers as usize + self.statistics_len as usize + self.metadata_len as usize
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
        let actual = header_checksum(&prefix[..self.prefix_len()]);
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
        if self.rows == 0 {
            return Ok(());
        }
        let message = arrow_ipc::root_as_message(self.metadata(bytes)).map_err(|e| bad_metadata(&e))?;
        let buffers = message.header_as_record_batch().and_then(|b| b.buffers()).unwrap_or_default();
        if buffers.len() != self.buffers as usize {
            return Err(Error::new(ErrorCode::CorruptSegment, "header and IPC metadata of the batch do not agree"));
        }
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

    /// The statistics within the prefix.
    pub(crate) fn statistics<'a>(&self, prefix: &'a [u8]) -> &'a [u8] {
        let from = HEADER_LEN + 4 * self.buffers as usize;
        &prefix[from..from + self.statistics_len as usize]
    }

    /// The IPC metadata within the prefix.
    pub(crate) fn metadata<'a>(&self, prefix: &'a [u8]) -> &'a [u8] {
        let end = self.prefix_len();
        &prefix[end - self.metadata_len as usize..end]
    }
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
