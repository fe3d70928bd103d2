//! The kv value: a row whose every field is found without looking at the others. Specification: `native/docs/format.md`,
//! "Value".
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray, StructArray, Time32MillisecondArray,
    TimestampMicrosecondArray, TimestampMillisecondArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, MutableBuffer, NullBuffer, OffsetBuffer, ScalarBuffer, bit_util};
use arrow_schema::{DataType as ArrowType, Field, Schema as ArrowSchema, TimeUnit};
use fluss_types::{DataType, Error, ErrorCode, Result, Schema};

use crate::align64;
use crate::column_batch::{Arena, ColumnBatch, ColumnLayout};
use crate::values::{ColumnValues, Values};

/// The longest row.
pub const MAX_ROW_BYTES: usize = 16 << 20;

const SCHEMA_ID_LEN: usize = 4;

#[derive(Clone, Copy, Debug)]
enum Place {
    /// At this byte of the row, with this width (fine timestamps: 12).
    Fixed(usize, usize),
    /// The n-th variable-width field.
    Var(usize),
}

/// Encodes and decodes the rows of one schema.
#[derive(Debug)]
pub struct RowCodec {
    schema: Arc<Schema>,
    places: Vec<Place>,
    /// Where the ends of the variable-width fields stand.
    ends_at: usize,
    /// Where variable-width data begins.
    data_at: usize,
}

impl RowCodec {
    /// The codec of a schema.
    pub fn new(schema: Arc<Schema>) -> Self {
        let columns = schema.columns();
        let mut at = SCHEMA_ID_LEN + columns.len().div_ceil(8);
        let mut vars = 0;
        let mut places = Vec::with_capacity(columns.len());
        for c in columns {
            if c.data_type.is_var_width() {
                places.push(Place::Var(vars));
                vars += 1;
            } else {
                let width = c.data_type.fixed_width().unwrap_or(1) + if c.data_type.has_nanos() { 4 } else { 0 };
                places.push(Place::Fixed(at, width));
                at += width;
            }
        }
        Self { schema, places, ends_at: at, data_at: at + 4 * vars }
    }

