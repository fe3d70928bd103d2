//! Java's buffers become Arrow record batches: copied first, then checked, so that nothing that Java does afterwards can
//! change what was checked. Layouts: `native/docs/jni.md`. Errors name the column and, where there is one, the row.
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, ListArray, MapArray, PrimitiveArray, RecordBatch, StructArray, make_array};
use arrow_buffer::{BooleanBuffer, Buffer, MutableBuffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType as ArrowType, Field, Fields, SchemaRef};
use fluss_format::node_count;
use fluss_types::{Column, DataType, Error, ErrorCode, Result, TypeRoot};
use jni::Env;
use jni::objects::{JByteBuffer, JObjectArray};
use jni::refs::Global;

use crate::guard::Failure;

/// Buffers that a native got: null, or the memory of a direct buffer.
pub type Buffers<'a> = Vec<Option<&'a [u8]>>;

/// Buffers a node: validity, data, aux.
const PER_NODE: usize = 3;

const NANOS_PER_MILLI: i32 = 1_000_000;
const DELETE: u8 = 1;

/// The memory of an array of direct buffers, for the time of the native call. `expected`: how many there must be.
pub fn buffers<'local>(
    env: &mut Env<'local>,
    array: &JObjectArray<'local, JByteBuffer<'local>>,
    expected: usize,
) -> std::result::Result<Buffers<'local>, Failure> {
    if array.is_null() {
        return Err(Error::invalid("the array of buffers is null").into());
    }
    let length = array.len(env)?;
    if length != expected {
        let message = format!("the array has {length} buffers; the table's columns need {expected}");
        return Err(Error::new(ErrorCode::SchemaMismatch, message).into());
    }
    // The references are kept until the native returns: they keep the memory alive whatever Java does to the array.
    env.ensure_local_capacity(expected + 16)?;
    let mut memory = Vec::with_capacity(expected);
    for index in 0..expected {
        let buffer = array.get_element(env, index)?;
        if buffer.is_null() {
            memory.push(None);
            continue;
        }
        let (Ok(address), Ok(capacity)) = (env.get_direct_buffer_address(&buffer), env.get_direct_buffer_capacity(&buffer))
        else {
            return Err(Error::invalid(format!("buffer {index} of the array is not a direct buffer")).into());
        };
        // SAFETY: address and capacity are those of a direct buffer that a local reference keeps until the native
        // returns, which is 'local. Java promises not to write during the call; were it to, the copies made of the
        // slice are checked and the slice is not read again.
        memory.push(Some(unsafe { std::slice::from_raw_parts(address, capacity) }));
    }
    Ok(memory)
}

/// A direct buffer that is kept over several calls.
pub struct PinnedBuffer {
    address: *mut u8,
    capacity: usize,
    /// Keeps the memory.
    _buffer: Global<JByteBuffer<'static>>,
}

// SAFETY: the memory belongs to the buffer, wherever it is used from.
unsafe impl Send for PinnedBuffer {}
// SAFETY: it gives its memory out only as `bytes` says.
unsafe impl Sync for PinnedBuffer {}

impl PinnedBuffer {
    /// Keeps a direct buffer.
    pub fn new(env: &Env<'_>, buffer: &JByteBuffer<'_>) -> std::result::Result<Self, Failure> {
        if buffer.is_null() {
            return Err(Error::invalid("the buffer is null").into());
        }
        let (Ok(address), Ok(capacity)) = (env.get_direct_buffer_address(buffer), env.get_direct_buffer_capacity(buffer)) else {
            return Err(Error::invalid("the buffer is not a direct buffer").into());
        };
        Ok(Self { address, capacity, _buffer: env.new_global_ref(buffer)? })
    }

    /// Its memory.
    ///
    /// # Safety
    /// Nobody else reads or writes it meanwhile, neither here nor in Java.
    #[allow(clippy::mut_from_ref, reason = "the memory is not part of this")]
    pub unsafe fn bytes(&self) -> &mut [u8] {
        // SAFETY: address and capacity are those of a direct buffer that the global reference keeps; the caller has it alone.
        unsafe { std::slice::from_raw_parts_mut(self.address, self.capacity) }
    }
}

