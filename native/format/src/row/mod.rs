//! The kv value: a row whose every field is found without looking at the others. Specification: `native/docs/format.md`,
//! "Value".
mod binary;
mod decode;
mod fields;
mod time;
mod view;

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use fluss_types::{DataType, Error, ErrorCode, Result, Schema, SchemaId, Schemas, TypeRoot};

use self::decode::corrupt;
use self::fields::{Fields, Place};
use crate::Filter;
use crate::arrays::{self, Parts, mismatch, without_text};
use crate::column_batch::{Arena, ColumnBatch};
use crate::evolve::{Reading, evolve, evolve_batch};
use crate::projection::{Projection, Source};
use crate::values::ColumnValues;

pub use self::binary::BinaryRows;
pub use self::time::Expiry;
use self::time::TIME_LEN;
pub use self::view::RowBuilder;

/// The longest row.
pub const MAX_ROW_BYTES: usize = 16 << 20;

const SCHEMA_ID_LEN: usize = 4;

/// Encodes rows of a table's current schema, and decodes those of any version of it.
#[derive(Debug)]
pub struct RowCodec {
    schemas: Arc<Schemas>,
    fields: Fields,
}

impl RowCodec {
    /// The codec of a table.
    pub fn new(schemas: Arc<Schemas>) -> Self {
        Self::with_time(schemas, false)
    }

    /// The codec of a table whose rows expire if `timed`: they have a commit timestamp, 0 until [`RowCodec::set_time`].
    pub fn with_time(schemas: Arc<Schemas>, timed: bool) -> Self {
        let base = SCHEMA_ID_LEN + if timed { TIME_LEN } else { 0 };
        let fields = Fields::new(schemas.current().columns(), base);
        Self { schemas, fields }
    }

    /// The schema that rows are written with.
    pub fn schema(&self) -> &Arc<Schema> {
        self.schemas.current()
    }

    /// All versions of the schema.
    pub fn schemas(&self) -> &Arc<Schemas> {
        &self.schemas
    }

    /// Appends a row. Refuses one over [`MAX_ROW_BYTES`], naming its widest column.
    pub fn encode(&self, columns: &[ColumnValues<'_>], row: usize, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        self.fields.encode(columns, row, out);
        out[start..start + SCHEMA_ID_LEN].copy_from_slice(&self.schema().id().to_le_bytes());
        self.check_size(&out[start..]).map_err(|e| e.at(format_args!("row {row} of the batch")))
    }

    fn check_size(&self, stored: &[u8]) -> Result<()> {
        let len = stored.len();
        if len <= MAX_ROW_BYTES {
            return Ok(());
        }
        let end = |n: usize| {
            let at = self.fields.ends_at + 4 * n;
            u32::from_le_bytes([stored[at], stored[at + 1], stored[at + 2], stored[at + 3]])
        };
        let width = |i: &usize| match self.fields.places[*i] {
            Place::Fixed(_, width) => width as u32,
            Place::Var(n) => end(n) - if n == 0 { 0 } else { end(n - 1) },
        };
        let columns = self.schema().columns();
        let name = (0..columns.len()).max_by_key(width).map_or("", |i| &columns[i].name);
        Err(Error::invalid(format!("a row of {len} bytes, at most {MAX_ROW_BYTES} are allowed; its widest column is '{name}'")))
    }

    /// Checks rows of the current schema; `Err(id)`: there is a row of another one.
    fn check<'a>(&self, rows: impl Iterator<Item = &'a [u8]>) -> Result<std::result::Result<(), SchemaId>> {
        for row in rows {
            let id = schema_id(row)?;
            if id != self.schema().id() {
                return Ok(Err(id));
            }
            self.fields.check(row)?;
        }
        Ok(Ok(()))
    }

