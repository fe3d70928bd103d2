use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type, TimestampMillisecondType};
use arrow_schema::{Schema, TimeUnit};

use super::*;

fn schema(columns: Vec<(&str, DataType, bool)>) -> SchemaRef {
    Arc::new(Schema::new(columns.into_iter().map(|(n, t, nullable)| Field::new(n, t, nullable)).collect::<Vec<_>>()))
}

fn fine_timestamp() -> DataType {
    DataType::Struct(Fields::from(vec![
        Field::new("millis", DataType::Timestamp(TimeUnit::Millisecond, None), false),
        Field::new("nanos", DataType::Int32, false),
    ]))
}

fn le<const N: usize>(values: &[[u8; N]]) -> Vec<u8> {
    values.concat()
}

fn ints(values: &[i32]) -> Vec<u8> {
    le(&values.iter().map(|v| v.to_le_bytes()).collect::<Vec<_>>())
}

fn longs(values: &[i64]) -> Vec<u8> {
    le(&values.iter().map(|v| v.to_le_bytes()).collect::<Vec<_>>())
}

#[track_caller]
fn fails(result: Result<RecordBatch>, code: ErrorCode, words: &[&str]) {
    let error = result.expect_err("an error");
    assert_eq!(error.code(), code, "{error}");
    for word in words {
        assert!(error.message().contains(word), "'{word}' is missing in: {error}");
    }
}

#[test]
fn every_layout_is_read() {
    let schema = schema(vec![
        ("flag", DataType::Boolean, true),
        ("n", DataType::Int64, false),
        ("text", DataType::Utf8, true),
        ("raw", DataType::Binary, true),
        ("price", DataType::Decimal128(20, 2), true),
        ("at", fine_timestamp(), true),
    ]);
    let decimals = le(&[(-1i128).to_le_bytes(), 7i128.to_le_bytes(), i128::MAX.to_le_bytes()]);
    let (n, millis, nanos) = (longs(&[1, 2, 3]), longs(&[-5, 0, 5]), ints(&[999_999, -7, 0]));
    let (text_offsets, raw_offsets) = (ints(&[0, 2, 2, 5]), ints(&[0, 0, 1, 1]));
    let buffers: Buffers = vec![
        None,
        // flag: true, null, false
        Some(&[0b101]),
        Some(&[0b001]),
        None,
        None,
        Some(&n),
        None,
        // text: a two-byte letter, null, "abc"; more memory than needed
        Some(&[0b101, 0xff]),
        Some("éabc and more".as_bytes()),
        Some(&text_offsets),
        None,
        Some(&[0xff]),
        Some(&raw_offsets),
        None,
        Some(&decimals),
        None,
        // at: the nanoseconds of a null are undefined
        Some(&[0b101]),
        Some(&millis),
        Some(&nanos),
    ];
    let (kinds, batch) = write_batch(&schema, &buffers, 3).unwrap();
    assert!(kinds.is_none());
    assert_eq!(batch.num_rows(), 3);
    let flags = batch.column(0).as_boolean();
    assert!(flags.value(0) && flags.is_null(1) && !flags.value(2));
    assert_eq!(batch.column(1).as_primitive::<Int64Type>().values(), &[1, 2, 3]);
    let text = batch.column(2).as_string::<i32>();
    assert_eq!(text.iter().collect::<Vec<_>>(), [Some("é"), None, Some("abc")]);
    let raw = batch.column(3).as_binary::<i32>();
    assert_eq!(raw.iter().collect::<Vec<_>>(), [Some(&[][..]), Some(&[0xff][..]), Some(&[][..])]);
    assert_eq!(batch.column(4).as_primitive::<Decimal128Type>().value(2), i128::MAX);
    let at = batch.column(5).as_struct();
    assert!(at.is_null(1));
    assert_eq!(at.column(0).as_primitive::<TimestampMillisecondType>().value(0), -5);
    assert_eq!(at.column(1).as_primitive::<Int32Type>().value(0), 999_999);
}

#[test]
fn no_rows_and_no_bytes_are_fine() {
    let schema = schema(vec![("n", DataType::Int64, true), ("text", DataType::Utf8, true)]);
    let zero = ints(&[0, 0, 0]);
    let empty = key_batch(&schema, &[None, None, None, None, None, Some(&zero)], 0).unwrap();
    assert_eq!(empty.num_rows(), 0);
    let two = longs(&[1, 2]);
    let strings = key_batch(&schema, &[None, Some(&two), None, None, None, Some(&zero)], 2).unwrap();
    assert_eq!(strings.column(1).as_string::<i32>().value(1), "");
}