    /// Appends a row. Refuses one over [`MAX_ROW_BYTES`], naming its widest column.
    pub fn encode(&self, columns: &[ColumnValues<'_>], row: usize, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        out.resize(start + self.data_at, 0);
        out[start..start + SCHEMA_ID_LEN].copy_from_slice(&self.schema.id().to_le_bytes());
        for (i, (c, place)) in columns.iter().zip(&self.places).enumerate() {
            let null = c.is_null(row);
            if null {
                out[start + SCHEMA_ID_LEN + i / 8] |= 1 << (i % 8);
            }
            match *place {
                Place::Fixed(..) if null => {}
                Place::Fixed(at, width) => put_fixed(&c.values, row, &mut out[start + at..start + at + width]),
                Place::Var(n) => {
                    if !null && let Values::Bytes { offsets, data } = &c.values {
                        out.extend_from_slice(Values::bytes_at(offsets, data, row));
                    }
                    let end = (out.len() - start - self.data_at) as u32;
                    let at = start + self.ends_at + 4 * n;
                    out[at..at + 4].copy_from_slice(&end.to_le_bytes());
                }
            }
        }
        let len = out.len() - start;
        if len > MAX_ROW_BYTES {
            let widest = (0..columns.len()).max_by_key(|i| match &columns[*i].values {
                Values::Bytes { offsets, data } => Values::bytes_at(offsets, data, row).len(),
                _ => 0,
            });
            let name = widest.map_or("", |i| &self.schema.columns()[i].name);
            return Err(Error::invalid(format!(
                "row {row} of the batch has {len} bytes, at most {MAX_ROW_BYTES} are allowed; its widest column is '{name}'"
            )));
        }
        Ok(())
    }

    fn check<'a>(&self, row: &'a [u8]) -> Result<&'a [u8]> {
        let corrupt = |m: String| Err(Error::new(ErrorCode::CorruptKv, m));
        if row.len() < self.data_at {
            return corrupt(format!("a stored row has {} bytes, its schema needs at least {}", row.len(), self.data_at));
        }
        let id = u32::from_le_bytes([row[0], row[1], row[2], row[3]]);
        if id != self.schema.id() {
            return Err(Error::new(
                ErrorCode::UnknownFormat,
                format!("a stored row has schema {id}, the table has {}", self.schema.id()),
            ));
        }
        if self.ends_at < self.data_at && row.len() - self.data_at != end_at(row, self.data_at - 4) {
            return corrupt("a stored row is shorter or longer than its fields".into());
        }
        Ok(row)
    }

    /// Decodes columns of stored rows; a `None` row is all NULL.
    fn columns(&self, rows: &[Option<&[u8]>], projection: &[usize]) -> Result<Vec<RawColumn>> {
        for r in rows.iter().flatten() {
            self.check(r)?;
        }
        projection.iter().map(|&i| self.column(rows, i)).collect()
    }

    fn column(&self, rows: &[Option<&[u8]>], column: usize) -> Result<RawColumn> {
        let data_type = &self.schema.columns()[column].data_type;
        let null_bit = |r: &[u8]| r[SCHEMA_ID_LEN + column / 8] & (1 << (column % 8)) != 0;
        let nulls = rows.iter().filter(|r| r.is_none_or(null_bit)).count();
        let validity = (nulls > 0).then(|| bitmap(rows.len(), |i| rows[i].is_some_and(|r| !null_bit(r))));
        let mut out = RawColumn { data_type: data_type.clone(), validity, data: MutableBuffer::new(0), aux: None };
        match self.places[column] {
            Place::Var(n) => {
                let mut offsets = Vec::with_capacity(rows.len() + 1);
                offsets.push(0i32);
                for r in rows {
                    if let Some(r) = r {
                        let from = if n == 0 { 0 } else { end_at(r, self.ends_at + 4 * (n - 1)) };
                        let to = end_at(r, self.ends_at + 4 * n);
                        let field = r.get(self.data_at + from..self.data_at + to);
                        out.data.extend_from_slice(
                            field.ok_or_else(|| Error::new(ErrorCode::CorruptKv, "a field lies outside its stored row"))?,
                        );
                    }
                    let end = i32::try_from(out.data.len())
                        .map_err(|_| Error::invalid("the rows of one answer hold over 2 GiB; ask for fewer"))?;
                    offsets.push(end);
                }
                out.aux = Some(Buffer::from_vec(offsets));
            }
            Place::Fixed(at, _) if data_type.fixed_width().is_none() => {
                out.data = bitmap_buffer(rows.len(), |i| rows[i].is_some_and(|r| r[at] != 0));
            }
            Place::Fixed(at, stored) => {
                let width = data_type.fixed_width().unwrap_or(stored);
                out.data = MutableBuffer::with_capacity(rows.len() * width);
                for r in rows {
                    match r {
                        Some(r) => out.data.extend_from_slice(&r[at..at + width]),
                        None => out.data.extend_zeros(width),
                    }
                }
                if data_type.has_nanos() {
                    let nanos = rows.iter().map(|r| r.map_or(0, |r| end_at(r, at + width) as i32));
                    out.aux = Some(Buffer::from_vec(nanos.collect::<Vec<i32>>()));
                }
            }
        }
        Ok(out)
    }

    /// Stored rows as a record batch of the whole schema.
    pub fn decode(&self, rows: &[&[u8]]) -> Result<RecordBatch> {
        let rows: Vec<Option<&[u8]>> = rows.iter().map(|r| Some(*r)).collect();
        let all: Vec<usize> = (0..self.schema.columns().len()).collect();
        let columns = self.columns(&rows, &all)?;
        let arrays = columns.into_iter().map(|c| c.into_array(rows.len())).collect::<Result<Vec<_>>>()?;
        // A schema of its own: key columns of rows are never null, others as declared.
        let fields: Vec<Field> = self
            .schema
            .arrow_schema()
            .fields()
            .iter()
            .zip(&arrays)
            .map(|(f, a)| Field::new(f.name(), a.data_type().clone(), f.is_nullable()))
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        Ok(RecordBatch::try_new_with_options(Arc::new(ArrowSchema::new(fields)), arrays, &options)?)
    }

    /// Stored rows as a batch for readers; `with_found` adds one byte a row that says whether it was there.
    pub fn decode_projected(&self, rows: &[Option<&[u8]>], projection: &[usize], with_found: bool) -> Result<ColumnBatch> {
        let columns = self.columns(rows, projection)?;
        let capacity = columns.iter().map(RawColumn::bytes).sum::<usize>() + align64(rows.len());
        let mut arena = Arena::with_capacity(capacity);
        let row_bytes = with_found.then(|| {
            let at = arena.reserve(rows.len());
            for (out, r) in arena.slice_mut(at, rows.len()).iter_mut().zip(rows) {
                *out = u8::from(r.is_some());
            }
            at
        });
        let columns = columns
            .iter()
            .map(|c| ColumnLayout {
                validity: c.validity.as_ref().map(|v| arena.push(v.validity())),
                data: arena.push(&c.data),
                aux: c.aux.as_ref().map(|a| arena.push(a)),
                data_len: c.data.len(),
            })
            .collect();
        Ok(ColumnBatch {
            bytes: arena.into_bytes(),
            bucket: -1,
            rows: rows.len(),
            first_row: 0,
            end_row: rows.len(),
            base_offset: -1,
            commit_timestamp: -1,
            row_bytes,
            schema_id: self.schema.id(),
            columns,
        })
    }
}

