//! Every codec gives back what went in, for every type.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Decimal128Array, RecordBatch};
use fluss_format::{
    BatchHeader, ColumnValues, EncodeOptions, EncodedBatch, KeyEncoder, MAX_BATCH_ROWS, Projection, RowCodec, decode_all,
    encode_batch,
};
use fluss_testkit::{Random, Value, all_types, nested_types, random_rows, random_schema};
use fluss_types::{Column, Compression, DataType, ErrorCode, Schema, Schemas, TypeRoot};

use common::{COMPRESSIONS, changelog, encode_rows, projected, read, table};

fn encoded(rows: &RecordBatch, schema: &Schema, append_only: bool, compression: Compression) -> Vec<u8> {
    let mut encoded = encode_batch(rows, schema, &EncodeOptions::new(append_only, compression)).unwrap();
    encoded.place(1000, 0, 77, 12).to_vec()
}

fn schemas() -> Vec<Arc<Schema>> {
    let mut schemas = vec![all_types(&["id", "name"]), nested_types(&["id"])];
    schemas.extend((0..30).map(|seed| random_schema(&mut Random(seed), true)));
    schemas
}

#[test]
fn log_batches_give_back_every_type_under_every_compression_and_projection() {
    for (seed, schema) in (0..).zip(schemas()) {
        let random = &mut Random(seed);
        let n = 1 + random.below(200) as usize;
        let rows = random_rows(&schema, n, random);
        let expected = table(&rows, schema.columns());
        for (compression, append_only) in COMPRESSIONS.into_iter().flat_map(|c| [(c, true), (c, false)]) {
            let batch = if append_only { rows.clone() } else { changelog(&schema, &rows) };
            let bytes = encoded(&batch, &schema, append_only, compression);
            let header = BatchHeader::decode(&bytes).unwrap();
            header.verify_all(&bytes).unwrap();
            assert_eq!((header.base_offset, header.rows as usize, header.commit_timestamp), (1000, n, 77));
            let schemas = Schemas::from(schema.clone());
            assert_eq!(decode_all(&header, &bytes, &schemas).unwrap(), batch, "seed {seed}");
            let all: Vec<usize> = (0..schema.columns().len()).collect();
            let some: Vec<usize> = all.iter().copied().rev().filter(|_| random.below(2) == 0).collect();
            for columns in [&all, &some, &vec![], &vec![0, 0]] {
                let projection = Projection::columns(schema.clone(), columns).unwrap();
                let (actual, _) = read(&header, &bytes, &schema, &projection).unwrap();
                match actual.row_bytes {
                    None => assert!(append_only),
                    Some(at) => assert!((0..n).all(|i| actual.bytes[at + i] == 1 + (i % 4) as u8)),
                }
                let wanted: Vec<_> = columns.iter().map(|&c| expected[c].clone()).collect();
                assert_eq!(projected(actual, &projection), wanted, "seed {seed}");
            }
        }
    }
}

#[test]
fn fields_within_rows_are_null_where_a_row_around_them_is() {
    for (seed, schema) in (0..).zip(schemas()) {
        let rows = random_rows(&schema, 100, &mut Random(seed));
        let expected = table(&rows, schema.columns());
        let bytes = encoded(&rows, &schema, true, Compression::Zstd);
        let header = BatchHeader::decode(&bytes).unwrap();
        let codec = RowCodec::new(Arc::new(schema.clone().into()));
        let stored = encode_rows(&codec, &rows);
        let stored: Vec<Option<&[u8]>> = stored.iter().map(|r| Some(r.as_slice())).collect();
        for path in field_paths(schema.columns()) {
            let mut wanted = expected[path[0]].clone();
            for &field in &path[1..] {
                let inner = |v: Value| if let Value::Row(fields) = v { fields[field].1.clone() } else { Value::Null };
                wanted = wanted.into_iter().map(inner).collect();
            }
            let projection = Projection::new(schema.clone(), [path.clone()]).unwrap();
            let (batch, _) = read(&header, &bytes, &schema, &projection).unwrap();
            assert_eq!(projected(batch, &projection), [wanted.clone()], "log, seed {seed}, {path:?}");
            let batch = codec.decode_projected(&stored, &projection, false).unwrap();
            assert_eq!(projected(batch, &projection), [wanted], "kv, seed {seed}, {path:?}");
        }
    }
    let schema = nested_types(&[]);
    let e = Projection::new(schema.clone(), [vec![8, 9]]).unwrap_err();
    assert!(e.message().contains("field 9 of 'deep', which has 3 fields"), "{e}");
    assert!(Projection::new(schema.clone(), [vec![0, 0]]).is_err(), "a field of a BIGINT");
    assert!(Projection::new(schema, [99]).unwrap_err().message().contains("99; the table has 9 columns"));
}

