//! The catalog on disk: what is written is read again, history of schemas and all.
#![allow(clippy::unwrap_used, reason = "test code")]
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fluss_meta::{DatabaseMeta, FIRST_NUMBER, LocalMetaStore, TableAlteration, TableDeclaration, TableMeta};
use fluss_testkit::{Fault, Operation, SimulatedDisk};
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
        next_auto_increment: FIRST_NUMBER,
        created_ms: 7,
        bucket_function: "f".into(),
        declaration: TableDeclaration {
            columns: schema.columns().to_vec(),
            bucket_key: key.clone(),
            primary_key: key,
            partition_keys: vec![],
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

const DIR: &str = "/data";

/// A simulated disk with a catalog that has the table.
fn disk(seed: u64) -> SimulatedDisk {
    let disk = SimulatedDisk::new(seed);
    disk.fs().create_dir_all(Path::new(DIR)).unwrap();
    ["/", DIR].iter().for_each(|d| disk.fs().sync_dir(Path::new(d)).unwrap());
    let store = on(&disk);
    store.create_database("db", DatabaseMeta::default(), false).unwrap();
    store.create_table(&path(), table).unwrap();
    disk
}

fn on(disk: &SimulatedDisk) -> LocalMetaStore {
    LocalMetaStore::open(disk.fs(), Path::new(DIR)).unwrap()
}

fn rename_n(store: &LocalMetaStore) -> Result<TableMeta> {
    store.alter_table(&path(), |t| t.alter(&change(vec![rename(&["n"], "m")])))
}

#[test]
fn a_crash_at_any_edge_leaves_the_old_or_the_new_catalog() {
    let (mut old, mut new) = (0, 0);
    for seed in 0..40 {
        for edge in 1.. {
            let disk = disk(seed);
            let store = on(&disk);
            disk.stop_at(edge);
            let altered = rename_n(&store);
            if !disk.is_stopped() {
                altered.unwrap();
                assert!(edge > 4, "create, write, sync, rename, sync of the folder");
                break;
            }
            if seed % 2 == 0 {
                disk.power_loss()
            } else {
                disk.crash()
            };
            let found = on(&disk).table(&path()).unwrap();
            assert_eq!(found.schemas().unwrap().current().id(), found.schema_id);
            match found.schema_id {
                0 => old += 1,
                _ => new += 1,
            }
            assert!(altered.is_err() || found.schema_id == 1, "seed {seed} edge {edge}: an acknowledged change is gone");
            // What an opening showed stays.
            disk.power_loss();
            assert_eq!(on(&disk).table(&path()).unwrap(), found, "seed {seed} edge {edge}");
        }
    }
    assert!(old > 0 && new > 0, "{old} old, {new} new");
}

#[test]
fn a_table_that_is_renamed_has_one_name_whenever_the_power_goes() {
    let (mut old, mut new) = (0, 0);
    for seed in 0..40 {
        for edge in 0..2 {
            let disk = disk(seed);
            let store = on(&disk);
            disk.arm(Operation::Sync, Fault::After(edge));
            store.rename_table(&path(), "u").unwrap_err();
            disk.power_loss();
            let store = on(&disk);
            let names = store.tables("db").unwrap();
            match &names[..] {
                [name] if name == "t" => old += 1,
                [name] if name == "u" => new += 1,
                _ => panic!("seed {seed} edge {edge}: {names:?}"),
            }
            assert_eq!(store.table(&TablePath::new("db", names[0].clone())).unwrap().table_id, 0);
        }
    }
    assert!(old > 0 && new > 0, "{old} old, {new} new");
}

#[test]
fn a_table_keeps_its_number_under_a_new_name_and_no_other_gives_way() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.create_database("db", DatabaseMeta::default(), false).unwrap();
    store.create_table(&path(), table).unwrap();
    let other = TablePath::new("db", "u");
    store.create_table(&other, table).unwrap();
    let refused = |from: &TablePath, to: &str| store.rename_table(from, to).unwrap_err().code();
    assert_eq!(refused(&path(), "u"), ErrorCode::TableExists);
    assert_eq!(refused(&path(), "t"), ErrorCode::TableExists);
    assert_eq!(refused(&path(), "a/b"), ErrorCode::IdentifierInvalid);
    assert_eq!(refused(&TablePath::new("db", "none"), "v"), ErrorCode::TableNotFound);
    assert_eq!(store.rename_table(&path(), "v").unwrap().table_id, 0);
    store.alter_database("db", DatabaseMeta { comment: "new".into(), properties: options(&[("a", "b")]) }).unwrap();
    assert_eq!(store.alter_database("none", DatabaseMeta::default()).unwrap_err().code(), ErrorCode::DatabaseNotFound);
    let store = open(dir.path());
    assert_eq!(store.tables("db").unwrap(), names(&["u", "v"]));
    assert_eq!(store.database("db").unwrap().comment, "new");
    // Whoever knew it by its old name finds it by its number, though another table has that name.
    store.rename_table(&other, "t").unwrap();
    let found = |id| store.table_with_id(&path(), id).unwrap().map(|(path, table)| (path.table, table.table_id));
    assert_eq!([0, 1, 2].map(found), [Some(("v".into(), 0)), Some(("t".into(), 1)), None]);
}

