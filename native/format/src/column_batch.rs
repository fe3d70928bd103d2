//! A batch as readers get it: one aligned block of memory and where each column lies in it. Also what crosses to Java
//! (`native/docs/jni.md`, "Batches handed to Java").
use arrow_buffer::MutableBuffer;

use crate::align64;

/// Memory that begins on a 64-byte boundary.
pub type AlignedBytes = MutableBuffer;

/// Where a column lies; byte positions in [`ColumnBatch::bytes`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnLayout {
    /// Validity bitmap (1 = not null), `None`: no nulls.
    pub validity: Option<usize>,
    /// Data.
    pub data: usize,
    /// 32-bit offsets of variable-width types; nanoseconds of fine timestamps.
    pub aux: Option<usize>,
    /// Bytes of data.
    pub data_len: usize,
}

/// Columns of some rows in one block of memory.
#[derive(Debug)]
pub struct ColumnBatch {
    /// The memory.
    pub bytes: AlignedBytes,
    /// Bucket, -1 for lookups.
    pub bucket: i32,
    /// Rows in the block.
    pub rows: usize,
    /// First row the reader asked for.
    pub first_row: usize,
    /// Row after the last that the reader asked for.
    pub end_row: usize,
    /// Log: offset of row 0. Snapshot: the snapshot's log offset.
    pub base_offset: i64,
    /// Log: commit timestamp in ms; else -1.
    pub commit_timestamp: i64,
    /// Position of one byte a row: change type (log) or found (lookup).
    pub row_bytes: Option<usize>,
    /// Schema of the rows.
    pub schema_id: u32,
    /// The projected columns.
    pub columns: Vec<ColumnLayout>,
}

/// Builds the block of a [`ColumnBatch`] by appending aligned buffers.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    bytes: AlignedBytes,
}

impl Arena {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: AlignedBytes::with_capacity(bytes) }
    }

    /// Appends a buffer and returns its position.
    pub(crate) fn push(&mut self, buffer: &[u8]) -> usize {
        let at = self.reserve(0);
        self.bytes.extend_from_slice(buffer);
        at
    }

    /// Appends `len` zero bytes and returns their position.
    pub(crate) fn reserve(&mut self, len: usize) -> usize {
        let at = align64(self.bytes.len());
        self.bytes.resize(at + len, 0);
        at
    }

    pub(crate) fn slice_mut(&mut self, at: usize, len: usize) -> &mut [u8] {
        &mut self.bytes.as_slice_mut()[at..at + len]
    }

    pub(crate) fn slice(&self, at: usize, len: usize) -> &[u8] {
        &self.bytes.as_slice()[at..at + len]
    }

    pub(crate) fn into_bytes(self) -> AlignedBytes {
        self.bytes
    }
}