/// The columns of the batches that are to come: Arrow's fields beside our types, which tell a fine timestamp from a ROW.
#[derive(Debug)]
pub struct InputColumns {
    schema: SchemaRef,
    types: Vec<DataType>,
    buffers: usize,
}

impl InputColumns {
    /// The fields of `schema` are the columns.
    pub fn new<'a>(schema: SchemaRef, columns: impl IntoIterator<Item = &'a Column>) -> Self {
        let types: Vec<DataType> = columns.into_iter().map(|c| c.data_type.clone()).collect();
        let buffers = PER_NODE * types.iter().map(node_count).sum::<usize>();
        Self { schema, types, buffers }
    }

    /// Some of the columns, by their positions.
    pub fn some(schema: &SchemaRef, columns: &[Column], positions: &[usize]) -> Result<Self> {
        Ok(Self::new(Arc::new(schema.project(positions)?), positions.iter().map(|&i| &columns[i])))
    }

    /// How many buffers they come in, change kinds not counted.
    pub fn buffers(&self) -> usize {
        self.buffers
    }
}

/// Change kinds of a `write` (`None`: all append or upsert) and its rows. Only key columns are NOT NULL, since of a deleted row nothing else
/// is read. `buffers`: kinds, then three a node.
pub fn write_batch(columns: &InputColumns, buffers: &[Option<&[u8]>], rows: usize) -> Result<(Option<Vec<u8>>, RecordBatch)> {
    let kinds = change_kinds(buffers[0], rows)?;
    let batch = record_batch(columns, &buffers[1..], rows)?;
    Ok((kinds, batch))
}

/// Keys of a lookup: the primary key columns in key order; `buffers`: three a column.
pub fn key_batch(columns: &InputColumns, buffers: &[Option<&[u8]>], rows: usize) -> Result<RecordBatch> {
    record_batch(columns, buffers, rows)
}

fn change_kinds(buffer: Option<&[u8]>, rows: usize) -> Result<Option<Vec<u8>>> {
    let Some(memory) = buffer else {
        return Ok(None);
    };
    let Some(kinds) = memory.get(..rows).map(<[u8]>::to_vec) else {
        return Err(Error::invalid(format!("the buffer of change kinds has {} bytes; {rows} rows need {rows}", memory.len())));
    };
    match kinds.iter().position(|&k| k > DELETE) {
        Some(row) => Err(Error::invalid(format!("row {row}: change kind {} is unknown; 0 is upsert, 1 is delete", kinds[row]))),
        None => Ok(Some(kinds)),
    }
}

fn record_batch(columns: &InputColumns, buffers: &[Option<&[u8]>], rows: usize) -> Result<RecordBatch> {
    let mut buffers = buffers.chunks_exact(PER_NODE);
    let mut arrays = Vec::with_capacity(columns.types.len());
    for (field, data_type) in columns.schema.fields().iter().zip(&columns.types) {
        let node = Node::next(field.name().clone(), field, data_type, rows, &mut buffers)?;
        if let (false, Some(nulls)) = (field.is_nullable(), node.nulls()?) {
            let row = (0..rows).find(|&row| nulls.is_null(row)).unwrap_or_default();
            let message = format!("row {row}: primary key column '{}' is NULL; keys are NOT NULL", field.name());
            return Err(Error::new(ErrorCode::NullKey, message));
        }
        arrays.push(node.array(&mut buffers)?);
    }
    RecordBatch::try_new(columns.schema.clone(), arrays)
        .map_err(|e| Error::new(ErrorCode::SchemaMismatch, format!("the rows do not fit the table: {e}")))
}

/// Buffers of the nodes that are still to be read.
type Rest<'a> = std::slice::ChunksExact<'a, Option<&'a [u8]>>;

/// One node as it came: a column, an element of an ARRAY, a key or value of a MAP, or a field of a ROW.
struct Node<'a> {
    /// The column, and the way from it: `points.element.x`.
    name: String,
    field: &'a Field,
    data_type: &'a DataType,
    rows: usize,
    validity: Option<&'a [u8]>,
    data: Option<&'a [u8]>,
    aux: Option<&'a [u8]>,
}

