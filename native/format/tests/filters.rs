//! Filters give the rows that a look at each row gives, and statistics never hide one.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BinaryArray, Float64Array, Int32Array, RecordBatch, StringArray};
use fluss_format::{
    BatchHeader, Bucketer, ColumnBatch, ColumnValues, Comparison, EncodeOptions, Filter, KeyEncoder, Predicate, Projection,
    encode_batch, read_projected,
};
use fluss_testkit::{Random, Value, fields_as, random_change, random_rows, random_schema, value};
use fluss_types::{Column, Compression, DataType, ErrorCode, Result, Schema, TypeRoot};

use common::{projected, table};

fn encoded(rows: &RecordBatch, schema: &Schema, statistics: &[usize]) -> Vec<u8> {
    let options = EncodeOptions { statistics, ..EncodeOptions::new(true, Compression::Lz4Frame) };
    encode_batch(rows, schema, &options).unwrap().place(0, 0, 0, 0).to_vec()
}

/// What a filtered read gives, and how many bytes of the body it fetched.
fn read(
    bytes: &[u8],
    written: &Schema,
    projection: &Projection,
    filter: &Filter,
    rows: std::ops::Range<usize>,
) -> Result<(Option<ColumnBatch>, usize)> {
    let header = BatchHeader::decode(bytes).unwrap();
    header.verify(bytes).unwrap();
    let mut fetched = 0;
    let body = &bytes[header.body_at()..];
    let batch = read_projected(&header, bytes, written, projection, Some(filter), rows, |at, out| {
        fetched += out.len();
        out.copy_from_slice(&body[at..at + out.len()]);
        Ok(())
    })?;
    Ok((batch, fetched))
}

/// SQL's logic for one row; `None`: unknown.
fn holds(p: &Predicate, columns: &[Column], row: &[Value]) -> Option<bool> {
    let all = |ps: &[Predicate], not: bool| {
        let each: Vec<Option<bool>> = ps.iter().map(|p| holds(p, columns, row).map(|b| b != not)).collect();
        match each {
            e if e.contains(&Some(false)) => Some(false),
            e if e.contains(&None) => None,
            _ => Some(true),
        }
    };
    let of = |path: &Vec<usize>| at_path(path, columns, row);
    let compared = |path: &Vec<usize>, literal: &ArrayRef| {
        let (v, t) = of(path);
        compare(&v, &value(literal, &t, 0))
    };
    match p {
        Predicate::And(ps) => all(ps, false),
        // One is true unless all are not.
        Predicate::Or(ps) => all(ps, true).map(|b| !b),
        Predicate::Not(p) => holds(p, columns, row).map(|b| !b),
        Predicate::IsNull(path) => Some(of(path).0 == Value::Null),
        Predicate::Compare(path, comparison, literal) => compared(path, literal).map(|o| match comparison {
            Comparison::Equal => o.is_eq(),
            Comparison::NotEqual => o.is_ne(),
            Comparison::Less => o.is_lt(),
            Comparison::LessOrEqual => o.is_le(),
            Comparison::Greater => o.is_gt(),
            Comparison::GreaterOrEqual => o.is_ge(),
        }),
        Predicate::In(path, literals) => {
            let equal: Vec<Option<bool>> = literals.iter().map(|l| compared(path, l).map(Ordering::is_eq)).collect();
            match equal {
                e if e.contains(&Some(true)) => Some(true),
                e if e.contains(&None) => None,
                _ => Some(false),
            }
        }
        Predicate::StartsWith(path, prefix) => match of(path).0 {
            Value::Bytes(b) => Some(b.starts_with(prefix)),
            _ => None,
        },
    }
}

fn at_path(path: &[usize], columns: &[Column], row: &[Value]) -> (Value, DataType) {
    let mut t = &columns[path[0]].data_type;
    let mut v = row[path[0]].clone();
    for &i in &path[1..] {
        let TypeRoot::Row(fields) = &t.root else { unreachable!() };
        t = &fields[i].data_type;
        v = if let Value::Row(fields) = v { fields[i].1.clone() } else { Value::Null };
    }
    (v, t.clone())
}

fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    let float = |v: u64| if f64::from_bits(v).is_nan() { f64::NAN } else { f64::from_bits(v) + 0.0 };
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => Some(float(*a).total_cmp(&float(*b))),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        _ => panic!("{a:?} and {b:?}"),
    }
}

/// Columns and fields within ROWs, with their types.
fn paths(columns: &[Column]) -> Vec<(Vec<usize>, DataType)> {
    let below = |(i, c): (usize, &Column)| {
        let fields = if let TypeRoot::Row(fields) = &c.data_type.root { paths(fields) } else { vec![] };
        let fields = fields.into_iter().map(|(p, t)| ([vec![i], p].concat(), t));
        std::iter::once((vec![i], c.data_type.clone())).chain(fields).collect::<Vec<_>>()
    };
    columns.iter().enumerate().flat_map(below).collect()
}

/// A value of a type, often one that the rows have.
fn literal(path: &[usize], t: &DataType, rows: &RecordBatch, random: &mut Random) -> ArrayRef {
    if path.len() == 1 && random.below(2) == 0 {
        return rows.column(path[0]).slice(random.below(rows.num_rows() as u64) as usize, 1);
    }
    let schema = Schema::new(0, vec![Column::new("v", t.clone())], &[], &[]).unwrap();
    random_rows(&schema, 1, random).column(0).clone()
}

fn random_predicate(schema: &Schema, rows: &RecordBatch, depth: u64, random: &mut Random) -> Predicate {
    let many =
        |random: &mut Random| (0..random.below(4)).map(|_| random_predicate(schema, rows, depth - 1, random)).collect::<Vec<_>>();
    let all = paths(schema.columns());
    let (path, t) = all[random.below(all.len() as u64) as usize].clone();
    let comparison = Comparison::ALL[random.below(6) as usize];
    match random.below(if depth == 0 { 5 } else { 8 }) {
        0 => Predicate::IsNull(path),
        _ if t.is_nested() => Predicate::IsNull(path),
        1 if t.is_var_width() => {
            let prefix = match value(&literal(&path, &t, rows, random), &t, 0) {
                Value::Bytes(b) => b[..random.below(b.len() as u64 + 1) as usize].to_vec(),
                _ => vec![],
            };
            Predicate::StartsWith(path, prefix)
        }
        2 => Predicate::In(path.clone(), (0..random.below(4)).map(|_| literal(&path, &t, rows, random)).collect()),
        1 | 3 | 4 => Predicate::Compare(path.clone(), comparison, literal(&path, &t, rows, random)),
        5 => Predicate::And(many(random)),
        6 => Predicate::Or(many(random)),
        _ => Predicate::Not(Box::new(random_predicate(schema, rows, depth - 1, random))),
    }
}

#[test]
fn a_filtered_read_gives_the_rows_for_which_the_predicate_holds() {
    let (mut matched, mut skipped, mut none) = (0, 0, 0);
    for seed in 0..1500 {
        let random = &mut Random(seed);
        let written = random_schema(random, false);
        let n = 1 + random.below(8) as usize;
        let rows = random_rows(&written, n, random);
        let statistics: Vec<usize> = (0..written.columns().len()).filter(|_| random.below(4) > 0).collect();
        let bytes = encoded(&rows, &written, &statistics);
        // Half of the readers have a newer schema than the rows.
        let mut schema = written.clone();
        for change in 0..random.below(3) {
            schema = schema.alter(&[random_change(&schema, change, random)]).map(Arc::new).unwrap_or(schema);
        }
        let stored = table(&rows, written.columns());
        let row = |i: usize| {
            let ids = written.columns().iter().map(|c| c.id);
            let row: Vec<_> = ids.zip(stored.iter().map(|c| c[i].clone())).collect();
            fields_as(&row, written.columns(), schema.columns()).into_iter().map(|(_, v)| v).collect::<Vec<_>>()
        };
        let literals = random_rows(&schema, 4, random);
        let literals = if Arc::ptr_eq(&schema, &written) { &rows } else { &literals };
        for _ in 0..10 {
            let predicate = random_predicate(&schema, literals, 2, random);
            let filter = Filter::new(schema.clone(), predicate.clone()).unwrap();
            let first = random.below(n as u64) as usize;
            let end = first + random.below((n - first) as u64 + 1) as usize;
            let hold = |i: &usize| holds(&predicate, schema.columns(), &row(*i)) == Some(true);
            let expected: Vec<usize> = (first..end).filter(hold).collect();
            let columns = [0, random.below(schema.columns().len() as u64) as usize];
            let projection = Projection::columns(schema.clone(), &columns).unwrap();
            let (batch, fetched) = read(&bytes, &written, &projection, &filter, first..end).unwrap();
            let what = format!("seed {seed}: {predicate:?}");
            let Some(batch) = batch else {
                assert!(expected.is_empty(), "{what}");
                none += 1;
                skipped += usize::from(fetched == 0);
                continue;
            };
            matched += 1;
            assert_eq!(batch.chosen(), expected, "{what}");
            assert!(batch.selected.is_some_and(|s| s.count > 0) && (batch.first_row, batch.end_row) == (first, end));
            let values = projected(batch, &projection);
            for (c, column) in columns.iter().zip(&values) {
                assert!((0..n).all(|i| column[i] == row(i)[*c]), "{what}");
            }
        }
    }
    println!("{matched} reads with rows, {none} without, {skipped} of them by statistics");
    assert!(matched > 1000 && skipped > 1000 && none > skipped + 1000);
}

