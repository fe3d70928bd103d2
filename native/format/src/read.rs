//! Projected read of a log batch: only the wanted columns' buffers are fetched, checked and, if need be, decompressed.
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, UInt8Array};
use arrow_ipc::RecordBatch as IpcBatch;
use fluss_types::{DataType, Error, ErrorCode, Result, Schema, Schemas, TypeRoot};

use crate::arrays::{children, has_aux, nulls, without_text};
use crate::batch::{BatchHeader, bad_metadata};
use crate::column_batch::{Arena, ColumnBatch, ColumnLayout, Selection, to_array};
use crate::evolve::{Reading, evolve, evolve_batch};
use crate::fetch::{Fetched, Wanted, fetch_buffers};
use crate::filter::Filter;
use crate::projection::{Projection, Source};
use crate::{ipc, log_schema};

/// A node of the stored columns: the indices of its buffers, where it has them.
#[derive(Debug)]
struct Node<'a> {
    data_type: &'a DataType,
    rows: usize,
    validity: Option<usize>,
    data: Option<usize>,
    aux: Option<usize>,
    /// Rows of the children of ARRAY and MAP.
    elements: usize,
}

/// A column to be read: its nodes, and the validity buffers of the ROWs around it.
#[derive(Debug, Default)]
struct Planned<'a> {
    parents: Vec<usize>,
    nodes: Vec<Node<'a>>,
}

/// The schema of a stored batch.
pub fn written_schema<'a>(header: &BatchHeader, schemas: &'a Schemas) -> Result<&'a Schema> {
    schemas.get(header.schema_id).map(AsRef::as_ref).ok_or_else(|| {
        let m = format!("a batch has schema {}, the table has schemas up to {}", header.schema_id, schemas.current().id());
        Error::new(ErrorCode::UnknownFormat, m)
    })
}

/// Reads the projected columns of one batch, of its rows from `rows.start` to `rows.end`; `None`: none of them matches the filter. Then no more
/// was fetched than what it took to know.
///
/// `prefix` holds the batch from its first byte to the end of the metadata, its checksum already verified. `fetch(at, out)` reads
/// `out.len()` bytes of the batch's body from position `at`; neighbouring buffers are fetched in one call.
pub fn read_projected(
    header: &BatchHeader,
    prefix: &[u8],
    written: &Schema,
    projection: &Projection,
    filter: Option<&Filter>,
    rows: Range<usize>,
    mut fetch: impl FnMut(usize, &mut [u8]) -> Result<()>,
) -> Result<Option<ColumnBatch>> {
    let n = header.rows as usize;
    if rows.start > rows.end || rows.end > n {
        return Err(Error::internal(format!("rows {rows:?} of a batch of {n} rows")));
    }
    let batch = |block: Arena, row_bytes, selected, columns| ColumnBatch {
        bytes: block.into_bytes(),
        bucket: -1,
        rows: n,
        first_row: rows.start,
        end_row: rows.end,
        base_offset: header.base_offset,
        commit_timestamp: header.commit_timestamp,
        row_bytes,
        schema_id: header.schema_id,
        selected,
        ends: None,
        columns,
    };
    if n == 0 {
        let mut block = Arena::default();
        let mut nodes = Vec::with_capacity(projection.nodes());
        projection.types().try_for_each(|t| block.push_array(nulls(t, 0).as_ref(), t, &mut nodes))?;
        return Ok(filter.is_none().then(|| batch(block, None, None, nodes)));
    }
    if let Some(filter) = filter
        && !filter.may_match(header.statistics(prefix), header.rows, written)?
    {
        return Ok(None);
    }
    let message = arrow_ipc::root_as_message(header.metadata(prefix)).map_err(|e| bad_metadata(&e))?;
    let ipc = message.header_as_record_batch().ok_or_else(|| corrupt("the IPC message holds no record batch"))?;
    let stored = Stored::new(header, prefix, ipc)?;
    let Some(filter) = filter else {
        let (block, row_bytes, nodes) = stored.read(written, projection, true, &mut fetch)?;
        return Ok(Some(batch(block, row_bytes, None, nodes)));
    };
    let matching = stored.matching(written, filter, &rows, &mut fetch)?;
    if matching.is_empty() {
        return Ok(None);
    }
    let (mut block, row_bytes, nodes) = stored.read(written, projection, true, &mut fetch)?;
    let count = matching.len();
    let bytes: Vec<u8> = std::iter::once(count as i32).chain(matching).flat_map(i32::to_le_bytes).collect();
    let selected = Selection { position: block.push(&bytes), count };
    Ok(Some(batch(block, row_bytes, Some(selected), nodes)))
}