#[test]
fn a_change_that_fails_before_the_rename_can_be_tried_again() {
    let disk = disk(1);
    let store = on(&disk);
    disk.set_space(Some(10));
    assert_eq!(rename_n(&store).unwrap_err().code(), ErrorCode::DiskFull);
    assert_eq!(store.table(&path()).unwrap().schema_id, 0);
    disk.disarm();
    assert_eq!(rename_n(&store).unwrap().schema_id, 1);
}

#[test]
fn a_rename_that_may_or_may_not_last_poisons_the_catalog() {
    let disk = disk(1);
    let store = on(&disk);
    // The second sync of the change: that of the folder.
    disk.arm(Operation::Sync, Fault::After(1));
    assert_eq!(rename_n(&store).unwrap_err().code(), ErrorCode::Poisoned);
    disk.disarm();
    assert_eq!(store.table(&path()).unwrap_err().code(), ErrorCode::Poisoned);
    assert_eq!(rename_n(&store).unwrap_err().code(), ErrorCode::Poisoned);
    on(&disk).table(&path()).unwrap();
}

#[test]
fn what_an_opening_shows_lasts_though_the_sync_before_it_failed() {
    let mut new = 0;
    for seed in 0..40 {
        let disk = disk(seed);
        let store = on(&disk);
        disk.arm(Operation::Sync, Fault::After(1));
        rename_n(&store).unwrap_err();
        disk.crash();
        let found = on(&disk).table(&path()).unwrap();
        new += found.schema_id;
        disk.power_loss();
        assert_eq!(on(&disk).table(&path()).unwrap(), found, "seed {seed}");
    }
    assert!(new > 0);
}

/// The deepest type there may be, in the current schema and in the history.
#[test]
fn the_deepest_type_is_read_again() {
    let deepest = (1..32).fold(TypeRoot::Int, |t, i| TypeRoot::Row(vec![Column::new(format!("f{i}"), nullable(t))]));
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.create_database("db", DatabaseMeta::default(), false).unwrap();
    store.create_table(&path(), table).unwrap();
    let add = |name| SchemaChange::Add { parent: vec![], column: Column::new(name, nullable(deepest.clone())) };
    store.alter_table(&path(), |t| t.alter(&change(vec![add("d")]))?.alter(&change(vec![add("e")]))).unwrap();
    assert_eq!(open(dir.path()).table(&path()).unwrap().schemas().unwrap().get(1).unwrap().columns().len(), 4);
}

#[test]
fn a_catalog_that_would_give_a_number_twice_is_refused() {
    let disk = SimulatedDisk::new(0);
    let (dir, file) = (Path::new("/store"), Path::new("/store/catalog.json"));
    disk.fs().create_dir_all(dir).unwrap();
    let store = LocalMetaStore::open(disk.fs(), dir).unwrap();
    store.create_database("db", DatabaseMeta::default(), false).unwrap();
    store.create_table(&path(), table).unwrap();
    let good = String::from_utf8(disk.fs().read(file).unwrap()).unwrap();
    for bad in ["\"next_table_id\": 0", "\"next_table_id\": 18446744073709551615"] {
        let text = good.replace("\"next_table_id\": 1", bad);
        assert_ne!(text, good);
        disk.fs().create(file).unwrap().write_at(0, text.as_bytes()).unwrap();
        assert_eq!(LocalMetaStore::open(disk.fs(), dir).unwrap_err().code(), ErrorCode::CorruptMeta);
    }
}

#[test]
fn numbers_are_given_once_and_end_with_the_type() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.create_database("db", DatabaseMeta::default(), false).unwrap();
    let id = store.create_table(&path(), table).unwrap().table_id;
    let max = i32::MAX.into();
    assert_eq!(store.reserve_auto_increment(id, 10, max).unwrap(), 1..11);
    let store = open(dir.path());
    assert_eq!(store.reserve_auto_increment(id, u32::MAX, max).unwrap(), 11..max + 1, "as many as there are");
    let e = store.reserve_auto_increment(id, 1, max).unwrap_err();
    assert_eq!(e.code(), ErrorCode::NumbersExhausted);
    assert!(e.message().contains("Widen it to BIGINT"), "{e}");
    assert_eq!(store.reserve_auto_increment(id, 1, i64::MAX).unwrap(), max + 1..max + 2);
    store.drop_table(&path(), false).unwrap();
    assert_eq!(store.reserve_auto_increment(id, 1, max).unwrap_err().code(), ErrorCode::TableNotFound);
}

#[test]
fn columns_that_options_name_follow_their_new_names() {
    let mut meta = table(1).unwrap();
    meta.declaration.options = options(&[("auto-increment.fields", "n")]);
    let renamed = meta.alter(&change(vec![rename(&["n"], "number")])).unwrap();
    assert_eq!(renamed.declaration.options, options(&[("auto-increment.fields", "number")]));
    let e = renamed.alter(&change(vec![SchemaChange::Drop { path: names(&["number"]) }])).unwrap_err();
    assert!(e.message().contains("is the auto increment column"), "{e}");
}
