//! The bytes of the formats, kept: what is written today is what was written when a file was committed, and it is still read.
//! `FLUSS_WRITE_GENERATED=1 cargo test --release --workspace --test golden` writes the files anew.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, ListArray, MapArray, RecordBatch, StringArray, StructArray, Time32MillisecondArray,
    TimestampMicrosecondArray, TimestampMillisecondArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType as ArrowType, Field, Fields};
use fluss_format::{
    BatchHeader, BegunOverwrite, ColumnValues, Committable, EncodeOptions, EncodedBatch, KeyEncoder, Lease, PreparedMark,
    RowCodec, STAGED_UNIT, StagedHeader, StagedPiece, decode_all, decode_upserts, encode_batch, encode_upserts, stored_batch,
};
use fluss_testkit::{all_types, nested_types};
use fluss_types::{Compression, Schema, TableBucket, TablePath};

use common::{changelog, encode_rows, table};

/// Compares with the committed file, or writes it.
fn golden(name: &str, bytes: &[u8]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("FLUSS_WRITE_GENERATED").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
    }
    let committed = std::fs::read(&path).unwrap_or_default();
    let differs = (0..committed.len().max(bytes.len())).find(|&i| committed.get(i) != bytes.get(i));
    assert!(
        differs.is_none(),
        "{} differs from what is written now at byte {differs:?} ({} and {} bytes). If the format was meant to change, say so in native/docs/format.md and run \
         FLUSS_WRITE_GENERATED=1 cargo test --release --workspace --test golden",
        path.display(),
        committed.len(),
        bytes.len()
    );
}

fn fine(zone: Option<&str>, values: [Option<(i64, i32)>; 3]) -> ArrayRef {
    let millis = TimestampMillisecondArray::from_iter_values(values.map(|v| v.map_or(0, |v| v.0))).with_timezone_opt(zone);
    let nanos = Int32Array::from_iter_values(values.map(|v| v.map_or(0, |v| v.1)));
    let field = |name: &str, a: &dyn arrow_array::Array| Field::new(name, a.data_type().clone(), false);
    let fields = Fields::from(vec![field("millis", &millis), field("nanos", &nanos)]);
    let nulls = NullBuffer::from(values.map(|v| v.is_some()).to_vec());
    Arc::new(StructArray::new(fields, vec![Arc::new(millis), Arc::new(nanos)], Some(nulls)))
}

/// Three rows of [`all_types`] with key `id`, `name`: small values, NULLs, great values.
fn flat() -> (Arc<Schema>, RecordBatch) {
    let schema = all_types(&["id", "name"]);
    let long = "a text that is longer than thirty-two bytes";
    let decimals = Decimal128Array::from(vec![Some(-12_345), None, Some(i128::from(i64::MAX) * 1000)]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![i64::MIN, 0, i64::MAX])),
        Arc::new(StringArray::from(vec!["", "a\0b", long])),
        Arc::new(BooleanArray::from(vec![Some(false), None, Some(true)])),
        Arc::new(Int8Array::from(vec![Some(i8::MIN), None, Some(i8::MAX)])),
        Arc::new(Int16Array::from(vec![Some(i16::MIN), None, Some(i16::MAX)])),
        Arc::new(Int32Array::from(vec![Some(i32::MIN), None, Some(i32::MAX)])),
        Arc::new(Float32Array::from(vec![Some(-0.0), None, Some(f32::NAN)])),
        Arc::new(Float64Array::from(vec![Some(f64::NEG_INFINITY), None, Some(1.5)])),
        Arc::new(StringArray::from(vec![Some("abc"), None, Some("é x")])),
        Arc::new(BinaryArray::from(vec![Some(&[0, 1, 2, 3][..]), None, Some(&[255; 4])])),
        Arc::new(BinaryArray::from(vec![Some(&[][..]), None, Some(&[0; 9])])),
        Arc::new(decimals.with_precision_and_scale(38, 10).unwrap()),
        Arc::new(Date32Array::from(vec![Some(-1), None, Some(20_000)])),
        Arc::new(Time32MillisecondArray::from(vec![Some(0), None, Some(86_399_999)])),
        Arc::new(TimestampMillisecondArray::from(vec![Some(-1), None, Some(1_700_000_000_000)])),
        Arc::new(TimestampMicrosecondArray::from(vec![Some(-1), None, Some(1_700_000_000_000_001)])),
        fine(None, [Some((-1, 999_999)), None, Some((1_700_000_000_000, 1))]),
        Arc::new(TimestampMillisecondArray::from(vec![Some(0), None, Some(1000)]).with_timezone("UTC")),
        Arc::new(TimestampMicrosecondArray::from(vec![Some(0), None, Some(1)]).with_timezone("UTC")),
        fine(Some("UTC"), [Some((0, 0)), None, Some((i64::MAX, 999_999))]),
    ];
    (schema.clone(), RecordBatch::try_new(schema.arrow_schema(), columns).unwrap())
}

