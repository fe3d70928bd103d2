//! Aggregates of a scan: its batches are folded into one row. They are parts of a whole: who asks combines those of all buckets.
use std::sync::Arc;

use arrow_array::{
    ArrayRef, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, UInt32Array,
};
use arrow_select::concat::concat;
use arrow_select::take::take;
use fluss_types::{DataType, Error, ErrorCode, Result, TypeRoot};

use crate::arrays::{node_count, nulls, without_text};
use crate::column_batch::{Arena, ColumnBatch};
use crate::projection::Projection;
use crate::statistics::extremes;
use crate::values::{ColumnValues, Values};

/// Digits of the greatest DECIMAL, which a sum of DECIMALs is.
const DIGITS: u8 = 38;

/// What is made of the values of a column. NULLs are left out; of none but NULLs it is NULL unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AggregateFunction {
    /// The number of values that are not NULL, BIGINT; any type.
    Count,
    /// The smallest, in the order that filters have.
    Min,
    /// The greatest.
    Max,
    /// The sum in the type of the column, in which integers wrap; of a DECIMAL(p, s) in DECIMAL(38, s): a sum that does not fit is forgotten, as
    /// Flink does, and the next value begins another.
    Sum,
    /// The sum as BIGINT, DOUBLE or DECIMAL(38, s); 0 of no values, NULL once a DECIMAL did not fit.
    WideSum,
    /// The first, be it NULL: of a column that has one value in all rows.
    Any,
}

#[derive(Clone, Debug)]
struct Aggregate {
    function: AggregateFunction,
    /// Position in the projection; `None`: rows are counted.
    column: Option<usize>,
    /// Of the values, and of what is made of them, both without text.
    input: DataType,
    output: DataType,
}

/// Aggregates over the columns of a projection.
#[derive(Clone, Debug)]
pub struct Aggregates {
    columns: Vec<DataType>,
    of: Vec<Aggregate>,
}

impl Aggregates {
    /// Functions and the positions of their columns in the projection; none is for [`AggregateFunction::Count`], of all rows. Refuses columns that are
    /// not there, and functions that their types do not have.
    pub fn new(projection: &Projection, wanted: impl IntoIterator<Item = (AggregateFunction, Option<usize>)>) -> Result<Self> {
        let columns: Vec<DataType> = projection.types().map(without_text).collect();
        let bigint = DataType { root: TypeRoot::BigInt, nullable: true };
        let bind = |(function, column): (AggregateFunction, Option<usize>)| {
            let input = match column {
                Some(i) => {
                    columns.get(i).ok_or_else(|| Error::invalid(format!("an aggregate of column {i} of {}", columns.len())))?
                }
                None if function == AggregateFunction::Count => &bigint,
                None => return Err(Error::invalid(format!("the aggregate {function:?} needs a column"))),
            };
            let output = DataType { root: output(function, input)?, nullable: true };
            Ok(Aggregate { function, column, input: input.clone(), output })
        };
        let of = wanted.into_iter().map(bind).collect::<Result<_>>()?;
        Ok(Self { columns, of })
    }

    /// Nodes of the row that is made: the length of [`ColumnBatch::columns`].
    pub fn nodes(&self) -> usize {
        self.of.iter().map(|a| node_count(&a.output)).sum()
    }

    /// A batch of no rows: there are more to come.
    pub fn nothing_yet(&self) -> Result<ColumnBatch> {
        self.batch(self.of.iter().map(|a| nulls(&a.output, 0)), 0)
    }

    fn batch(&self, arrays: impl Iterator<Item = ArrayRef>, rows: usize) -> Result<ColumnBatch> {
        let mut block = Arena::default();
        let mut columns = Vec::with_capacity(self.nodes());
        for (array, a) in arrays.zip(&self.of) {
            block.push_array(array.as_ref(), &a.output, &mut columns)?;
        }
        Ok(ColumnBatch {
            bytes: block.into_bytes(),
            bucket: -1,
            rows,
            first_row: 0,
            end_row: rows,
            base_offset: -1,
            commit_timestamp: -1,
            row_bytes: None,
            schema_id: 0,
            selected: None,
            ends: None,
            columns,
        })
    }
}

