//! Every codec gives back what went in, for every type.
#![allow(clippy::unwrap_used, reason = "test code")]
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, UInt8Array};
use fluss_format::{
    BatchHeader, ColumnBatch, ColumnValues, KeyEncoder, RowCodec, decode_all, encode_batch, log_schema, read_projected,
};
use fluss_testkit::{Random, all_types, random_rows};
use fluss_types::{Compression, ErrorCode, Result, Schema};

const COMPRESSIONS: [Compression; 3] = [Compression::None, Compression::Lz4Frame, Compression::Zstd];

fn changelog(schema: &Schema, rows: &RecordBatch) -> RecordBatch {
    let kinds: ArrayRef = Arc::new(UInt8Array::from((0..rows.num_rows()).map(|i| 1 + (i % 4) as u8).collect::<Vec<_>>()));
    let columns = std::iter::once(kinds).chain(rows.columns().iter().cloned()).collect();
    RecordBatch::try_new(log_schema(schema, false), columns).unwrap()
}

/// Compares what a reader gets with the arrays that were written, value by value through the row codec.
fn assert_same(schema: &Arc<Schema>, projection: &[usize], expected: &RecordBatch, actual: &ColumnBatch) {
    assert_eq!(actual.rows, expected.num_rows());
    let codec = RowCodec::new(schema.clone());
    let columns = ColumnValues::all(expected).unwrap();
    let rows: Vec<Vec<u8>> = (0..expected.num_rows())
        .map(|i| {
            let mut out = Vec::new();
            codec.encode(&columns, i, &mut out).unwrap();
            out
        })
        .collect();
    let slices: Vec<Option<&[u8]>> = rows.iter().map(|r| Some(r.as_slice())).collect();
    let through_rows = codec.decode_projected(&slices, projection, false).unwrap();
    for (c, (a, b)) in actual.columns.iter().zip(&through_rows.columns).enumerate() {
        let t = &schema.columns()[projection[c]].data_type;
        for row in 0..actual.rows {
            let null = |l: &fluss_format::ColumnLayout, bytes: &[u8]| {
                l.validity.is_some_and(|v| bytes[v + row / 8] & (1 << (row % 8)) == 0)
            };
            let is_null = expected.column(projection[c]).is_null(row);
            assert_eq!(null(a, &actual.bytes), is_null, "{t} row {row}");
            assert_eq!(null(b, &through_rows.bytes), is_null, "{t} row {row} of the row codec");
            if !is_null {
                let value = |l: &fluss_format::ColumnLayout, bytes: &[u8]| -> Vec<u8> {
                    let int = |at: usize| i32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
                    match (t.fixed_width(), l.aux) {
                        (Some(w), None) => bytes[l.data + w * row..][..w].to_vec(),
                        (Some(w), Some(nanos)) => [&bytes[l.data + w * row..][..w], &bytes[nanos + 4 * row..][..4]].concat(),
                        (None, Some(o)) => bytes[l.data + int(o + 4 * row)..l.data + int(o + 4 * row + 4)].to_vec(),
                        (None, None) => vec![bytes[l.data + row / 8] >> (row % 8) & 1],
                    }
                };
                assert_eq!(value(a, &actual.bytes), value(b, &through_rows.bytes), "{t} row {row}");
            }
        }
    }
}

fn read(header: &BatchHeader, bytes: &[u8], schema: &Schema, projection: &[usize]) -> Result<(ColumnBatch, usize)> {
    let mut fetched = 0;
    let body = &bytes[header.body_at()..];
    let batch = read_projected(header, bytes, schema, projection, |at, out| {
        fetched += out.len();
        out.copy_from_slice(&body[at..at + out.len()]);
        Ok(())
    })?;
    Ok((batch, fetched))
}

#[test]
fn log_batches_give_back_every_type_under_every_compression_and_projection() {
    let schema = all_types(&["id", "name"]);
    let all: Vec<usize> = (0..schema.columns().len()).collect();
    for seed in 0..20 {
        let mut random = Random(seed);
        let n = 1 + random.below(300) as usize;
        let rows = random_rows(&schema, n, &mut random);
        for compression in COMPRESSIONS {
            for append_only in [true, false] {
                let batch = if append_only { rows.clone() } else { changelog(&schema, &rows) };
                let mut encoded = encode_batch(&batch, 0, append_only, compression).unwrap();
                let bytes = encoded.place(1000 + seed as i64, 0, 77, 12).to_vec();
                let header = BatchHeader::decode(&bytes).unwrap();
                header.verify_all(&bytes).unwrap();
                assert_eq!((header.base_offset, header.rows as usize, header.commit_timestamp), (1000 + seed as i64, n, 77));
                assert_eq!(decode_all(&header, &bytes, &schema).unwrap(), batch);
                let some: Vec<usize> = all.iter().copied().rev().filter(|_| random.below(2) == 0).collect();
                for projection in [&all, &some, &vec![]] {
                    let (actual, _) = read(&header, &bytes, &schema, projection).unwrap();
                    assert_same(&schema, projection, &rows, &actual);
                    match actual.row_bytes {
                        None => assert!(append_only),
                        Some(at) => assert!((0..n).all(|i| actual.bytes[at + i] == 1 + (i % 4) as u8)),
                    }
                }
            }
        }
    }
}

