//! Shared by the tests of the client: a table `db.name` of `id BIGINT, v STRING`.
#![allow(clippy::unwrap_used, reason = "test code")]
#![allow(dead_code, reason = "each test binary uses a part")]
pub mod as_text;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow_array::{Int64Array, RecordBatch};
use fluss_client::{Connection, Probe, Probed, Table};
use fluss_format::ColumnBatch;
use fluss_proto::admin_request::Request;
use fluss_proto::{self as proto, AdminRequest, data_type::Kind};
use fluss_types::TablePath;
use tempfile::TempDir;

pub fn options(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())).collect()
}

pub fn connect(dir: &Path) -> Arc<Connection> {
    Connection::open(options(&[("data.dir", dir.to_str().unwrap())])).unwrap()
}

fn admin(connection: &Connection, request: Request) -> proto::AdminResponse {
    connection.admin(AdminRequest { request: Some(request) }).unwrap()
}

fn path(name: &str) -> Option<proto::TablePath> {
    Some(proto::TablePath { database: "db".into(), table: name.into() })
}

fn column(name: &str, kind: Kind, not_null: bool) -> proto::Column {
    proto::Column {
        name: name.into(),
        r#type: Some(proto::DataType { kind: kind.into(), not_null, length: i32::MAX as u32, ..Default::default() }),
        ..Default::default()
    }
}

/// A table `db.name` of one bucket, `id BIGINT, a INT, b STRING, c BIGINT`, with the key `id`; or why it could not be made.
pub fn create_four(connection: &Arc<Connection>, name: &str, table_options: &[(&str, &str)]) -> fluss_types::Result<Arc<Table>> {
    let database = Some(proto::DatabaseInfo { name: "db".into(), ..Default::default() });
    admin(connection, Request::CreateDatabase(proto::CreateDatabase { database, if_not_exists: true }));
    let kinds = [("id", Kind::Bigint), ("a", Kind::Int), ("b", Kind::Varchar), ("c", Kind::Bigint)];
    let descriptor = Some(proto::TableDescriptor {
        columns: kinds.map(|(name, kind)| column(name, kind, false)).into(),
        primary_key: vec!["id".into()],
        bucket_count: 1,
        options: options(table_options).into_iter().collect(),
        ..Default::default()
    });
    let create = Request::CreateTable(proto::CreateTable { path: path(name), descriptor, if_not_exists: false });
    connection.admin(AdminRequest { request: Some(create) })?;
    connection.table(&TablePath::new("db", name))
}

pub fn table_options(connection: &Connection, name: &str) -> BTreeMap<String, String> {
    let table = admin(connection, Request::GetTable(proto::GetTable { path: path(name) })).table.unwrap();
    table.descriptor.unwrap().options.into_iter().collect()
}

pub fn alter(connection: &Connection, name: &str, change: proto::AlterTable) -> fluss_types::Result<()> {
    let change = proto::AlterTable { path: path(name), ..change };
    connection.admin(AdminRequest { request: Some(Request::AlterTable(change)) }).map(drop)
}

fn create_with(
    connection: &Arc<Connection>,
    name: &str,
    key: bool,
    buckets: u32,
    not_null: bool,
    table_options: &[(&str, &str)],
) -> Arc<Table> {
    let database = Some(proto::DatabaseInfo { name: "db".into(), ..Default::default() });
    admin(connection, Request::CreateDatabase(proto::CreateDatabase { database, if_not_exists: true }));
    let descriptor = Some(proto::TableDescriptor {
        columns: vec![column("id", Kind::Bigint, false), column("v", Kind::Varchar, not_null)],
        primary_key: if key { vec!["id".into()] } else { vec![] },
        bucket_count: buckets,
        options: options(table_options).into_iter().collect(),
        ..Default::default()
    });
    admin(connection, Request::CreateTable(proto::CreateTable { path: path(name), descriptor, if_not_exists: true }));
    connection.table(&TablePath::new("db", name)).unwrap()
}

pub fn create(connection: &Arc<Connection>, name: &str, key: bool, buckets: u32, table_options: &[(&str, &str)]) -> Arc<Table> {
    create_with(connection, name, key, buckets, false, table_options)
}

pub fn create_not_null(connection: &Arc<Connection>, name: &str, key: bool) -> Arc<Table> {
    create_with(connection, name, key, 1, true, &[])
}

pub fn create_not_null_buckets(connection: &Arc<Connection>, name: &str, buckets: u32) -> Arc<Table> {
    create_with(connection, name, true, buckets, true, &[])
}

