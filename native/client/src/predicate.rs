//! Filters and aggregates as they come in requests.
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array,
    Int64Array, StringArray, StructArray, make_array, new_null_array,
};
use arrow_schema::{ArrowError, DataType as ArrowType};
use fluss_format::{AggregateFunction, Comparison, Predicate, Projection};
use fluss_proto as proto;
use fluss_proto::literal::Value;
use fluss_proto::predicate::Predicate as Kind;
use fluss_types::{DataType, Error, ErrorCode, Result, Schema, TypeRoot};

/// The predicate of a request, of a table with this schema. Refuses literals that are no values of their columns' types.
pub fn predicate(schema: &Arc<Schema>, request: proto::Predicate) -> Result<Predicate> {
    let kind = request.predicate.ok_or_else(|| Error::invalid("the predicate is empty, or of a later version"))?;
    let all = |j: proto::predicate::Junction| j.of.into_iter().map(|p| predicate(schema, p)).collect::<Result<Vec<_>>>();
    let column = |path: Option<proto::ColumnPath>| {
        let path: Vec<usize> = path.unwrap_or_default().steps.iter().map(|s| *s as usize).collect();
        let projection = Projection::new(schema.clone(), [path.clone()])?;
        let data_type = projection.types().next().cloned();
        Ok::<_, Error>((path, data_type.ok_or_else(|| Error::internal("a column without a type"))?))
    };
    Ok(match kind {
        Kind::And(j) => Predicate::And(all(j)?),
        Kind::Or(j) => Predicate::Or(all(j)?),
        Kind::Not(p) => Predicate::Not(Box::new(predicate(schema, *p)?)),
        Kind::Compare(c) => {
            let comparison = comparison(c.comparison())?;
            let (path, t) = column(c.column)?;
            Predicate::Compare(path, comparison, literal(&t, c.literal)?)
        }
        Kind::In(i) => {
            let (path, t) = column(i.column)?;
            Predicate::In(path, i.literals.into_iter().map(|l| literal(&t, Some(l))).collect::<Result<_>>()?)
        }
        Kind::IsNull(path) => Predicate::IsNull(column(Some(path))?.0),
        Kind::StartsWith(s) => Predicate::StartsWith(column(s.column)?.0, s.prefix),
    })
}

/// The aggregates of a request: functions and the positions of their columns.
pub fn aggregates(request: Vec<proto::Aggregate>) -> Result<Vec<(AggregateFunction, Option<usize>)>> {
    use proto::aggregate::Function as F;
    let function = |a: proto::Aggregate| {
        let function = match a.function() {
            F::Count => AggregateFunction::Count,
            F::Min => AggregateFunction::Min,
            F::Max => AggregateFunction::Max,
            F::Sum => AggregateFunction::Sum,
            F::WideSum => AggregateFunction::WideSum,
            F::Any => AggregateFunction::Any,
            F::Unspecified => return Err(Error::invalid("the aggregate's function is missing, or of a later version")),
        };
        Ok((function, a.column.map(|c| c as usize)))
    };
    request.into_iter().map(function).collect()
}

fn comparison(c: proto::predicate::Comparison) -> Result<Comparison> {
    use proto::predicate::Comparison as C;
    Ok(match c {
        C::Equal => Comparison::Equal,
        C::NotEqual => Comparison::NotEqual,
        C::Less => Comparison::Less,
        C::LessOrEqual => Comparison::LessOrEqual,
        C::Greater => Comparison::Greater,
        C::GreaterOrEqual => Comparison::GreaterOrEqual,
        C::Unspecified => return Err(Error::invalid("the comparison is missing, or of a later version")),
    })
}

