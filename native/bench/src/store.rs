//! A store in a temporary folder and its tables.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluss_client::{Connection, Table};
use fluss_proto::admin_request::Request;
use fluss_proto::data_type::Kind;
use fluss_proto::list_offsets::Spec;
use fluss_proto::{AdminRequest, Column, CreateDatabase, CreateTable, DataType, DatabaseInfo, ListOffsets, TableDescriptor};
use fluss_types::{Compression, TablePath};

use crate::users::USERS;
use crate::{Result, data};

const DATABASE: &str = "bench";

/// An open store.
pub(crate) struct Store {
    connection: Arc<Connection>,
    dir: PathBuf,
    /// The folder goes with the store, unless another process owns it.
    _temporary: Option<tempfile::TempDir>,
}

/// The name of a compression in the table option and in figures.
pub(crate) fn option_value(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "NONE",
        Compression::Lz4Frame => "LZ4_FRAME",
        Compression::Zstd => "ZSTD",
    }
}

impl Store {
    /// A new store with the options as shipped.
    pub(crate) fn new() -> Result<Self> {
        Self::with_options(&[])
    }

    /// A new store with some engine options.
    pub(crate) fn with_options(options: &[(&str, &str)]) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("fluss-bench-").tempdir()?;
        let mut store = Self::open(dir.path(), options)?;
        store._temporary = Some(dir);
        Ok(store)
    }

    /// The store of a folder, or a new one.
    pub(crate) fn open(dir: &Path, options: &[(&str, &str)]) -> Result<Self> {
        let mut all = BTreeMap::from([("data.dir".to_string(), dir.join("store").to_string_lossy().into_owned())]);
        all.extend(options.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())));
        let store = Self { connection: Connection::open(all)?, dir: dir.to_path_buf(), _temporary: None };
        let database = Some(DatabaseInfo { name: DATABASE.into(), ..DatabaseInfo::default() });
        store.admin(Request::CreateDatabase(CreateDatabase { database, if_not_exists: true }))?;
        Ok(store)
    }

    /// The folder, for what the floor writes: the same disk.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    fn admin(&self, request: Request) -> Result<()> {
        self.connection.admin(AdminRequest { request: Some(request) })?;
        Ok(())
    }

    /// Makes and opens a log table without a bucket key, `table.log.consistency` = `strong`, ZSTD at the level that arrow-ipc has.
    pub(crate) fn log_table(
        &self,
        name: &str,
        columns: &[(String, Kind)],
        buckets: u32,
        compression: Compression,
    ) -> Result<Arc<Table>> {
        let options = [
            ("table.log.consistency", "strong"),
            ("table.log.arrow.compression.type", option_value(compression)),
            ("table.log.arrow.compression.zstd.level", "3"),
        ];
        self.make(name, columns, &[], buckets, &options)
    }

    /// Makes and opens the table [`USERS`], `table.log.consistency` = `strong`.
    pub(crate) fn users(&self, buckets: u32, options: &[(&str, &str)]) -> Result<Arc<Table>> {
        self.users_as("users", buckets, options)
    }

    /// As [`Self::users`] under another name.
    pub(crate) fn users_as(&self, name: &str, buckets: u32, options: &[(&str, &str)]) -> Result<Arc<Table>> {
        self.make(name, &data::columns(USERS), &["id"], buckets, &[&[("table.log.consistency", "strong")], options].concat())
    }

    fn make(
        &self,
        name: &str,
        columns: &[(String, Kind)],
        key: &[&str],
        buckets: u32,
        options: &[(&str, &str)],
    ) -> Result<Arc<Table>> {
        let columns = columns.iter().map(|(name, kind)| {
            let (precision, scale) = if *kind == Kind::Decimal { data::DECIMAL } else { (3, 0) };
            let not_null = key.contains(&name.as_str());
            let r#type =
                DataType { kind: (*kind).into(), not_null, length: i32::MAX as u32, precision, scale, ..DataType::default() };
            Column { name: name.clone(), r#type: Some(r#type), ..Column::default() }
        });
        let descriptor = TableDescriptor {
            columns: columns.collect(),
            primary_key: key.iter().map(|k| (*k).into()).collect(),
            bucket_count: buckets,
            options: options.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            ..TableDescriptor::default()
        };
        self.admin(Request::CreateTable(CreateTable {
            path: Some(fluss_proto::TablePath { database: DATABASE.into(), table: name.into() }),
            descriptor: Some(descriptor),
            if_not_exists: false,
        }))?;
        self.table(name)
    }

    /// Asks every bucket of a table for its end.
    pub(crate) fn offsets(&self, name: &str) -> Result<()> {
        let path = Some(fluss_proto::TablePath { database: DATABASE.into(), table: name.into() });
        self.admin(Request::ListOffsets(ListOffsets { path, spec: Spec::Latest.into(), ..ListOffsets::default() }))
    }

    /// Opens a table that is there.
    pub(crate) fn table(&self, name: &str) -> Result<Arc<Table>> {
        Ok(self.connection.table(&TablePath::new(DATABASE, name))?)
    }

    /// Closes the store; the first error of its files shows here.
    pub(crate) fn close(self) -> Result<()> {
        Ok(self.connection.close()?)
    }
}
