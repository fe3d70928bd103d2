//! What was written with an older schema is read with a newer one as the ids of the columns say, in the log and in the kv store.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::sync::Arc;

use fluss_format::{BatchHeader, EncodeOptions, Projection, RowCodec, decode_all, encode_batch, evolve_batch, written_schema};
use fluss_testkit::{Random, Value, fields_as, random_change, random_rows, random_schema};
use fluss_types::{Column, Compression, DataType, ErrorCode, FieldId, Schema, SchemaChange, Schemas, TypeRoot};

use common::{changelog, encode_rows, projected, read, table};

/// A schema and up to six versions after it.
fn versions(random: &mut Random) -> Vec<Arc<Schema>> {
    let mut versions = vec![random_schema(random, true)];
    for n in 0..20 {
        let last = &versions[versions.len() - 1];
        if let Ok(next) = last.alter(&[random_change(last, n, random)]) {
            versions.push(Arc::new(next));
        }
        if versions.len() == 7 {
            break;
        }
    }
    versions
}

/// Columns of rows of schema `from`, as columns of schema `to`.
fn expected(stored: &[Vec<Value>], rows: usize, from: &Schema, to: &Schema) -> Vec<Vec<Value>> {
    let ids: Vec<FieldId> = from.columns().iter().map(|c| c.id).collect();
    let mut out = vec![Vec::new(); to.columns().len()];
    for r in 0..rows {
        let row: Vec<(FieldId, Value)> = ids.iter().zip(stored).map(|(id, c)| (*id, c[r].clone())).collect();
        for (column, (_, v)) in out.iter_mut().zip(fields_as(&row, from.columns(), to.columns())) {
            column.push(v);
        }
    }
    out
}

#[test]
fn old_batches_and_rows_are_read_with_every_later_schema() {
    let mut conversions = 0;
    for seed in 0..200 {
        let random = &mut Random(seed);
        let versions = versions(random);
        for (v, written) in versions.iter().enumerate() {
            let rows = random_rows(written, 30, random);
            let stored = table(&rows, written.columns());
            let compression = if v % 2 == 0 { Compression::Zstd } else { Compression::None };
            let batch = changelog(written, &rows);
            let mut encoded = encode_batch(&batch, written, &EncodeOptions::new(false, compression)).unwrap();
            let bytes = encoded.place(0, 0, 0, 0).to_vec();
            let header = BatchHeader::decode(&bytes).unwrap();
            let values = encode_rows(&RowCodec::new(Arc::new(written.clone().into())), &rows);
            for w in v..versions.len() {
                let what = format!("seed {seed}, schema {v} as {w}");
                let schemas = Arc::new(Schemas::new(versions[..=w].to_vec()).unwrap());
                let current = schemas.current();
                let wanted = expected(&stored, 30, written, current);
                conversions += usize::from(wanted != stored);
                let all = Projection::all(current.clone());
                let (read, _) = read(&header, &bytes, written_schema(&header, &schemas).unwrap(), &all).unwrap();
                let kinds = read.row_bytes.unwrap();
                assert!((0..30).all(|i| read.bytes[kinds + i] == 1 + (i % 4) as u8), "{what}");
                assert_eq!(projected(read, &all), wanted, "log, {what}");

                let replayed = decode_all(&header, &bytes, &schemas).unwrap();
                let columns: Vec<usize> = (1..replayed.num_columns()).collect();
                assert_eq!(table(&replayed.project(&columns).unwrap(), current.columns()), wanted, "replay, {what}");

                let codec = RowCodec::new(schemas.clone());
                let slices: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
                assert_eq!(table(&codec.decode(&slices).unwrap(), current.columns()), wanted, "kv, {what}");
                let slices: Vec<Option<&[u8]>> = slices.into_iter().map(Some).collect();
                let read = codec.decode_projected(&slices, &all, false).unwrap();
                assert_eq!(projected(read, &all), wanted, "lookup, {what}");

                let upgraded = evolve_batch(&rows, written, current).unwrap();
                assert_eq!(table(&upgraded, current.columns()), wanted, "write, {what}");
            }
        }
    }
    assert!(conversions > 1000, "{conversions}");
}

