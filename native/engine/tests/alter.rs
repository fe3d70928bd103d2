//! ALTER TABLE and the tablets that are open.
#![allow(clippy::unwrap_used, reason = "test code")]
use fluss_meta::{DatabaseMeta, TableAlteration, TableDeclaration};
use fluss_types::{Column, DataType, SchemaChange, TablePath, TypeRoot};

fn column(name: &str) -> Column {
    Column::new(name, DataType::new(TypeRoot::Int, true).unwrap())
}

#[test]
fn who_knows_the_new_schema_first_brings_it_to_the_tablet() {
    let dir = tempfile::tempdir().unwrap();
    let options = [("data.dir".to_string(), dir.path().to_str().unwrap().to_string())];
    let handle = fluss_engine::open(&options.into()).unwrap();
    let (engine, path) = (handle.engine(), TablePath::new("db", "t"));
    engine.meta().create_database("db", DatabaseMeta::default(), false).unwrap();
    let declaration = TableDeclaration {
        columns: vec![column("a")],
        primary_key: vec![],
        bucket_key: vec![],
        partition_keys: vec![],
        bucket_count: 2,
        comment: String::new(),
        options: Default::default(),
        custom_properties: Default::default(),
    };
    engine.create_table(&path, declaration, false).unwrap();
    let before = engine.table(&path).unwrap();
    assert_eq!(before.tablet(0).unwrap().codec().schema().id(), 0);
    // Between the catalog and the tablets: another thread opens the table.
    let changes = vec![SchemaChange::Add { parent: vec![], column: column("b") }];
    let alteration = TableAlteration { changes, ..TableAlteration::default() };
    engine.meta().alter_table(&path, |t| t.alter(&alteration)).unwrap();
    let after = engine.table(&path).unwrap();
    assert_eq!(after.tablet(0).unwrap().codec().schema().id(), 1);
    // A tablet that is opened by who knows the old one has the new one all the same.
    assert_eq!(before.tablet(1).unwrap().codec().schema().id(), 1);
}
