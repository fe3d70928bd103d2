//! Every function and every engine against literal rows.
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, RecordBatch, StringArray, Time32MillisecondArray, TimestampMicrosecondArray, new_null_array,
};
use fluss_format::ColumnValues;
use fluss_types::{AggregateFunction as F, ChangelogImage, Column, TypeRoot as T};

use super::*;

const TEXT: T = T::VarChar(i32::MAX as u32);
const BYTES: T = T::VarBinary(i32::MAX as u32);

fn codec(types: &[T]) -> RowCodec {
    let id = Column::new("id", DataType::new(T::BigInt, false).unwrap());
    let others = types.iter().enumerate().map(|(i, t)| Column::new(format!("c{i}"), DataType::new(t.clone(), true).unwrap()));
    let schema = Schema::new(0, std::iter::once(id).chain(others).collect(), &["id".into()], &[]).unwrap();
    RowCodec::new(Arc::new(Arc::new(schema).into()))
}

fn merging(engine: MergeEngine) -> Merging {
    Merging { engine, delete: DeleteBehavior::Allow, image: ChangelogImage::Full, auto_increment: None }
}

/// The row `1, values…`.
fn row(codec: &RowCodec, values: &[ArrayRef]) -> Vec<u8> {
    let mut columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(vec![1]))];
    columns.extend(values.iter().cloned());
    let batch = RecordBatch::try_new(codec.schema().arrow_schema(), columns).unwrap();
    let mut out = Vec::new();
    codec.encode(&ColumnValues::all(&batch, codec.schema().columns()).unwrap(), 0, &mut out).unwrap();
    out
}

/// What a function makes of two values of a type, or why it does not.
fn try_aggregated(f: F, t: T, old: ArrayRef, new: ArrayRef) -> Result<ArrayRef> {
    let codec = codec(&[t]);
    let merging = merging(MergeEngine::Aggregation { functions: vec![F::LastValue, f] });
    let merger = RowMerger::new(&codec, &merging, None)?;
    let mut made = Vec::new();
    let merged = merger.upsert(Some(&row(&codec, &[old])), &row(&codec, &[new]), &mut made)?;
    assert_eq!(merged, Merged::Made);
    Ok(codec.decode(&[&made])?.column(1).clone())
}

macro_rules! aggregates {
    ($f:expr, $t:expr, $array:ty, $($old:expr, $new:expr => $expected:expr;)+) => {
        $({
            let array = |v| Arc::new(<$array>::from(vec![v])) as ArrayRef;
            let found = try_aggregated($f, $t, array($old), array($new)).unwrap();
            assert_eq!(&found, &array($expected), "{:?} of {:?} and {:?}", $f, array($old), array($new));
        })+
    };
}

#[test]
fn sum_and_product_of_integers_wrap_and_leave_nulls_out() {
    aggregates!(F::Sum, T::TinyInt, Int8Array, Some(127), Some(1) => Some(-128); None, Some(5) => Some(5); Some(5), None => Some(5););
    aggregates!(F::Sum, T::SmallInt, Int16Array, Some(i16::MIN), Some(-1) => Some(i16::MAX););
    aggregates!(F::Sum, T::Int, Int32Array, Some(i32::MAX), Some(2) => Some(i32::MIN + 1); None::<i32>, None => None;);
    aggregates!(F::Sum, T::BigInt, Int64Array, Some(1 << 40), Some(-1) => Some((1 << 40) - 1););
    aggregates!(F::Product, T::TinyInt, Int8Array, Some(16), Some(17) => Some(16); None, Some(5) => Some(5););
    aggregates!(F::Product, T::BigInt, Int64Array, Some(i64::MAX), Some(2) => Some(-2); Some(3), Some(-4) => Some(-12););
}

#[test]
fn floats_are_added_in_their_own_width() {
    aggregates!(F::Sum, T::Float, Float32Array, Some(16_777_216.0), Some(1.0) => Some(16_777_216.0););
    aggregates!(F::Sum, T::Double, Float64Array, Some(16_777_216.0), Some(1.0) => Some(16_777_217.0); None, Some(-0.0) => Some(-0.0););
    aggregates!(F::Product, T::Double, Float64Array, Some(0.5), Some(-3.0) => Some(-1.5););
}

