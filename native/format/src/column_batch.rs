//! A batch as readers get it: one aligned block of memory and where each column lies in it. Also what crosses to Java
//! (`native/docs/jni.md`, "Batches handed to Java").
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{BooleanBuffer, Buffer, MutableBuffer, NullBuffer};
use fluss_types::{DataType, Error, ErrorCode, Result};

use crate::arrays::{Parts, children, has_aux};
use crate::{align64, blocks};

/// Memory that begins on a 64-byte boundary.
pub type AlignedBytes = MutableBuffer;

/// Where a node lies: a column, an element of an ARRAY, a key or value of a MAP, a field of a ROW. Byte positions in [`ColumnBatch::bytes`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnLayout {
    /// Validity bitmap (1 = not null), `None`: no nulls.
    pub validity: Option<usize>,
    /// Data.
    pub data: usize,
    /// 32-bit offsets of variable-width types, ARRAY and MAP; nanoseconds of fine timestamps.
    pub aux: Option<usize>,
    /// Bytes of data. ARRAY and MAP: the rows of their children. ROW: 0.
    pub data_len: usize,
}

/// The rows that a filter chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Position in the block of their count, i32, after which their numbers follow: i32, ascending, within the rows that the reader asked for.
    pub position: usize,
    /// How many they are.
    pub count: usize,
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
    /// Schema that the rows were written with; lookups and snapshots: the one that they are read with.
    pub schema_id: u32,
    /// `None`: there was no filter, all rows that were asked for count.
    pub selected: Option<Selection>,
    /// Prefix lookup: position of an i32 a key, the row where its rows end. Else `None`.
    pub ends: Option<usize>,
    /// The nodes of the projected columns, each before its children.
    pub columns: Vec<ColumnLayout>,
}

impl ColumnBatch {
    /// Says where the rows of each key of a prefix lookup end.
    pub fn set_ends(&mut self, ends: &[usize]) {
        let at = align64(self.bytes.len());
        self.bytes.resize(at, 0);
        ends.iter().for_each(|end| self.bytes.extend_from_slice(&(*end as i32).to_le_bytes()));
        self.ends = Some(at);
    }

    /// The rows that the reader gets: those that the filter chose, or all that it asked for.
    pub fn chosen(&self) -> Vec<usize> {
        let Some(selection) = self.selected else { return (self.first_row..self.end_row).collect() };
        let numbers = &self.bytes[selection.position + 4..][..4 * selection.count];
        let (numbers, _) = numbers.as_chunks::<4>();
        numbers.iter().map(|n| i32::from_le_bytes(*n) as usize).collect()
    }

    /// The projected columns, whose types are `types`, as Arrow arrays over the same memory. Checks what Arrow relies on, text too.
    pub fn arrays<'a>(self, types: impl IntoIterator<Item = &'a DataType>) -> Result<Vec<ArrayRef>> {
        let block: Buffer = self.bytes.into();
        let mut nodes = self.columns.iter();
        types.into_iter().map(|t| to_array(&block, &mut nodes, t, self.rows)).collect()
    }
}

/// The array of the next nodes of a block, which are those of a column of type `t`. Nothing is copied.
pub(crate) fn to_array<'a>(
    bytes: &Buffer,
    nodes: &mut impl Iterator<Item = &'a ColumnLayout>,
    t: &DataType,
    rows: usize,
) -> Result<ArrayRef> {
    let corrupt = |m: &str| Error::new(ErrorCode::CorruptSegment, m);
    let node = nodes.next().ok_or_else(|| corrupt("a column has fewer nodes than its type"))?;
    let slice = |at: usize, len: usize| {
        let inside = at.checked_add(len).is_some_and(|end| end <= bytes.len());
        if inside { Ok(bytes.slice_with_length(at, len)) } else { Err(corrupt("a column lies outside its block")) }
    };
    let validity = node.validity.map(|at| slice(at, rows.div_ceil(8))).transpose()?;
    let aux = match node.aux {
        Some(at) => slice(at, 4 * if t.has_nanos() { rows } else { rows + 1 })?,
        None => Buffer::default(),
    };
    let child_rows = if node.aux.is_some() { node.data_len } else { rows };
    let data = if t.is_nested() { Buffer::default() } else { slice(node.data, node.data_len)? };
    let children = children(t).into_iter().map(|c| to_array(bytes, nodes, c, child_rows)).collect::<Result<_>>()?;
    let nulls = validity.map(|v| NullBuffer::new(BooleanBuffer::new(v, 0, rows))).filter(|n| n.null_count() > 0);
    Parts { rows, nulls, data, aux, children }.into_array(t)
}