pub fn drop_table(connection: &Connection, name: &str) {
    admin(connection, Request::DropTable(proto::DropTable { path: path(name), if_exists: false }));
}

pub fn offsets(connection: &Connection, name: &str) -> Vec<i64> {
    let request =
        proto::ListOffsets { path: path(name), spec: proto::list_offsets::Spec::Latest.into(), timestamp_ms: 0, partition_id: 0 };
    admin(connection, Request::ListOffsets(request)).offsets.iter().map(|o| o.offset).collect()
}

pub fn create_snapshot(connection: &Connection, name: &str) -> proto::SnapshotInfo {
    let request = proto::CreateSnapshot { path: path(name), lease_ms: 60_000, ..Default::default() };
    admin(connection, Request::CreateSnapshot(request)).snapshot.unwrap()
}

pub fn release_snapshot(connection: &Connection, name: &str, id: &str) {
    admin(
        connection,
        Request::ReleaseSnapshot(proto::ReleaseSnapshot { path: path(name), bucket: 0, snapshot_id: id.into(), partition_id: 0 }),
    );
}

pub fn long(b: &ColumnBatch, column: usize, row: usize) -> i64 {
    let at = b.columns[column].data + 8 * row;
    i64::from_le_bytes(b.bytes[at..at + 8].try_into().unwrap())
}

pub fn text(b: &ColumnBatch, column: usize, row: usize) -> String {
    let layout = &b.columns[column];
    let end = |i: usize| {
        let at = layout.aux.unwrap() + 4 * i;
        i32::from_le_bytes(b.bytes[at..at + 4].try_into().unwrap()) as usize
    };
    String::from_utf8(b.bytes[layout.data + end(row)..layout.data + end(row + 1)].to_vec()).unwrap()
}

/// The values `v` of some keys, which a probe finds too.
pub fn lookup(table: &Arc<Table>, keys: &[i64]) -> Vec<Option<String>> {
    let lookuper = table.lookuper(vec![1]).unwrap();
    let batch = RecordBatch::try_new(table.key_schema(), vec![Arc::new(Int64Array::from(keys.to_vec()))]).unwrap();
    let found = lookuper.lookup(&batch).unwrap();
    let at = found.row_bytes.unwrap();
    let found: Vec<_> = (0..found.rows).map(|r| (found.bytes[at + r] == 1).then(|| text(&found, 0, r))).collect();
    let mut probe = lookuper.probe().unwrap().expect("BIGINT and STRING");
    for (id, found) in keys.iter().zip(&found) {
        let probed = probed_text(&mut probe, *id);
        assert!(probed == Err(Probed::Unknown) || probed.as_ref().ok() == found.as_ref(), "key {id}: {probed:?}, {found:?}");
    }
    found
}

/// The value `v` of a key, or why there is none.
pub fn probed_text(probe: &mut Probe, id: i64) -> Result<String, Probed> {
    let mut memory = vec![0; 256];
    memory[..8].copy_from_slice(&(id as u64 ^ 1 << 63).to_be_bytes());
    let length = match probe.find(&mut memory, 8) {
        Probed::Found(length) => length,
        none => return Err(none),
    };
    // Eight bytes say what is NULL, eight are the only field, behind it lies what it has no room for.
    let row = &memory[..length];
    assert_eq!(row[0], 0, "row {id}");
    let value = if row[15] & 0x80 == 0 {
        let place = u64::from_le_bytes(row[8..16].try_into().unwrap());
        let (at, bytes) = ((place >> 32) as usize, place as u32 as usize);
        assert_eq!(length, 16 + bytes.next_multiple_of(8));
        &row[at..at + bytes]
    } else {
        assert_eq!(length, 16);
        &row[8..8 + usize::from(row[15] & 0x7f)]
    };
    Ok(String::from_utf8(value.to_vec()).unwrap())
}

/// A file system of its own, of `size` as mount has it, unmounted when dropped. `None`: the test may not mount.
pub fn small_disk(size: &str) -> Option<SmallDisk> {
    let dir = tempfile::tempdir().unwrap();
    let options = format!("size={size}");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(dir.path()).output();
    mounted.is_ok_and(|o| o.status.success()).then_some(SmallDisk(dir))
}

pub struct SmallDisk(TempDir);

impl SmallDisk {
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

pub fn row_count(connection: &Connection, name: &str) -> u64 {
    let request = proto::GetTableStats { path: path(name), partition_id: 0 };
    admin(connection, Request::GetTableStats(request)).table_stats.unwrap().row_count
}
