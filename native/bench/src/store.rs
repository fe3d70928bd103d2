//! A store in a temporary folder and its tables.
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fluss_client::{Connection, Table};
use fluss_proto::admin_request::Request;
use fluss_proto::data_type::Kind;
use fluss_proto::{AdminRequest, Column, CreateDatabase, CreateTable, DataType, DatabaseInfo, TableDescriptor};
use fluss_types::{Compression, TablePath};

use crate::{Result, data};

/// An open store; its folder goes with it.
pub(crate) struct Store {
    connection: Arc<Connection>,
    dir: tempfile::TempDir,
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
        let dir = tempfile::Builder::new().prefix("fluss-bench-").tempdir()?;
        let data_dir = dir.path().join("store").to_string_lossy().into_owned();
        let connection = Connection::open(BTreeMap::from([("data.dir".to_string(), data_dir)]))?;
        let store = Self { connection, dir };
        let database = Some(DatabaseInfo { name: "bench".into(), ..DatabaseInfo::default() });
        store.admin(Request::CreateDatabase(CreateDatabase { database, if_not_exists: true }))?;
        Ok(store)
    }

    /// The temporary folder, for what the floor writes: the same disk.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn admin(&self, request: Request) -> Result<()> {
        self.connection.admin(AdminRequest { request: Some(request) })?;
        Ok(())
    }

    /// Makes and opens a log table without a bucket key, `table.log.consistency` = `strong`.
    pub(crate) fn log_table(
        &self,
        name: &str,
        columns: &[(String, Kind)],
        buckets: u32,
        compression: Compression,
    ) -> Result<Arc<Table>> {
        let path = TablePath::new("bench", name);
        let columns = columns.iter().map(|(name, kind)| {
            let (precision, scale) = if *kind == Kind::Decimal { data::DECIMAL } else { (3, 0) };
            let r#type = DataType { kind: (*kind).into(), length: i32::MAX as u32, precision, scale, ..DataType::default() };
            Column { name: name.clone(), r#type: Some(r#type), ..Column::default() }
        });
        let options = [("table.log.consistency", "strong"), ("table.log.arrow.compression.type", option_value(compression))];
        let descriptor = TableDescriptor {
            columns: columns.collect(),
            bucket_count: buckets,
            options: options.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            ..TableDescriptor::default()
        };
        self.admin(Request::CreateTable(CreateTable {
            path: Some(fluss_proto::TablePath { database: path.database.clone(), table: path.table.clone() }),
            descriptor: Some(descriptor),
            if_not_exists: false,
        }))?;
        Ok(self.connection.table(&path)?)
    }

    /// Closes the store; the first error of its files shows here.
    pub(crate) fn close(self) -> Result<()> {
        Ok(self.connection.close()?)
    }
}
