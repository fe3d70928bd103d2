//! The bytes of the catalog, kept: what is written today is what was written when the file was committed, and it still opens.
//! `FLUSS_WRITE_GENERATED=1 cargo test --release --workspace --test golden` writes the file anew.
#![allow(clippy::unwrap_used, reason = "test code")]
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluss_meta::{DatabaseMeta, FIRST_NUMBER, LocalMetaStore, TableAlteration, TableDeclaration, TableMeta};
use fluss_testkit::{all_types, nested_types};
use fluss_types::file::LocalFileSystem;
use fluss_types::{Schema, SchemaChange, TableId, TablePath};

fn open(dir: &Path) -> LocalMetaStore {
    LocalMetaStore::open(Arc::new(LocalFileSystem), dir).unwrap()
}

/// A table of a schema.
fn table(schema: &Schema, table_id: TableId) -> TableMeta {
    let key: Vec<String> = schema.primary_key().iter().map(|&i| schema.columns()[i].name.clone()).collect();
    TableMeta {
        table_id,
        schema_id: 0,
        next_field_id: schema.next_field_id(),
        next_auto_increment: FIRST_NUMBER,
        created_ms: 1_700_000_000_000,
        bucket_function: "murmur3-v1".into(),
        declaration: TableDeclaration {
            columns: schema.columns().to_vec(),
            bucket_key: key.clone(),
            primary_key: key,
            partition_keys: vec![],
            bucket_count: 3,
            comment: "a comment".into(),
            options: [("table.log.ttl".to_string(), "1d".to_string())].into(),
            custom_properties: [("a".to_string(), "1".to_string())].into(),
        },
        schema_history: Vec::new(),
    }
}

#[test]
fn a_catalog_has_the_bytes_that_were_committed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let database = DatabaseMeta { comment: "of tests".into(), properties: [("b".to_string(), "2".to_string())].into() };
    store.create_database("db", database, false).unwrap();
    store.reserve_writer_ids(1000).unwrap();
    for (name, schema) in [("flat", all_types(&["id", "name"])), ("nested", nested_types(&[]))] {
        store.create_table(&TablePath::new("db", name), |id| Ok(table(&schema, id))).unwrap();
    }
    let path = TablePath::new("db", "flat");
    let rename = SchemaChange::Rename { path: vec!["name".into()], name: "label".into() };
    let change = TableAlteration { changes: vec![rename], ..TableAlteration::default() };
    store.alter_table(&path, |t| t.alter(&change)).unwrap();
    assert_eq!(store.reserve_auto_increment(0, 100, i64::MAX).unwrap(), 1..101);

    let written = std::fs::read_to_string(dir.path().join("catalog.json")).unwrap();
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/catalog.json");
    if std::env::var_os("FLUSS_WRITE_GENERATED").is_some() {
        std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
        std::fs::write(&golden, &written).unwrap();
    }
    let committed = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(
        committed == written,
        "{} is not what is written now. If the format was meant to change, say so in native/docs/format.md and run \
         FLUSS_WRITE_GENERATED=1 cargo test --release --workspace --test golden\n{written}",
        golden.display()
    );
    let copy = tempfile::tempdir().unwrap();
    std::fs::write(copy.path().join("catalog.json"), &committed).unwrap();
    let read = open(copy.path());
    for name in ["flat", "nested"] {
        let path = TablePath::new("db", name);
        assert_eq!(read.table(&path).unwrap(), store.table(&path).unwrap());
    }
    assert_eq!(read.reserve_writer_ids(1).unwrap(), 1000);
    assert_eq!(read.reserve_auto_increment(0, 1, i64::MAX).unwrap(), 101..102);
}