/// Builds the block of a [`ColumnBatch`] by appending aligned buffers.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    bytes: AlignedBytes,
}

impl Arena {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: blocks::take(bytes) }
    }

    /// Appends a buffer and returns its position.
    pub(crate) fn push(&mut self, buffer: &[u8]) -> usize {
        let at = self.reserve(0);
        self.bytes.extend_from_slice(buffer);
        at
    }

    /// Appends an array of type `t` and adds its nodes.
    pub(crate) fn push_array(&mut self, a: &dyn Array, t: &DataType, nodes: &mut Vec<ColumnLayout>) -> Result<()> {
        let parts = Parts::of(a, t)?;
        let validity = parts.nulls.as_ref().map(|n| self.push(&n.inner().sliced()));
        let aux = has_aux(t).then(|| self.push(&parts.aux));
        let data = if t.is_nested() { 0 } else { self.push(&parts.data) };
        let data_len = match &parts.children[..] {
            [first, ..] if aux.is_some() => first.len(),
            _ => parts.data.len(),
        };
        nodes.push(ColumnLayout { validity, data, aux, data_len });
        parts.children.iter().zip(children(t)).try_for_each(|(child, t)| self.push_array(child.as_ref(), t, nodes))
    }

    /// The bitmap that has 1 where all of the given ones have, of `len` bytes; a new one only if there are several.
    pub(crate) fn intersect(&mut self, own: Option<usize>, others: &[usize], len: usize) -> Option<usize> {
        let mut bitmaps = own.into_iter().chain(others.iter().copied());
        let first = bitmaps.next()?;
        if own.is_some() as usize + others.len() == 1 {
            return Some(first);
        }
        let mut both = self.slice(first, len).to_vec();
        for at in bitmaps {
            both.iter_mut().zip(self.slice(at, len)).for_each(|(b, o)| *b &= o);
        }
        Some(self.push(&both))
    }

    /// Appends `len` zero bytes and returns their position.
    pub(crate) fn reserve(&mut self, len: usize) -> usize {
        let at = align64(self.bytes.len());
        self.bytes.resize(at + len, 0);
        at
    }

    /// Appends to what was pushed last.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends a bitmap and returns its position.
    pub(crate) fn push_bits(&mut self, bits: impl ExactSizeIterator<Item = bool>) -> usize {
        let at = self.reserve(bits.len().div_ceil(8));
        let bitmap = &mut self.bytes.as_slice_mut()[at..];
        bits.enumerate().filter(|(_, bit)| *bit).for_each(|(i, _)| bitmap[i / 8] |= 1 << (i % 8));
        at
    }

    pub(crate) fn slice_mut(&mut self, at: usize, len: usize) -> &mut [u8] {
        &mut self.bytes.as_slice_mut()[at..at + len]
    }

    pub(crate) fn slice(&self, at: usize, len: usize) -> &[u8] {
        &self.bytes.as_slice()[at..at + len]
    }

    pub(crate) fn into_buffer(self) -> Buffer {
        self.bytes.into()
    }

    pub(crate) fn into_bytes(self) -> AlignedBytes {
        self.bytes
    }
}