fn list(field: &ArrowType, lengths: [usize; 3], nulls: [bool; 3], values: ArrayRef) -> ArrayRef {
    let ArrowType::List(field) = field else { unreachable!() };
    Arc::new(ListArray::new(field.clone(), OffsetBuffer::from_lengths(lengths), values, Some(nulls.to_vec().into())))
}

fn map(field: &ArrowType, lengths: [usize; 3], nulls: [bool; 3], entries: Vec<ArrayRef>) -> ArrayRef {
    let ArrowType::Map(field, sorted) = field else { unreachable!() };
    let ArrowType::Struct(fields) = field.data_type() else { unreachable!() };
    let entries = StructArray::new(fields.clone(), entries, None);
    Arc::new(MapArray::new(field.clone(), OffsetBuffer::from_lengths(lengths), entries, Some(nulls.to_vec().into()), *sorted))
}

fn row(field: &ArrowType, nulls: Option<Vec<bool>>, columns: Vec<ArrayRef>) -> ArrayRef {
    let ArrowType::Struct(fields) = field else { unreachable!() };
    Arc::new(StructArray::new(fields.clone(), columns, nulls.map(Into::into)))
}

fn child(t: &ArrowType, i: usize) -> &ArrowType {
    match t {
        ArrowType::List(f) | ArrowType::Map(f, _) if !matches!(t, ArrowType::Map(..)) => f.data_type(),
        ArrowType::Map(f, _) => child(f.data_type(), i),
        ArrowType::Struct(fields) => fields[i].data_type(),
        _ => unreachable!(),
    }
}

/// Three rows of [`nested_types`] with key `id`: values, NULLs, empty ones and NULLs within.
fn nested() -> (Arc<Schema>, RecordBatch) {
    let schema = nested_types(&["id"]);
    let arrow = schema.arrow_schema();
    let t = |i: usize| arrow.field(i).data_type();
    let some = [true, false, true];
    let texts = |v: Vec<Option<&str>>| -> ArrayRef { Arc::new(StringArray::from(v)) };
    let ints = |v: Vec<Option<i32>>| -> ArrayRef { Arc::new(Int32Array::from(v)) };
    let times = fine(None, [Some((1, 2)), None, Some((3, 4))]);
    let inner_rows = child(child(t(6), 1), 0);
    let b = child(inner_rows, 1);
    let ArrowType::List(b_field) = b else { unreachable!() };
    let b = ListArray::new(b_field.clone(), OffsetBuffer::from_lengths([1, 0]), ints(vec![Some(7)]), None);
    let inner_rows = row(inner_rows, Some(vec![true, false]), vec![texts(vec![Some("in"), None]), Arc::new(b)]);
    let ArrowType::List(rows_field) = child(t(6), 1) else { unreachable!() };
    let by_number = ListArray::new(rows_field.clone(), OffsetBuffer::from_lengths([2, 0]), inner_rows, None);
    let x = row(
        child(t(8), 0),
        Some(vec![true, false, false]),
        vec![texts(vec![Some("y"), None, None]), ints(vec![Some(5), None, None])],
    );
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![1, 2, 3])),
        list(t(1), [3, 0, 0], some, ints(vec![Some(1), None, Some(-1)])),
        list(
            t(2),
            [9, 0, 1],
            some,
            Arc::new(BooleanArray::from(vec![
                Some(true),
                None,
                Some(false),
                Some(true),
                Some(true),
                None,
                None,
                Some(false),
                Some(true),
                Some(true),
            ])),
        ),
        list(t(3), [2, 0, 1], some, texts(vec![Some("one"), None, Some("")])),
        list(t(4), [2, 0, 1], some, times),
        map(t(5), [1, 0, 2], some, vec![texts(vec![Some("k"), Some("a"), Some("b")]), ints(vec![Some(1), None, Some(3)])]),
        map(t(6), [1, 0, 1], some, vec![ints(vec![Some(4), Some(5)]), Arc::new(by_number)]),
        row(
            t(7),
            Some(some.to_vec()),
            vec![Arc::new(TimestampMillisecondArray::from(vec![Some(9), None, None])), ints(vec![Some(8), None, Some(6)])],
        ),
        row(
            t(8),
            Some(some.to_vec()),
            vec![x, fine(Some("UTC"), [Some((5, 6)), None, None]), texts(vec![Some("s"), None, Some("t")])],
        ),
    ];
    (schema.clone(), RecordBatch::try_new(schema.arrow_schema(), columns).unwrap())
}

