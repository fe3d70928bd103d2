//! Typed access to the values of an Arrow column, for the row-wise codecs.
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType,
    TimestampMicrosecondType, TimestampMillisecondType,
};
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType as ArrowType, TimeUnit};
use fluss_types::{Error, Result};

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
}

impl<'a> Values<'a> {
    /// A variable-width value.
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
    /// Views of the given columns of a batch.
    pub fn of(batch: &'a RecordBatch, columns: &[usize]) -> Result<Vec<Self>> {
        columns.iter().map(|&i| Self::new(batch.column(i).as_ref())).collect()
    }

    /// Views of all columns of a batch.
    pub fn all(batch: &'a RecordBatch) -> Result<Vec<Self>> {
        batch.columns().iter().map(|c| Self::new(c.as_ref())).collect()
    }

    fn new(a: &'a dyn Array) -> Result<Self> {
        let values = match a.data_type() {
            ArrowType::Boolean => Values::Bool(a.as_boolean()),
            ArrowType::Int8 => Values::I8(a.as_primitive::<Int8Type>().values()),
            ArrowType::Int16 => Values::I16(a.as_primitive::<Int16Type>().values()),
            ArrowType::Int32 => Values::I32(a.as_primitive::<Int32Type>().values()),
            ArrowType::Int64 => Values::I64(a.as_primitive::<Int64Type>().values()),
            ArrowType::Float32 => Values::F32(a.as_primitive::<Float32Type>().values()),
            ArrowType::Float64 => Values::F64(a.as_primitive::<Float64Type>().values()),
            ArrowType::Decimal128(..) => Values::I128(a.as_primitive::<Decimal128Type>().values()),
            ArrowType::Date32 => Values::I32(a.as_primitive::<Date32Type>().values()),
            ArrowType::Time32(TimeUnit::Millisecond) => Values::I32(a.as_primitive::<Time32MillisecondType>().values()),
            ArrowType::Timestamp(TimeUnit::Millisecond, _) => Values::I64(a.as_primitive::<TimestampMillisecondType>().values()),
            ArrowType::Timestamp(TimeUnit::Microsecond, _) => Values::I64(a.as_primitive::<TimestampMicrosecondType>().values()),
            ArrowType::Struct(_) => {
                let s = a.as_struct();
                Values::MillisNanos(
                    s.column(0).as_primitive::<TimestampMillisecondType>().values(),
                    s.column(1).as_primitive::<Int32Type>().values(),
                )
            }
            ArrowType::Utf8 => {
                let s = a.as_string::<i32>();
                Values::Bytes { offsets: s.value_offsets(), data: s.value_data() }
            }
            ArrowType::Binary => {
                let s = a.as_binary::<i32>();
                Values::Bytes { offsets: s.value_offsets(), data: s.value_data() }
            }
            t => return Err(Error::internal(format!("no row codec for the Arrow type {t}"))),
        };
        Ok(Self { nulls: a.nulls(), values })
    }

    /// Whether the value of a row is NULL.
    pub fn is_null(&self, row: usize) -> bool {
        self.nulls.is_some_and(|n| n.is_null(row))
    }

    /// Whether any value is NULL.
    pub fn has_nulls(&self) -> bool {
        self.nulls.is_some_and(|n| n.null_count() > 0)
    }
}
