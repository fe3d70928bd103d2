//! Aggregate functions on the bytes of two fields. Specification of the bytes: `native/docs/format.md`, "Value".
use std::cmp::Ordering;

use arrow_buffer::i256;
use fluss_format::RowBuilder;
use fluss_types::{AggregateFunction as F, DataType, Error, ErrorCode, Result, TypeRoot};

use super::bitmap;

/// Puts the value of the two into a row.
pub(super) fn aggregate(f: &F, t: &DataType, old: Option<&[u8]>, new: Option<&[u8]>, row: &mut RowBuilder<'_>) -> Result<()> {
    let (a, b) = match (f, old, new) {
        (F::LastValue, _, new) => {
            row.push(new);
            return Ok(());
        }
        (_, Some(a), Some(b)) => (a, b),
        (f, None, new) => {
            check(f, new)?;
            row.push(new);
            return Ok(());
        }
        (_, old, None) => {
            row.push(old);
            return Ok(());
        }
    };
    match f {
        F::Sum => arithmetic(t, a, b, true, row)?,
        F::Product => arithmetic(t, a, b, false, row)?,
        F::Max => row.push(Some(if compare(t, a, b) == Ordering::Less { b } else { a })),
        F::Min => row.push(Some(if compare(t, a, b) == Ordering::Greater { b } else { a })),
        F::LastValue | F::LastValueIgnoreNulls => row.push(Some(b)),
        F::FirstValueIgnoreNulls => row.push(Some(a)),
        F::ListAgg { delimiter } => row.push_parts(&[a, delimiter.as_bytes(), b]),
        F::BoolAnd => row.push(Some(&[a[0] & b[0]])),
        F::BoolOr => row.push(Some(&[a[0] | b[0]])),
        F::Rbm32 => row.push(Some(&bitmap::union32(a, b)?)),
        F::Rbm64 => row.push(Some(&bitmap::union64(a, b)?)),
    }
    Ok(())
}

/// Refuses a value that the function cannot take.
pub(super) fn check(f: &F, value: Option<&[u8]>) -> Result<()> {
    match (f, value) {
        (F::Rbm32, Some(v)) => bitmap::check32(v),
        (F::Rbm64, Some(v)) => bitmap::check64(v),
        _ => Ok(()),
    }
}

/// The value of a fixed-width field, whose length the row's layout vouches for.
macro_rules! number {
    ($type:ty, $bytes:expr) => {{
        let mut value = [0; size_of::<$type>()];
        value.copy_from_slice(&$bytes[..size_of::<$type>()]);
        <$type>::from_le_bytes(value)
    }};
}

/// The order of two values that are not NULL, of a type that has one.
pub(super) fn compare(t: &DataType, a: &[u8], b: &[u8]) -> Ordering {
    use TypeRoot as T;
    match t.root {
        T::TinyInt => number!(i8, a).cmp(&number!(i8, b)),
        T::SmallInt => number!(i16, a).cmp(&number!(i16, b)),
        T::Int | T::Date | T::Time(_) => number!(i32, a).cmp(&number!(i32, b)),
        T::BigInt => number!(i64, a).cmp(&number!(i64, b)),
        T::Decimal(..) => number!(i128, a).cmp(&number!(i128, b)),
        T::Float => total(number!(f32, a).into(), number!(f32, b).into()),
        T::Double => total(number!(f64, a), number!(f64, b)),
        T::Timestamp(_) | T::TimestampLtz(_) => number!(i64, a)
            .cmp(&number!(i64, b))
            .then_with(|| if t.has_nanos() { number!(i32, a[8..]).cmp(&number!(i32, b[8..])) } else { Ordering::Equal }),
        _ => a.cmp(b),
    }
}

/// Java's order: NaN is the greatest, and there is one of it; -0.0 < 0.0.
fn total(a: f64, b: f64) -> Ordering {
    let one_nan = |v: f64| if v.is_nan() { f64::NAN } else { v };
    one_nan(a).total_cmp(&one_nan(b))
}

fn arithmetic(t: &DataType, a: &[u8], b: &[u8], add: bool, row: &mut RowBuilder<'_>) -> Result<()> {
    macro_rules! wrapping {
        ($type:ty) => {{
            let (a, b) = (number!($type, a), number!($type, b));
            row.push(Some(&if add { a.wrapping_add(b) } else { a.wrapping_mul(b) }.to_le_bytes()))
        }};
    }
    macro_rules! floating {
        ($type:ty) => {{
            let (a, b) = (number!($type, a), number!($type, b));
            row.push(Some(&if add { a + b } else { a * b }.to_le_bytes()))
        }};
    }
    match t.root {
        TypeRoot::TinyInt => wrapping!(i8),
        TypeRoot::SmallInt => wrapping!(i16),
        TypeRoot::Int => wrapping!(i32),
        TypeRoot::BigInt => wrapping!(i64),
        TypeRoot::Float => floating!(f32),
        TypeRoot::Double => floating!(f64),
        TypeRoot::Decimal(precision, scale) => {
            let (a, b) = (number!(i128, a), number!(i128, b));
            let value = if add { a.checked_add(b) } else { decimal_product(a, b, scale) };
            let bound = 10i128.pow(precision.into());
            let Some(value) = value.filter(|v| v.unsigned_abs() < bound.unsigned_abs()) else {
                let what = if add { "sum" } else { "product" };
                let m = format!(
                    "the {what} of two values does not fit {}. Give the column more digits before the point (ALTER TABLE … MODIFY)",
                    t.root
                );
                return Err(Error::new(ErrorCode::InvalidArgument, m));
            };
            row.push(Some(&value.to_le_bytes()));
        }
        _ => return Err(Error::internal(format!("{} has no sums", t.root))),
    }
    Ok(())
}

/// At the scale of both, half away from zero.
fn decimal_product(a: i128, b: i128, scale: u8) -> Option<i128> {
    let product = i256::from_i128(a).checked_mul(i256::from_i128(b))?;
    let unit = i256::from_i128(10i128.pow(scale.into()));
    let half = i256::from_i128(10i128.pow(scale.into()) / 2);
    let away = if product.is_negative() { product.checked_sub(half)? } else { product.checked_add(half)? };
    away.checked_div(unit)?.to_i128()
}
