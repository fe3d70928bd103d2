//! Aggregates are what a look at each row makes of them, however the rows come in batches.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::sync::Arc;

use arrow_array::{Decimal128Array, Float64Array, Int8Array, RecordBatch};
use fluss_format::{
    AggregateFunction, Aggregates, BatchHeader, EncodeOptions, Filter, Fold, Predicate, Projection, encode_batch, read_projected,
};
use fluss_testkit::{Random, Value, all_types, random_rows, random_schema, values};
use fluss_types::{Column, Compression, DataType, ErrorCode, Schema, TypeRoot};

use AggregateFunction as F;

const ALL: [AggregateFunction; 6] = [F::Count, F::Min, F::Max, F::Sum, F::WideSum, F::Any];

/// Adds some rows of a batch, as a read of the log gives them.
fn add(fold: &mut Fold, rows: &RecordBatch, projection: &Projection, filter: Option<&Filter>, range: std::ops::Range<usize>) {
    let written = projection.schema();
    let bytes = encode_batch(rows, written, &EncodeOptions::new(true, Compression::None)).unwrap().place(0, 0, 0, 0).to_vec();
    let header = BatchHeader::decode(&bytes).unwrap();
    let body = &bytes[header.body_at()..];
    let batch = read_projected(&header, &bytes, written, projection, filter, range, |at, out| {
        out.copy_from_slice(&body[at..at + out.len()]);
        Ok(())
    });
    batch.unwrap().into_iter().for_each(|batch| fold.add(batch).unwrap());
}

/// The one row, or nothing.
fn finish(fold: Fold, types: &[DataType]) -> Option<Vec<Value>> {
    let batch = fold.finish().unwrap()?;
    assert_eq!((batch.rows, batch.chosen()), (1, vec![0]));
    let arrays = batch.arrays(types).unwrap();
    Some(arrays.iter().zip(types).map(|(a, t)| values(a, t)[0].clone()).collect())
}

/// The type of an aggregate, if there is one.
fn output(function: AggregateFunction, t: &DataType) -> Option<DataType> {
    use TypeRoot as T;
    let root = match (function, &t.root) {
        (F::Count, _) => T::BigInt,
        (F::Min | F::Max | F::Any, root) if !t.is_nested() => root.clone(),
        (F::Sum | F::WideSum, T::Decimal(_, s)) => T::Decimal(38, *s),
        (F::Sum, root @ (T::TinyInt | T::SmallInt | T::Int | T::BigInt | T::Float | T::Double)) => root.clone(),
        (F::WideSum, T::TinyInt | T::SmallInt | T::Int | T::BigInt) => T::BigInt,
        (F::WideSum, T::Float | T::Double) => T::Double,
        _ => return None,
    };
    Some(DataType::new(root, true).unwrap())
}

