use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type, TimestampMillisecondType};
use arrow_schema::Schema;

use super::*;

fn typed(root: TypeRoot, nullable: bool) -> DataType {
    DataType::new(root, nullable).unwrap()
}

fn columns(columns: Vec<(&str, TypeRoot, bool)>) -> InputColumns {
    let columns: Vec<Column> = columns.into_iter().map(|(n, t, nullable)| Column::new(n, typed(t, nullable))).collect();
    let fields = columns.iter().map(Column::to_field).collect::<Vec<_>>();
    InputColumns::new(Arc::new(Schema::new(fields)), &columns)
}

const TEXT: TypeRoot = TypeRoot::VarChar(i32::MAX as u32);
const RAW: TypeRoot = TypeRoot::VarBinary(i32::MAX as u32);
const FINE: TypeRoot = TypeRoot::Timestamp(9);

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
    let rows = columns(vec![
        ("flag", TypeRoot::Boolean, true),
        ("n", TypeRoot::BigInt, false),
        ("text", TEXT, true),
        ("raw", RAW, true),
        ("price", TypeRoot::Decimal(20, 2), true),
        ("at", FINE, true),
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
    let (kinds, batch) = write_batch(&rows, &buffers, 3).unwrap();
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
    let rows = columns(vec![("n", TypeRoot::BigInt, true), ("text", TEXT, true)]);
    let zero = ints(&[0, 0, 0]);
    let empty = key_batch(&rows, &[None, None, None, None, None, Some(&zero)], 0).unwrap();
    assert_eq!(empty.num_rows(), 0);
    let two = longs(&[1, 2]);
    let strings = key_batch(&rows, &[None, Some(&two), None, None, None, Some(&zero)], 2).unwrap();
    assert_eq!(strings.column(1).as_string::<i32>().value(1), "");
}

#[test]
fn a_buffer_that_is_missing_or_short_names_column_and_buffer() {
    let longs_only = columns(vec![("n", TypeRoot::BigInt, true)]);
    let short = [0u8; 15];
    let read = |buffers: &[Option<&[u8]>]| key_batch(&longs_only, buffers, 2);
    fails(read(&[None, Some(&short), None]), ErrorCode::InvalidArgument, &["'n'", "data", "15 bytes", "need 16"]);
    fails(read(&[None, None, None]), ErrorCode::InvalidArgument, &["'n'", "data", "is null"]);
    fails(read(&[Some(&[]), Some(&[0; 16]), None]), ErrorCode::InvalidArgument, &["'n'", "validity", "need 1"]);
    let text = columns(vec![("s", TEXT, true)]);
    let read = |data, offsets: &[i32]| key_batch(&text, &[None, Some(data), Some(&ints(offsets))], 2);
    fails(read(b"ab", &[0, 1, 3]), ErrorCode::InvalidArgument, &["'s'", "data", "2 bytes", "need 3"]);
    fails(read(b"ab", &[0, 1]), ErrorCode::InvalidArgument, &["'s'", "offsets", "8 bytes", "need 12"]);
    let kinds = write_batch(&longs_only, &[Some(&[0]), None, Some(&[0; 16]), None], 2).map(|(_, b)| b);
    fails(kinds, ErrorCode::InvalidArgument, &["change kinds", "1 bytes"]);
}

#[test]
fn offsets_must_start_at_zero_and_never_go_back() {
    let text = columns(vec![("s", TEXT, true)]);
    let read = |offsets: &[i32]| key_batch(&text, &[None, Some(b"abcdef"), Some(&ints(offsets))], 2);
    fails(read(&[1, 2, 3]), ErrorCode::InvalidArgument, &["'s'", "start at 1"]);
    fails(read(&[0, 3, 2]), ErrorCode::InvalidArgument, &["'s'", "row 1", "from 3 to 2"]);
    fails(read(&[0, -1, 2]), ErrorCode::InvalidArgument, &["'s'", "row 0"]);
}

#[test]
fn text_must_be_utf8_in_every_row() {
    let text = columns(vec![("s", TEXT, true)]);
    let read = |data, offsets: &[i32]| key_batch(&text, &[None, Some(data), Some(&ints(offsets))], 3);
    fails(read(b"ab\xffc", &[0, 2, 3, 4]), ErrorCode::InvalidArgument, &["'s'", "row 1", "UTF-8"]);
    // Valid as a whole, but a row ends inside a letter.
    fails(read("xéy".as_bytes(), &[0, 1, 2, 4]), ErrorCode::InvalidArgument, &["'s'", "row 2", "UTF-8"]);
    let raw = columns(vec![("b", RAW, true)]);
    assert!(key_batch(&raw, &[None, Some(b"ab\xffc"), Some(&ints(&[0, 2, 3, 4]))], 3).is_ok());
}

#[test]
fn null_in_a_key_names_the_row() {
    let rows = columns(vec![("k", TypeRoot::Int, false), ("v", TypeRoot::Int, true)]);
    let n = ints(&[1, 2, 3]);
    let write = |kinds: Option<&[u8]>, k: Option<&[u8]>, v: Option<&[u8]>| {
        write_batch(&rows, &[kinds, k, Some(&n), None, v, Some(&n), None], 3).map(|(_, batch)| batch)
    };
    fails(write(None, Some(&[0b011]), None), ErrorCode::NullKey, &["'k'", "row 2"]);
    fails(write(Some(&[0, 1, 0]), Some(&[0b101]), None), ErrorCode::NullKey, &["'k'", "row 1"]);
    let deleted = write(Some(&[0, 1, 0]), Some(&[0b111]), Some(&[0b101])).unwrap();
    assert!(deleted.column(0).nulls().is_none());
    assert!(deleted.column(1).is_null(1));
}

#[test]
fn kinds_and_nanoseconds_outside_their_range_are_refused() {
    let one = columns(vec![("at", FINE, true)]);
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
    let rows = columns(vec![("n", TypeRoot::BigInt, true)]);
    let mut memory = longs(&[1, 2]);
    let batch = key_batch(&rows, &[None, Some(&memory), None], 2).unwrap();
    memory.fill(0xff);
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().values(), &[1, 2]);
}