/// Decodes all columns of a whole batch (for replay), laid out as [`log_schema`] says of the current schema. Checks all checksums.
pub fn decode_all(header: &BatchHeader, bytes: &[u8], schemas: &Schemas) -> Result<RecordBatch> {
    header.verify(bytes)?;
    let written = written_schema(header, schemas)?;
    let all = Projection::all(schemas.get(header.schema_id).unwrap_or(schemas.current()).clone());
    let body = bytes.get(header.body_at()..header.total_len()).ok_or_else(|| corrupt("the batch is cut"))?;
    let batch = read_projected(header, bytes, written, &all, None, 0..header.rows as usize, |at, out| {
        out.copy_from_slice(body.get(at..at + out.len()).ok_or_else(|| corrupt("a buffer lies outside the body of its batch"))?);
        Ok(())
    })?;
    let batch = batch.ok_or_else(|| Error::internal("a read without a filter left a batch out"))?;
    let kinds = batch.row_bytes.map(|at| UInt8Array::from(batch.bytes[at..at + batch.rows].to_vec()));
    let arrays = batch.arrays(all.types())?;
    let stored = RecordBatch::try_new(written.arrow_schema(), arrays).map_err(|e| corrupt(&e.to_string()))?;
    let current = evolve_batch(&stored, written, schemas.current())?;
    let Some(kinds) = kinds else { return Ok(current) };
    let kinds: ArrayRef = Arc::new(kinds);
    let columns = std::iter::once(kinds).chain(current.columns().iter().cloned()).collect();
    RecordBatch::try_new(log_schema(schemas.current(), false), columns).map_err(|e| corrupt(&e.to_string()))
}

/// A stored batch whose metadata has been read.
struct Stored<'a> {
    header: &'a BatchHeader,
    prefix: &'a [u8],
    ipc: IpcBatch<'a>,
}

impl<'a> Stored<'a> {
    fn new(header: &'a BatchHeader, prefix: &'a [u8], ipc: IpcBatch<'a>) -> Result<Self> {
        let buffers = ipc.buffers().map_or(0, |b| b.len());
        if ipc.length() != i64::from(header.rows) || buffers != header.buffers as usize {
            return Err(corrupt("header and IPC metadata of the batch do not agree"));
        }
        Ok(Self { header, prefix, ipc })
    }

    /// The numbers of those of some rows that match a filter.
    fn matching(
        &self,
        written: &Schema,
        filter: &Filter,
        rows: &Range<usize>,
        fetch: &mut impl FnMut(usize, &mut [u8]) -> Result<()>,
    ) -> Result<Vec<i32>> {
        let n = self.header.rows as usize;
        let (block, _, nodes) = self.read(written, filter.projection(), false, fetch)?;
        let block = block.into_buffer();
        let mut nodes = nodes.iter();
        let column = |t: &DataType| to_array(&block, &mut nodes, &without_text(t), n);
        let columns = filter.projection().types().map(column).collect::<Result<Vec<_>>>()?;
        let matching = filter.matching(&columns, n)?.slice(rows.start, rows.len());
        Ok(matching.set_indices().map(|i| (rows.start + i) as i32).collect())
    }

    /// The projected columns in one block, the place of the change types if they are wanted and there, and the nodes.
    fn read(
        &self,
        written: &Schema,
        projection: &Projection,
        with_kinds: bool,
        fetch: &mut impl FnMut(usize, &mut [u8]) -> Result<()>,
    ) -> Result<(Arena, Option<usize>, Vec<ColumnLayout>)> {
        let sources = projection.sources(written)?;
        let planned = self.plan(written, &sources)?;
        let kinds = (with_kinds && !self.header.append_only).then_some(1);
        let fetched = self.fetch(kinds, &planned, fetch)?;
        let rows = self.header.rows as usize;
        let row_bytes = kinds.map(|i| fetched.place("change types", i, rows)).transpose()?;

        let mut layouts: Vec<Vec<ColumnLayout>> = Vec::with_capacity(planned.len());
        for p in &planned {
            layouts.push(p.nodes.iter().map(|n| n.layout(&fetched)).collect::<Result<_>>()?);
        }
        let parents: Vec<Vec<usize>> = planned
            .iter()
            .map(|p| p.parents.iter().map(|i| fetched.place("validity", *i, rows.div_ceil(8))).collect::<Result<_>>())
            .collect::<Result<_>>()?;
        let mut arena = fetched.arena;
        for (nodes, parents) in layouts.iter_mut().zip(&parents) {
            if let Some(node) = nodes.first_mut() {
                node.validity = arena.intersect(node.validity, parents, rows.div_ceil(8));
            }
        }
        if sources.iter().all(|s| s.as_ref().is_some_and(|s| s.reading == Reading::AsStored)) {
            return Ok((arena, row_bytes, layouts.concat()));
        }
        convert(arena, row_bytes, rows, projection, &sources, &layouts)
    }