impl<'a> Node<'a> {
    fn next(name: String, field: &'a Field, data_type: &'a DataType, rows: usize, rest: &mut Rest<'a>) -> Result<Self> {
        let Some([validity, data, aux]) = rest.next() else {
            return Err(Error::internal(format!("column '{name}' has no buffers")));
        };
        Ok(Self { name, field, data_type, rows, validity: *validity, data: *data, aux: *aux })
    }

    /// The array of the node; its children, which `rest` begins with, are taken from there.
    fn array(&self, rest: &mut Rest<'a>) -> Result<ArrayRef> {
        let nulls = self.nulls()?;
        match (self.field.data_type(), &self.data_type.root) {
            (ArrowType::Boolean, _) => self.build(nulls, vec![self.copy("data", self.data, self.rows.div_ceil(8))?], vec![]),
            (ArrowType::Utf8 | ArrowType::Binary, _) => {
                let offsets = self.offsets()?;
                let data = self.copy("data", self.data, offsets[self.rows] as usize)?;
                let made = self.build(nulls, vec![offsets.inner().clone(), data.clone()], vec![]);
                made.map_err(|e| self.bad_text(&offsets, &data).unwrap_or(e))
            }
            (ArrowType::List(element), TypeRoot::Array(t)) => {
                let offsets = self.offsets()?;
                let elements = self.child("element", element, t, offsets[self.rows] as usize, rest)?;
                let list = ListArray::try_new(element.clone(), OffsetBuffer::new(offsets), elements, nulls);
                Ok(Arc::new(list.map_err(|e| self.invalid(e.to_string()))?))
            }
            (ArrowType::Map(entries, sorted), TypeRoot::Map(k, v)) => {
                let ArrowType::Struct(fields) = entries.data_type() else { return Err(self.unexpected()) };
                let offsets = self.offsets()?;
                let length = offsets[self.rows] as usize;
                let keys = self.child("key", &fields[0], k, length, rest)?;
                let values = self.child("value", &fields[1], v, length, rest)?;
                let map = StructArray::try_new(fields.clone(), vec![keys, values], None)
                    .and_then(|e| MapArray::try_new(entries.clone(), OffsetBuffer::new(offsets), e, nulls, *sorted));
                Ok(Arc::new(map.map_err(|e| self.invalid(e.to_string()))?))
            }
            (ArrowType::Struct(fields), TypeRoot::Row(columns)) => {
                let children = fields.iter().zip(columns);
                let children = children.map(|(f, c)| self.child(&c.name, f, &c.data_type, self.rows, rest));
                let row = StructArray::try_new(fields.clone(), children.collect::<Result<_>>()?, nulls);
                Ok(Arc::new(row.map_err(|e| self.invalid(e.to_string()))?))
            }
            (ArrowType::Struct(fields), _) => {
                let children = self.fine_timestamp(fields)?;
                self.build(nulls, vec![], children)
            }
            (other, _) => self.build(nulls, vec![self.copy("data", self.data, self.fixed_bytes(other)?)?], vec![]),
        }
    }

    fn child(&self, name: &str, field: &'a Field, t: &'a DataType, rows: usize, rest: &mut Rest<'a>) -> Result<ArrayRef> {
        Self::next(format!("{}.{name}", self.name), field, t, rows, rest)?.array(rest)
    }

    fn build(&self, nulls: Option<NullBuffer>, buffers: Vec<Buffer>, children: Vec<ArrayData>) -> Result<ArrayRef> {
        let builder = ArrayData::builder(self.field.data_type().clone()).len(self.rows).nulls(nulls);
        let data = builder.buffers(buffers).child_data(children).build();
        data.map(make_array).map_err(|e| self.invalid(e.to_string()))
    }

    /// `None`: no value is null.
    fn nulls(&self) -> Result<Option<NullBuffer>> {
        if self.validity.is_none() {
            return Ok(None);
        }
        let bits = self.copy("validity", self.validity, self.rows.div_ceil(8))?;
        let nulls = NullBuffer::new(BooleanBuffer::new(bits, 0, self.rows));
        Ok(Some(nulls).filter(|n| n.null_count() > 0))
    }

