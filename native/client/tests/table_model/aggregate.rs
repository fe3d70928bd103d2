//! Aggregate functions, on values.
use std::cmp::Ordering;

use fluss_testkit::Value;
use fluss_types::TypeRoot;

/// The function of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Function {
    Sum,
    Product,
    Max,
    Min,
    LastValue,
    LastValueIgnoreNulls,
    FirstValue,
    FirstValueIgnoreNulls,
    /// `listagg`, or else `string_agg`; the delimiter.
    Join(&'static str, Option<&'static str>),
    BoolAnd,
    BoolOr,
}

impl Function {
    /// As the option has it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Product => "product",
            Self::Max => "max",
            Self::Min => "min",
            Self::LastValue => "last_value",
            Self::LastValueIgnoreNulls => "last_value_ignore_nulls",
            Self::FirstValue => "first_value",
            Self::FirstValueIgnoreNulls => "first_value_ignore_nulls",
            Self::Join(name, _) => name,
            Self::BoolAnd => "bool_and",
            Self::BoolOr => "bool_or",
        }
    }

    /// Whether it may stand at a column of this type.
    pub fn takes(&self, t: &TypeRoot) -> bool {
        use TypeRoot as T;
        let number = matches!(t, T::TinyInt | T::SmallInt | T::Int | T::BigInt | T::Float | T::Double | T::Decimal(..));
        let text = matches!(t, T::Char(_) | T::VarChar(_));
        match self {
            Self::Sum | Self::Product => number,
            Self::Max | Self::Min => number || text || matches!(t, T::Date | T::Time(_) | T::Timestamp(_) | T::TimestampLtz(_)),
            Self::Join(..) => text,
            Self::BoolAnd | Self::BoolOr => matches!(t, T::Boolean),
            _ => true,
        }
    }
}

/// The value after `new` came to `old`.
pub fn aggregate(function: &Function, t: &TypeRoot, old: &Value, new: &Value) -> Value {
    use Function as F;
    match function {
        F::LastValue => return new.clone(),
        F::LastValueIgnoreNulls if *new == Value::Null => return old.clone(),
        F::LastValueIgnoreNulls => return new.clone(),
        F::FirstValue | F::FirstValueIgnoreNulls if *old == Value::Null => return new.clone(),
        F::FirstValue | F::FirstValueIgnoreNulls => return old.clone(),
        _ => {}
    }
    match (old, new) {
        (old, Value::Null) => return old.clone(),
        (Value::Null, new) => return new.clone(),
        _ => {}
    }
    let choose = |wanted: Ordering| if order(new, old) == wanted { new.clone() } else { old.clone() };
    match (function, old, new) {
        (F::Max, ..) => choose(Ordering::Greater),
        (F::Min, ..) => choose(Ordering::Less),
        (F::BoolAnd, Value::Bool(a), Value::Bool(b)) => Value::Bool(*a && *b),
        (F::BoolOr, Value::Bool(a), Value::Bool(b)) => Value::Bool(*a || *b),
        (F::Join(_, delimiter), Value::Bytes(a), Value::Bytes(b)) => {
            Value::Bytes([a, delimiter.unwrap_or(",").as_bytes(), b].concat())
        }
        (F::Sum, Value::Int(a), Value::Int(b)) => Value::Int(wrap(t, a + b)),
        (F::Product, Value::Int(a), Value::Int(b)) => Value::Int(match t {
            TypeRoot::Decimal(_, scale) => half_up(a * b, 10i128.pow((*scale).into())),
            _ => wrap(t, a.wrapping_mul(*b)),
        }),
        (F::Sum | F::Product, Value::Float(a), Value::Float(b)) => {
            let (a, b) = (f64::from_bits(*a), f64::from_bits(*b));
            let sum = *function == F::Sum;
            Value::Float(match t {
                TypeRoot::Float => f64::from(if sum { a as f32 + b as f32 } else { a as f32 * b as f32 }).to_bits(),
                _ => (if sum { a + b } else { a * b }).to_bits(),
            })
        }
        other => panic!("{other:?}"),
    }
}

fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => f64::from_bits(*a).total_cmp(&f64::from_bits(*b)),
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        other => panic!("{other:?}"),
    }
}

/// Integers wrap.
fn wrap(t: &TypeRoot, n: i128) -> i128 {
    match t {
        TypeRoot::TinyInt => i128::from(n as i8),
        TypeRoot::SmallInt => i128::from(n as i16),
        TypeRoot::Int => i128::from(n as i32),
        TypeRoot::BigInt => i128::from(n as i64),
        _ => n,
    }
}

/// Halves go away from 0.
fn half_up(n: i128, by: i128) -> i128 {
    (n.abs() + by / 2) / by * n.signum()
}

#[test]
fn halves_go_away_from_zero_and_integers_wrap() {
    assert_eq!([half_up(15, 10), half_up(-15, 10), half_up(14, 10)], [2, -2, 1]);
    let tiny = aggregate(&Function::Sum, &TypeRoot::TinyInt, &Value::Int(127), &Value::Int(1));
    assert_eq!(tiny, Value::Int(-128));
}