    /// Which buffers the columns need.
    fn plan<'s>(&self, written: &'s Schema, sources: &[Option<Source<'s>>]) -> Result<Vec<Planned<'s>>> {
        let first = if self.header.append_only { (0, 0) } else { (1, 2) };
        let mut starts = Vec::with_capacity(written.columns().len());
        let mut at = first;
        for column in written.columns() {
            starts.push(at);
            let (nodes, buffers) = ipc::spans(&column.data_type);
            at = (at.0 + nodes, at.1 + buffers);
        }
        let rows = self.header.rows as usize;
        let mut out = Vec::with_capacity(sources.len());
        for source in sources {
            let mut planned = Planned::default();
            if let Some(s) = source {
                let mut at = starts[s.path[0]];
                let mut data_type = &written.columns()[s.path[0]].data_type;
                for &field in &s.path[1..] {
                    let TypeRoot::Row(fields) = &data_type.root else { return Err(corrupt("a path leads into no ROW")) };
                    if self.node(at.0, rows)? > 0 {
                        planned.parents.push(at.1);
                    }
                    at = (at.0 + 1, at.1 + 1);
                    for f in &fields[..field] {
                        let (nodes, buffers) = ipc::spans(&f.data_type);
                        at = (at.0 + nodes, at.1 + buffers);
                    }
                    data_type = &fields[field].data_type;
                }
                self.plan_nodes(data_type, rows, &mut at, &mut planned.nodes)?;
            }
            out.push(planned);
        }
        Ok(out)
    }

    /// Adds the node at a place of the metadata, and its children; moves the place behind them.
    fn plan_nodes<'s>(&self, t: &'s DataType, rows: usize, at: &mut (usize, usize), out: &mut Vec<Node<'s>>) -> Result<()> {
        let (node, buffer) = *at;
        let validity = (self.node(node, rows)? > 0).then_some(buffer);
        let mut n = Node { data_type: t, rows, validity, data: None, aux: None, elements: 0 };
        let mut child_rows = rows;
        let own = match &t.root {
            TypeRoot::Array(_) | TypeRoot::Map(..) => {
                n.aux = Some(buffer + 1);
                n.elements = self.node_len(node + 1)?;
                child_rows = n.elements;
                if matches!(t.root, TypeRoot::Map(..)) { (2, 3) } else { (1, 2) }
            }
            TypeRoot::Row(_) => (1, 1),
            _ if t.has_nanos() => {
                (n.data, n.aux) = (Some(buffer + 2), Some(buffer + 4));
                (3, 5)
            }
            _ if t.is_var_width() => {
                (n.data, n.aux) = (Some(buffer + 2), Some(buffer + 1));
                (1, 3)
            }
            _ => {
                n.data = Some(buffer + 1);
                (1, 2)
            }
        };
        *at = (node + own.0, buffer + own.1);
        out.push(n);
        children(t).into_iter().try_for_each(|c| self.plan_nodes(c, child_rows, at, out))
    }

    fn node_len(&self, i: usize) -> Result<usize> {
        let nodes = self.ipc.nodes().unwrap_or_default();
        if i >= nodes.len() {
            return Err(corrupt("the batch has fewer columns than its schema"));
        }
        let len = nodes.get(i).length();
        usize::try_from(len).ok().filter(|l| *l <= i32::MAX as usize).ok_or_else(|| corrupt("a column has an impossible length"))
    }

    /// Null count of a node that has so many rows.
    fn node(&self, i: usize, rows: usize) -> Result<usize> {
        if self.node_len(i)? != rows {
            return Err(corrupt("the columns of the batch differ in length"));
        }
        Ok(self.ipc.nodes().unwrap_or_default().get(i).null_count().max(0) as usize)
    }

