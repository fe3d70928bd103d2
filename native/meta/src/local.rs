//! The catalog in one file of a local folder, replaced as a whole and durably by every change.
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fluss_types::file::FileSystem;
use fluss_types::{Error, ErrorCode, Result, TableId, TablePath, WriterId, validate_identifier};
use serde::{Deserialize, Serialize};

use crate::catalog::{DatabaseMeta, FIRST_NUMBER, StoredTable, TableMeta};

const FORMAT_VERSION: u32 = 0;
const FILE: &str = "catalog.json";
/// More numbers than will ever be given.
const LAST_ID: WriterId = WriterId::MAX / 2;

#[derive(Clone, Debug, Default)]
struct Catalog {
    next_table_id: TableId,
    next_writer_id: WriterId,
    databases: BTreeMap<String, DatabaseMeta>,
    tables: BTreeMap<TablePath, TableMeta>,
}

#[derive(Serialize, Deserialize)]
struct StoredCatalog {
    format_version: u32,
    required_features: Vec<String>,
    next_table_id: TableId,
    next_writer_id: WriterId,
    databases: BTreeMap<String, StoredDatabase>,
}

#[derive(Serialize, Deserialize)]
struct StoredDatabase {
    #[serde(flatten)]
    meta: DatabaseMeta,
    tables: BTreeMap<String, StoredTable>,
}

/// The catalog of an embedded store or of one server.
#[derive(Debug)]
pub struct LocalMetaStore {
    fs: Arc<dyn FileSystem>,
    path: PathBuf,
    /// The error: a replacement failed half way, so that the file may be the one before or the one after.
    catalog: Mutex<Result<Catalog>>,
}