#[test]
fn a_buffer_that_is_missing_or_short_names_column_and_buffer() {
    let ints_schema = schema(vec![("n", DataType::Int64, true)]);
    let short = [0u8; 15];
    let read = |buffers: &[Option<&[u8]>]| key_batch(&ints_schema, buffers, 2);
    fails(read(&[None, Some(&short), None]), ErrorCode::InvalidArgument, &["'n'", "data", "15 bytes", "need 16"]);
    fails(read(&[None, None, None]), ErrorCode::InvalidArgument, &["'n'", "data", "is null"]);
    fails(read(&[Some(&[]), Some(&[0; 16]), None]), ErrorCode::InvalidArgument, &["'n'", "validity", "need 1"]);
    let text = schema(vec![("s", DataType::Utf8, true)]);
    let read = |data, offsets: &[i32]| key_batch(&text, &[None, Some(data), Some(&ints(offsets))], 2);
    fails(read(b"ab", &[0, 1, 3]), ErrorCode::InvalidArgument, &["'s'", "data", "2 bytes", "need 3"]);
    fails(read(b"ab", &[0, 1]), ErrorCode::InvalidArgument, &["'s'", "offsets", "8 bytes", "need 12"]);
    let kinds = write_batch(&ints_schema, &[Some(&[0]), None, Some(&[0; 16]), None], 2).map(|(_, b)| b);
    fails(kinds, ErrorCode::InvalidArgument, &["change kinds", "1 bytes"]);
}

#[test]
fn offsets_must_start_at_zero_and_never_go_back() {
    let text = schema(vec![("s", DataType::Utf8, true)]);
    let read = |offsets: &[i32]| key_batch(&text, &[None, Some(b"abcdef"), Some(&ints(offsets))], 2);
    fails(read(&[1, 2, 3]), ErrorCode::InvalidArgument, &["'s'", "start at 1"]);
    fails(read(&[0, 3, 2]), ErrorCode::InvalidArgument, &["'s'", "row 1", "from 3 to 2"]);
    fails(read(&[0, -1, 2]), ErrorCode::InvalidArgument, &["'s'", "row 0"]);
}

#[test]
fn text_must_be_utf8_in_every_row() {
    let text = schema(vec![("s", DataType::Utf8, true)]);
    let read = |data, offsets: &[i32]| key_batch(&text, &[None, Some(data), Some(&ints(offsets))], 3);
    fails(read(b"ab\xffc", &[0, 2, 3, 4]), ErrorCode::InvalidArgument, &["'s'", "row 1", "UTF-8"]);
    // Valid as a whole, but a row ends inside a letter.
    fails(read("xéy".as_bytes(), &[0, 1, 2, 4]), ErrorCode::InvalidArgument, &["'s'", "row 2", "UTF-8"]);
    let raw = schema(vec![("b", DataType::Binary, true)]);
    assert!(key_batch(&raw, &[None, Some(b"ab\xffc"), Some(&ints(&[0, 2, 3, 4]))], 3).is_ok());
}

#[test]
fn null_in_a_key_names_the_row() {
    let schema = schema(vec![("k", DataType::Int32, false), ("v", DataType::Int32, true)]);
    let n = ints(&[1, 2, 3]);
    let write = |kinds: Option<&[u8]>, k: Option<&[u8]>, v: Option<&[u8]>| {
        write_batch(&schema, &[kinds, k, Some(&n), None, v, Some(&n), None], 3).map(|(_, batch)| batch)
    };
    fails(write(None, Some(&[0b011]), None), ErrorCode::NullKey, &["'k'", "row 2"]);
    fails(write(Some(&[0, 1, 0]), Some(&[0b101]), None), ErrorCode::NullKey, &["'k'", "row 1"]);
    let deleted = write(Some(&[0, 1, 0]), Some(&[0b111]), Some(&[0b101])).unwrap();
    assert!(deleted.column(0).nulls().is_none());
    assert!(deleted.column(1).is_null(1));
}

#[test]
fn kinds_and_nanoseconds_outside_their_range_are_refused() {
    let one = schema(vec![("at", fine_timestamp(), true)]);
    let millis = longs(&[0, 0]);
    let write = |kinds: &[u8], nanos: &[i32]| {
        write_batch(&one, &[Some(kinds), None, Some(&millis), Some(&ints(nanos))], 2).map(|(_, batch)| batch)
    };
    assert!(write(&[0, 1], &[0, 999_999]).is_ok());
    fails(write(&[0, 2], &[0, 0]), ErrorCode::InvalidArgument, &["row 1", "kind 2"]);
    fails(write(&[0, 0], &[0, 1_000_000]), ErrorCode::InvalidArgument, &["'at'", "row 1", "1000000"]);
    fails(write(&[0, 0], &[-1, 0]), ErrorCode::InvalidArgument, &["'at'", "row 0"]);
}

#[test]
fn what_was_read_does_not_change_with_javas_memory() {
    let schema = schema(vec![("n", DataType::Int64, true)]);
    let mut memory = longs(&[1, 2]);
    let batch = key_batch(&schema, &[None, Some(&memory), None], 2).unwrap();
    memory.fill(0xff);
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().values(), &[1, 2]);
}