    /// Stored rows of any version as rows of the current schema, checked, whose fields [`RowCodec::field`] finds.
    pub fn upgrade<'a>(&self, rows: &[&'a [u8]]) -> Result<Vec<Cow<'a, [u8]>>> {
        let rows: Vec<Option<&[u8]>> = rows.iter().map(|r| Some(*r)).collect();
        if self.check(rows.iter().flatten().copied())?.is_ok() {
            return Ok(rows.into_iter().flatten().map(Cow::Borrowed).collect());
        }
        let upgraded: Vec<Cow<'a, [u8]>> = self.upgraded(&rows)?.into_iter().flatten().collect();
        upgraded.iter().try_for_each(|row| self.fields.check(row))?;
        Ok(upgraded)
    }

    /// The rows as rows of the current schema: those of an older one are written anew.
    fn upgraded<'a>(&self, rows: &[Option<&'a [u8]>]) -> Result<Vec<Option<Cow<'a, [u8]>>>> {
        let mut out: Vec<Option<Cow<'a, [u8]>>> = rows.iter().map(|r| r.map(Cow::Borrowed)).collect();
        let mut stale: Vec<(SchemaId, usize)> = Vec::new();
        for (i, row) in rows.iter().enumerate() {
            if let Some(row) = row {
                let id = schema_id(row)?;
                if id != self.schema().id() {
                    stale.push((id, i));
                }
            }
        }
        stale.sort_unstable();
        for group in stale.chunk_by(|a, b| a.0 == b.0) {
            let id = group[0].0;
            let Some(written) = self.schemas.get(id) else {
                return Err(Error::new(
                    ErrorCode::UnknownFormat,
                    format!("a stored row has schema {id}, the table has schemas up to {}", self.schema().id()),
                ));
            };
            let old = Self::with_time(Arc::new(written.clone().into()), self.is_timed());
            let stored: Vec<&[u8]> = group.iter().filter_map(|(_, i)| rows[*i]).collect();
            let batch = evolve_batch(&old.decode(&stored)?, written, self.schema())?;
            let columns = ColumnValues::all(&batch, self.schema().columns())?;
            for (n, (_, i)) in group.iter().enumerate() {
                let mut row = Vec::new();
                self.encode(&columns, n, &mut row)?;
                row[SCHEMA_ID_LEN..self.fields.base].copy_from_slice(&stored[n][SCHEMA_ID_LEN..self.fields.base]);
                out[*i] = Some(Cow::Owned(row));
            }
        }
        Ok(out)
    }

    /// Calls `read` with rows of the current schema, checked.
    fn with_current<T>(&self, rows: &[Option<&[u8]>], read: impl FnOnce(&[Option<&[u8]>]) -> Result<T>) -> Result<T> {
        let read = |rows: &[Option<&[u8]>]| {
            read(rows).map_err(|e| if e.code() == ErrorCode::CorruptSegment { corrupt(e.message()) } else { e })
        };
        if self.check(rows.iter().flatten().copied())?.is_ok() {
            return read(rows);
        }
        let upgraded = self.upgraded(rows)?;
        let rows: Vec<Option<&[u8]>> = upgraded.iter().map(Option::as_deref).collect();
        if let Err(id) = self.check(rows.iter().flatten().copied())? {
            return Err(Error::internal(format!("a row of schema {id} was not upgraded")));
        }
        read(&rows)
    }

    /// Stored rows of any version as a record batch of the current schema.
    pub fn decode(&self, rows: &[&[u8]]) -> Result<RecordBatch> {
        let rows: Vec<Option<&[u8]>> = rows.iter().map(|r| Some(*r)).collect();
        let columns = self.schema().columns();
        let decode = |rows: &[Option<&[u8]>]| {
            columns.iter().enumerate().map(|(i, c)| self.fields.column(rows, i, &c.data_type)).collect::<Result<Vec<_>>>()
        };
        let arrays = self.with_current(&rows, decode)?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        RecordBatch::try_new_with_options(self.schema().arrow_schema(), arrays, &options)
            .map_err(|e| corrupt(format!("stored rows do not fit their schema: {e}")))
    }

    /// Which of some stored rows of any version match a filter.
    pub fn matching(&self, rows: &[&[u8]], filter: &Filter) -> Result<BooleanBuffer> {
        let rows: Vec<Option<&[u8]>> = rows.iter().map(|r| Some(*r)).collect();
        filter.matching(&self.columns(&rows, filter.projection())?, rows.len())
    }

    /// The projected columns of stored rows of any version, without text; a `None` row is all NULL.
    fn columns(&self, rows: &[Option<&[u8]>], projection: &Projection) -> Result<Vec<ArrayRef>> {
        let sources = projection.sources(self.schema())?;
        self.with_current(rows, |rows| {
            let column = |(source, to): (&Option<Source<'_>>, &DataType)| self.projected(rows, source.as_ref(), to);
            sources.iter().zip(projection.types()).map(column).collect()
        })
    }

    /// One of them, of rows of the current schema that are checked.
    fn projected(&self, rows: &[Option<&[u8]>], source: Option<&Source<'_>>, to: &DataType) -> Result<ArrayRef> {
        let to = without_text(to);
        let Some(s) = source else { return Ok(arrays::nulls(&to, rows.len())) };
        let whole = without_text(&self.schema().columns()[s.path[0]].data_type);
        let array = self.fields.column(rows, s.path[0], &whole)?;
        let array = field(array, &whole, &s.path[1..])?;
        evolve(&array, &without_text(s.stored), &to)
    }

    /// Stored rows of any version as a batch for readers of the current schema, or of an older one; a `None` row is all NULL.
    /// `with_found` adds one byte a row that says whether it was there.
    pub fn decode_projected(&self, rows: &[Option<&[u8]>], projection: &Projection, with_found: bool) -> Result<ColumnBatch> {
        let sources = projection.sources(self.schema())?;
        let (arena, row_bytes, nodes) = self.with_current(rows, |rows| {
            let stored: usize = sources.iter().flatten().map(|s| self.fields.bytes_of(rows, s.path[0])).sum();
            let mut arena = Arena::with_capacity(stored + (rows.len() * 4 + 64 * 3) * (projection.nodes() + 1));
            let row_bytes = with_found.then(|| {
                let at = arena.reserve(rows.len());
                for (out, r) in arena.slice_mut(at, rows.len()).iter_mut().zip(rows) {
                    *out = u8::from(r.is_some());
                }
                at
            });
            let mut nodes = Vec::with_capacity(projection.nodes());
            for (source, t) in sources.iter().zip(projection.types()) {
                match source {
                    Some(s) if s.path.len() == 1 && s.reading == Reading::AsStored && !t.is_nested() => {
                        nodes.push(self.fields.append(rows, s.path[0], t, &mut arena)?);
                    }
                    _ => {
                        let array = self.projected(rows, source.as_ref(), t)?;
                        arena.push_array(array.as_ref(), &without_text(t), &mut nodes)?;
                    }
                }
            }
            Ok((arena, row_bytes, nodes))
        })?;
        Ok(ColumnBatch {
            bytes: arena.into_bytes(),
            bucket: -1,
            rows: rows.len(),
            first_row: 0,
            end_row: rows.len(),
            base_offset: -1,
            commit_timestamp: -1,
            row_bytes,
            schema_id: self.schema().id(),
            selected: None,
            ends: None,
            columns: nodes,
        })
    }
}

fn schema_id(row: &[u8]) -> Result<SchemaId> {
    let id = row.first_chunk::<SCHEMA_ID_LEN>().ok_or_else(|| corrupt("a stored row ends within its schema id"))?;
    Ok(u32::from_le_bytes(*id))
}

/// The field of a ROW that a path leads to, NULL where a ROW around it is.
fn field(array: ArrayRef, t: &DataType, path: &[usize]) -> Result<ArrayRef> {
    let Some((&first, rest)) = path.split_first() else { return Ok(array) };
    let (TypeRoot::Row(fields), Some(row)) = (&t.root, array.as_struct_opt()) else {
        return Err(mismatch(array.as_ref(), t));
    };
    let t = &fields[first].data_type;
    let child = row.column(first);
    let mut parts = Parts::of(child.as_ref(), t)?;
    parts.nulls = NullBuffer::union(row.nulls(), child.nulls());
    field(parts.into_array(t)?, t, rest)
}