#[test]
fn a_projection_fetches_only_the_wanted_columns() {
    let schema = all_types(&[]);
    let rows = random_rows(&schema, 1000, &mut Random(1));
    let mut encoded = encode_batch(&rows, 0, true, Compression::None).unwrap();
    let bytes = encoded.place(0, 0, 0, 0).to_vec();
    let header = BatchHeader::decode(&bytes).unwrap();
    let (_, fetched) = read(&header, &bytes, &schema, &[5]).unwrap();
    // 1000 values of 4 bytes and a bitmap, each padded to 64.
    assert!(fetched <= 4032 + 128, "{fetched}");
}

#[test]
fn a_flipped_bit_anywhere_is_found() {
    let schema = all_types(&[]);
    let rows = random_rows(&schema, 50, &mut Random(2));
    for compression in COMPRESSIONS {
        let mut encoded = encode_batch(&rows, 0, true, compression).unwrap();
        let good = encoded.place(0, 0, 0, 0).to_vec();
        let header = BatchHeader::decode(&good).unwrap();
        let mut random = Random(3);
        for _ in 0..300 {
            // Magic and version are known by themselves; padding carries nothing.
            let at = 12 + random.below(header.prefix_len() as u64 - 12) as usize;
            let mut bad = good.clone();
            bad[at] ^= 1 << random.below(8);
            let found = BatchHeader::decode(&bad)
                .and_then(|h| if h.total_len() > bad.len() { Ok(()) } else { h.verify_all(&bad).map(|()| panic!("byte {at}")) });
            assert!(found.is_err() || BatchHeader::decode(&bad).unwrap().total_len() > bad.len());
        }
        for column in 0..schema.columns().len() {
            let (clean, _) = read(&header, &good, &schema, &[column]).unwrap();
            assert_eq!(clean.rows, 50);
        }
        let mut bad = good.clone();
        let at = header.body_at() + 3;
        bad[at] ^= 4;
        let e = read(&header, &bad, &schema, &[0]).unwrap_err();
        assert_eq!(e.code(), ErrorCode::CorruptSegment);
        assert!(read(&header, &bad, &schema, &[7]).is_ok(), "a projection verifies just what it reads");
    }
}

#[test]
fn an_unknown_version_is_refused_with_both_numbers() {
    let schema = all_types(&[]);
    let mut encoded = encode_batch(&random_rows(&schema, 1, &mut Random(4)), 0, true, Compression::None).unwrap();
    let mut bytes = encoded.place(0, 0, 0, 0).to_vec();
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
    let columns: [ArrayRef; 5] = [
        Arc::new(Int64Array::from(vec![i64::MIN, -1, 0, 1, i64::MAX])),
        Arc::new(Float64Array::from(floats.to_vec())),
        Arc::new(Decimal128Array::from(vec![i128::MIN / 2, -1, 0, 1, i128::MAX / 2])),
        Arc::new(StringArray::from(texts.to_vec())),
        Arc::new(BinaryArray::from(bytes.to_vec())),
    ];
    for column in columns {
        let n = column.len();
        let batch = RecordBatch::try_from_iter([("k", column)]).unwrap();
        let values = ColumnValues::all(&batch).unwrap();
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
    let a: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0, f64::NAN, -f64::NAN]));
    let batch = RecordBatch::try_from_iter([("k", a)]).unwrap();
    let values = ColumnValues::all(&batch).unwrap();
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
    let schema = all_types(&["id"]);
    let codec = RowCodec::new(schema.clone());
    let rows = random_rows(&schema, 200, &mut Random(5));
    let columns = ColumnValues::all(&rows).unwrap();
    let encoded: Vec<Vec<u8>> = (0..200)
        .map(|i| {
            let mut out = Vec::new();
            codec.encode(&columns, i, &mut out).unwrap();
            out
        })
        .collect();
    let slices: Vec<&[u8]> = encoded.iter().map(Vec::as_slice).collect();
    let back = codec.decode(&slices).unwrap();
    for (a, b) in back.columns().iter().zip(rows.columns()) {
        assert_eq!(a, b);
    }
    let short = &encoded[0][..encoded[0].len() - 1];
    assert_eq!(codec.decode(&[short]).unwrap_err().code(), ErrorCode::CorruptKv);
    let mut other_schema = encoded[0].clone();
    other_schema[0] = 3;
    assert_eq!(codec.decode(&[&other_schema]).unwrap_err().code(), ErrorCode::UnknownFormat);
}