#[test]
fn decimals_keep_their_scale_and_never_lose_digits_in_silence() {
    let decimal = |v: Option<i128>| Arc::new(Decimal128Array::from(vec![v]).with_precision_and_scale(5, 2).unwrap()) as ArrayRef;
    let of = |f, a, b| try_aggregated(f, T::Decimal(5, 2), decimal(a), decimal(b));
    let is = |f, a, b, expected| assert_eq!(&of(f, Some(a), Some(b)).unwrap(), &decimal(Some(expected)), "{a} {b}");
    is(F::Sum, 12345, -345, 12000);
    is(F::Sum, 99998, 1, 99999);
    // 1.50 × 0.03 = 0.045, half away from zero.
    is(F::Product, 150, 3, 5);
    is(F::Product, -150, 3, -5);
    is(F::Product, 149, 3, 4);
    is(F::Product, 31622, 100, 31622);
    for (f, a, b) in [(F::Sum, 99999, 1), (F::Sum, -99999, -1), (F::Product, 99999, 200)] {
        let e = of(f, Some(a), Some(b)).unwrap_err();
        assert!(e.message().contains("column 'c0'") && e.message().contains("does not fit DECIMAL(5, 2)"), "{e}");
    }
    let most = 10i128.pow(38) - 1;
    let whole = |v: i128| Arc::new(Decimal128Array::from(vec![v]).with_precision_and_scale(38, 38).unwrap()) as ArrayRef;
    let product = try_aggregated(F::Product, T::Decimal(38, 38), whole(most), whole(most)).unwrap();
    assert_eq!(&product, &whole(most - 1), "76 digits between");
    assert!(try_aggregated(F::Sum, T::Decimal(38, 38), whole(most), whole(most)).is_err());
}

#[test]
fn max_and_min_follow_the_order_of_the_type() {
    aggregates!(F::Max, T::Int, Int32Array, Some(-1), Some(1) => Some(1); Some(5), None => Some(5); None, Some(5) => Some(5););
    aggregates!(F::Min, T::BigInt, Int64Array, Some(-1), Some(256) => Some(-1); Some(3), Some(2) => Some(2););
    aggregates!(F::Max, T::Double, Float64Array, Some(-0.0), Some(0.0) => Some(0.0); Some(f64::NAN), Some(f64::INFINITY) => Some(f64::NAN););
    aggregates!(F::Min, T::Double, Float64Array, Some(0.0), Some(-0.0) => Some(-0.0); Some(-f64::NAN), Some(1.0) => Some(1.0););
    aggregates!(F::Max, T::Float, Float32Array, Some(1.5), Some(-2.5) => Some(1.5););
    aggregates!(F::Max, TEXT, StringArray, Some("a"), Some("ä") => Some("ä"); Some("b"), Some("aa") => Some("b"); Some(""), Some("a") => Some("a"););
    aggregates!(F::Min, T::Date, Date32Array, Some(-5), Some(4) => Some(-5););
    aggregates!(F::Max, T::Time(0), Time32MillisecondArray, Some(1000), Some(255_000) => Some(255_000););
    aggregates!(F::Min, T::Timestamp(6), TimestampMicrosecondArray, Some(-1), Some(0) => Some(-1););
    let decimal = |v: i128| Arc::new(Decimal128Array::from(vec![v]).with_precision_and_scale(30, 2).unwrap()) as ArrayRef;
    let min = try_aggregated(F::Min, T::Decimal(30, 2), decimal(-(1 << 70)), decimal(1)).unwrap();
    assert_eq!(&min, &decimal(-(1 << 70)));
    // Of equal milliseconds the nanoseconds decide.
    let fine = |ms: i64, ns: i32| {
        let mut value = ms.to_le_bytes().to_vec();
        value.extend(ns.to_le_bytes());
        value
    };
    let t = DataType::new(T::TimestampLtz(9), true).unwrap();
    assert_eq!(compare(&t, &fine(-5, 10), &fine(-5, 9)), Ordering::Greater);
    assert_eq!(compare(&t, &fine(-5, 10), &fine(-4, 0)), Ordering::Less);
}

#[test]
fn first_and_last_values() {
    aggregates!(F::LastValue, TEXT, StringArray, Some("a"), None::<&str> => None; Some("a"), Some("b") => Some("b"););
    aggregates!(F::LastValueIgnoreNulls, TEXT, StringArray, Some("a"), None => Some("a"); Some("a"), Some("") => Some(""););
    aggregates!(F::FirstValueIgnoreNulls, T::Int, Int32Array, None, Some(2) => Some(2); Some(1), Some(2) => Some(1); Some(1), None => Some(1););
}

