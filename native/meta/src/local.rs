//! The catalog in one file of a local folder, replaced as a whole and durably by every change.
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fluss_types::{Error, ErrorCode, Result, TableId, TablePath, validate_identifier};
use serde::{Deserialize, Serialize};

use crate::catalog::{DatabaseMeta, StoredTable, TableMeta};

const FORMAT_VERSION: u32 = 0;
const FILE: &str = "catalog.json";

#[derive(Clone, Debug, Default)]
struct Catalog {
    next_table_id: TableId,
    databases: BTreeMap<String, DatabaseMeta>,
    tables: BTreeMap<TablePath, TableMeta>,
}

#[derive(Serialize, Deserialize)]
struct StoredCatalog {
    format_version: u32,
    required_features: Vec<String>,
    next_table_id: TableId,
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
    path: PathBuf,
    catalog: Mutex<Catalog>,
}

impl LocalMetaStore {
    /// Opens the catalog of a folder; a missing file is an empty catalog.
    pub fn open(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        let catalog = match fs::read(&path) {
            Ok(bytes) => decode(&bytes).map_err(|e| e.at(format_args!("catalog {}", path.display())))?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Catalog::default(),
            Err(e) => return Err(Error::io(format!("read catalog {}", path.display()), &e)),
        };
        Ok(Self { path, catalog: Mutex::new(catalog) })
    }

    fn catalog(&self) -> MutexGuard<'_, Catalog> {
        self.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies a change to a copy, makes it durable, then makes it visible.
    fn change<T>(&self, change: impl FnOnce(&mut Catalog) -> Result<T>) -> Result<T> {
        let mut catalog = self.catalog();
        let mut next = catalog.clone();
        let out = change(&mut next)?;
        self.write(&next)?;
        *catalog = next;
        Ok(out)
    }

    fn write(&self, catalog: &Catalog) -> Result<()> {
        let mut stored = StoredCatalog {
            format_version: FORMAT_VERSION,
            required_features: Vec::new(),
            next_table_id: catalog.next_table_id,
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
        let bytes = serde_json::to_vec_pretty(&stored).map_err(|e| Error::internal(format!("encode catalog: {e}")))?;
        let temporary = self.path.with_extension("tmp");
        let replace = || {
            let mut f = File::create(&temporary)?;
            f.write_all(&bytes)?;
            f.sync_all()?;
            fs::rename(&temporary, &self.path)?;
            self.path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
        };
        replace().map_err(|e| Error::io(format!("write catalog {}", self.path.display()), &e))
    }

    /// Names of the databases, sorted.
    pub fn databases(&self) -> Vec<String> {
        self.catalog().databases.keys().cloned().collect()
    }

    /// A database.
    pub fn database(&self, name: &str) -> Result<DatabaseMeta> {
        self.catalog().databases.get(name).cloned().ok_or_else(|| no_database(name))
    }

    /// Makes a database; false: it was there.
    pub fn create_database(&self, name: &str, meta: DatabaseMeta, if_not_exists: bool) -> Result<bool> {
        validate_identifier("database", name)?;
        if self.catalog().databases.contains_key(name) {
            return if if_not_exists {
                Ok(false)
            } else {
                Err(Error::new(ErrorCode::DatabaseExists, format!("database '{name}' exists already")))
            };
        }
        self.change(|c| {
            c.databases.insert(name.to_string(), meta);
            Ok(true)
        })
    }

    /// Removes a database and returns its tables; without `cascade` it must be empty.
    pub fn drop_database(&self, name: &str, if_exists: bool, cascade: bool) -> Result<Vec<TableMeta>> {
        if if_exists && !self.catalog().databases.contains_key(name) {
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
        Ok(self.catalog().tables.keys().filter(|p| p.database == database).map(|p| p.table.clone()).collect())
    }

    /// Numbers of all tables.
    pub fn table_ids(&self) -> Vec<TableId> {
        self.catalog().tables.values().map(|t| t.table_id).collect()
    }

    /// A table.
    pub fn table(&self, path: &TablePath) -> Result<TableMeta> {
        self.catalog()
            .tables
            .get(path)
            .cloned()
            .ok_or_else(|| Error::new(ErrorCode::TableNotFound, format!("table {path} does not exist")))
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

    /// Removes a table; `None`: it was not there and `if_exists`.
    pub fn drop_table(&self, path: &TablePath, if_exists: bool) -> Result<Option<TableMeta>> {
        match self.table(path) {
            Err(_) if if_exists => Ok(None),
            Err(e) => Err(e),
            Ok(_) => self.change(|c| Ok(c.tables.remove(path))),
        }
    }
}

fn no_database(name: &str) -> Error {
    Error::new(ErrorCode::DatabaseNotFound, format!("database '{name}' does not exist"))
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
    let mut catalog = Catalog { next_table_id: stored.next_table_id, ..Catalog::default() };
    for (name, db) in stored.databases {
        for (table, stored) in db.tables {
            catalog.tables.insert(TablePath::new(name.clone(), table), stored.try_into()?);
        }
        catalog.databases.insert(name, db.meta);
    }
    Ok(catalog)
}
