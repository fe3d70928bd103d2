//! Which rows match, column by column.
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Datum, Scalar};
use arrow_buffer::BooleanBuffer;
use arrow_ord::cmp;
use arrow_schema::{ArrowError, DataType as ArrowType};
use fluss_types::{Error, Result};
use std::sync::Arc;

use super::{Comparison, Filter, Predicate};
use crate::key::{canonical_f32, canonical_f64};

/// For which rows the outcome is true, and for which it is false; for the others it is unknown.
struct Outcome {
    yes: BooleanBuffer,
    no: BooleanBuffer,
}

type Kernel = fn(&dyn Datum, &dyn Datum) -> std::result::Result<BooleanArray, ArrowError>;

impl Filter {
    /// The matching rows, ascending. `columns`: those of the filter's projection, without text.
    pub(crate) fn matching(&self, columns: &[ArrayRef], rows: usize) -> Result<BooleanBuffer> {
        Ok(outcome(&self.predicate, columns, rows)?.yes)
    }
}

fn outcome(p: &Predicate<usize>, columns: &[ArrayRef], rows: usize) -> Result<Outcome> {
    let all = |b| Outcome { yes: uniform(rows, b), no: uniform(rows, !b) };
    match p {
        Predicate::And(ps) => ps.iter().try_fold(all(true), |a, p| {
            let b = outcome(p, columns, rows)?;
            Ok(Outcome { yes: &a.yes & &b.yes, no: &a.no | &b.no })
        }),
        Predicate::Or(ps) => ps.iter().try_fold(all(false), |a, p| {
            let b = outcome(p, columns, rows)?;
            Ok(Outcome { yes: &a.yes | &b.yes, no: &a.no & &b.no })
        }),
        Predicate::Not(p) => {
            let Outcome { yes, no } = outcome(p, columns, rows)?;
            Ok(Outcome { yes: no, no: yes })
        }
        Predicate::IsNull(c) => {
            let valid = columns[*c].nulls().map_or_else(|| uniform(rows, true), |n| n.inner().clone());
            Ok(Outcome { yes: !&valid, no: valid })
        }
        Predicate::Compare(c, comparison, literal) => compare(&columns[*c], *comparison, literal),
        Predicate::In(c, literals) => literals.iter().try_fold(all(false), |a, literal| {
            let b = compare(&columns[*c], Comparison::Equal, literal)?;
            Ok(Outcome { yes: &a.yes | &b.yes, no: &a.no & &b.no })
        }),
        Predicate::StartsWith(c, prefix) => {
            let texts = columns[*c].as_binary_opt::<i32>().ok_or_else(|| Error::internal("a prefix of what is no text"))?;
            let begins = BooleanBuffer::collect_bool(rows, |i| texts.value(i).starts_with(prefix));
            Ok(known(&BooleanArray::new(begins, texts.nulls().cloned())))
        }
    }
}

fn uniform(rows: usize, value: bool) -> BooleanBuffer {
    if value { BooleanBuffer::new_set(rows) } else { BooleanBuffer::new_unset(rows) }
}

/// NULL is unknown.
fn known(a: &BooleanArray) -> Outcome {
    match a.nulls() {
        Some(n) => Outcome { yes: a.values() & n.inner(), no: &!a.values() & n.inner() },
        None => Outcome { yes: a.values().clone(), no: !a.values() },
    }
}

fn compare(column: &ArrayRef, comparison: Comparison, literal: &ArrayRef) -> Result<Outcome> {
    if literal.is_null(0) {
        return Ok(Outcome { yes: uniform(column.len(), false), no: uniform(column.len(), false) });
    }
    let Some(row) = column.as_struct_opt() else {
        let kernel: Kernel = match comparison {
            Comparison::Equal => cmp::eq,
            Comparison::NotEqual => cmp::neq,
            Comparison::Less => cmp::lt,
            Comparison::LessOrEqual => cmp::lt_eq,
            Comparison::Greater => cmp::gt,
            Comparison::GreaterOrEqual => cmp::gt_eq,
        };
        return Ok(known(&kernel(&canonical(column), &Scalar::new(canonical(literal)))?));
    };
    // A fine timestamp: milliseconds decide unless they are equal.
    let parts = literal.as_struct();
    let (millis, nanos) = (Scalar::new(parts.column(0).clone()), Scalar::new(parts.column(1).clone()));
    let of = |kernel: Kernel, i: usize, literal: &Scalar<ArrayRef>| -> Result<BooleanBuffer> {
        Ok(kernel(row.column(i), literal)?.values().clone())
    };
    let same_millis = of(cmp::eq, 0, &millis)?;
    let less = &of(cmp::lt, 0, &millis)? | &(&same_millis & &of(cmp::lt, 1, &nanos)?);
    let equal = &same_millis & &of(cmp::eq, 1, &nanos)?;
    let yes = match comparison {
        Comparison::Equal => equal,
        Comparison::NotEqual => !&equal,
        Comparison::Less => less,
        Comparison::LessOrEqual => &less | &equal,
        Comparison::Greater => !&(&less | &equal),
        Comparison::GreaterOrEqual => !&less,
    };
    Ok(known(&BooleanArray::new(yes, row.nulls().cloned())))
}

/// -0.0 as 0.0, and one NaN, since the kernels order by bits.
fn canonical(a: &ArrayRef) -> ArrayRef {
    match a.data_type() {
        ArrowType::Float32 => Arc::new(a.as_primitive::<Float32Type>().unary::<_, Float32Type>(canonical_f32)),
        ArrowType::Float64 => Arc::new(a.as_primitive::<Float64Type>().unary::<_, Float64Type>(canonical_f64)),
        _ => a.clone(),
    }
}