    fn fetch(
        &self,
        kinds: Option<usize>,
        planned: &[Planned<'_>],
        fetch: &mut impl FnMut(usize, &mut [u8]) -> Result<()>,
    ) -> Result<Fetched> {
        let of_node = |n: &Node<'_>| [n.validity, n.data, n.aux].into_iter().flatten();
        let of_column = |p: &Planned<'_>| p.parents.iter().copied().chain(p.nodes.iter().flat_map(of_node)).collect::<Vec<_>>();
        let mut indices: Vec<usize> = kinds.into_iter().chain(planned.iter().flat_map(of_column)).collect();
        indices.sort_unstable();
        indices.dedup();
        let wanted = indices.into_iter().map(|i| self.wanted(i)).collect::<Result<Vec<_>>>()?;
        if wanted.iter().map(|w| w.len).sum::<usize>() > self.header.body_len as usize {
            return Err(corrupt("the buffers of the batch overlap"));
        }

        fetch_buffers(self.header, self.prefix, &wanted, fetch)
    }

    fn wanted(&self, index: usize) -> Result<Wanted> {
        let buffers = self.ipc.buffers().unwrap_or_default();
        if index >= buffers.len() {
            return Err(corrupt("the batch has fewer buffers than its schema"));
        }
        let b = buffers.get(index);
        let (offset, len) = (b.offset() as usize, b.length() as usize);
        if b.offset() < 0 || b.length() < 0 || offset.saturating_add(len) > self.header.body_len as usize {
            return Err(corrupt("a buffer lies outside the body of its batch"));
        }
        if !offset.is_multiple_of(64) {
            return Err(corrupt("a buffer does not lie on a 64-byte boundary"));
        }
        Ok(Wanted { index, offset, len })
    }
}

impl Node<'_> {
    /// Readers index by row without a look at lengths, so every buffer must be long enough.
    fn layout(&self, fetched: &Fetched) -> Result<ColumnLayout> {
        let (n, t) = (self, self.data_type);
        let mut layout = ColumnLayout {
            validity: n.validity.map(|i| fetched.place("validity", i, n.rows.div_ceil(8))).transpose()?,
            data_len: n.elements,
            ..ColumnLayout::default()
        };
        if let Some(i) = n.aux {
            let at = fetched.place("offsets", i, 4 * if t.has_nanos() { n.rows } else { n.rows + 1 })?;
            layout.aux = Some(at);
        }
        if let Some(i) = n.data {
            let needed = match t.fixed_width() {
                Some(width) => n.rows * width,
                None if t.is_var_width() => 0,
                None => n.rows.div_ceil(8),
            };
            (layout.data, layout.data_len) = fetched.find("data", i, needed)?;
        }
        if let Some(at) = layout.aux.filter(|_| has_aux(t) && !t.has_nanos()) {
            let int = |at: usize| i32::from_le_bytes(fetched.arena.slice(at, 4).try_into().unwrap_or_default());
            let (first, last) = (int(at), int(at + 4 * n.rows));
            if first < 0 || last < first || last as usize > layout.data_len {
                return Err(corrupt(&format!("offsets from {first} to {last} do not fit data of {}", layout.data_len)));
            }
        }
        Ok(layout)
    }
}

/// The columns as the projection's types say, in a new block.
fn convert(
    stored: Arena,
    row_bytes: Option<usize>,
    rows: usize,
    projection: &Projection,
    sources: &[Option<Source<'_>>],
    layouts: &[Vec<ColumnLayout>],
) -> Result<(Arena, Option<usize>, Vec<ColumnLayout>)> {
    let stored = stored.into_buffer();
    let mut block = Arena::with_capacity(stored.len());
    let row_bytes = row_bytes.map(|at| block.push(&stored[at..at + rows]));
    let mut nodes = Vec::with_capacity(projection.nodes());
    for ((to, source), layout) in projection.types().zip(sources).zip(layouts) {
        let to = without_text(to);
        let array = match source {
            Some(s) => {
                let from = without_text(s.stored);
                evolve(&to_array(&stored, &mut layout.iter(), &from, rows)?, &from, &to)?
            }
            None => nulls(&to, rows),
        };
        block.push_array(array.as_ref(), &to, &mut nodes)?;
    }
    Ok((block, row_bytes, nodes))
}

pub(crate) fn corrupt(m: &str) -> Error {
    Error::new(ErrorCode::CorruptSegment, m)
}
