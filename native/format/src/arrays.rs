//! An Arrow array taken apart into the buffers of our nodes, and put together from them. A node is a column, an element of an
//! ARRAY, a key or value of a MAP, or a field of a ROW; a fine timestamp is one node, and the entries of a MAP are none.
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, ListArray, MapArray, PrimitiveArray, StringArray, StructArray, make_array,
};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_data::ArrayData;
use arrow_schema::DataType as ArrowType;
use fluss_types::{DataType, Error, ErrorCode, Result, TypeRoot};

/// The buffers of one node, cut to its rows.
#[derive(Debug)]
pub(crate) struct Parts {
    pub rows: usize,
    /// `None`: no value is null.
    pub nulls: Option<NullBuffer>,
    /// Values, bits (BOOLEAN) or bytes; empty for ARRAY, MAP and ROW.
    pub data: Buffer,
    /// Offsets (rows + 1, from 0) or nanoseconds (rows); empty if the type has none.
    pub aux: Buffer,
    /// Element; key and value; fields.
    pub children: Vec<ArrayRef>,
}

/// Number of nodes of a type, itself included.
pub fn node_count(t: &DataType) -> usize {
    1 + children(t).into_iter().map(node_count).sum::<usize>()
}

/// The types of the child nodes.
pub(crate) fn children(t: &DataType) -> Vec<&DataType> {
    match &t.root {
        TypeRoot::Array(element) => vec![element],
        TypeRoot::Map(key, value) => vec![key, value],
        TypeRoot::Row(fields) => fields.iter().map(|f| &f.data_type).collect(),
        _ => Vec::new(),
    }
}

/// Whether a node has a second buffer: offsets or nanoseconds.
pub(crate) fn has_aux(t: &DataType) -> bool {
    t.has_nanos() || t.is_var_width() || matches!(t.root, TypeRoot::Array(_) | TypeRoot::Map(..))
}

/// The same type with bytes for text: for arrays that nobody reads as text, so that it need not be checked for UTF-8.
pub(crate) fn without_text(t: &DataType) -> DataType {
    let boxed = |t: &DataType| Box::new(without_text(t));
    let root = match &t.root {
        TypeRoot::Char(n) | TypeRoot::VarChar(n) => TypeRoot::VarBinary(*n),
        TypeRoot::Array(element) => TypeRoot::Array(boxed(element)),
        TypeRoot::Map(key, value) => TypeRoot::Map(boxed(key), boxed(value)),
        TypeRoot::Row(fields) => {
            let mut fields = fields.clone();
            fields.iter_mut().for_each(|f| f.data_type = without_text(&f.data_type));
            TypeRoot::Row(fields)
        }
        other => other.clone(),
    };
    DataType { root, nullable: t.nullable }
}

/// An array that is not of the type it should be.
pub(crate) fn mismatch(a: &dyn Array, t: &DataType) -> Error {
    Error::new(ErrorCode::SchemaMismatch, format!("the column is {t}, the rows hold the Arrow type {}", a.data_type()))
}