fn one_column(root: TypeRoot, values: ArrayRef) -> (Arc<Schema>, RecordBatch) {
    let column = Column::new("c", DataType::new(root, true).unwrap());
    let schema = Arc::new(Schema::new(0, vec![column], &[], &[]).unwrap());
    let rows = RecordBatch::try_new(schema.arrow_schema(), vec![values]).unwrap();
    (schema, rows)
}

fn statistics_of(bytes: &[u8]) -> &[u8] {
    let h = BatchHeader::decode(bytes).unwrap();
    let from = 96 + 4 * h.buffers as usize;
    &bytes[from..from + h.statistics_len as usize]
}

#[test]
fn long_strings_are_cut_so_that_bounds_stay_bounds() {
    let long = |first: u8, last: u8| [vec![first; 31], vec![last; 9]].concat();
    let cases: [(Vec<u8>, Option<Vec<u8>>); 5] = [
        (b"short".to_vec(), Some(b"short".to_vec())),
        (vec![7; 32], Some(vec![7; 32])),
        (long(7, 7), Some([vec![7; 31], vec![8]].concat())),
        // The 32nd byte cannot be increased: the one before is.
        (long(7, 0xff), Some([vec![7; 30], vec![8]].concat())),
        (long(0xff, 0xff), None),
    ];
    for (text, max) in cases {
        let values: ArrayRef = Arc::new(BinaryArray::from(vec![Some(text.as_slice()), None]));
        let (schema, rows) = one_column(TypeRoot::VarBinary(100), values);
        let bytes = encoded(&rows, &schema, &[0]);
        let min = &text[..text.len().min(32)];
        let mut expected = [&0u32.to_le_bytes()[..], &1u32.to_le_bytes(), &[1 + 2 * u8::from(max.is_some())]].concat();
        for bound in [Some(min), max.as_deref()].into_iter().flatten() {
            expected.extend((bound.len() as u16).to_le_bytes());
            expected.extend(bound);
        }
        assert_eq!(statistics_of(&bytes), expected, "{text:?}");
        let projection = Projection::all(schema.clone());
        let find = |comparison, v: &[u8]| {
            let literal: ArrayRef = Arc::new(BinaryArray::from(vec![v]));
            let filter = Filter::new(schema.clone(), Predicate::Compare(vec![0], comparison, literal)).unwrap();
            read(&bytes, &schema, &projection, &filter, 0..2).unwrap().0.is_some()
        };
        assert!(find(Comparison::Equal, &text));
        assert!(!find(Comparison::Less, &text) && !find(Comparison::Greater, &text));
        assert!(find(Comparison::Less, &[&text[..], &[0]].concat()) && find(Comparison::Greater, &text[..text.len() - 1]));
    }
}