/// What Flink makes of the values one after the other.
fn plain(function: AggregateFunction, column: &[Value], out: &DataType) -> Value {
    let known: Vec<&Value> = column.iter().filter(|v| **v != Value::Null).collect();
    let key = |v: &Value| match v {
        Value::Float(bits) => (f64::from_bits(*bits).to_bits(), 0, vec![]),
        Value::Int(n) => (0, *n, vec![]),
        Value::Bool(b) => (0, i128::from(*b), vec![]),
        Value::Bytes(b) => (0, 0, b.clone()),
        _ => unreachable!(),
    };
    let less = |a: &Value, b: &Value| match (a, b) {
        (Value::Float(a), Value::Float(b)) => {
            let number = |bits: u64| if f64::from_bits(bits).is_nan() { f64::NAN } else { f64::from_bits(bits) + 0.0 };
            number(*a).total_cmp(&number(*b)).is_lt()
        }
        (a, b) => key(a) < key(b),
    };
    let best = |better: &dyn Fn(&Value, &Value) -> bool| {
        known.iter().copied().reduce(|best, v| if better(v, best) { v } else { best }).cloned().unwrap_or(Value::Null)
    };
    let wide = function == F::WideSum;
    match function {
        F::Count => Value::Int(known.len() as i128),
        F::Any => column[0].clone(),
        F::Min => best(&less),
        F::Max => best(&|a, b| less(b, a)),
        F::Sum | F::WideSum => known.iter().fold(
            if !wide {
                Value::Null
            } else if out.root == TypeRoot::Double {
                Value::Float(0)
            } else {
                Value::Int(0)
            },
            |sum, v| match (sum, *v, &out.root) {
                (Value::Null, _, TypeRoot::Decimal(..)) if wide => Value::Null,
                (Value::Null, v, _) => v.clone(),
                (Value::Int(a), Value::Int(b), TypeRoot::TinyInt) => Value::Int(i128::from((a + b) as i8)),
                (Value::Int(a), Value::Int(b), TypeRoot::SmallInt) => Value::Int(i128::from((a + b) as i16)),
                (Value::Int(a), Value::Int(b), TypeRoot::Int) => Value::Int(i128::from((a + b) as i32)),
                (Value::Int(a), Value::Int(b), TypeRoot::BigInt) => Value::Int(i128::from((a + b) as i64)),
                (Value::Int(a), Value::Int(b), _) if (a + b).abs() < 10i128.pow(38) => Value::Int(a + b),
                (Value::Int(_), ..) => Value::Null,
                (Value::Float(a), Value::Float(b), root) => {
                    let (a, b) = (f64::from_bits(a), f64::from_bits(*b));
                    let sum = if *root == TypeRoot::Float { f64::from(a as f32 + b as f32) } else { a + b };
                    Value::Float(sum.to_bits())
                }
                other => panic!("{other:?}"),
            },
        ),
    }
}

/// All NaNs as one: which of them an addition gives is the processor's.
fn one_nan(v: Value) -> Value {
    match v {
        Value::Float(bits) if f64::from_bits(bits).is_nan() => Value::Float(f64::NAN.to_bits()),
        v => v,
    }
}

#[test]
fn the_row_is_that_of_a_plain_fold() {
    let (mut rows_seen, mut empty) = (0, 0);
    for seed in 0..600 {
        let random = &mut Random(seed);
        let schema = if seed % 2 == 0 { all_types(&[]) } else { random_schema(random, false) };
        let types: Vec<&DataType> = schema.columns().iter().map(|c| &c.data_type).collect();
        let mut wanted = vec![(F::Count, None)];
        for _ in 0..6 {
            let (function, column) = (ALL[random.below(6) as usize], random.below(types.len() as u64) as usize);
            if output(function, types[column]).is_some() {
                wanted.push((function, Some(column)));
            }
        }
        let bigint = DataType::new(TypeRoot::BigInt, true).unwrap();
        let outputs: Vec<DataType> =
            wanted.iter().map(|(f, c)| c.map_or(bigint.clone(), |c| output(*f, types[c]).unwrap())).collect();
        let projection = Projection::all(schema.clone());
        let mut fold = Fold::new(Arc::new(Aggregates::new(&projection, wanted.clone()).unwrap()));
        // The filter is one of whole batches: the rows that it leaves are others' tests.
        let filter = Filter::new(schema.clone(), Predicate::Not(Box::new(Predicate::IsNull(vec![0])))).unwrap();
        let filter = (random.below(2) == 0).then_some(&filter);
        let mut kept: Vec<Vec<Value>> = vec![Vec::new(); types.len()];
        for _ in 0..random.below(4) {
            let n = 1 + random.below(12) as usize;
            let rows = random_rows(&schema, n, random);
            let first = random.below(n as u64) as usize;
            let range = first..first + random.below((n - first) as u64 + 1) as usize;
            add(&mut fold, &rows, &projection, filter, range.clone());
            let table = common::table(&rows, schema.columns());
            let chosen: Vec<usize> = range.filter(|r| filter.is_none() || table[0][*r] != Value::Null).collect();
            kept.iter_mut().zip(&table).for_each(|(k, column)| k.extend(chosen.iter().map(|r| column[*r].clone())));
        }
        let found = finish(fold, &outputs);
        if kept[0].is_empty() {
            assert!(found.is_none(), "seed {seed}");
            empty += 1;
            continue;
        }
        rows_seen += kept[0].len();
        for (i, ((f, c), found)) in wanted.iter().zip(found.unwrap()).enumerate() {
            let expected = match c {
                Some(c) => plain(*f, &kept[*c], &outputs[i]),
                None => Value::Int(kept[0].len() as i128),
            };
            assert_eq!(one_nan(found), one_nan(expected), "seed {seed}: {f:?} of {:?}", c.map(|c| types[c]));
        }
    }
    assert!(rows_seen > 1000 && empty > 50, "{rows_seen} rows, {empty} times none");
}