fn output(function: AggregateFunction, t: &DataType) -> Result<TypeRoot> {
    use AggregateFunction as F;
    use TypeRoot as T;
    Ok(match (function, &t.root) {
        (F::Count, _) => T::BigInt,
        (F::Min | F::Max | F::Any, root) if !t.is_nested() => root.clone(),
        (F::Sum | F::WideSum, T::Decimal(_, scale)) => T::Decimal(DIGITS, *scale),
        (F::Sum, root @ (T::TinyInt | T::SmallInt | T::Int | T::BigInt | T::Float | T::Double)) => root.clone(),
        (F::WideSum, T::TinyInt | T::SmallInt | T::Int | T::BigInt) => T::BigInt,
        (F::WideSum, T::Float | T::Double) => T::Double,
        _ => {
            return Err(Error::new(
                ErrorCode::UnsupportedType,
                format!("there is no aggregate {function:?} of values of type {t}"),
            ));
        }
    })
}

/// The row, as far as it is.
#[derive(Debug)]
pub struct Fold {
    aggregates: Arc<Aggregates>,
    rows: usize,
    states: Vec<State>,
}

#[derive(Debug)]
enum State {
    Count(i64),
    /// An array of one value.
    Value(Option<ArrayRef>),
    /// Whose lower bytes are the sum.
    Whole(Option<i64>),
    Float(Option<f32>),
    Double(Option<f64>),
    Decimal(Option<i128>),
}

impl Fold {
    /// Of no rows.
    pub fn new(aggregates: Arc<Aggregates>) -> Self {
        let states = aggregates.of.iter().map(State::new).collect();
        Self { aggregates, rows: 0, states }
    }

    /// Takes the rows of a batch of the projection that its reader gets.
    pub fn add(&mut self, batch: ColumnBatch) -> Result<()> {
        let rows = batch.chosen();
        self.rows += rows.len();
        let Self { aggregates, states, .. } = self;
        let columns = batch.arrays(&aggregates.columns)?;
        for (state, a) in states.iter_mut().zip(&aggregates.of) {
            match (state, a.column) {
                (State::Count(n), None) => *n += rows.len() as i64,
                (state, Some(column)) => state.add(a, &columns[column], &rows)?,
                (_, None) => return Err(Error::internal("an aggregate without a column")),
            }
        }
        Ok(())
    }

    /// The row; `None`: there were no rows.
    pub fn finish(self) -> Result<Option<ColumnBatch>> {
        if self.rows == 0 {
            return Ok(None);
        }
        let row =
            self.states.into_iter().zip(&self.aggregates.of).map(|(s, a)| s.finish(&a.output)).collect::<Result<Vec<_>>>()?;
        self.aggregates.batch(row.into_iter(), 1).map(Some)
    }
}

impl State {
    fn new(a: &Aggregate) -> Self {
        use AggregateFunction as F;
        let wide = a.function == F::WideSum;
        match (a.function, &a.output.root) {
            (F::Count, _) => Self::Count(0),
            (F::Min | F::Max | F::Any, _) => Self::Value(None),
            (_, TypeRoot::Float) => Self::Float(None),
            (_, TypeRoot::Double) => Self::Double(wide.then_some(0.0)),
            (_, TypeRoot::Decimal(..)) => Self::Decimal(wide.then_some(0)),
            _ => Self::Whole(wide.then_some(0)),
        }
    }