    fn offsets(&self) -> Result<ScalarBuffer<i32>> {
        let bytes = self.copy("aux (offsets)", self.aux, (self.rows + 1) * size_of::<i32>())?;
        let offsets = ScalarBuffer::<i32>::new(bytes, 0, self.rows + 1);
        if offsets[0] != 0 {
            return Err(self.invalid(format!("its offsets start at {}; they must start at 0", offsets[0])));
        }
        match offsets.windows(2).position(|pair| pair[1] < pair[0]) {
            Some(row) => Err(self.invalid(format!("row {row}: offsets go back from {} to {}", offsets[row], offsets[row + 1]))),
            None => Ok(offsets),
        }
    }

    /// Which row is not UTF-8, after Arrow has said that one is not.
    fn bad_text(&self, offsets: &[i32], data: &[u8]) -> Option<Error> {
        let at = match std::str::from_utf8(data) {
            Ok(text) => offsets.iter().map(|&o| o as usize).find(|&o| !text.is_char_boundary(o))?,
            Err(e) => e.valid_up_to(),
        };
        // The last row that begins at or before the byte.
        let row = offsets.partition_point(|&o| o as usize <= at).clamp(1, self.rows.max(1)) - 1;
        Some(self.invalid(format!("row {row}: the value is not valid UTF-8 (byte {at} of the batch's text)")))
    }

    /// Milliseconds and nanoseconds of the millisecond of a timestamp finer than microseconds.
    fn fine_timestamp(&self, fields: &Fields) -> Result<Vec<ArrayData>> {
        let [millis, nanos] = fields.iter().collect::<Vec<_>>()[..] else {
            return Err(self.unexpected());
        };
        let child = |what, buffer, field: &Arc<Field>| -> Result<ArrayData> {
            let bytes = self.copy(what, buffer, self.fixed_bytes(field.data_type())?)?;
            let builder = ArrayData::builder(field.data_type().clone()).len(self.rows).add_buffer(bytes);
            builder.build().map_err(|e| self.invalid(e.to_string()))
        };
        let millis = child("data (milliseconds)", self.data, millis)?;
        let nanos = PrimitiveArray::<Int32Type>::from(child("aux (nanoseconds)", self.aux, nanos)?);
        // The bytes of a null are undefined and stay as they are.
        let defined = |row: usize| self.validity.is_none_or(|bits| bits[row / 8] >> (row % 8) & 1 == 1);
        let wrong = |&(row, n): &(usize, i32)| !(0..NANOS_PER_MILLI).contains(&n) && defined(row);
        match nanos.values().iter().copied().enumerate().find(wrong) {
            Some((row, n)) => Err(self.invalid(format!("row {row}: {n} nanoseconds of a millisecond; 0 to 999999 is allowed"))),
            None => Ok(vec![millis, nanos.into_data()]),
        }
    }

    fn fixed_bytes(&self, data_type: &ArrowType) -> Result<usize> {
        let width = data_type.primitive_width().ok_or_else(|| {
            Error::new(ErrorCode::UnsupportedType, format!("column '{}': type {data_type} cannot be written", self.name))
        })?;
        Ok(width * self.rows)
    }

    /// The first `bytes` of a buffer in memory of our own, aligned for every type.
    fn copy(&self, what: &str, buffer: Option<&[u8]>, bytes: usize) -> Result<Buffer> {
        let memory = buffer.unwrap_or_default();
        let Some(wanted) = memory.get(..bytes) else {
            let has = if buffer.is_some() { format!("has {} bytes", memory.len()) } else { "is null".into() };
            return Err(self.invalid(format!("its {what} buffer {has}; {} rows need {bytes}", self.rows)));
        };
        let mut copy = MutableBuffer::with_capacity(bytes);
        copy.extend_from_slice(wanted);
        Ok(copy.into())
    }

    fn invalid(&self, what: String) -> Error {
        Error::invalid(format!("column '{}': {what}", self.name))
    }

    fn unexpected(&self) -> Error {
        Error::internal(format!("column '{}': {} does not lie as {}", self.name, self.data_type, self.field.data_type()))
    }
}

#[cfg(test)]
#[path = "input_tests.rs"]
mod tests;