#[test]
fn batches_have_the_bytes_that_were_committed() {
    for (name, (schema, rows)) in [("flat", flat()), ("nested", nested())] {
        let changes = changelog(&schema, &rows);
        let all: Vec<usize> = (0..schema.columns().len()).collect();
        let plain = EncodeOptions::new(true, Compression::None);
        let cases = [
            ("none", EncodeOptions { statistics: &all, ..plain }),
            ("lz4", EncodeOptions { compression: Compression::Lz4Frame, append_only: false, ..plain }),
            ("zstd", EncodeOptions { compression: Compression::Zstd, ..plain }),
        ];
        for (compression, options) in cases {
            let written = if options.append_only { &rows } else { &changes };
            let mut batch = encode_batch(written, &schema, &options).unwrap();
            batch.set_writer(42, 7);
            let bytes = batch.place(1000, 3, 1_700_000_000_000, 990);
            let file = format!("batch_{name}_{compression}.bin");
            golden(&file, bytes);
            let header = BatchHeader::decode(bytes).unwrap();
            assert_eq!((header.base_offset, header.writer_id, header.batch_sequence, header.epoch), (1000, 42, 7, 3));
            let read = decode_all(&header, bytes, &schema.clone().into()).unwrap();
            let read = read.project(&(usize::from(!options.append_only)..read.num_columns()).collect::<Vec<_>>()).unwrap();
            // Debug output: a NaN is not equal to itself.
            assert_eq!(
                format!("{:?}", table(&read, schema.columns())),
                format!("{:?}", table(&rows, schema.columns())),
                "{file}"
            );
        }
    }
    let mut empty = EncodedBatch::without_rows(5);
    empty.set_writer(42, 8);
    golden("batch_without_rows.bin", empty.place(1003, 3, 1_700_000_000_001, 1003));
}

/// Each with its length, u32, before it.
fn framed(parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    parts.into_iter().flat_map(|p| [(p.len() as u32).to_le_bytes().to_vec(), p].concat()).collect()
}

#[test]
fn keys_and_values_have_the_bytes_that_were_committed() {
    for (name, (schema, rows)) in [("flat", flat()), ("nested", nested())] {
        let codec = RowCodec::new(Arc::new(schema.clone().into()));
        let values = encode_rows(&codec, &rows);
        golden(&format!("values_{name}.bin"), &framed(values.clone()));
        let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        let read = codec.decode(&values).unwrap();
        assert_eq!(format!("{:?}", table(&read, schema.columns())), format!("{:?}", table(&rows, schema.columns())));
    }
    // In a table with a row TTL.
    let (schema, rows) = flat();
    let codec = RowCodec::with_time(Arc::new(schema.clone().into()), true);
    let mut values = encode_rows(&codec, &rows);
    values.iter_mut().for_each(|v| codec.set_time(v, 1_700_000_000_000));
    golden("values_timed.bin", &framed(values.clone()));
    let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
    assert_eq!(codec.decode(&values).unwrap(), rows.clone().with_schema(schema.arrow_schema()).unwrap());
    // A key of every column, of the rows where it is not NULL.
    let (schema, rows) = flat();
    let columns = ColumnValues::all(&rows, schema.columns()).unwrap();
    let mut keys = Vec::new();
    for column in &columns {
        for row in (0..3).filter(|r| !column.is_null(*r)) {
            let mut key = Vec::new();
            KeyEncoder::encode(std::slice::from_ref(column), row, &mut key);
            keys.push(key);
        }
    }
    golden("keys.bin", &framed(keys));
}