#[test]
fn rows_of_several_versions_are_decoded_together() {
    for seed in 0..100 {
        let random = &mut Random(seed);
        let versions = versions(random);
        let schemas = Arc::new(Schemas::new(versions.clone()).unwrap());
        let timed = seed % 2 == 1;
        let codec = RowCodec::with_time(schemas.clone(), timed);
        let mut mixed = Vec::new();
        let mut wanted = vec![Vec::new(); schemas.current().columns().len()];
        for _ in 0..20 {
            let written = &versions[random.below(versions.len() as u64) as usize];
            let row = random_rows(written, 1, random);
            mixed.extend(encode_rows(&RowCodec::with_time(Arc::new(written.clone().into()), timed), &row));
            let read = expected(&table(&row, written.columns()), 1, written, schemas.current());
            wanted.iter_mut().zip(read).for_each(|(w, v)| w.extend(v));
        }
        let slices: Vec<&[u8]> = mixed.iter().map(Vec::as_slice).collect();
        assert_eq!(table(&codec.decode(&slices).unwrap(), schemas.current().columns()), wanted, "seed {seed}");
    }
}

fn int() -> DataType {
    DataType::new(TypeRoot::Int, true).unwrap()
}

#[test]
fn a_reader_of_an_older_schema_goes_on_as_long_as_its_columns_are_there() {
    let first = Arc::new(Schema::new(0, vec![Column::new("a", int()), Column::new("b", int())], &[], &[]).unwrap());
    let add = SchemaChange::Add { parent: vec![], column: Column::new("c", int()) };
    let drop = SchemaChange::Drop { path: vec!["b".into()] };
    let second = Arc::new(first.alter(&[add, drop]).unwrap());
    let rows = random_rows(&second, 10, &mut Random(1));
    let bytes = |schema: &Schema, rows| {
        let mut b = encode_batch(rows, schema, &EncodeOptions::new(true, Compression::None)).unwrap();
        b.place(0, 0, 0, 0).to_vec()
    };
    let written = bytes(&second, &rows);
    let header = BatchHeader::decode(&written).unwrap();
    let all = Projection::all(first.clone());
    let (batch, _) = read(&header, &written, &second, &all).unwrap();
    let stored = table(&rows, second.columns());
    assert_eq!(projected(batch, &all), [stored[0].clone(), vec![Value::Null; 10]]);

    let widen = SchemaChange::Widen { path: vec!["a".into()], data_type: DataType::new(TypeRoot::BigInt, true).unwrap() };
    let third = second.alter(&[widen]).unwrap();
    let written = bytes(&third, &random_rows(&third, 10, &mut Random(1)));
    let header = BatchHeader::decode(&written).unwrap();
    let e = read(&header, &written, &third, &all).unwrap_err();
    assert!(e.code() == ErrorCode::SchemaMismatch && e.message().contains("'a'") && e.message().contains("Open it again"), "{e}");
    let e = written_schema(&header, &first.into()).unwrap_err();
    assert!(e.code() == ErrorCode::UnknownFormat && e.message().contains("schema 2"), "{e}");
}

#[test]
fn a_reader_that_looks_for_no_nulls_does_not_read_rows_that_may_have_them() {
    let not_null = DataType::new(TypeRoot::Int, false).unwrap();
    let first = Arc::new(Schema::new(0, vec![Column::new("a", not_null)], &[], &[]).unwrap());
    let second = first.alter(&[SchemaChange::Widen { path: vec!["a".into()], data_type: int() }]).unwrap();
    let rows = random_rows(&second, 10, &mut Random(1));
    let mut encoded = encode_batch(&rows, &second, &EncodeOptions::new(true, Compression::None)).unwrap();
    let written = encoded.place(0, 0, 0, 0).to_vec();
    let header = BatchHeader::decode(&written).unwrap();
    let e = read(&header, &written, &second, &Projection::all(first)).unwrap_err();
    assert!(e.code() == ErrorCode::SchemaMismatch && e.message().contains("Open it again"), "{e}");
}