impl Parts {
    /// Takes an array of a type apart. Nothing is copied but offsets that do not begin at 0 and bits that begin within a byte.
    pub(crate) fn of(a: &dyn Array, t: &DataType) -> Result<Self> {
        let wrong = || mismatch(a, t);
        let mut parts = Self {
            rows: a.len(),
            nulls: a.nulls().filter(|n| n.null_count() > 0).cloned(),
            data: Buffer::default(),
            aux: Buffer::default(),
            children: Vec::new(),
        };
        match &t.root {
            TypeRoot::Boolean => parts.data = a.as_boolean_opt().ok_or_else(wrong)?.values().sliced(),
            TypeRoot::Char(_) | TypeRoot::VarChar(_) => {
                let s = a.as_string_opt::<i32>().ok_or_else(wrong)?;
                (parts.aux, parts.data) = bytes(s.offsets(), s.values());
            }
            TypeRoot::Binary(_) | TypeRoot::VarBinary(_) => {
                let s = a.as_binary_opt::<i32>().ok_or_else(wrong)?;
                (parts.aux, parts.data) = bytes(s.offsets(), s.values());
            }
            TypeRoot::Array(_) => {
                let list = a.as_list_opt::<i32>().ok_or_else(wrong)?;
                let (offsets, from, len) = from_zero(list.offsets());
                parts.aux = offsets;
                parts.children = vec![list.values().slice(from, len)];
            }
            TypeRoot::Map(..) => {
                let map = a.as_map_opt().ok_or_else(wrong)?;
                let (offsets, from, len) = from_zero(map.offsets());
                parts.aux = offsets;
                parts.children = vec![map.keys().slice(from, len), map.values().slice(from, len)];
            }
            TypeRoot::Row(fields) => {
                let row = a.as_struct_opt().filter(|s| s.num_columns() == fields.len()).ok_or_else(wrong)?;
                parts.children = row.columns().to_vec();
            }
            _ if t.has_nanos() => {
                let s = a.as_struct_opt().filter(|s| s.num_columns() == 2).ok_or_else(wrong)?;
                let millis = s.column(0).as_primitive_opt::<TimestampMillisecondType>().ok_or_else(wrong)?;
                let nanos = s.column(1).as_primitive_opt::<Int32Type>().ok_or_else(wrong)?;
                (parts.data, parts.aux) = (millis.values().inner().clone(), nanos.values().inner().clone());
            }
            _ => {
                let width = t.fixed_width().ok_or_else(wrong)?;
                if a.data_type().primitive_width() != Some(width) {
                    return Err(wrong());
                }
                let data = a.to_data();
                parts.data = data.buffers()[0].slice_with_length(data.offset() * width, data.len() * width);
            }
        }
        Ok(parts)
    }

    /// The array of a type. Refuses buffers that are too short, offsets that go back or beyond their data, and text that is not UTF-8.
    pub(crate) fn into_array(self, t: &DataType) -> Result<ArrayRef> {
        self.build(t).map_err(|e| match e.code() {
            ErrorCode::Internal => Error::new(ErrorCode::CorruptSegment, format!("a column of type {t}: {}", e.message())),
            _ => e,
        })
    }

    fn build(self, t: &DataType) -> Result<ArrayRef> {
        let Self { rows, nulls, data, aux, children } = self;
        let arrow = t.to_arrow();
        if nulls.as_ref().is_some_and(|n| n.len() != rows) {
            return Err(damaged("validity"));
        }
        fn primitive<T: ArrowPrimitiveType>(data: &Buffer, rows: usize, nulls: Option<NullBuffer>) -> Result<PrimitiveArray<T>> {
            Ok(PrimitiveArray::new(scalars(data, rows)?, nulls))
        }
        let zoned = |zone: &Option<Arc<str>>| zone.clone();
        Ok(match (&t.root, &arrow) {
            (TypeRoot::Array(_), ArrowType::List(field)) => {
                let [values] = take_children(children)?;
                let offsets = offsets(&aux, rows, values.len())?;
                Arc::new(ListArray::try_new(field.clone(), offsets, values, nulls)?)
            }
            (TypeRoot::Map(..), ArrowType::Map(field, sorted)) => {
                let [keys, values] = take_children(children)?;
                let offsets = offsets(&aux, rows, keys.len())?;
                let ArrowType::Struct(fields) = field.data_type() else { return Err(damaged("map")) };
                let entries = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
                Arc::new(MapArray::try_new(field.clone(), offsets, entries, nulls, *sorted)?)
            }
            (TypeRoot::Row(_), ArrowType::Struct(fields)) => {
                Arc::new(StructArray::try_new_with_length(fields.clone(), children, nulls, rows)?)
            }
            (_, ArrowType::Boolean) => {
                if data.len() < rows.div_ceil(8) {
                    return Err(damaged("data"));
                }
                Arc::new(BooleanArray::new(BooleanBuffer::new(data, 0, rows), nulls))
            }
            (_, ArrowType::Int8) => Arc::new(primitive::<Int8Type>(&data, rows, nulls)?),
            (_, ArrowType::Int16) => Arc::new(primitive::<Int16Type>(&data, rows, nulls)?),
            (_, ArrowType::Int32) => Arc::new(primitive::<Int32Type>(&data, rows, nulls)?),
            (_, ArrowType::Int64) => Arc::new(primitive::<Int64Type>(&data, rows, nulls)?),
            (_, ArrowType::Float32) => Arc::new(primitive::<Float32Type>(&data, rows, nulls)?),
            (_, ArrowType::Float64) => Arc::new(primitive::<Float64Type>(&data, rows, nulls)?),
            (_, ArrowType::Decimal128(p, s)) => {
                Arc::new(primitive::<Decimal128Type>(&data, rows, nulls)?.with_precision_and_scale(*p, *s)?)
            }
            (_, ArrowType::Date32) => Arc::new(primitive::<Date32Type>(&data, rows, nulls)?),
            (_, ArrowType::Time32(_)) => Arc::new(primitive::<Time32MillisecondType>(&data, rows, nulls)?),
            (_, ArrowType::Timestamp(arrow_schema::TimeUnit::Millisecond, zone)) => {
                Arc::new(primitive::<TimestampMillisecondType>(&data, rows, nulls)?.with_timezone_opt(zoned(zone)))
            }
            (_, ArrowType::Timestamp(_, zone)) => {
                Arc::new(primitive::<TimestampMicrosecondType>(&data, rows, nulls)?.with_timezone_opt(zoned(zone)))
            }
            (_, ArrowType::Struct(fields)) => {
                let zone = match fields[0].data_type() {
                    ArrowType::Timestamp(_, zone) => zone.clone(),
                    _ => None,
                };
                let millis = primitive::<TimestampMillisecondType>(&data, rows, None)?.with_timezone_opt(zone);
                let nanos = primitive::<Int32Type>(&aux, rows, None)?;
                Arc::new(StructArray::try_new(fields.clone(), vec![Arc::new(millis), Arc::new(nanos)], nulls)?)
            }
            (_, ArrowType::Utf8) => Arc::new(StringArray::try_new(offsets(&aux, rows, data.len())?, data, nulls)?),
            _ => Arc::new(BinaryArray::try_new(offsets(&aux, rows, data.len())?, data, nulls)?),
        })
    }
}