#[test]
fn lists_have_their_delimiter_between_values() {
    let list = |delimiter: &str| F::ListAgg { delimiter: delimiter.into() };
    aggregates!(list(","), TEXT, StringArray, Some("a"), Some("b") => Some("a,b"); None, Some("b") => Some("b"); Some("a"), None => Some("a"););
    aggregates!(list(" – "), T::Char(3), StringArray, Some("ä"), Some("") => Some("ä – "););
    aggregates!(list(""), TEXT, StringArray, Some("a,b"), Some("c") => Some("a,bc"););
}

#[test]
fn booleans() {
    aggregates!(F::BoolAnd, T::Boolean, BooleanArray, Some(true), Some(false) => Some(false); Some(true), Some(true) => Some(true); Some(false), None => Some(false););
    aggregates!(F::BoolOr, T::Boolean, BooleanArray, Some(false), Some(true) => Some(true); Some(false), Some(false) => Some(false); None, Some(false) => Some(false););
}

#[test]
fn bitmaps_are_united_and_what_is_none_is_refused_when_it_comes() {
    let small = |values: &[u32]| {
        let mut bytes = Vec::new();
        roaring::RoaringBitmap::from_iter(values).serialize_into(&mut bytes).unwrap();
        bytes
    };
    let large = |values: &[u64]| {
        let mut bytes = Vec::new();
        roaring::RoaringTreemap::from_iter(values).serialize_into(&mut bytes).unwrap();
        bytes
    };
    let bytes = |b: &[u8]| Arc::new(BinaryArray::from(vec![Some(b)])) as ArrayRef;
    let none = || new_null_array(&arrow_schema::DataType::Binary, 1);
    let united = |f: F, old: ArrayRef, new: ArrayRef| try_aggregated(f, BYTES, old, new).unwrap();
    assert_eq!(&united(F::Rbm32, bytes(&small(&[1, 70_000])), bytes(&small(&[1, 2]))), &bytes(&small(&[1, 2, 70_000])));
    assert_eq!(&united(F::Rbm32, none(), bytes(&small(&[]))), &bytes(&small(&[])));
    assert_eq!(&united(F::Rbm32, bytes(&small(&[9])), none()), &bytes(&small(&[9])));
    assert_eq!(&united(F::Rbm64, bytes(&large(&[1 << 40])), bytes(&large(&[u64::MAX]))), &bytes(&large(&[1 << 40, u64::MAX])));
    let e = try_aggregated(F::Rbm32, BYTES, bytes(&small(&[1])), bytes(b"no bitmap")).unwrap_err();
    assert!(e.message().contains("column 'c0': a value is no 32-bit Roaring bitmap"), "{e}");
    let codec = codec(&[BYTES]);
    let merging = merging(MergeEngine::Aggregation { functions: vec![F::LastValue, F::Rbm64] });
    let merger = RowMerger::new(&codec, &merging, None).unwrap();
    assert!(merger.upsert(None, &row(&codec, &[bytes(&[0; 7])]), &mut Vec::new()).is_err(), "the first one too");
    let mut longer = large(&[5]);
    longer.push(0);
    assert!(merger.upsert(None, &row(&codec, &[bytes(&longer)]), &mut Vec::new()).is_err());
}