    fn add(&mut self, a: &Aggregate, column: &ArrayRef, rows: &[usize]) -> Result<()> {
        let values = ColumnValues::new(column.as_ref(), &a.input)?;
        let known = rows.iter().copied().filter(|r| !values.is_null(*r));
        match (self, &values.values) {
            (Self::Count(n), _) => *n += known.count() as i64,
            (Self::Value(best), _) => return keep(best, a, column, &values, rows),
            (Self::Whole(sum), Values::I8(v)) => add_whole(sum, known.map(|r| v[r].into())),
            (Self::Whole(sum), Values::I16(v)) => add_whole(sum, known.map(|r| v[r].into())),
            (Self::Whole(sum), Values::I32(v)) => add_whole(sum, known.map(|r| v[r].into())),
            (Self::Whole(sum), Values::I64(v)) => add_whole(sum, known.map(|r| v[r])),
            (Self::Float(sum), Values::F32(v)) => known.for_each(|r| *sum = Some(sum.map_or(v[r], |s| s + v[r]))),
            (Self::Double(sum), Values::F32(v)) => add_double(sum, known.map(|r| v[r].into())),
            (Self::Double(sum), Values::F64(v)) => add_double(sum, known.map(|r| v[r])),
            (Self::Decimal(sum), Values::I128(v)) => add_decimal(sum, a.function, known.map(|r| v[r])),
            _ => return Err(Error::internal(format!("{:?} of values of type {}", a.function, a.input))),
        }
        Ok(())
    }

    fn finish(self, t: &DataType) -> Result<ArrayRef> {
        Ok(match self {
            Self::Count(n) => Arc::new(Int64Array::from(vec![n])),
            Self::Value(best) => best.unwrap_or_else(|| nulls(t, 1)),
            Self::Float(sum) => Arc::new(Float32Array::from(vec![sum])),
            Self::Double(sum) => Arc::new(Float64Array::from(vec![sum])),
            Self::Decimal(sum) => {
                let TypeRoot::Decimal(precision, scale) = t.root else { return Err(Error::internal("a sum of another type")) };
                Arc::new(Decimal128Array::from(vec![sum]).with_precision_and_scale(precision, scale as i8)?)
            }
            Self::Whole(sum) => match t.root {
                TypeRoot::TinyInt => Arc::new(Int8Array::from(vec![sum.map(|s| s as i8)])),
                TypeRoot::SmallInt => Arc::new(Int16Array::from(vec![sum.map(|s| s as i16)])),
                TypeRoot::Int => Arc::new(Int32Array::from(vec![sum.map(|s| s as i32)])),
                _ => Arc::new(Int64Array::from(vec![sum])),
            },
        })
    }
}

/// Makes `best` that of it and of some rows.
fn keep(best: &mut Option<ArrayRef>, a: &Aggregate, column: &ArrayRef, values: &ColumnValues<'_>, rows: &[usize]) -> Result<()> {
    let chosen = |(min, max)| if a.function == AggregateFunction::Min { min } else { max };
    let found = match a.function {
        AggregateFunction::Any if best.is_some() => None,
        AggregateFunction::Any => rows.first().copied(),
        _ => extremes(values, rows.iter().copied()).map(chosen),
    };
    let Some(found) = found else { return Ok(()) };
    // A copy, so that the memory of the batch goes.
    let found = take(column, &UInt32Array::from(vec![found as u32]), None)?;
    let Some(before) = best else {
        *best = Some(found);
        return Ok(());
    };
    let both = concat(&[before.as_ref(), found.as_ref()])?;
    if extremes(&ColumnValues::new(both.as_ref(), &a.input)?, 0..2).map(chosen) == Some(1) {
        *best = Some(found);
    }
    Ok(())
}

fn add_whole(sum: &mut Option<i64>, values: impl Iterator<Item = i64>) {
    values.for_each(|v| *sum = Some(sum.map_or(v, |s| s.wrapping_add(v))));
}

fn add_double(sum: &mut Option<f64>, values: impl Iterator<Item = f64>) {
    values.for_each(|v| *sum = Some(sum.map_or(v, |s| s + v)));
}

fn add_decimal(sum: &mut Option<i128>, function: AggregateFunction, values: impl Iterator<Item = i128>) {
    let end = 10i128.pow(DIGITS.into());
    values.for_each(|v| {
        *sum = match *sum {
            Some(s) => s.checked_add(v).filter(|s| -end < *s && *s < end),
            None => (function == AggregateFunction::Sum).then_some(v),
        }
    });
}