#[test]
fn nan_is_the_greatest_and_minus_zero_is_zero() {
    let (schema, rows) = one_column(TypeRoot::Double, Arc::new(Float64Array::from(vec![-0.0, f64::NAN, -f64::NAN, 1.0])));
    let bytes = encoded(&rows, &schema, &[0]);
    let find = |comparison, v: f64| {
        let predicate = Predicate::Compare(vec![0], comparison, Arc::new(Float64Array::from(vec![v])) as ArrayRef);
        let filter = Filter::new(schema.clone(), predicate).unwrap();
        let (batch, _) = read(&bytes, &schema, &Projection::all(schema.clone()), &filter, 0..4).unwrap();
        batch.map_or(vec![], |b| b.chosen())
    };
    assert_eq!(find(Comparison::Equal, 0.0), [0]);
    assert_eq!(find(Comparison::Less, 0.0), [0usize; 0]);
    assert_eq!(find(Comparison::Greater, f64::INFINITY), [1, 2]);
    assert_eq!(find(Comparison::Equal, f64::NAN), [1, 2]);
    assert_eq!(find(Comparison::LessOrEqual, 1.0), [0, 3]);
}

#[test]
fn a_column_of_another_type_is_not_skipped_by_its_old_bounds() {
    let (written, rows) = one_column(TypeRoot::Int, Arc::new(Int32Array::from(vec![5])));
    let bytes = encoded(&rows, &written, &[0]);
    let widen =
        fluss_types::SchemaChange::Widen { path: vec!["c".into()], data_type: DataType::new(TypeRoot::BigInt, true).unwrap() };
    let schema = Arc::new(written.alter(&[widen]).unwrap());
    let five: ArrayRef = Arc::new(arrow_array::Int64Array::from(vec![5]));
    let filter = Filter::new(schema.clone(), Predicate::Compare(vec![0], Comparison::Equal, five)).unwrap();
    let (batch, _) = read(&bytes, &written, &Projection::all(schema.clone()), &filter, 0..1).unwrap();
    assert_eq!(batch.unwrap().chosen(), [0]);
}

#[test]
fn what_does_not_fit_a_column_is_refused_with_its_name() {
    let (schema, _) = one_column(TypeRoot::Int, Arc::new(Int32Array::from(vec![5])));
    let text: ArrayRef = Arc::new(StringArray::from(vec!["5"]));
    let refused = |p| Filter::new(schema.clone(), p).unwrap_err();
    let e = refused(Predicate::Compare(vec![0], Comparison::Equal, text.clone()));
    assert!(e.code() == ErrorCode::SchemaMismatch && e.message().contains("'c'"), "{e}");
    assert!(refused(Predicate::StartsWith(vec![0], vec![])).message().contains("prefix"));
    assert!(refused(Predicate::In(vec![0], vec![Arc::new(Int32Array::from(vec![1, 2]))])).message().contains("2 values"));
    assert!(refused(Predicate::IsNull(vec![1])).message().contains("column 1"));
}

#[test]
fn damaged_statistics_are_refused_and_never_panic() {
    for seed in 0..300 {
        let random = &mut Random(seed);
        let schema = random_schema(random, false);
        let rows = random_rows(&schema, 5, random);
        let all: Vec<usize> = (0..schema.columns().len()).collect();
        let good = encoded(&rows, &schema, &all);
        let predicate = random_predicate(&schema, &rows, 2, random);
        let filter = Filter::new(schema.clone(), predicate).unwrap();
        let header = BatchHeader::decode(&good).unwrap();
        let from = 96 + 4 * header.buffers as usize;
        for _ in 0..20 {
            let mut bad = good.clone();
            let at = from + random.below(u64::from(header.statistics_len)) as usize;
            bad[at] = random.bits() as u8;
            let sum = crc32c::crc32c_append(crc32c::crc32c(&bad[..12]), &bad[16..header.prefix_len()]);
            bad[12..16].copy_from_slice(&sum.to_le_bytes());
            let read = read(&bad, &schema, &Projection::all(schema.clone()), &filter, 0..5);
            assert!(read.is_ok() || read.is_err_and(|e| e.code() == ErrorCode::CorruptSegment));
        }
    }
}

