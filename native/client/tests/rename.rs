//! RENAME TABLE under readers, writers, lookups and transactions, and over restarts.
#![allow(clippy::unwrap_used, reason = "test code")]
mod common;

use std::sync::Arc;
use std::time::Duration;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use common::{connect, create, drop_table, lookup, row_count};
use fluss_client::{Connection, Table};
use fluss_proto::admin_request::Request;
use fluss_proto::{self as proto, AdminRequest};
use fluss_types::{ErrorCode, Result, TablePath};

fn rename(connection: &Connection, from: &str, to: &str) -> Result<proto::TableInfo> {
    let path = Some(proto::TablePath { database: "db".into(), table: from.into() });
    let request = Request::RenameTable(proto::RenameTable { path, new_name: to.into() });
    Ok(connection.admin(AdminRequest { request: Some(request) })?.table.unwrap())
}

fn row(table: &Table, id: i64, v: &str) -> RecordBatch {
    let columns = vec![Arc::new(Int64Array::from(vec![id])) as _, Arc::new(StringArray::from(vec![v])) as _];
    RecordBatch::try_new(table.write_schema(), columns).unwrap()
}

fn found(v: &str) -> Option<String> {
    Some(v.to_string())
}

#[test]
fn what_is_open_goes_on_under_the_new_name() {
    let dir = tempfile::tempdir().unwrap();
    let connection = connect(dir.path());
    let table = create(&connection, "t", true, 3, &[]);
    let (writer, staged) = (table.writer().unwrap(), table.transactional_writer().unwrap());
    let scanner = table.log_scanner([0usize]).unwrap();
    (0..3u32).for_each(|bucket| scanner.subscribe(bucket, 0, i64::MAX).unwrap());
    writer.write(None, &row(&table, 1, "a")).unwrap();
    writer.flush().unwrap();
    staged.write(None, &row(&table, 100, "x")).unwrap();
    let before = staged.prepare().unwrap();

    let info = rename(&connection, "t", "u").unwrap();
    assert_eq!(info.path.unwrap().table, "u");
    assert_eq!(connection.table(&TablePath::new("db", "t")).unwrap_err().code(), ErrorCode::TableNotFound);
    assert_eq!(rename(&connection, "t", "v").unwrap_err().code(), ErrorCode::TableNotFound);
    // Another table under the old name is another table. All buckets are first used after it is there.
    let other = create(&connection, "t", true, 3, &[]);
    for id in 2..40 {
        writer.write(None, &row(&table, id, "b")).unwrap();
    }
    writer.flush().unwrap();
    staged.write(None, &row(&table, 101, "y")).unwrap();
    let after = staged.prepare().unwrap();
    connection.commit(&before).unwrap();
    assert_eq!(lookup(&table, &[1, 39, 100, 101]), [found("a"), found("b"), found("x"), None]);
    assert_eq!(lookup(&other, &[1]), [None]);
    let mut rows = 0;
    while rows < 40 {
        let batch = scanner.poll(Duration::from_secs(60)).unwrap().unwrap();
        rows += batch.end_row - batch.first_row;
    }
    drop((writer, staged, scanner, table, other));
    connection.close().unwrap();

    let connection = connect(dir.path());
    connection.commit(&after).unwrap();
    let table = connection.table(&TablePath::new("db", "u")).unwrap();
    assert_eq!(lookup(&table, &[1, 39, 100, 101]), [found("a"), found("b"), found("x"), found("y")]);
    assert_eq!((row_count(&connection, "u"), row_count(&connection, "t")), (41, 0));
    // The folder of the one that is dropped is not that of the one that had its name.
    drop_table(&connection, "t");
    assert_eq!(row_count(&connection, "u"), 41);
    assert_eq!(rename(&connection, "u", "u").unwrap_err().code(), ErrorCode::TableExists);
    rename(&connection, "u", "t").unwrap();
    assert_eq!(lookup(&table, &[1]), [found("a")]);
}