/// Paths of all fields of ROWs that are not within an ARRAY or MAP.
fn field_paths(columns: &[Column]) -> Vec<Vec<usize>> {
    let below = |(i, c): (usize, &Column)| {
        let TypeRoot::Row(fields) = &c.data_type.root else { return vec![] };
        let deeper = field_paths(fields);
        let own = (0..fields.len()).map(|f| vec![f]).chain(deeper);
        own.map(|rest| [vec![i], rest].concat()).collect()
    };
    columns.iter().enumerate().flat_map(below).collect()
}

#[test]
fn a_projection_fetches_only_the_wanted_columns() {
    let schema = all_types(&[]);
    let rows = random_rows(&schema, 1000, &mut Random(1));
    let bytes = encoded(&rows, &schema, true, Compression::None);
    let header = BatchHeader::decode(&bytes).unwrap();
    let (_, fetched) = read(&header, &bytes, &schema, &Projection::columns(schema.clone(), &[5]).unwrap()).unwrap();
    // 1000 values of 4 bytes and a bitmap, each padded to 64.
    assert!(fetched <= 4032 + 128, "{fetched}");
    let schema = nested_types(&[]);
    let bytes = encoded(&random_rows(&schema, 1000, &mut Random(1)), &schema, true, Compression::None);
    let header = BatchHeader::decode(&bytes).unwrap();
    let z = Projection::new(schema.clone(), [vec![8, 0, 1]]).unwrap();
    let (_, fetched) = read(&header, &bytes, &schema, &z).unwrap();
    // The field and three bitmaps.
    assert!(fetched <= 4032 + 3 * 128, "{fetched}");
}

#[test]
fn arrow_reads_what_we_write() {
    for schema in schemas() {
        let rows = random_rows(&schema, 100, &mut Random(6));
        for compression in COMPRESSIONS {
            let bytes = encoded(&rows, &schema, true, compression);
            let h = BatchHeader::decode(&bytes).unwrap();
            let message = &bytes[h.prefix_len() - h.metadata_len as usize..h.prefix_len()];
            let message = arrow_ipc::root_as_message(message).unwrap();
            assert_eq!(message.bodyLength() as u64, h.body_len);
            let body = bytes[h.body_at()..].into();
            let batch = message.header_as_record_batch().unwrap();
            let none = std::collections::HashMap::new();
            let version = message.version();
            let read = arrow_ipc::reader::read_record_batch(&body, batch, schema.arrow_schema(), &none, None, &version);
            assert_eq!(read.unwrap(), rows);
        }
    }
}

#[test]
fn a_slice_of_rows_is_written_as_if_it_were_whole() {
    for (seed, schema) in (0..).zip(schemas()) {
        let slice = random_rows(&schema, 100, &mut Random(seed)).slice(13, 50);
        let bytes = encoded(&slice, &schema, true, Compression::None);
        let header = BatchHeader::decode(&bytes).unwrap();
        let all = Projection::all(schema.clone());
        let (batch, _) = read(&header, &bytes, &schema, &all).unwrap();
        assert_eq!(projected(batch, &all), table(&slice, schema.columns()), "seed {seed}");
        let codec = RowCodec::new(Arc::new(schema.clone().into()));
        let rows = encode_rows(&codec, &slice);
        let rows: Vec<&[u8]> = rows.iter().map(Vec::as_slice).collect();
        assert_eq!(table(&codec.decode(&rows).unwrap(), schema.columns()), table(&slice, schema.columns()), "seed {seed}");
    }
}

