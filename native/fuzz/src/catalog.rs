//! The catalog's file.
use std::path::Path;
use std::sync::Arc;

use fluss_meta::{DatabaseMeta, LocalMetaStore, TableMeta};
use fluss_testkit::SimulatedDisk;
use fluss_types::TablePath;
use fluss_types::file::FileSystem;

use crate::refused;

/// The whole input is `catalog.json`.
///
/// A catalog that opens gives itself back after a change, and no number is given twice.
pub fn catalog(data: &[u8]) -> bool {
    let disk = SimulatedDisk::new(0);
    let dir = Path::new("/store");
    disk.create_dir_all(dir).unwrap();
    disk.create(&dir.join("catalog.json")).unwrap().write_at(0, data).unwrap();
    let fs: Arc<dyn FileSystem> = Arc::new(disk);
    let store = match LocalMetaStore::open(fs.clone(), dir) {
        Ok(store) => store,
        Err(e) => return refused(&e),
    };
    let before = everything(&store);
    for (_, table) in &before {
        if let Err(e) = table.schemas() {
            refused(&e);
        }
    }
    match store.reserve_writer_ids(10) {
        Ok(first) => assert!(store.reserve_writer_ids(1).map_or(true, |next| next >= first + 10)),
        Err(e) => return refused(&e),
    }
    let reopened = LocalMetaStore::open(fs, dir).expect("what was written can be read");
    assert_eq!(everything(&reopened), before);
    let database = "made_by_fuzz";
    if reopened.create_database(database, DatabaseMeta::default(), false).is_ok()
        && let Some((_, table)) = before.first()
    {
        let path = TablePath::new(database, "t");
        let made = reopened.create_table(&path, |id| Ok(TableMeta { table_id: id, ..table.clone() }));
        assert!(
            made.is_err() || made.is_ok_and(|m| before.iter().all(|(_, t)| t.table_id != m.table_id)),
            "a number is given twice"
        );
    }
    true
}

fn everything(store: &LocalMetaStore) -> Vec<(TablePath, TableMeta)> {
    let mut out = Vec::new();
    for database in store.databases().unwrap() {
        store.database(&database).unwrap();
        for name in store.tables(&database).unwrap() {
            let path = TablePath::new(database.clone(), name);
            let table = store.table(&path).unwrap();
            out.push((path, table));
        }
    }
    out
}