impl LocalMetaStore {
    /// Opens the catalog of a folder; a missing file is an empty catalog.
    pub fn open(fs: Arc<dyn FileSystem>, dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        let catalog = match fs.read(&path) {
            Ok(bytes) => {
                let catalog = decode(&bytes).map_err(|e| e.at(format_args!("catalog {}", path.display())))?;
                // That it can be read does not say that it is durable: the process before may have died, or failed to sync, in the middle
                // of a change. Nothing may be built on it before it is.
                fs.replace(&path, &bytes)
                    .and_then(|()| fs.sync_dir(dir))
                    .map_err(|e| Error::io(format!("write catalog {}", path.display()), &e))?;
                catalog
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Catalog::default(),
            Err(e) => return Err(Error::io(format!("read catalog {}", path.display()), &e)),
        };
        Ok(Self { fs, path, catalog: Mutex::new(Ok(catalog)) })
    }

    /// Looks something up.
    fn read<T>(&self, read: impl FnOnce(&Catalog) -> T) -> Result<T> {
        self.lock().as_ref().map(read).map_err(Clone::clone)
    }

    fn lock(&self) -> MutexGuard<'_, Result<Catalog>> {
        self.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies a change to a copy, makes it durable, then makes it visible.
    fn change<T>(&self, change: impl FnOnce(&mut Catalog) -> Result<T>) -> Result<T> {
        let mut catalog = self.lock();
        let mut next = catalog.clone()?;
        let out = change(&mut next)?;
        let failed = |e: &std::io::Error| Error::io(format!("write catalog {}", self.path.display()), e);
        let temporary = self.prepare(&encode(&next)?).map_err(|e| failed(&e))?;
        let replaced = self.fs.rename(&temporary, &self.path).and_then(|()| match self.path.parent() {
            Some(dir) => self.fs.sync_dir(dir),
            None => Ok(()),
        });
        if let Err(e) = replaced {
            // Going on with either could acknowledge rows of a table that the file no longer has.
            let message = format!("{}; whether the change lasts is not known. Close and open the store again", failed(&e));
            let poisoned = Error::new(ErrorCode::Poisoned, message);
            *catalog = Err(poisoned.clone());
            return Err(poisoned);
        }
        *catalog = Ok(next);
        Ok(out)
    }

    /// Writes a catalog durably beside the present one.
    fn prepare(&self, bytes: &[u8]) -> std::io::Result<PathBuf> {
        let temporary = self.path.with_extension("tmp");
        let file = self.fs.create(&temporary)?;
        file.write_at(0, bytes)?;
        file.sync()?;
        Ok(temporary)
    }

    /// Refuses everything from now on: the file is the next opener's.
    pub fn close(&self) {
        let mut catalog = self.lock();
        if catalog.is_ok() {
            *catalog = Err(Error::new(ErrorCode::Closed, "the store was closed"));
        }
    }

    /// Takes `count` numbers for idempotent writers and returns the first; none of them is ever given again.
    pub fn reserve_writer_ids(&self, count: u32) -> Result<WriterId> {
        self.change(|c| {
            let first = c.next_writer_id;
            c.next_writer_id += WriterId::from(count);
            Ok(first)
        })
    }

    /// Takes up to `count` numbers for the auto increment column of a table, none greater than `max`; none of them is ever given again.
    pub fn reserve_auto_increment(&self, table_id: TableId, count: u32, max: i64) -> Result<Range<i64>> {
        self.change(|c| {
            let Some((path, table)) = c.tables.iter_mut().find(|(_, t)| t.table_id == table_id) else {
                return Err(Error::new(ErrorCode::TableNotFound, "the table was dropped"));
            };
            let first = table.next_auto_increment;
            let end = first.saturating_add(count.into()).min(max.saturating_add(1));
            if first >= end {
                let message = format!("table {path}: the auto increment column has had all numbers up to {max}. Widen it to BIGINT, or make a new table");
                return Err(Error::new(ErrorCode::NumbersExhausted, message));
            }
            table.next_auto_increment = end;
            Ok(first..end)
        })
    }

    /// Names of the databases, sorted.
    pub fn databases(&self) -> Result<Vec<String>> {
        self.read(|c| c.databases.keys().cloned().collect())
    }

    /// A database.
    pub fn database(&self, name: &str) -> Result<DatabaseMeta> {
        self.read(|c| c.databases.get(name).cloned())?.ok_or_else(|| no_database(name))
    }

    /// Makes a database; false: it was there.
    pub fn create_database(&self, name: &str, meta: DatabaseMeta, if_not_exists: bool) -> Result<bool> {
        validate_identifier("database", name)?;
        let made = self.change(|c| {
            if c.databases.contains_key(name) {
                return Err(Error::new(ErrorCode::DatabaseExists, format!("database '{name}' exists already")));
            }
            c.databases.insert(name.to_string(), meta);
            Ok(true)
        });
        made.or_else(|e| if if_not_exists && e.code() == ErrorCode::DatabaseExists { Ok(false) } else { Err(e) })
    }

    /// Replaces the comment and the properties of a database.
    pub fn alter_database(&self, name: &str, meta: DatabaseMeta) -> Result<()> {
        self.change(|c| {
            *c.databases.get_mut(name).ok_or_else(|| no_database(name))? = meta;
            Ok(())
        })
    }

    /// Removes a database and returns its tables; without `cascade` it must be empty.
    pub fn drop_database(&self, name: &str, if_exists: bool, cascade: bool) -> Result<Vec<TableMeta>> {
        if if_exists && !self.read(|c| c.databases.contains_key(name))? {
            return Ok(Vec::new());
        }
        self.change(|c| {
            c.databases.remove(name).ok_or_else(|| no_database(name))?;
            let tables: Vec<TablePath> = c.tables.keys().filter(|p| p.database == name).cloned().collect();
            if !tables.is_empty() && !cascade {
                return Err(Error::new(
                    ErrorCode::DatabaseNotEmpty,
                    format!("database '{name}' has {} tables; drop them first, or use CASCADE", tables.len()),
                ));
            }
            Ok(tables.iter().filter_map(|p| c.tables.remove(p)).collect())
        })
    }

    /// Names of the tables of a database, sorted.
    pub fn tables(&self, database: &str) -> Result<Vec<String>> {
        self.database(database)?;
        self.read(|c| c.tables.keys().filter(|p| p.database == database).map(|p| p.table.clone()).collect())
    }

    /// Numbers of all tables.
    pub fn table_ids(&self) -> Result<Vec<TableId>> {
        self.read(|c| c.tables.values().map(|t| t.table_id).collect())
    }

    /// The tables that are wanted.
    pub fn tables_where(&self, wanted: impl Fn(&TableMeta) -> bool) -> Result<Vec<(TablePath, TableMeta)>> {
        self.read(|c| c.tables.iter().filter(|(_, t)| wanted(t)).map(|(p, t)| (p.clone(), t.clone())).collect())
    }

    /// A table.
    pub fn table(&self, path: &TablePath) -> Result<TableMeta> {
        self.read(|c| c.tables.get(path).cloned())?.ok_or_else(|| no_table(path))
    }

    /// The table with a number, under the name that it has now; `path` is the one that it had.
    pub fn table_with_id(&self, path: &TablePath, id: TableId) -> Result<Option<(TablePath, TableMeta)>> {
        self.read(|c| {
            let there = c.tables.get_key_value(path).filter(|(_, t)| t.table_id == id);
            let found = there.or_else(|| c.tables.iter().find(|(_, t)| t.table_id == id));
            found.map(|(path, table)| (path.clone(), table.clone()))
        })
    }

    /// Adds a table made by `meta` from its new number.
    pub fn create_table(&self, path: &TablePath, meta: impl FnOnce(TableId) -> Result<TableMeta>) -> Result<TableMeta> {
        validate_identifier("table", &path.table)?;
        self.change(|c| {
            if !c.databases.contains_key(&path.database) {
                return Err(no_database(&path.database));
            }
            if c.tables.contains_key(path) {
                return Err(Error::new(ErrorCode::TableExists, format!("table {path} exists already")));
            }
            let table = meta(c.next_table_id)?;
            c.next_table_id += 1;
            c.tables.insert(path.clone(), table.clone());
            Ok(table)
        })
    }

    /// Replaces a table by what `alter` makes of it.
    pub fn alter_table(&self, path: &TablePath, alter: impl FnOnce(&TableMeta) -> Result<TableMeta>) -> Result<TableMeta> {
        self.change(|c| {
            let table = c.tables.get_mut(path).ok_or_else(|| no_table(path))?;
            *table = alter(table)?;
            Ok(table.clone())
        })
    }

    /// Gives a table another name in its database.
    pub fn rename_table(&self, path: &TablePath, name: &str) -> Result<TableMeta> {
        validate_identifier("table", name)?;
        self.change(|c| {
            let to = TablePath::new(path.database.clone(), name);
            let table = c.tables.get(path).cloned().ok_or_else(|| no_table(path))?;
            if c.tables.contains_key(&to) {
                return Err(Error::new(
                    ErrorCode::TableExists,
                    format!("table {to} exists already: table {path} keeps its name"),
                ));
            }
            c.tables.remove(path);
            c.tables.insert(to, table.clone());
            Ok(table)
        })
    }

    /// Removes a table; `None`: it was not there and `if_exists`.
    pub fn drop_table(&self, path: &TablePath, if_exists: bool) -> Result<Option<TableMeta>> {
        if if_exists && !self.read(|c| c.tables.contains_key(path))? {
            return Ok(None);
        }
        self.change(|c| c.tables.remove(path).map(Some).ok_or_else(|| no_table(path)))
    }
}

fn no_table(path: &TablePath) -> Error {
    Error::new(ErrorCode::TableNotFound, format!("table {path} does not exist"))
}

fn no_database(name: &str) -> Error {
    Error::new(ErrorCode::DatabaseNotFound, format!("database '{name}' does not exist"))
}

fn encode(catalog: &Catalog) -> Result<Vec<u8>> {
    let mut stored = StoredCatalog {
        format_version: FORMAT_VERSION,
        required_features: Vec::new(),
        next_table_id: catalog.next_table_id,
        next_writer_id: catalog.next_writer_id,
        databases: catalog
            .databases
            .iter()
            .map(|(name, meta)| (name.clone(), StoredDatabase { meta: meta.clone(), tables: BTreeMap::new() }))
            .collect(),
    };
    for (path, table) in &catalog.tables {
        if let Some(db) = stored.databases.get_mut(&path.database) {
            db.tables.insert(path.table.clone(), table.into());
        }
    }
    serde_json::to_vec_pretty(&stored).map_err(|e| Error::internal(format!("encode catalog: {e}")))
}

fn decode(bytes: &[u8]) -> Result<Catalog> {
    #[derive(Deserialize)]
    struct Version {
        format_version: u32,
        required_features: Vec<String>,
    }
    let damaged =
        |e: serde_json::Error| Error::new(ErrorCode::CorruptMeta, format!("the file is damaged ({e}). Restore it from a copy"));
    let version: Version = serde_json::from_slice(bytes).map_err(damaged)?;
    if version.format_version != FORMAT_VERSION || !version.required_features.is_empty() {
        return Err(Error::new(
            ErrorCode::UnknownFormat,
            format!(
                "format version {} with features {:?}; this program knows version {FORMAT_VERSION} with no features",
                version.format_version, version.required_features
            ),
        ));
    }
    let stored: StoredCatalog = serde_json::from_slice(bytes).map_err(damaged)?;
    let mut catalog =
        Catalog { next_table_id: stored.next_table_id, next_writer_id: stored.next_writer_id, ..Catalog::default() };
    for (name, db) in stored.databases {
        for (table, stored) in db.tables {
            catalog.tables.insert(TablePath::new(name.clone(), table), stored.try_into()?);
        }
        catalog.databases.insert(name, db.meta);
    }
    let ids: BTreeSet<TableId> = catalog.tables.values().map(|t| t.table_id).collect();
    if let Some((path, table)) = catalog.tables.iter().find(|(_, t)| t.next_auto_increment < FIRST_NUMBER) {
        let message = format!(
            "the file is damaged (the next number of table {path} is {}). Restore it from a copy",
            table.next_auto_increment
        );
        return Err(Error::new(ErrorCode::CorruptMeta, message));
    }
    let once = ids.len() == catalog.tables.len() && ids.last().is_none_or(|last| *last < catalog.next_table_id);
    if !once || catalog.next_table_id > LAST_ID as TableId || !(0..=LAST_ID).contains(&catalog.next_writer_id) {
        let message = "the file is damaged (two tables have, or the next one would get, the same number). Restore it from a copy";
        return Err(Error::new(ErrorCode::CorruptMeta, message));
    }
    Ok(catalog)
}
