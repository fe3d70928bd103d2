//! Filtered and nested reads through the whole engine.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::sync::Arc;
use std::time::Duration;

use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray, StructArray};
use arrow_schema::DataType as ArrowType;
use common::*;
use fluss_client::{LogScanner, Table};
use fluss_format::{Comparison, Predicate};
use fluss_proto::admin_request::Request;
use fluss_proto::{self as proto, AdminRequest, data_type::Kind};
use fluss_types::TablePath;

fn batch(table: &Table, ids: std::ops::Range<i64>) -> RecordBatch {
    let texts = StringArray::from_iter_values(ids.clone().map(|i| format!("v{i}")));
    RecordBatch::try_new(table.write_schema(), vec![Arc::new(Int64Array::from_iter_values(ids)), Arc::new(texts)]).unwrap()
}

fn equals(id: i64) -> Predicate {
    Predicate::Compare(vec![0], Comparison::Equal, Arc::new(Int64Array::from(vec![id])))
}

/// The chosen rows of bucket 0 up to `stop`, as `+A 12`, and how many batches they came in.
fn chosen(scanner: &LogScanner, stop: i64) -> (Vec<String>, usize) {
    scanner.subscribe(0, 0, stop).unwrap();
    let (mut out, mut batches) = (Vec::new(), 0);
    while let Some(b) = scanner.poll(Duration::from_millis(20)).unwrap() {
        batches += 1;
        for row in b.chosen() {
            let kind = ["+A", "+I", "-U", "+U", "-D"][b.row_bytes.map_or(0, |at| b.bytes[at + row]) as usize];
            out.push(format!("{kind} {}", text(&b, 0, row)));
        }
    }
    (out, batches)
}

#[test]
fn a_filtered_scan_gives_matching_rows_and_gets_past_those_that_do_not_match() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    for (name, statistics) in [("with", "*"), ("without", "")] {
        let table = create(&connection, name, false, 1, &[("table.statistics.columns", statistics)]);
        let writer = table.writer().unwrap();
        // More batches without a match, one after the other, than one read looks at.
        for i in 0..300 {
            writer.write(None, &batch(&table, 10 * i..10 * i + 10)).unwrap();
        }
        writer.flush().unwrap();
        let scanner = table.log_scanner([1]).unwrap().filtered(equals(1234)).unwrap();
        assert_eq!(chosen(&scanner, i64::MAX), (vec!["+A v1234".to_string()], 1));
        assert_eq!(scanner.position(0), Some(3000), "what does not match is read too");
        let two = Predicate::Or(vec![equals(7), equals(2995)]);
        let scanner = table.log_scanner([1]).unwrap().filtered(two).unwrap();
        assert_eq!(chosen(&scanner, 2995), (vec!["+A v7".to_string()], 1), "row 2995 is behind the stop offset");
        assert_eq!(scanner.position(0), Some(2995));
        let scanner = table.log_scanner([1]).unwrap().filtered(equals(-1)).unwrap();
        assert_eq!(chosen(&scanner, i64::MAX), (vec![], 0));
        // New rows are found from there on.
        writer.write(None, &batch(&table, -1..1)).unwrap();
        writer.flush().unwrap();
        let b = scanner.poll(Duration::from_secs(60)).unwrap().unwrap();
        assert_eq!((b.base_offset, b.chosen()), (3000, vec![0]));
    }
}

#[test]
fn changes_are_filtered_one_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 1, &[("table.statistics.columns", "v")]);
    let writer = table.writer().unwrap();
    writer.write(None, &batch(&table, 0..3)).unwrap();
    let update = vec![Arc::new(Int64Array::from(vec![1])) as ArrayRef, Arc::new(StringArray::from(vec!["w"]))];
    writer.write(None, &RecordBatch::try_new(table.write_schema(), update).unwrap()).unwrap();
    writer.flush().unwrap();
    let filter = |p| table.log_scanner([1]).unwrap().filtered(p).unwrap();
    assert_eq!(chosen(&filter(equals(1)), i64::MAX).0, ["+I v1", "-U v1", "+U w"]);
    let w = Predicate::StartsWith(vec![1], b"w".to_vec());
    assert_eq!(chosen(&filter(w), i64::MAX), (vec!["+U w".to_string()], 1));
}

#[test]
fn fields_of_rows_are_read_alone_from_log_and_by_lookup() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let database = Some(proto::DatabaseInfo { name: "db".into(), ..Default::default() });
    let admin = |request| connection.admin(AdminRequest { request: Some(request) }).unwrap();
    admin(Request::CreateDatabase(proto::CreateDatabase { database, if_not_exists: true }));
    let column = |name: &str, kind: Kind, fields| proto::Column {
        name: name.into(),
        r#type: Some(proto::DataType { kind: kind.into(), length: 10, fields, ..Default::default() }),
        ..Default::default()
    };
    let fields = vec![column("a", Kind::Int, vec![]), column("b", Kind::Varchar, vec![])];
    let descriptor = Some(proto::TableDescriptor {
        columns: vec![column("id", Kind::Bigint, vec![]), column("r", Kind::Row, fields)],
        primary_key: vec!["id".into()],
        bucket_count: 1,
        ..Default::default()
    });
    let path = Some(proto::TablePath { database: "db".into(), table: "nested".into() });
    admin(Request::CreateTable(proto::CreateTable { path, descriptor, if_not_exists: false }));
    let table = connection.table(&TablePath::new("db", "nested")).unwrap();

    let ArrowType::Struct(fields) = table.write_schema().field(1).data_type().clone() else { panic!("a ROW") };
    let columns: Vec<ArrayRef> = vec![Arc::new(Int32Array::from(vec![1, 2])), Arc::new(StringArray::from(vec!["x", "y"]))];
    let r = StructArray::new(fields, columns, Some(vec![true, false].into()));
    let rows = RecordBatch::try_new(table.write_schema(), vec![Arc::new(Int64Array::from(vec![1, 2])), Arc::new(r)]).unwrap();
    let writer = table.writer().unwrap();
    writer.write(None, &rows).unwrap();
    writer.flush().unwrap();

    let a = Predicate::Compare(vec![1, 0], Comparison::Less, Arc::new(Int32Array::from(vec![5])));
    let scanner = table.log_scanner([vec![1, 1]]).unwrap().filtered(a).unwrap();
    assert_eq!(chosen(&scanner, i64::MAX).0, ["+I x"], "the row without a ROW is unknown, not less");
    let keys = RecordBatch::try_new(table.key_schema(), vec![Arc::new(Int64Array::from(vec![2, 1]))]).unwrap();
    let lookuper = table.lookuper([vec![1, 1], vec![1, 0]]).unwrap();
    let found = lookuper.lookup(&keys).unwrap();
    // Row 0 has no ROW: both fields are NULL.
    let validity = |column: usize| found.bytes[found.columns[column].validity.unwrap()] & 0b11;
    assert_eq!((validity(0), validity(1)), (0b10, 0b10));
    assert_eq!(text(&found, 0, 1), "x");
    assert_eq!(found.bytes[found.columns[1].data + 4..][..4], 1i32.to_le_bytes());
}