/// Offsets from 0 and the bytes that they are about.
fn bytes(offsets: &OffsetBuffer<i32>, values: &Buffer) -> (Buffer, Buffer) {
    let (offsets, from, len) = from_zero(offsets);
    (offsets, values.slice_with_length(from, len))
}

/// Offsets that begin at 0, and where they began and how far they reached.
fn from_zero(offsets: &OffsetBuffer<i32>) -> (Buffer, usize, usize) {
    let first = offsets[0];
    let len = (offsets[offsets.len() - 1] - first) as usize;
    if first == 0 {
        return (offsets.inner().inner().clone(), 0, len);
    }
    (Buffer::from_vec(offsets.iter().map(|o| o - first).collect::<Vec<i32>>()), first as usize, len)
}

fn take_children<const N: usize>(children: Vec<ArrayRef>) -> Result<[ArrayRef; N]> {
    children.try_into().map_err(|_| damaged("child"))
}

fn scalars<T: ArrowNativeType>(buffer: &Buffer, rows: usize) -> Result<ScalarBuffer<T>> {
    if buffer.len() < rows * size_of::<T>() {
        return Err(damaged("data"));
    }
    Ok(ScalarBuffer::new(buffer.clone(), 0, rows))
}

/// Checked offsets: ascending, and none beyond `len`.
fn offsets(aux: &Buffer, rows: usize, len: usize) -> Result<OffsetBuffer<i32>> {
    let offsets: ScalarBuffer<i32> = scalars(aux, rows + 1)?;
    let ascending = offsets.windows(2).all(|w| w[0] <= w[1]);
    if !ascending || offsets[0] < 0 || offsets[rows] as usize > len {
        return Err(damaged("offsets"));
    }
    Ok(OffsetBuffer::new(offsets))
}

fn damaged(what: &str) -> Error {
    Error::new(ErrorCode::CorruptSegment, format!("the {what} buffer of a column does not fit its rows"))
}

/// An array of NULLs, whatever the type says of them.
pub(crate) fn nulls(t: &DataType, rows: usize) -> ArrayRef {
    make_array(ArrayData::new_null(&t.to_arrow(), rows))
}