#[test]
fn a_batch_without_rows_carries_its_writer() {
    let mut batch = EncodedBatch::without_rows(7);
    batch.set_writer(12, 3);
    let bytes = batch.place(5, 0, 9, 2).to_vec();
    assert_eq!(bytes.len(), 128);
    let header = BatchHeader::decode(&bytes).unwrap();
    header.verify_all(&bytes).unwrap();
    assert_eq!((header.writer_id, header.batch_sequence, header.schema_id), (12, 3, 7));
    assert_eq!((header.rows, header.end_offset(), header.total_len()), (0, 5, 128));
    let schema = nested_types(&["id"]);
    let (batch, fetched) = read(&header, &bytes, &schema, &Projection::all(schema.clone())).unwrap();
    assert_eq!((batch.rows, fetched), (0, 0));
    assert!(projected(batch, &Projection::all(schema)).iter().all(Vec::is_empty));
}

#[test]
fn a_flipped_bit_anywhere_is_found() {
    let schema = all_types(&[]);
    let rows = random_rows(&schema, 50, &mut Random(2));
    for compression in COMPRESSIONS {
        let good = encoded(&rows, &schema, true, compression);
        let header = BatchHeader::decode(&good).unwrap();
        let mut random = Random(3);
        for _ in 0..300 {
            // The attributes too: they say how the body is compressed. Padding carries nothing.
            let at = random.below(header.prefix_len() as u64) as usize;
            let mut bad = good.clone();
            bad[at] ^= 1 << random.below(8);
            let found = BatchHeader::decode(&bad)
                .and_then(|h| if h.total_len() > bad.len() { Ok(()) } else { h.verify_all(&bad).map(|()| panic!("byte {at}")) });
            assert!(found.is_err() || BatchHeader::decode(&bad).unwrap().total_len() > bad.len());
        }
        let column = |i| Projection::columns(schema.clone(), &[i]).unwrap();
        for i in 0..schema.columns().len() {
            let (clean, _) = read(&header, &good, &schema, &column(i)).unwrap();
            assert_eq!(clean.rows, 50);
        }
        let mut bad = good.clone();
        // The first buffer of the body is the validity or the data of the first column.
        let at = header.body_at() + 3;
        bad[at] ^= 4;
        let e = read(&header, &bad, &schema, &column(0)).unwrap_err();
        assert_eq!(e.code(), ErrorCode::CorruptSegment);
        assert!(read(&header, &bad, &schema, &column(7)).is_ok(), "a projection verifies just what it reads");
    }
}

#[test]
fn an_unknown_version_is_refused_with_both_numbers() {
    let schema = all_types(&[]);
    let mut bytes = encoded(&random_rows(&schema, 1, &mut Random(4)), &schema, true, Compression::None);
    bytes[4] = 9;
    let e = BatchHeader::decode(&bytes).unwrap_err();
    assert_eq!(e.code(), ErrorCode::UnknownFormat);
    assert!(e.message().contains("version 9") && e.message().contains("version 0"), "{e}");
}

#[test]
fn key_order_is_value_order() {
    use arrow_array::{BinaryArray, Decimal128Array, Float64Array, Int64Array, StringArray};
    let floats = [f64::NEG_INFINITY, -1.5, -f64::MIN_POSITIVE, 0.0, 1e-300, 2.0, f64::INFINITY, f64::NAN];
    let texts = ["", "\0", "\0\0", "\0a", "a", "a\0", "a\0b", "aa", "b", "é"];
    let bytes: [&[u8]; 5] = [b"", b"\0", b"\0\xff", b"\x01", b"\xff"];
    let types = [TypeRoot::BigInt, TypeRoot::Double, TypeRoot::Decimal(38, 10), TypeRoot::VarChar(100), TypeRoot::VarBinary(100)];
    let columns: [ArrayRef; 5] = [
        Arc::new(Int64Array::from(vec![i64::MIN, -1, 0, 1, i64::MAX])),
        Arc::new(Float64Array::from(floats.to_vec())),
        Arc::new(Decimal128Array::from(vec![i128::MIN / 2, -1, 0, 1, i128::MAX / 2])),
        Arc::new(StringArray::from(texts.to_vec())),
        Arc::new(BinaryArray::from(bytes.to_vec())),
    ];
    for (column, root) in columns.into_iter().zip(types) {
        let t = DataType::new(root, false).unwrap();
        let n = column.len();
        let batch = RecordBatch::try_from_iter([("k", column)]).unwrap();
        let values = ColumnValues::all(&batch, &[Column::new("k", t)]).unwrap();
        let keys: Vec<Vec<u8>> = (0..n)
            .map(|i| {
                let mut k = Vec::new();
                KeyEncoder::encode(&values, i, &mut k);
                k
            })
            .collect();
        assert!(keys.windows(2).all(|w| w[0] < w[1]), "{:?}", batch.schema());
    }
}