/// `xs ARRAY<INT NOT NULL>`, `m MAP<STRING, BIGINT>`, `r ROW<millis TIMESTAMP(3), nanos INT>`, which is no fine timestamp.
fn nested() -> InputColumns {
    let boxed = |root, nullable| Box::new(typed(root, nullable));
    let fields = [("millis", TypeRoot::Timestamp(3)), ("nanos", TypeRoot::Int)];
    let fields = fields.map(|(n, t)| Column::new(n, typed(t, true))).to_vec();
    columns(vec![
        ("xs", TypeRoot::Array(boxed(TypeRoot::Int, false)), true),
        ("m", TypeRoot::Map(boxed(TEXT, false), boxed(TypeRoot::BigInt, true)), true),
        ("r", TypeRoot::Row(fields), true),
    ])
}

#[test]
fn nodes_of_nested_columns_come_in_pre_order() {
    let columns = nested();
    assert_eq!(columns.buffers(), 3 * (2 + 3 + 3));
    let (xs_offsets, xs) = (ints(&[0, 2, 2, 2]), ints(&[7, 8]));
    let (m_offsets, k_offsets, v) = (ints(&[0, 0, 1, 3]), ints(&[0, 1, 2, 2]), longs(&[10, 0, 30]));
    let (millis, nanos) = (longs(&[1, 2, 3]), ints(&[2_000_000, -1, 0]));
    let none: [Option<&[u8]>; 3] = [None; 3];
    let buffers: Buffers = [
        // xs: [7, 8], NULL, []
        [Some(&[0b101][..]), None, Some(&xs_offsets)],
        [None, Some(&xs), None],
        // m: {}, {a: 10}, {b: NULL, "": 30}
        [None, None, Some(&m_offsets)],
        [None, Some(b"ab"), Some(&k_offsets)],
        [Some(&[0b101]), Some(&v), None],
        // r: (1, 2000000), NULL, (NULL, 0)
        [Some(&[0b101]), none[0], none[0]],
        [Some(&[0b001]), Some(&millis), None],
        [Some(&[0b101]), Some(&nanos), None],
    ]
    .concat();
    let batch = key_batch(&columns, &buffers, 3).unwrap();
    let lists = batch.column(0).as_list::<i32>();
    assert_eq!(lists.value(0).as_primitive::<Int32Type>().values(), &[7, 8]);
    assert!(lists.is_null(1) && lists.is_valid(2) && lists.value(2).is_empty());
    let maps = batch.column(1).as_map();
    assert!(maps.value(0).is_empty());
    let third = maps.value(2);
    assert_eq!(third.column(0).as_string::<i32>().iter().collect::<Vec<_>>(), [Some("b"), Some("")]);
    assert_eq!(third.column(1).as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [None, Some(30)]);
    let rows = batch.column(2).as_struct();
    assert!(rows.is_null(1));
    assert_eq!(rows.column(1).as_primitive::<Int32Type>().iter().collect::<Vec<_>>(), [Some(2_000_000), None, Some(0)]);
    assert!(rows.column(0).is_null(2));
}

#[test]
fn errors_in_nested_columns_name_the_way_to_them() {
    let columns = nested();
    let (offsets, none) = (ints(&[0, 2]), [None; 3]);
    let no_rows = ints(&[0, 0]);
    let read = |xs: [Option<&[u8]>; 3], element: [Option<&[u8]>; 3], keys: [Option<&[u8]>; 3]| {
        let m: [Option<&[u8]>; 3] = [None, None, Some(if keys == none { &no_rows } else { &offsets })];
        let keys = if keys == none { [None, None, Some(&no_rows[..])] } else { keys };
        let values: [Option<&[u8]>; 3] = [None, Some(&[0; 16]), None];
        let one: [Option<&[u8]>; 3] = [Some(&[0]), Some(&[0; 8]), None];
        key_batch(&columns, &[xs, element, m, keys, values, one, one, one].concat(), 1)
    };
    let list = [None, None, Some(&offsets[..])];
    let two = ints(&[1, 2]);
    assert!(read(list, [None, Some(&two), None], none).is_ok());
    fails(read(none, none, none), ErrorCode::InvalidArgument, &["'xs'", "offsets", "is null"]);
    fails(read(list, [None, Some(&two[..4]), None], none), ErrorCode::InvalidArgument, &["'xs.element'", "2 rows need 8"]);
    fails(read(list, [Some(&[0b01]), Some(&two), None], none), ErrorCode::InvalidArgument, &["'xs'", "Non-nullable"]);
    let bad_text = ints(&[0, 1, 2]);
    let keys = read(list, [None, Some(&two), None], [None, Some(b"a\xff"), Some(&bad_text)]);
    fails(keys, ErrorCode::InvalidArgument, &["'m.key'", "row 1", "UTF-8"]);
    let keys = read(list, [None, Some(&two), None], [Some(&[0b10]), Some(b"ab"), Some(&bad_text)]);
    fails(keys, ErrorCode::InvalidArgument, &["'m'", "non-nullable"]);
}