#[test]
fn a_lease_has_the_bytes_that_were_committed() {
    let lease = Lease { until_ms: 1_700_000_000_000, tablets: [((0, 1), 1000), ((7, 12), 0)].into() };
    golden("lease.txt", lease.encode().as_bytes());
    assert_eq!(Lease::decode(lease.encode().as_bytes()), Some(lease));
}

/// As a tablet writes them: header, a piece of upserts and deletes, one of a partial update, and the mark.
#[test]
fn a_staged_transaction_has_the_bytes_that_were_committed() {
    let (schema, rows) = flat();
    let bucket = TableBucket { table_id: 7, partition: 3, bucket: 2 };
    let header = StagedHeader { bucket, transaction: 42, overwrites: false };
    let deletes = [false, true, false];
    let mut upserts = encode_upserts(&rows, Some(&deletes), &schema).unwrap();
    let mut partial = encode_upserts(&rows, None, &schema).unwrap();
    let targets: Option<Arc<[u32]>> = Some((0..9).collect());
    let pieces = [
        StagedPiece { number: 0, batch_len: upserts.len(), targets: None },
        StagedPiece { number: 1, batch_len: partial.len(), targets },
    ];
    let mut bytes = header.encode().to_vec();
    for (piece, batch) in pieces.iter().zip([&mut upserts, &mut partial]) {
        bytes.extend(piece.encode());
        bytes.extend(batch.place(0, 0, 0, 0));
    }
    let mark = PreparedMark { pieces: 2, position: bytes.len() as u64, prepared_ms: 1_700_000_000_000 };
    bytes.extend(mark.encode());
    golden("staged.bin", &bytes);

    let unit = |at: usize| bytes[at..].first_chunk::<STAGED_UNIT>().unwrap();
    assert_eq!(StagedHeader::decode(unit(0)).unwrap(), Some(header));
    let mut at = STAGED_UNIT;
    for (piece, expected) in pieces.iter().zip([Some(deletes.to_vec()), None]) {
        let len = StagedPiece::encoded_len(unit(at)).unwrap();
        assert_eq!(StagedPiece::decode(&bytes[at..at + len]).unwrap(), *piece);
        let batch = &bytes[at + len..][..piece.batch_len];
        assert_eq!(stored_batch(batch.to_vec()).unwrap().rows(), 3);
        let (read, deletes) = decode_upserts(batch, &schema.clone().into()).unwrap();
        assert_eq!(deletes, expected);
        assert_eq!(format!("{:?}", table(&read, schema.columns())), format!("{:?}", table(&rows, schema.columns())));
        at += len + piece.batch_len;
    }
    assert_eq!(PreparedMark::decode(unit(at)), Some(mark));
    for i in 0..STAGED_UNIT {
        let flipped = |at: usize| {
            let mut b = *unit(at);
            b[i] ^= 1;
            b
        };
        assert!(!matches!(StagedHeader::decode(&flipped(0)), Ok(Some(_))), "byte {i}");
        assert!(StagedPiece::decode(&flipped(STAGED_UNIT)).is_err(), "byte {i}");
        assert_eq!(PreparedMark::decode(&flipped(at)), None, "byte {i}");
    }
    let mut later = header.encode();
    later[8] = 9;
    assert!(StagedHeader::decode(&later).unwrap_err().message().contains("version 9 with features 0x0"));
}

#[test]
fn an_overwrite_that_has_begun_has_the_bytes_that_were_committed() {
    let bucket = TableBucket { table_id: 7, partition: 3, bucket: 2 };
    let members = vec![(42, 2), (43, 1)];
    let begun = BegunOverwrite { bucket, id: 42, from: 1000, begun_ms: 1_700_000_000_000, members };
    golden("overwrite.bin", &begun.encode());
    assert_eq!(BegunOverwrite::decode(&begun.encode()).unwrap(), Some(begun));
}

#[test]
fn a_committable_has_the_bytes_that_were_committed() {
    let committable = Committable {
        transaction: 42,
        table_id: 7,
        table: TablePath::new("db", "t"),
        buckets: vec![((0, 1).into(), 3), ((5, 2).into(), 1)],
    };
    let bytes = committable.encode();
    golden("committable.bin", &bytes);
    assert_eq!(Committable::decode(&bytes).unwrap(), committable);
    for i in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[i] ^= 1;
        assert!(Committable::decode(&flipped).is_err(), "byte {i}");
        assert!(Committable::decode(&bytes[..i]).is_err(), "{i} bytes");
    }
}