#[test]
fn minus_zero_is_zero_and_there_is_one_nan() {
    use arrow_array::Float64Array;
    let t = DataType::new(TypeRoot::Double, false).unwrap();
    let a: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0, f64::NAN, -f64::NAN]));
    let batch = RecordBatch::try_from_iter([("k", a)]).unwrap();
    let values = ColumnValues::all(&batch, &[Column::new("k", t)]).unwrap();
    let key = |i| {
        let mut k = Vec::new();
        KeyEncoder::encode(&values, i, &mut k);
        k
    };
    assert_eq!(key(0), key(1));
    assert_eq!(key(2), key(3));
}

#[test]
fn rows_give_back_every_type_and_a_damaged_one_is_refused() {
    for (seed, schema) in (0..).zip(schemas()) {
        let codec = RowCodec::new(Arc::new(schema.clone().into()));
        let rows = random_rows(&schema, 200, &mut Random(seed));
        let encoded = encode_rows(&codec, &rows);
        let slices: Vec<&[u8]> = encoded.iter().map(Vec::as_slice).collect();
        assert_eq!(table(&codec.decode(&slices).unwrap(), schema.columns()), table(&rows, schema.columns()), "seed {seed}");

        // With every second row not found.
        let some: Vec<Option<&[u8]>> = slices.iter().enumerate().map(|(i, r)| (i % 2 == 0).then_some(*r)).collect();
        let all = Projection::all(schema.clone());
        let batch = codec.decode_projected(&some, &all, true).unwrap();
        let at = batch.row_bytes.unwrap();
        assert!((0..200).all(|i| batch.bytes[at + i] == u8::from(i % 2 == 0)));
        let mut wanted = table(&rows, schema.columns());
        wanted.iter_mut().for_each(|c| c.iter_mut().skip(1).step_by(2).for_each(|v| *v = Value::Null));
        assert_eq!(projected(batch, &all), wanted, "seed {seed}");
    }
    let schema = all_types(&["id"]);
    let codec = RowCodec::new(Arc::new(schema.clone().into()));
    let row = encode_rows(&codec, &random_rows(&schema, 1, &mut Random(5))).remove(0);
    assert_eq!(codec.decode(&[&row[..row.len() - 1]]).unwrap_err().code(), ErrorCode::CorruptKv);
    let mut other_schema = row;
    other_schema[0] = 3;
    assert_eq!(codec.decode(&[&other_schema]).unwrap_err().code(), ErrorCode::UnknownFormat);
}

#[test]
fn a_row_that_is_too_long_names_its_widest_column() {
    let text = |n| DataType::new(TypeRoot::Array(Box::new(DataType::new(TypeRoot::VarChar(n), true).unwrap())), true).unwrap();
    let schema = Schema::new(0, vec![Column::new("small", text(1)), Column::new("large", text(2))], &[], &[]).unwrap();
    let list = |n: usize| -> ArrayRef {
        let mut b = arrow_array::builder::ListBuilder::new(arrow_array::builder::StringBuilder::new())
            .with_field(arrow_schema::Field::new("element", arrow_schema::DataType::Utf8, true));
        b.values().append_value("x".repeat(n));
        b.append(true);
        Arc::new(b.finish())
    };
    let rows = RecordBatch::try_new(schema.arrow_schema(), vec![list(10), list(17 << 20)]).unwrap();
    let codec = RowCodec::new(Arc::new(Arc::new(schema).into()));
    let columns = ColumnValues::all(&rows, codec.schema().columns()).unwrap();
    let e = codec.encode(&columns, 0, &mut Vec::new()).unwrap_err();
    assert!(e.code() == ErrorCode::InvalidArgument && e.message().contains("'large'"), "{e}");
}

