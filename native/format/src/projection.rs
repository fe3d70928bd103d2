//! Projected read of a log batch: only the wanted columns' buffers are fetched, checked and, if need be, decompressed.
use arrow_ipc::RecordBatch as IpcBatch;
use fluss_types::{Compression, DataType, Error, ErrorCode, Result, Schema};

use crate::batch::{BatchHeader, bad_metadata, verify_buffer};
use crate::column_batch::{Arena, ColumnBatch, ColumnLayout};
use crate::{align64, compression};

/// What a buffer is for.
#[derive(Clone, Copy, Debug)]
enum Role {
    ChangeType,
    Validity(usize),
    Data(usize),
    Aux(usize),
}

#[derive(Debug)]
struct Wanted {
    role: Role,
    /// Index in the IPC metadata, and so of the checksum.
    index: usize,
    /// Place in the body.
    offset: usize,
    len: usize,
}

/// Reads the projected columns of one batch.
///
/// `prefix` holds the batch from its first byte to the end of the metadata, its checksum already verified. `fetch(at, out)` reads
/// `out.len()` bytes of the batch's body from position `at`; neighbouring buffers are fetched in one call.
pub fn read_projected(
    header: &BatchHeader,
    prefix: &[u8],
    schema: &Schema,
    projection: &[usize],
    mut fetch: impl FnMut(usize, &mut [u8]) -> Result<()>,
) -> Result<ColumnBatch> {
    let message = arrow_ipc::root_as_message(header.metadata(prefix)).map_err(|e| bad_metadata(&e))?;
    let ipc = message.header_as_record_batch().ok_or_else(|| corrupt("the IPC message holds no record batch"))?;
    let wanted = plan(header, &ipc, schema, projection)?;

    let (mut arena, mut places) = fetch_runs(&wanted, &mut fetch)?;
    for (w, at) in wanted.iter().zip(&places) {
        verify_buffer(prefix, w.index, arena.slice(*at, w.len))?;
    }
    let mut lens: Vec<usize> = wanted.iter().map(|w| w.len).collect();
    if header.compression != Compression::None {
        (arena, places, lens) = decompress_all(header.compression, &wanted, &arena, &places)?;
    }

    let mut columns = vec![ColumnLayout::default(); projection.len()];
    let mut row_bytes = None;
    let rows = header.rows as usize;
    for ((w, at), len) in wanted.iter().zip(&places).zip(&lens) {
        match w.role {
            Role::ChangeType => {
                row_bytes = Some(*at);
                at_least("change types", *len, rows)?;
            }
            Role::Validity(c) => {
                columns[c].validity = Some(*at);
                at_least("validity", *len, rows.div_ceil(8))?;
            }
            Role::Data(c) => {
                columns[c].data = *at;
                columns[c].data_len = *len;
            }
            Role::Aux(c) => {
                columns[c].aux = Some(*at);
                let rows = if schema.columns()[projection[c]].data_type.has_nanos() { rows } else { rows + 1 };
                at_least("offsets", *len, 4 * rows)?;
            }
        }
    }
    for (c, layout) in columns.iter().enumerate() {
        check_data(&schema.columns()[projection[c]].data_type, layout, rows, &arena)?;
    }
    Ok(ColumnBatch {
        bytes: arena.into_bytes(),
        bucket: -1,
        rows,
        first_row: 0,
        end_row: rows,
        base_offset: header.base_offset,
        commit_timestamp: header.commit_timestamp,
        row_bytes,
        schema_id: header.schema_id,
        columns,
    })
}