/// An array of the one value.
fn literal(t: &DataType, literal: Option<proto::Literal>) -> Result<ArrayRef> {
    let arrow = t.to_arrow();
    let Some(value) = literal.and_then(|l| l.value) else { return Ok(new_null_array(&arrow, 1)) };
    let text = format!("{value:?}");
    let unfit = || Error::new(ErrorCode::SchemaMismatch, format!("the filter's literal {text} is no value of the type {t}"));
    let made = match (value, &t.root) {
        (Value::Boolean(b), TypeRoot::Boolean) => Some(Arc::new(BooleanArray::from(vec![b])) as ArrayRef),
        (Value::Integer(n), root) => integer(n, root),
        (Value::Floating(x), TypeRoot::Float) => {
            (x.is_nan() || f64::from(x as f32) == x).then(|| Arc::new(Float32Array::from(vec![x as f32])) as ArrayRef)
        }
        (Value::Floating(x), TypeRoot::Double) => Some(Arc::new(Float64Array::from(vec![x])) as ArrayRef),
        (Value::Bytes(b), TypeRoot::Char(_) | TypeRoot::VarChar(_)) => {
            String::from_utf8(b).ok().map(|s| Arc::new(StringArray::from(vec![s])) as ArrayRef)
        }
        (Value::Bytes(b), TypeRoot::Binary(_) | TypeRoot::VarBinary(_)) => {
            Some(Arc::new(BinaryArray::from(vec![b.as_slice()])) as ArrayRef)
        }
        (Value::Decimal(d), TypeRoot::Decimal(_, scale)) => {
            decimal(&d, *scale).map(|n| Arc::new(Decimal128Array::from(vec![n])) as ArrayRef)
        }
        (Value::Timestamp(ts), TypeRoot::Timestamp(p) | TypeRoot::TimestampLtz(p)) => timestamp(&ts, *p, &arrow)?,
        _ => None,
    };
    Ok(retyped(made.ok_or_else(unfit)?, &arrow)?)
}

fn integer(n: i64, root: &TypeRoot) -> Option<ArrayRef> {
    Some(match root {
        TypeRoot::TinyInt => Arc::new(Int8Array::from(vec![i8::try_from(n).ok()?])),
        TypeRoot::SmallInt => Arc::new(Int16Array::from(vec![i16::try_from(n).ok()?])),
        TypeRoot::Int | TypeRoot::Date | TypeRoot::Time(_) => Arc::new(Int32Array::from(vec![i32::try_from(n).ok()?])),
        TypeRoot::BigInt => Arc::new(Int64Array::from(vec![n])),
        _ => return None,
    })
}

/// The unscaled value at the scale of the column; `None`: it has none there.
fn decimal(d: &proto::literal::Decimal, scale: u8) -> Option<i128> {
    let n = i128::from_le_bytes(d.unscaled.as_slice().try_into().ok()?);
    let scale = u32::from(scale);
    if d.scale <= scale {
        return n.checked_mul(10i128.checked_pow(scale - d.scale)?);
    }
    let divisor = 10i128.checked_pow(d.scale - scale)?;
    (n % divisor == 0).then(|| n / divisor)
}

/// In the unit of the column; `None`: it is finer, or out of range.
fn timestamp(ts: &proto::literal::Timestamp, precision: u8, arrow: &ArrowType) -> Result<Option<ArrayRef>> {
    let (millis, nanos) = (ts.millis, i64::from(ts.nanos));
    if !(0..1_000_000).contains(&nanos) {
        return Ok(None);
    }
    let value = match arrow {
        ArrowType::Struct(fields) => {
            let parts: Vec<ArrayRef> = vec![
                retyped(Arc::new(Int64Array::from(vec![millis])), fields[0].data_type())?,
                Arc::new(Int32Array::from(vec![nanos as i32])),
            ];
            return Ok(Some(Arc::new(StructArray::try_new(fields.clone(), parts, None)?)));
        }
        _ if precision <= 3 => Some(millis).filter(|_| nanos == 0),
        _ => millis.checked_mul(1000).and_then(|us| us.checked_add(nanos / 1000)).filter(|_| nanos % 1000 == 0),
    };
    Ok(value.map(|v| Arc::new(Int64Array::from(vec![v])) as ArrayRef))
}

/// The same bytes as another type of the same width.
fn retyped(array: ArrayRef, arrow: &ArrowType) -> std::result::Result<ArrayRef, ArrowError> {
    if array.data_type() == arrow {
        return Ok(array);
    }
    array.into_data().into_builder().data_type(arrow.clone()).build().map(make_array)
}