fn one_column(root: TypeRoot) -> (Arc<Schema>, DataType) {
    let t = DataType::new(root, true).unwrap();
    (Arc::new(Schema::new(0, vec![Column::new("v", t.clone())], &[], &[]).unwrap()), t)
}

fn of(root: TypeRoot, array: arrow_array::ArrayRef, functions: &[AggregateFunction]) -> Vec<Value> {
    let (schema, t) = one_column(root);
    let projection = Projection::all(schema.clone());
    let wanted = functions.iter().map(|f| (*f, Some(0)));
    let mut fold = Fold::new(Arc::new(Aggregates::new(&projection, wanted).unwrap()));
    let rows = array.len();
    add(&mut fold, &RecordBatch::try_new(schema.arrow_schema(), vec![array]).unwrap(), &projection, None, 0..rows);
    finish(fold, &functions.iter().map(|f| output(*f, &t).unwrap()).collect::<Vec<_>>()).unwrap()
}

#[test]
fn sums_overflow_as_flinks_do() {
    let small = Int8Array::from(vec![100, 100]);
    assert_eq!(of(TypeRoot::TinyInt, Arc::new(small), &[F::Sum, F::WideSum]), [Value::Int(-56), Value::Int(200)]);
    let nines = 10i128.pow(38) - 1;
    let decimals = |v: Vec<i128>| Arc::new(Decimal128Array::from(v).with_precision_and_scale(38, 0).unwrap());
    let sums = |v| of(TypeRoot::Decimal(38, 0), decimals(v), &[F::Sum, F::WideSum]);
    assert_eq!(sums(vec![nines, -1]), [Value::Int(nines - 1), Value::Int(nines - 1)]);
    assert_eq!(sums(vec![nines, 1, 7]), [Value::Int(7), Value::Null]);
    assert_eq!(sums(vec![nines, nines]), [Value::Null, Value::Null]);
}

#[test]
fn nothing_but_nulls_is_null_and_counts_as_rows() {
    let nulls = Arc::new(Float64Array::from(vec![None, None]));
    let found = of(TypeRoot::Double, nulls, &ALL);
    let (zero, none) = (Value::Float(0), Value::Null);
    assert_eq!(found, [Value::Int(0), none.clone(), none.clone(), none.clone(), zero, none]);
}

#[test]
fn an_aggregate_that_a_type_does_not_have_is_refused() {
    let refused = |root, function, column| {
        let projection = Projection::all(one_column(root).0);
        Aggregates::new(&projection, [(function, column)]).unwrap_err()
    };
    let list = TypeRoot::Array(Box::new(DataType::new(TypeRoot::Int, true).unwrap()));
    for (root, function) in [(list, F::Max), (TypeRoot::Boolean, F::Sum), (TypeRoot::Date, F::WideSum)] {
        assert_eq!(refused(root, function, Some(0)).code(), ErrorCode::UnsupportedType);
    }
    assert!(refused(TypeRoot::Int, F::Sum, Some(1)).to_string().contains("column 1 of 1"));
    assert!(refused(TypeRoot::Int, F::Sum, None).to_string().contains("needs a column"));
}