#[test]
fn other_columns_are_carried_over_whatever_their_types() {
    let element = DataType::new(T::Int, true).unwrap();
    let codec = codec(&[T::Array(Box::new(element)), T::Int, TEXT]);
    let list = |values: &[i32]| {
        let values = values.iter().map(|v| Some(*v)).collect::<Vec<_>>();
        let DataType { root, .. } = &codec.schema().columns()[1].data_type;
        let field = match DataType::new(root.clone(), true).unwrap().to_arrow() {
            arrow_schema::DataType::List(field) => field,
            other => panic!("{other:?}"),
        };
        let offsets = arrow_buffer::OffsetBuffer::from_lengths([values.len()]);
        Arc::new(arrow_array::ListArray::new(field, offsets, Arc::new(Int32Array::from(values)), None)) as ArrayRef
    };
    let int = |v: Option<i32>| Arc::new(Int32Array::from(vec![v])) as ArrayRef;
    let text = |v: Option<&str>| Arc::new(StringArray::from(vec![v])) as ArrayRef;
    let nulls = |a: &ArrayRef| new_null_array(a.data_type(), 1);
    let old = row(&codec, &[list(&[1, 2]), int(Some(7)), text(Some("old"))]);
    let decoded = |bytes: &[u8]| codec.decode(&[bytes]).unwrap().columns()[1..].to_vec();

    let plain = merging(MergeEngine::LastRow);
    let ids: Vec<FieldId> = codec.schema().columns().iter().map(|c| c.id).collect();
    let part = RowMerger::new(&codec, &plain, Some(&[ids[0], ids[2]])).unwrap();
    let mut made = Vec::new();
    let new = row(&codec, &[nulls(&list(&[])), int(None), nulls(&text(None))]);
    assert_eq!(part.upsert(Some(&old), &new, &mut made).unwrap(), Merged::Made);
    assert_eq!(decoded(&made), [list(&[1, 2]), int(None), text(Some("old"))]);
    made.clear();
    assert_eq!(part.delete(Some(&old), &mut made).unwrap(), Merged::Made);
    assert_eq!(decoded(&made), [list(&[1, 2]), int(None), text(Some("old"))]);
    assert_eq!(part.upsert(None, &new, &mut made).unwrap(), Merged::New);
    assert_eq!(part.delete(None, &mut made).unwrap(), Merged::Unchanged);
    let last_part = row(&codec, &[nulls(&list(&[])), int(Some(1)), text(None)]);
    assert_eq!(part.delete(Some(&last_part), &mut made).unwrap(), Merged::Removed);
    assert!(RowMerger::new(&codec, &plain, Some(&[ids[1]])).is_err(), "without the key");

    let whole = RowMerger::new(&codec, &plain, Some(&ids)).unwrap();
    assert!(whole.replaces() && !whole.reads_old());
    assert_eq!(whole.upsert(Some(&old), &new, &mut made).unwrap(), Merged::New);
    assert_eq!(whole.delete(Some(&old), &mut made).unwrap(), Merged::Removed);
}

#[test]
fn engines_choose_a_row() {
    let codec = codec(&[T::Int]);
    let int = |v: Option<i32>| row(&codec, &[Arc::new(Int32Array::from(vec![v]))]);
    let upsert = |engine: &MergeEngine, old: Option<i32>, new: Option<i32>| {
        let merging = merging(engine.clone());
        RowMerger::new(&codec, &merging, None).unwrap().upsert(Some(&int(old)), &int(new), &mut Vec::new()).unwrap()
    };
    assert_eq!(upsert(&MergeEngine::LastRow, Some(1), Some(1)), Merged::New);
    assert_eq!(upsert(&MergeEngine::FirstRow, None, Some(1)), Merged::Unchanged);
    let versioned = MergeEngine::Versioned { column: 1 };
    for (old, new, replaced) in [
        (Some(1), Some(2), true),
        (Some(2), Some(2), true),
        (Some(2), Some(1), false),
        (Some(-1), Some(256), true),
        (None, Some(i32::MIN), true),
        (None, None, true),
        (Some(i32::MIN), None, false),
    ] {
        let expected = if replaced { Merged::New } else { Merged::Unchanged };
        assert_eq!(upsert(&versioned, old, new), expected, "{old:?} {new:?}");
    }
    // Of the key alone: there is a row, and it stays.
    for engine in
        [MergeEngine::LastRow, MergeEngine::FirstRow, versioned, MergeEngine::Aggregation { functions: vec![F::LastValue; 2] }]
    {
        let merging = merging(engine);
        let key = RowMerger::new(&codec, &merging, Some(&[0])).unwrap();
        assert_eq!(key.upsert(Some(&int(Some(1))), &int(None), &mut Vec::new()).unwrap(), Merged::Unchanged);
        assert_eq!(key.upsert(None, &int(None), &mut Vec::new()).unwrap(), Merged::New);
    }
    let ignoring = Merging { delete: DeleteBehavior::Ignore, ..merging(MergeEngine::LastRow) };
    let ignoring = RowMerger::new(&codec, &ignoring, None).unwrap();
    assert_eq!(ignoring.delete(Some(&int(None)), &mut Vec::new()).unwrap(), Merged::Unchanged);
}
