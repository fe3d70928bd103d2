//! The catalog on disk: what is written is read again, history of schemas and all.
#![allow(clippy::unwrap_used, reason = "test code")]
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fluss_meta::{DatabaseMeta, LocalMetaStore, TableAlteration, TableDeclaration, TableMeta};
use fluss_types::file::LocalFileSystem;
use fluss_types::{Column, DataType, ErrorCode, Result, Schema, SchemaChange, TableId, TablePath, TypeRoot};

fn open(dir: &Path) -> LocalMetaStore {
    LocalMetaStore::open(Arc::new(LocalFileSystem), dir).unwrap()
}

fn path() -> TablePath {
    TablePath::new("db", "t")
}

fn nullable(root: TypeRoot) -> DataType {
    DataType::new(root, true).unwrap()
}

/// A table with a key, an array of rows and statistics of two columns.
fn table(table_id: TableId) -> Result<TableMeta> {
    let fields = vec![Column::new("x", nullable(TypeRoot::Int)), Column::new("y", nullable(TypeRoot::Float))];
    let points = TypeRoot::Array(Box::new(nullable(TypeRoot::Row(fields))));
    let columns = vec![
        Column::new("id", nullable(TypeRoot::VarChar(9))),
        Column::new("n", nullable(TypeRoot::Int)),
        Column::new("points", nullable(points)),
    ];
    let key = vec!["id".to_string()];
    let schema = Schema::new(0, columns, &key, &[])?;
    Ok(TableMeta {
        table_id,
        schema_id: 0,
        next_field_id: schema.next_field_id(),
        created_ms: 7,
        bucket_function: "f".into(),
        declaration: TableDeclaration {
            columns: schema.columns().to_vec(),
            bucket_key: key.clone(),
            primary_key: key,
            bucket_count: 1,
            comment: String::new(),
            options: options(&[("table.statistics.columns", "n, id")]),
            custom_properties: options(&[("a", "1")]),
        },
        schema_history: Vec::new(),
    })
}

fn options(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())).collect()
}

fn names(path: &[&str]) -> Vec<String> {
    path.iter().map(|n| (*n).into()).collect()
}

fn rename(from: &[&str], to: &str) -> SchemaChange {
    SchemaChange::Rename { path: names(from), name: to.into() }
}

fn change(changes: Vec<SchemaChange>) -> TableAlteration {
    TableAlteration { changes, ..TableAlteration::default() }
}

#[test]
fn an_altered_table_is_read_again_with_all_its_schemas() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.create_database("db", DatabaseMeta::default(), false).unwrap();
    store.create_table(&path(), table).unwrap();
    let first = change(vec![
        rename(&["id"], "key"),
        SchemaChange::Add { parent: names(&["points", "element"]), column: Column::new("z", nullable(TypeRoot::BigInt)) },
        SchemaChange::Widen { path: names(&["n"]), data_type: nullable(TypeRoot::BigInt) },
    ]);
    store.alter_table(&path(), |t| t.alter(&first)).unwrap();
    let second = change(vec![SchemaChange::Drop { path: names(&["n"]) }, rename(&["key"], "k")]);
    let altered = store.alter_table(&path(), |t| t.alter(&second)).unwrap();

    let read = open(dir.path()).table(&path()).unwrap();
    assert_eq!(read, altered);
    let schemas = read.schemas().unwrap();
    assert_eq!(
        [0, 1, 2].map(|id| schemas.get(id).unwrap().to_string()),
        [
            "(id VARCHAR(9) NOT NULL, n INT, points ARRAY<ROW<x INT, y FLOAT>>, PRIMARY KEY (id))",
            "(key VARCHAR(9) NOT NULL, n BIGINT, points ARRAY<ROW<x INT, y FLOAT, z BIGINT>>, PRIMARY KEY (key))",
            "(k VARCHAR(9) NOT NULL, points ARRAY<ROW<x INT, y FLOAT, z BIGINT>>, PRIMARY KEY (k))",
        ]
    );
    assert_eq!(schemas.current().id(), 2);
    assert_eq!(read.declaration.options["table.statistics.columns"], "k");
    // The next column gets an id that no column ever had.
    let add = change(vec![SchemaChange::Add { parent: vec![], column: Column::new("n", nullable(TypeRoot::Int)) }]);
    assert_eq!(read.alter(&add).unwrap().declaration.columns[2].id, 6);
}

#[test]
fn a_change_made_for_another_schema_changes_nothing() {
    let table = table(0).unwrap();
    let late = TableAlteration { expected_schema_id: Some(3), ..change(vec![rename(&["n"], "m")]) };
    let e = table.alter(&late).unwrap_err();
    assert_eq!(e.code(), ErrorCode::SchemaMismatch);
    assert!(e.message().contains("schema 0 by now") && e.message().contains("schema 3"), "{e}");
    assert!(table.alter(&TableAlteration { expected_schema_id: Some(0), ..late }).is_ok());
}

#[test]
fn options_and_properties_change_without_a_new_schema() {
    let alteration = TableAlteration {
        set_options: options(&[("table.log.ttl", "1d")]),
        reset_options: names(&["table.statistics.columns"]),
        custom_properties: Some(options(&[("b", "2")])),
        comment: Some("new".into()),
        ..TableAlteration::default()
    };
    let next = table(0).unwrap().alter(&alteration).unwrap();
    assert_eq!((next.schema_id, next.schema_history.len()), (0, 0));
    assert_eq!(next.declaration.options, options(&[("table.log.ttl", "1d")]));
    assert_eq!(next.declaration.custom_properties, options(&[("b", "2")]));
    assert_eq!(next.declaration.comment, "new");
}

#[test]
fn writer_ids_and_table_ids_are_never_given_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.create_database("db", DatabaseMeta::default(), false).unwrap();
    assert_eq!(store.reserve_writer_ids(1000).unwrap(), 0);
    assert_eq!(store.create_table(&path(), table).unwrap().table_id, 0);
    store.drop_table(&path(), false).unwrap();
    let store = open(dir.path());
    assert_eq!(store.reserve_writer_ids(1).unwrap(), 1000);
    assert_eq!(store.reserve_writer_ids(1000).unwrap(), 1001);
    assert_eq!(store.create_table(&path(), table).unwrap().table_id, 1);
}