#[test]
fn damaged_bytes_are_errors_or_other_values_and_never_panic() {
    for (seed, schema) in (0..).zip(schemas()) {
        let random = &mut Random(seed);
        let rows = random_rows(&schema, 20, random);
        let codec = RowCodec::new(Arc::new(schema.clone().into()));
        let all = Projection::all(schema.clone());
        let row = encode_rows(&codec, &rows).remove(0);
        for _ in 0..200 {
            let bad = damaged(&row, random);
            let _ = codec.decode(&[&bad]);
            let _ = codec.decode_projected(&[Some(&bad)], &all, false);
        }
        for compression in COMPRESSIONS {
            let good = encoded(&changelog(&schema, &rows), &schema, false, compression);
            for _ in 0..60 {
                let bad = damaged(&good, random);
                let Ok(header) = BatchHeader::decode(&bad) else { continue };
                if header.total_len() > bad.len() {
                    continue;
                }
                // As if someone had written it so: the checksums do not save the reader.
                let bad = with_checksums(bad, &header);
                let Ok(header) = BatchHeader::decode(&bad) else { continue };
                if let Ok((batch, _)) = read(&header, &bad, &schema, &all) {
                    let _ = batch.arrays(all.types());
                }
                let _ = decode_all(&header, &bad, &schema.clone().into());
            }
        }
    }
}

#[test]
fn a_batch_has_bounds_for_its_writer_and_its_reader() {
    let decimal = DataType::new(TypeRoot::Decimal(38, 0), true).unwrap();
    let schema = Schema::new(0, (0..5).map(|i| Column::new(format!("c{i}"), decimal.clone())).collect(), &[], &[]).unwrap();
    let zeros: ArrayRef = Arc::new(Decimal128Array::from(vec![0; MAX_BATCH_ROWS + 1]).with_precision_and_scale(38, 0).unwrap());
    let rows = RecordBatch::try_new(schema.arrow_schema(), vec![zeros; 5]).unwrap();
    let options = EncodeOptions::new(true, Compression::Lz4Frame);
    for (rows, bound) in [(rows.clone(), "16777216 rows"), (rows.slice(0, MAX_BATCH_ROWS), "1073741824 bytes before compression")]
    {
        let e = encode_batch(&rows, &schema, &options).unwrap_err();
        assert!(e.code() == ErrorCode::BatchTooLarge && e.message().contains(bound), "{e}");
    }

    let schema = Arc::new(schema);
    let mut bytes = encoded(&rows.slice(0, 1000), &schema, true, Compression::Lz4Frame);
    let header = BatchHeader::decode(&bytes).unwrap();
    let length = (1000_i64 * 16).to_le_bytes();
    let mut claims = 0;
    for at in (header.body_at()..bytes.len()).step_by(64) {
        if bytes[at..].starts_with(&length) {
            bytes[at..at + 8].copy_from_slice(&(600_i64 << 20).to_le_bytes());
            claims += 1;
        }
    }
    assert_eq!(claims, 5);
    let bytes = with_checksums(bytes, &header);
    let header = BatchHeader::decode(&bytes).unwrap();
    let e = read(&header, &bytes, &schema, &Projection::all(schema.clone())).unwrap_err();
    assert!(e.code() == ErrorCode::CorruptSegment && e.message().contains("claim"), "{e}");
}

/// Some bytes flipped, perhaps cut or longer.
fn damaged(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bad = bytes.to_vec();
    for _ in 0..1 + random.below(4) {
        let at = random.below(bad.len() as u64) as usize;
        bad[at] = match random.below(3) {
            0 => bad[at] ^ 1 << random.below(8),
            1 => 0xff,
            _ => random.bits() as u8,
        };
    }
    match random.below(6) {
        0 => bad.truncate(random.below(bad.len() as u64) as usize),
        1 => bad.extend([0; 7]),
        _ => {}
    }
    bad
}

/// The batch with the checksums that its bytes have.
fn with_checksums(mut bytes: Vec<u8>, header: &BatchHeader) -> Vec<u8> {
    let metadata = &bytes[header.prefix_len() - header.metadata_len as usize..header.prefix_len()];
    let body = &bytes[header.body_at()..header.total_len()];
    let mut sums = Vec::new();
    if let Ok(message) = arrow_ipc::root_as_message(metadata) {
        for b in message.header_as_record_batch().and_then(|b| b.buffers()).unwrap_or_default() {
            let end = b.offset().saturating_add(b.length()).max(0) as usize;
            sums.push(crc32c::crc32c(body.get(b.offset().max(0) as usize..end).unwrap_or_default()));
        }
    }
    for (i, sum) in sums.iter().take(header.buffers as usize).enumerate() {
        bytes[96 + 4 * i..][..4].copy_from_slice(&sum.to_le_bytes());
    }
    let sum = crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..header.prefix_len()]);
    bytes[12..16].copy_from_slice(&sum.to_le_bytes());
    bytes
}
