//! Typed access to the values of an Arrow column, for the row-wise codecs.
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType,
    TimestampMicrosecondType, TimestampMillisecondType,
};
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_buffer::NullBuffer;
use fluss_types::{Column, DataType, Error, ErrorCode, Result, TypeRoot};

use crate::arrays::mismatch;

/// The values of a column by physical type.
#[derive(Debug)]
pub(crate) enum Values<'a> {
    Bool(&'a BooleanArray),
    I8(&'a [i8]),
    I16(&'a [i16]),
    I32(&'a [i32]),
    I64(&'a [i64]),
    F32(&'a [f32]),
    F64(&'a [f64]),
    I128(&'a [i128]),
    /// Milliseconds and nanosecond of the millisecond.
    MillisNanos(&'a [i64], &'a [i32]),
    Bytes {
        offsets: &'a [i32],
        data: &'a [u8],
    },
    List(&'a [i32], Box<ColumnValues<'a>>),
    /// Offsets, keys and values.
    Map(&'a [i32], Box<[ColumnValues<'a>; 2]>),
    Row(Vec<ColumnValues<'a>>),
}

impl<'a> Values<'a> {
    /// A variable-width value.
    #[inline]
    pub(crate) fn bytes_at(offsets: &[i32], data: &'a [u8], row: usize) -> &'a [u8] {
        &data[offsets[row] as usize..offsets[row + 1] as usize]
    }
}

/// A column, downcast once.
#[derive(Debug)]
pub struct ColumnValues<'a> {
    nulls: Option<&'a NullBuffer>,
    pub(crate) values: Values<'a>,
}

impl<'a> ColumnValues<'a> {
    /// Views of the columns at some positions of a batch whose columns are `columns`.
    pub fn of(batch: &'a RecordBatch, columns: &[Column], positions: &[usize]) -> Result<Vec<Self>> {
        check_count(batch, columns)?;
        positions.iter().map(|&i| Self::named(batch.column(i).as_ref(), &columns[i])).collect()
    }

    /// Views of all columns of a batch whose columns are `columns`.
    pub fn all(batch: &'a RecordBatch, columns: &[Column]) -> Result<Vec<Self>> {
        check_count(batch, columns)?;
        batch.columns().iter().zip(columns).map(|(a, c)| Self::named(a.as_ref(), c)).collect()
    }

    fn named(a: &'a dyn Array, column: &Column) -> Result<Self> {
        Self::new(a, &column.data_type).map_err(|e| e.at(format_args!("column '{}'", column.name)))
    }

    /// The view of an array of a type: an array alone does not say whether it is a fine timestamp or a ROW.
    pub fn new(a: &'a dyn Array, t: &DataType) -> Result<Self> {
        let wrong = || mismatch(a, t);
        macro_rules! primitive {
            ($type:ty) => {
                a.as_primitive_opt::<$type>().ok_or_else(wrong)?.values()
            };
        }
        let child = |a: &'a dyn Array, t: &DataType| Self::new(a, t);
        let values = match &t.root {
            TypeRoot::Boolean => Values::Bool(a.as_boolean_opt().ok_or_else(wrong)?),
            TypeRoot::TinyInt => Values::I8(primitive!(Int8Type)),
            TypeRoot::SmallInt => Values::I16(primitive!(Int16Type)),
            TypeRoot::Int => Values::I32(primitive!(Int32Type)),
            TypeRoot::BigInt => Values::I64(primitive!(Int64Type)),
            TypeRoot::Float => Values::F32(primitive!(Float32Type)),
            TypeRoot::Double => Values::F64(primitive!(Float64Type)),
            TypeRoot::Decimal(..) => Values::I128(primitive!(Decimal128Type)),
            TypeRoot::Date => Values::I32(primitive!(Date32Type)),
            TypeRoot::Time(_) => Values::I32(primitive!(Time32MillisecondType)),
            TypeRoot::Timestamp(0..=3) | TypeRoot::TimestampLtz(0..=3) => Values::I64(primitive!(TimestampMillisecondType)),
            TypeRoot::Timestamp(4..=6) | TypeRoot::TimestampLtz(4..=6) => Values::I64(primitive!(TimestampMicrosecondType)),
            TypeRoot::Timestamp(_) | TypeRoot::TimestampLtz(_) => {
                let s = a.as_struct_opt().filter(|s| s.num_columns() == 2).ok_or_else(wrong)?;
                Values::MillisNanos(
                    s.column(0).as_primitive_opt::<TimestampMillisecondType>().ok_or_else(wrong)?.values(),
                    s.column(1).as_primitive_opt::<Int32Type>().ok_or_else(wrong)?.values(),
                )
            }
            TypeRoot::Char(_) | TypeRoot::VarChar(_) => {
                let s = a.as_string_opt::<i32>().ok_or_else(wrong)?;
                Values::Bytes { offsets: s.value_offsets(), data: s.value_data() }
            }
            TypeRoot::Binary(_) | TypeRoot::VarBinary(_) => {
                let s = a.as_binary_opt::<i32>().ok_or_else(wrong)?;
                Values::Bytes { offsets: s.value_offsets(), data: s.value_data() }
            }
            TypeRoot::Array(element) => {
                let list = a.as_list_opt::<i32>().ok_or_else(wrong)?;
                Values::List(list.value_offsets(), Box::new(child(list.values().as_ref(), element)?))
            }
            TypeRoot::Map(key, value) => {
                let map = a.as_map_opt().ok_or_else(wrong)?;
                let children = [child(map.keys().as_ref(), key)?, child(map.values().as_ref(), value)?];
                Values::Map(map.value_offsets(), Box::new(children))
            }
            TypeRoot::Row(fields) => {
                let row = a.as_struct_opt().filter(|s| s.num_columns() == fields.len()).ok_or_else(wrong)?;
                let fields = row.columns().iter().zip(fields).map(|(a, f)| child(a.as_ref(), &f.data_type));
                Values::Row(fields.collect::<Result<_>>()?)
            }
        };
        Ok(Self { nulls: a.nulls(), values })
    }

    /// Whether the value of a row is NULL.
    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        self.nulls.is_some_and(|n| n.is_null(row))
    }

    /// Number of NULLs.
    pub fn null_count(&self) -> usize {
        self.nulls.map_or(0, NullBuffer::null_count)
    }
}

fn check_count(batch: &RecordBatch, columns: &[Column]) -> Result<()> {
    if batch.num_columns() == columns.len() {
        return Ok(());
    }
    let m = format!("the rows have {} columns, {} were expected", batch.num_columns(), columns.len());
    Err(Error::new(ErrorCode::SchemaMismatch, m))
}