/// The wanted buffers in body order.
fn plan(header: &BatchHeader, ipc: &IpcBatch, schema: &Schema, projection: &[usize]) -> Result<Vec<Wanted>> {
    let buffers = ipc.buffers().unwrap_or_default();
    let nodes = ipc.nodes().unwrap_or_default();
    if ipc.length() != i64::from(header.rows) || buffers.len() != header.buffers as usize {
        return Err(corrupt("header and IPC metadata of the batch do not agree"));
    }
    let mut wanted = Vec::with_capacity(3 * projection.len() + 1);
    let mut want = |role, index: usize| -> Result<()> {
        if index >= buffers.len() {
            return Err(corrupt("the batch has fewer buffers than its schema"));
        }
        let b = buffers.get(index);
        let (offset, len) = (b.offset() as usize, b.length() as usize);
        if b.offset() < 0 || b.length() < 0 || offset.saturating_add(len) > header.body_len as usize {
            return Err(corrupt("a buffer lies outside the body of its batch"));
        }
        wanted.push(Wanted { role, index, offset, len });
        Ok(())
    };
    let (mut node, mut buffer) = (0, 0);
    if !header.append_only {
        want(Role::ChangeType, 1)?;
        (node, buffer) = (1, 2);
    }
    for (i, column) in schema.columns().iter().enumerate() {
        let (node_count, buffer_count) = spans(&column.data_type);
        for c in (0..projection.len()).filter(|c| projection[*c] == i) {
            if node >= nodes.len() {
                return Err(corrupt("the batch has fewer columns than its schema"));
            }
            if nodes.get(node).null_count() > 0 {
                want(Role::Validity(c), buffer)?;
            }
            if column.data_type.has_nanos() {
                want(Role::Data(c), buffer + 2)?;
                want(Role::Aux(c), buffer + 4)?;
            } else if column.data_type.is_var_width() {
                want(Role::Aux(c), buffer + 1)?;
                want(Role::Data(c), buffer + 2)?;
            } else {
                want(Role::Data(c), buffer + 1)?;
            }
        }
        node += node_count;
        buffer += buffer_count;
    }
    Ok(wanted)
}

/// IPC nodes and buffers of a column. A fine timestamp is a struct (validity) of two primitives (validity, data each).
fn spans(t: &DataType) -> (usize, usize) {
    if t.has_nanos() {
        (3, 5)
    } else if t.is_var_width() {
        (1, 3)
    } else {
        (1, 2)
    }
}

/// Fetches the buffers, neighbours in one call, and returns where each lies.
fn fetch_runs(wanted: &[Wanted], fetch: &mut impl FnMut(usize, &mut [u8]) -> Result<()>) -> Result<(Arena, Vec<usize>)> {
    let mut arena = Arena::with_capacity(wanted.iter().map(|w| align64(w.len)).sum());
    let mut places = Vec::with_capacity(wanted.len());
    let mut i = 0;
    while i < wanted.len() {
        let from = wanted[i].offset;
        let mut end = from + wanted[i].len;
        let mut j = i + 1;
        while j < wanted.len() && wanted[j].offset == align64(end) {
            end = wanted[j].offset + wanted[j].len;
            j += 1;
        }
        let at = arena.reserve(end - from);
        fetch(from, arena.slice_mut(at, end - from))?;
        places.extend(wanted[i..j].iter().map(|w| at + w.offset - from));
        i = j;
    }
    Ok((arena, places))
}

fn decompress_all(
    codec: Compression,
    wanted: &[Wanted],
    stored: &Arena,
    places: &[usize],
) -> Result<(Arena, Vec<usize>, Vec<usize>)> {
    let lens = wanted
        .iter()
        .zip(places)
        .map(|(w, at)| compression::uncompressed_len(codec, stored.slice(*at, w.len)))
        .collect::<Result<Vec<_>>>()?;
    let mut arena = Arena::with_capacity(lens.iter().map(|l| align64(*l)).sum());
    let mut out = Vec::with_capacity(wanted.len());
    for ((w, at), len) in wanted.iter().zip(places).zip(&lens) {
        let to = arena.reserve(*len);
        compression::decompress(codec, stored.slice(*at, w.len), arena.slice_mut(to, *len))?;
        out.push(to);
    }
    Ok((arena, out, lens))
}

/// Readers index by row without a look at lengths, so every buffer must be long enough.
fn check_data(t: &DataType, layout: &ColumnLayout, rows: usize, arena: &Arena) -> Result<()> {
    match (t.fixed_width(), layout.aux) {
        (Some(width), _) => at_least("data", layout.data_len, rows * width),
        (None, None) => at_least("data", layout.data_len, rows.div_ceil(8)),
        (None, Some(offsets)) => {
            let last: [u8; 4] = arena.slice(offsets + 4 * rows, 4).try_into().unwrap_or_default();
            at_least("data", layout.data_len, i32::from_le_bytes(last).max(0) as usize)
        }
    }
}

fn at_least(what: &str, actual: usize, needed: usize) -> Result<()> {
    if actual >= needed {
        return Ok(());
    }
    Err(corrupt(&format!("a {what} buffer has {actual} bytes, its rows need {needed}")))
}

fn corrupt(m: &str) -> Error {
    Error::new(ErrorCode::CorruptSegment, m)
}