/// Whatever rows match lie in the buckets and under the keys that the filter leaves.
#[test]
fn matching_rows_lie_where_the_filter_says() {
    let (mut pinned, mut matched) = (0, 0);
    for seed in 0..1500 {
        let random = &mut Random(seed);
        let types = [TypeRoot::Int, TypeRoot::VarChar(9), TypeRoot::Double, TypeRoot::Timestamp(9)];
        let column = |i: usize| {
            let t = types[random.below(4) as usize].clone();
            Column::new(format!("c{i}"), DataType::new(t, i > 1).unwrap())
        };
        let columns: Vec<Column> = (0..4).map(column).collect();
        let (key, bucket) = (["c0".to_string(), "c1".to_string()], ["c1".to_string()]);
        let bucket = if random.below(2) == 0 { &bucket[..] } else { &key[..] };
        let schema = Arc::new(Schema::new(0, columns, &key, bucket).unwrap());
        let rows = random_rows(&schema, 8, random);
        let stored = table(&rows, schema.columns());
        let keys = ColumnValues::of(&rows, schema.columns(), schema.primary_key()).unwrap();
        let hashed = ColumnValues::of(&rows, schema.columns(), schema.bucket_key()).unwrap();
        for _ in 0..10 {
            let predicate = random_predicate(&schema, &rows, 2, random);
            let filter = Filter::new(schema.clone(), predicate.clone()).unwrap();
            let (prefixes, buckets) = (filter.key_prefixes().unwrap(), filter.buckets(16).unwrap());
            pinned += usize::from(prefixes.is_some()) + usize::from(buckets.is_some());
            assert!(prefixes.iter().flatten().is_sorted_by(|a, b| a < b && !b.starts_with(a)));
            for row in 0..8 {
                let values: Vec<Value> = stored.iter().map(|c| c[row].clone()).collect();
                if holds(&predicate, schema.columns(), &values) != Some(true) {
                    continue;
                }
                let mut key = Vec::new();
                KeyEncoder::encode(&keys, row, &mut key);
                let bucket = Bucketer::default().bucket(&hashed, row, 16);
                assert!(prefixes.as_ref().is_none_or(|p| p.iter().any(|p| key.starts_with(p))), "seed {seed}: {predicate:?}");
                assert!(buckets.as_ref().is_none_or(|b| b.contains(&bucket)), "seed {seed}: {predicate:?}");
                matched += usize::from(prefixes.is_some());
            }
        }
    }
    assert!(pinned > 1000 && matched > 500, "{pinned} filters of keys, {matched} rows");
}

#[test]
fn a_filter_of_the_whole_key_leaves_one_key() {
    let not_null = |root| DataType::new(root, false).unwrap();
    let columns = vec![Column::new("a", not_null(TypeRoot::Int)), Column::new("b", not_null(TypeRoot::VarChar(9)))];
    let schema = Arc::new(Schema::new(0, columns, &["a".into(), "b".into()], &["a".into()]).unwrap());
    let a = |n: i32| Predicate::Compare(vec![0], Comparison::Equal, Arc::new(Int32Array::from(vec![n])));
    let b = |s: Option<&str>| Predicate::Compare(vec![1], Comparison::Equal, Arc::new(StringArray::from(vec![s])) as ArrayRef);
    let left = |p: Predicate| {
        let filter = Filter::new(schema.clone(), p).unwrap();
        (filter.key_prefixes().unwrap().map(|p| p.len()), filter.buckets(1 << 20).unwrap().map(|b| b.len()))
    };
    assert_eq!(left(Predicate::And(vec![b(Some("x")), a(1)])), (Some(1), Some(1)));
    assert_eq!(left(Predicate::And(vec![Predicate::Or(vec![a(1), a(2), a(1)]), b(Some("x"))])), (Some(2), Some(2)));
    assert_eq!(left(Predicate::And(vec![a(1), b(None)])), (Some(0), Some(1)), "NULL equals nothing");
    assert_eq!(left(a(1)), (Some(1), Some(1)), "the beginning of keys");
    assert_eq!(left(b(Some("x"))), (None, None));
    assert_eq!(left(Predicate::Or(vec![a(1), b(Some("x"))])), (None, None));
    assert_eq!(left(Predicate::Not(Box::new(a(1)))), (None, None));
    let many = (0..2000).map(|n| Arc::new(Int32Array::from(vec![n])) as ArrayRef).collect();
    assert_eq!(left(Predicate::In(vec![0], many)), (None, None), "more are not told apart");
}