fn put_fixed(values: &Values<'_>, row: usize, out: &mut [u8]) {
    match values {
        Values::Bool(a) => out[0] = u8::from(a.value(row)),
        Values::I8(v) => out[0] = v[row] as u8,
        Values::I16(v) => out.copy_from_slice(&v[row].to_le_bytes()),
        Values::I32(v) => out.copy_from_slice(&v[row].to_le_bytes()),
        Values::I64(v) => out.copy_from_slice(&v[row].to_le_bytes()),
        Values::F32(v) => out.copy_from_slice(&v[row].to_le_bytes()),
        Values::F64(v) => out.copy_from_slice(&v[row].to_le_bytes()),
        Values::I128(v) => out.copy_from_slice(&v[row].to_le_bytes()),
        Values::MillisNanos(ms, ns) => {
            out[..8].copy_from_slice(&ms[row].to_le_bytes());
            out[8..].copy_from_slice(&ns[row].to_le_bytes());
        }
        Values::Bytes { .. } => {}
    }
}

fn end_at(row: &[u8], at: usize) -> usize {
    u32::from_le_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]) as usize
}

fn bitmap_buffer(len: usize, bit: impl Fn(usize) -> bool) -> MutableBuffer {
    let mut bits = MutableBuffer::from_len_zeroed(len.div_ceil(8));
    for i in (0..len).filter(|i| bit(*i)) {
        bit_util::set_bit(bits.as_slice_mut(), i);
    }
    bits
}

fn bitmap(len: usize, bit: impl Fn(usize) -> bool) -> NullBuffer {
    NullBuffer::new(BooleanBuffer::new(bitmap_buffer(len, bit).into(), 0, len))
}

/// A decoded column before it becomes an array or part of a block.
#[derive(Debug)]
struct RawColumn {
    data_type: DataType,
    validity: Option<NullBuffer>,
    data: MutableBuffer,
    aux: Option<Buffer>,
}

impl RawColumn {
    fn bytes(&self) -> usize {
        align64(self.data.len())
            + self.aux.as_ref().map_or(0, |a| align64(a.len()))
            + self.validity.as_ref().map_or(0, |v| align64(v.len()))
    }

    fn into_array(self, rows: usize) -> Result<ArrayRef> {
        let nulls = self.validity;
        let data: Buffer = self.data.into();
        let aux = self.aux.unwrap_or_default();
        fn scalars<T: arrow_buffer::ArrowNativeType>(b: Buffer, rows: usize) -> ScalarBuffer<T> {
            ScalarBuffer::new(b, 0, rows)
        }
        Ok(match self.data_type.to_arrow() {
            ArrowType::Boolean => Arc::new(BooleanArray::new(BooleanBuffer::new(data, 0, rows), nulls)),
            ArrowType::Int8 => Arc::new(Int8Array::new(scalars(data, rows), nulls)),
            ArrowType::Int16 => Arc::new(Int16Array::new(scalars(data, rows), nulls)),
            ArrowType::Int32 => Arc::new(Int32Array::new(scalars(data, rows), nulls)),
            ArrowType::Int64 => Arc::new(Int64Array::new(scalars(data, rows), nulls)),
            ArrowType::Float32 => Arc::new(Float32Array::new(scalars(data, rows), nulls)),
            ArrowType::Float64 => Arc::new(Float64Array::new(scalars(data, rows), nulls)),
            ArrowType::Decimal128(p, s) => {
                Arc::new(Decimal128Array::new(scalars(data, rows), nulls).with_precision_and_scale(p, s)?)
            }
            ArrowType::Date32 => Arc::new(Date32Array::new(scalars(data, rows), nulls)),
            ArrowType::Time32(_) => Arc::new(Time32MillisecondArray::new(scalars(data, rows), nulls)),
            ArrowType::Timestamp(TimeUnit::Millisecond, zone) => {
                Arc::new(TimestampMillisecondArray::new(scalars(data, rows), nulls).with_timezone_opt(zone))
            }
            ArrowType::Timestamp(_, zone) => {
                Arc::new(TimestampMicrosecondArray::new(scalars(data, rows), nulls).with_timezone_opt(zone))
            }
            ArrowType::Struct(fields) => {
                let zone = match fields[0].data_type() {
                    ArrowType::Timestamp(_, zone) => zone.clone(),
                    _ => None,
                };
                let millis = TimestampMillisecondArray::new(scalars(data, rows), None).with_timezone_opt(zone);
                let nanos = Int32Array::new(scalars(aux, rows), None);
                Arc::new(StructArray::new(fields, vec![Arc::new(millis), Arc::new(nanos)], nulls))
            }
            ArrowType::Utf8 => Arc::new(StringArray::try_new(OffsetBuffer::new(scalars(aux, rows + 1)), data, nulls)?),
            _ => Arc::new(BinaryArray::try_new(OffsetBuffer::new(scalars(aux, rows + 1)), data, nulls)?),
        })
    }
}
